"""`sorted` and `list.sort` with keys, `tuple` of iterables, unpacking with a star, against CPython."""

import numpy as np
import pytest
from checking import check

import ungil
from ungil import jit


@jit
def parity(x):
    return x % 2


NUMBERS = [3, -1, 2, 2, -5, 0, 7, -2]

SORTED = {
    "abs": lambda xs: sorted(xs, key=abs),
    "lambda": lambda xs: sorted(xs, key=lambda x: -x),
    "kernel": lambda xs: sorted(xs, key=parity),
    "reverse": lambda xs: sorted(xs, key=parity, reverse=True),
    "tuple_key": lambda xs: sorted(xs, key=lambda x: (x % 2, -x)),
    "nested_key": lambda xs: sorted(xs, key=lambda x: ((x % 3, x > 0), x), reverse=True),
    "none": lambda xs: sorted(xs, key=None),
    "bool": lambda xs: sorted(xs, key=lambda x: x > 0),
    "float": lambda xs: sorted(xs, key=lambda x: x / 3),
    "of_a_range": lambda xs: sorted(range(len(xs)), key=lambda i: xs[i]),
    "of_pairs": lambda xs: sorted([(x % 3, x) for x in xs]),
    "pairs_by_second": lambda xs: sorted([(x % 3, x) for x in xs], key=lambda p: p[1], reverse=True),
    "enumerated": lambda xs: sorted(enumerate(xs), key=lambda p: p[1]),
    "extremes": lambda xs: (min(xs, key=abs), max(xs, key=lambda x: -x * x)),
    "wrong_key": lambda xs: sorted(xs, key=lambda x: 1 // x),
}


@pytest.mark.parametrize("name", SORTED)
def test_sorted(name):
    check(SORTED[name], NUMBERS)
    check(SORTED[name], [5])


def test_sort_in_place():
    def f(xs, descending):
        xs.sort(key=lambda x: (x % 2, x), reverse=descending)
        ys = [(x, x * x) for x in xs]
        ys.sort(key=lambda p: p[1])
        zs = [1.5, -2.5]
        zs.sort(key=abs, reverse=descending)
        return ys, zs

    for descending in (False, True):
        check(f, NUMBERS, descending)
        check(f, [1], descending)


def test_lists_that_hold_memory_are_sorted():
    def f(a):
        rows = [a[i] for i in range(a.shape[0])]
        rows.sort(key=lambda r: r[0])
        lists = [[2, 1], [0], [5, 5, 5]]
        lists.sort(key=len, reverse=True)
        return rows, lists

    check(f, np.array([[3.0, 1.0], [1.0, 2.0], [2.0, 3.0]]))


def test_an_empty_list():
    def f(xs):
        ys = [x for x in xs if x > 100]
        ys.sort(key=lambda x: -x)
        return ys, sorted(ys, key=abs)

    check(f, NUMBERS)


def test_other_keys_are_refused():
    for f in (lambda xs: sorted(xs, key=lambda x: 1j * x), lambda xs: sorted(xs, key=lambda x: [x])):
        with pytest.raises(ungil.errors.TypingError, match="sorting by other keys"):
            jit(f)([1, 2])


def head_and_tail(xs):
    a, *b = xs
    return a, b


def first_and_last(xs):
    a, *b, c = xs
    return a, b, c


def all_but_two(xs):
    *a, b, c = xs
    return a, b, c


@pytest.mark.parametrize("f", [head_and_tail, first_and_last, all_but_two])
def test_unpacking_with_a_star(f):
    for xs in (
        [1, 2, 3, 4],
        [1.5, 2.5],
        [7],
        np.arange(4.0),
        np.arange(2, dtype=np.int8),
        np.zeros(0),
        range(5),
    ):
        if isinstance(xs, range):
            check(lambda n: f(range(n)), 5)
        else:
            check(f, xs)
    check(f, np.arange(6).reshape(3, 2))


def test_unpacking_while_the_variables_change():
    def f(xs):
        xs, *rest = xs[1], xs[0], xs[2]
        first, *others = [rest[0], rest[1], xs]
        a, *b = zip([1, 2, 3, 4, 5, 6, 7, 8, 9], range(9))
        return first, others, a, b

    check(f, [1, 2, 3])


TUPLES = {
    "nothing": lambda t: tuple(),
    "tuple": lambda t: tuple(t),
    "range": lambda t: tuple(range(3)),
    "range_back": lambda t: tuple(range(5, -5, -3)),
    "range_empty": lambda t: tuple(range(3, 0)),
    "zip": lambda t: tuple(zip(t, (4, 5))),
    "enumerate": lambda t: tuple(enumerate(t)),
    "reversed": lambda t: tuple(reversed(t)),
    "shape": lambda t: tuple(np.zeros((2, 3)).shape),
}


@pytest.mark.parametrize("name", TUPLES)
def test_tuples(name):
    check(TUPLES[name], (1, 2.5, 3))


def test_tuples_of_unknown_length_are_refused():
    for f, x in [
        (lambda x: tuple(x), [1, 2]),
        (lambda x: tuple(x), np.zeros(3)),
        (lambda x: tuple(range(x)), 3),
        (lambda x: tuple(i for i in range(x)), 3),
    ]:
        with pytest.raises(ungil.errors.TypingError, match="must be known when the kernel is compiled"):
            jit(f)(x)
