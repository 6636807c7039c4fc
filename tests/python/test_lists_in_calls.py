"""Lists that calls share: NumPy's numbers in lists of arguments, recursion over parts, lists put into a caller's list."""

import numpy as np
import pytest
from checking import check

import ungil
from ungil import jit, prange


def numbers_of_an_array(a, l):
    l.append(a[1])
    l[0] = a.sum()
    l.extend(a)
    l.insert(0, a[a.argmax()])


def places_of_an_array(a, l):
    l.append(a.argmax())
    for i in np.flatnonzero(a):
        l.append(i)


def pairs_of_an_array(a, l):
    l.append((a[1], a.argmax()))


def rows_of_numbers(a, l):
    l[0].append(a[2])
    l.append([a[1]])
    l.append([x for x in a])


def appended_by_a_call(a, l):
    places_of_an_array(a, l)


def python_value(x):
    if isinstance(x, (list, tuple)):
        return type(x)(python_value(item) for item in x)
    return x.item() if isinstance(x, np.generic) else x


@pytest.mark.parametrize(
    "function, code, given",
    [
        (numbers_of_an_array, "d", [1.0]),
        (numbers_of_an_array, "f", [1.0]),
        (numbers_of_an_array, "q", [1]),
        (numbers_of_an_array, "B", [1]),
        (numbers_of_an_array, "Q", [1]),
        (numbers_of_an_array, "F", [1j]),
        (places_of_an_array, "d", [1]),
        (appended_by_a_call, "d", [1]),
        (pairs_of_an_array, "f", [(1.0, 2)]),
        (rows_of_numbers, "d", [[1.0]]),
    ],
)
def test_numpys_numbers_in_a_list_of_an_argument(function, code, given):
    # The list goes on to hold what it held: Python's numbers.
    a = np.array([0.5, 3, 2.25]).astype(code)
    expected, found = [*given], [*given]
    if function is rows_of_numbers:
        expected, found = [[1.0]], [[1.0]]
    function(a, expected)
    jit(function)(a, found)
    assert repr(found) == repr(python_value(expected))


def test_a_number_that_python_s_integers_here_do_not_hold():
    with pytest.raises(OverflowError, match="too large for a 64-bit integer"):
        jit(numbers_of_an_array)(np.full(3, 2**63, "u8"), [1])


@jit
def total(l):
    if len(l) == 0:
        return 0
    return l[0] + total(l[1:])


@jit
def total_of_copies(l):
    return l[0] + total_of_copies(l.copy()[1:]) if len(l) > 0 else 0


@jit
def quick(l):
    if len(l) <= 1:
        return l
    pivot = l[0]
    return quick([x for x in l[1:] if x < pivot]) + [pivot] + quick([x for x in l[1:] if x >= pivot])


@jit
def merged(l):
    if len(l) < 2:
        return l
    m = len(l) // 2
    x, y = merged(l[:m]), merged(l[m:])
    out, i, j = [], 0, 0
    while i < len(x) and j < len(y):
        if x[i] <= y[j]:
            out.append(x[i])
            i += 1
        else:
            out.append(y[j])
            j += 1
    out.extend(x[i:])
    out.extend(y[j:])
    return out


@jit
def is_even(l):
    return True if len(l) == 0 else is_odd(l[1:])


@jit
def is_odd(l):
    return False if len(l) == 0 else is_even(l[1:])


@pytest.mark.parametrize("function", [total, total_of_copies, quick, merged, is_even])
@pytest.mark.parametrize("given", [[3, 1, 2, 5, 4], [2.5, -1.0, 7.25, 0.0]])
def test_recursion_over_parts_of_lists(function, given):
    check(function, given)


def recursion_over_a_list_made_here():
    l = [3, 1, 2]
    ordered = quick(l)
    ordered.append(7)
    return ordered, total(l), merged(l), l


def elements_of_two_recursions():
    # What is put into one result does not change the other's type.
    whole, mixed = quick([2, 1]), quick([4, 3])
    mixed.append(2.5)
    return whole, mixed[-1]


@pytest.mark.parametrize("function", [recursion_over_a_list_made_here, elements_of_two_recursions])
def test_recursion_over_lists_made_in_a_kernel(function):
    check(function)


@jit
def leaf_lists(k, out):
    if k == 0:
        out.append([1])
        return
    leaf_lists(k - 1, out)


@jit
def put_a_list(out):
    out.append([1])


@jit
def subsets(xs, i, chosen, out):
    if i == len(xs):
        out.append(chosen[:])
        return
    subsets(xs, i + 1, chosen, out)
    chosen.append(xs[i])
    subsets(xs, i + 1, chosen, out)
    chosen.pop()


def leaves_of_a_local_list():
    out = [[0]]
    leaf_lists(2, out)
    put_a_list(out)
    return out


def all_subsets(xs):
    out = []
    subsets(xs, 0, [], out)
    return out


@pytest.mark.parametrize(
    "function, args",
    [
        (leaf_lists, (2, [])),
        (leaf_lists, (2, [[3]])),
        (leaves_of_a_local_list, ()),
        (all_subsets, ([1, 2, 3],)),
        (subsets, ([1, 2, 3], 0, [], [])),
    ],
)
def test_calls_that_put_lists_into_a_list_of_the_caller(function, args):
    # Each round of inference found a list made at one more place, and made one more function of it.
    check(function, *args)


def identities(l):
    m, copy = l, l[:]
    return m is l, copy is l, copy is not l, m is not l


def test_identity_of_lists():
    check(identities, [1, 2])


def text_elements(x):
    return ["a", "b"]


def float_in_a_list_of_int(x):
    x.append(2.5)


@pytest.mark.parametrize("function", [text_elements, float_in_a_list_of_int])
def test_help_where_elements_do_not_fit(function):
    with pytest.raises(ungil.errors.TypingError, match="put values of one type into a list"):
        jit(function)([1])


@jit
def take_last(r):
    return r.pop()


@jit
def take_last_of(r):
    return take_last(r) + 1


def test_functions_that_change_what_iterations_share_are_refused():
    def direct(r, n):
        o = np.zeros(n)
        for i in prange(n):
            o[i] = take_last(r)
        return o

    def deeper(r, n):
        o = np.zeros(n)
        for i in prange(n):
            o[i] = take_last_of(r)
        return o

    def own(r, n):
        o = np.zeros(n)
        for i in prange(n):
            mine = [1.0, i]
            o[i] = take_last_of(mine) + len(r)
        return o

    for f in (direct, deeper):
        with pytest.raises(
            ungil.errors.TypingError, match="changing a list that iterations of a `prange` loop share"
        ):
            jit(f)([1.0, 2.0, 3.0], 3)
    assert np.array_equal(jit(own)([1.0], 3), [2.0, 3.0, 4.0])
