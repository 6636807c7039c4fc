"""Generator expressions, `any all sum min max` over iterables, and unpacking of them."""

import numpy as np
import pytest
from checking import check, outcome

import ungil
from ungil import jit

NAN, INF = float("nan"), float("inf")


def check_values(function, *args):
    """As `check`, but a result may have the common type of what it could have been."""
    expected, found = outcome(function, args), outcome(jit(function), args)
    assert found[0] == expected[0], (expected, found)
    if expected[0] == "raised":
        assert type(found[1]) is type(expected[1]) and str(found[1]) == str(expected[1])
    else:
        np.testing.assert_equal(found[1], expected[1])


def quantified(a):
    return any(a), all(a)


def over_tuples(x, y):
    return any((x, y)), all((x, y)), any(()), all(()), any((0, "", x)), all((1, "a", (y,)))


def conditions(a, k):
    return any(x > k for x in a), all(x > k for x in a), any(x != x for x in a)


def nested(a, b):
    return (
        any(x == y for x in a for y in b if x != 2),
        sum(x * y for x in a for y in b),
        all(any(x == y for y in b) for x in a),
        sum(i * x for i, x in enumerate(a) if i % 2 if x > 1),
        max(x - y for x, y in zip(a, b)),
    )


def shadowed(x, a):
    total = sum(x * x for x in a)
    more = sum(x for x in a if x > 0)
    return x, total, more


def walrus(a):
    found = -1.0
    if any((found := x) > 2 for x in a):
        return found
    return found


def captured(a, k):
    f = lambda v: v + k
    return sum(f(x) for x in a), sum((lambda w: w * x)(k) for x in a), max((lambda x: -x)(x) for x in a)


def rows(a):
    return sum(sum(x for x in row) for row in a), max(sum(row) for row in a), any(all(row) for row in a)


def ranges(n):
    return (
        sum(range(n)),
        sum(i * i for i in range(n)),
        any(range(n)),
        all(range(n)),
        sum((i for i in range(n)), 0.5),
        sum(i / 2 for i in range(n)),
        all(i < 5 for i in range(n)),
    )


def mixed_tuple(x):
    return sum(v * 2 for v in (1, 2.5, x)), max(v for v in (1, 2.5, x)), any(v == x for v in (1, 2.5, x))


def extrema(a):
    return min(x * x for x in a), max(a), min(a, default=7), max((x for x in a if x > 1e9), default=-1.0)


def keyed(a):
    return (
        min(a, key=abs),
        max(a, key=lambda x: -(x - 1) * (x - 1)),
        max((x for x in a), key=lambda x: x % 3),
        min(enumerate(a), key=lambda p: p[1]),
    )


def keyed_arguments(x, y, z):
    return min(x, y, z, key=abs), max(x, y, key=lambda v: -v), max((x, y, z), key=None), min((x, y), key=abs)


def of_range(n):
    return min(range(3, n)), max(range(3, n)), max(range(n), key=lambda i: (i * 7) % 5)


def with_default(n):
    return min(range(n), default=None if n is None else -5), max(range(n), default=1)


def early(a):
    n = 0
    for i in range(len(a)):
        if any(a[j] > a[i] for j in range(i)):
            n += 1
    return n


ARRAYS = [
    np.array([1.0, -2.0, 3.0, 0.0]),
    np.array([1, 2, 3, 4]),
    np.array([5, 1, 4], dtype=np.int8),
    np.array([0.5, NAN, 2.5], dtype=np.float32),
    np.array([True, False, True]),
    np.array([2.5]),
    np.arange(20.0)[::-3],
]
EMPTY = np.zeros(0)


@pytest.mark.parametrize("a", ARRAYS, ids=lambda a: f"{a.dtype}{len(a)}")
def test_arrays(a):
    check(quantified, a)
    check(conditions, a, 1)
    check(conditions, a, 2.5)
    check_values(shadowed, 3, a)
    check_values(extrema, a)
    check(early, a)
    if a.dtype != bool:
        check_values(keyed, a)
        check_values(nested, a, a[::-1])
        check_values(captured, a, 2)
        check_values(walrus, a)


def test_empty():
    check(quantified, EMPTY)
    check(conditions, EMPTY, 1)
    check_values(extrema, EMPTY)
    check_values(keyed, EMPTY)
    check_values(walrus, EMPTY)
    check_values(nested, EMPTY, EMPTY)


def test_nan_is_true():
    check(quantified, np.array([NAN]))
    check(over_tuples, NAN, 0.0)


def test_tuples():
    for x, y in ((0, 1), (1.5, 0.0), (True, False), (np.float32(0), 2j), (0, 0), (-0.0, np.int8(1))):
        check(over_tuples, x, y)
    check(quantified, (1, 0, 3))
    check(quantified, (1.0,) * 12)
    for x in (1, 2.5, 3.5, np.float64(9)):
        check_values(mixed_tuple, x)


def test_rows():
    check(rows, np.arange(12.0).reshape(3, 4))
    check(rows, np.asfortranarray(np.arange(12).reshape(3, 4)))


def test_truth_of_rows_is_refused():
    with pytest.raises(ungil.errors.TypingError):
        jit(quantified)(np.ones((2, 2)))


def test_ranges():
    for n in (0, 1, 7):
        check_values(ranges, n)
    for n in (4, 10, 3):
        check(of_range, n)
    check(with_default, 0)
    check(with_default, 3)


def test_keys():
    check(keyed_arguments, 3, -2, 1)
    check_values(keyed_arguments, 3.0, -2, 1)
    check_values(keyed_arguments, np.float32(0.5), np.float64(-0.25), 2)


def unpacked(a):
    x, y, z = a
    return x, y, z


def unpacked_pairs(a):
    (a0, a1), (b0, b1) = a
    return a0 + b1, a1 - b0


def unpacked_star(t):
    a, *b, c = t
    d, *e = b
    *f, g = t
    return a, c, d, g, len(b), len(e), sum(f)


def unpacked_iterators(a, n):
    x, y = range(n)
    (i, p), (j, q) = enumerate(a)
    (k, r), (m, s) = zip((x, y), a)
    u, v = reversed(a)
    return x, y, i, p, j, q, k, r, m, s, u, v


def swapped(a):
    a[0], a[1] = a[1], a[0]
    return a


def in_loop(a):
    total = 0.0
    for x, y in a:
        total += x * y
    return total


def test_unpacking():
    for n in (0, 2, 3, 4):
        check(unpacked, np.arange(float(n)))
        check(unpacked, np.arange(n)[::-1])
    check(unpacked, np.arange(6).reshape(3, 2))
    check(unpacked_pairs, np.arange(4.0).reshape(2, 2))
    check(unpacked_pairs, np.arange(6.0).reshape(2, 3))
    check(unpacked_pairs, np.arange(6.0).reshape(3, 2))
    check(unpacked_star, (1, 2, 3.5, 4))
    check(unpacked_star, (1, 2, 3))
    check(unpacked_iterators, np.array([1.5, 2.5]), 2)
    check(unpacked_iterators, np.array([1.5, 2.5]), 3)
    check(unpacked_iterators, np.array([1.5, 2.5, 3.5]), 2)
    check(swapped, np.array([1, 2]))
    check(in_loop, np.arange(8.0).reshape(4, 2))
    check(in_loop, np.arange(12.0).reshape(4, 3))


def test_generators_elsewhere_are_refused():
    def stored(a):
        g = (x for x in a)
        return 1

    def iterated(a):
        n = 0
        for x in (y * y for y in a):
            n += x
        return n

    for f in (stored, iterated):
        with pytest.raises(ungil.errors.CompileError):
            jit(f)(EMPTY)


def test_in_parallel():
    @jit
    def kernel(a, b):
        r = np.zeros(len(a), dtype=np.bool_)
        s = 0.0
        for i in ungil.prange(len(a)):
            r[i] = any(a[i] == y for y in b)
            s += sum(y * i for y in b)
        return r, s

    a, b = np.arange(50.0), np.arange(0.0, 50.0, 7)
    r, s = kernel(a, b)
    assert np.array_equal(r, np.isin(a, b))
    assert s == sum(range(50)) * b.sum()


def tuples_of_comprehensions(a, n):
    halves = tuple(k // 2 for k in a.shape)
    shape = tuple([a.shape[k] + k for k in range(a.ndim)])
    pairs = tuple(x * y for x, y in zip((1, 2, 3), (n, n, 5)))
    return np.zeros(halves).shape, shape, pairs, tuple([n, 2.5]), tuple(k for k in ())


def test_tuples_of_comprehensions():
    check(tuples_of_comprehensions, np.zeros((4, 6, 2)), 3)


def test_tuples_of_what_has_no_known_number_of_items():
    for f in (lambda x: tuple(k for k in x if k > 1), lambda x: tuple([k for k in x]), lambda x: tuple(x)):
        with pytest.raises(ungil.errors.TypingError, match="how many items it has must be known"):
            jit(f)([1, 2, 3])
