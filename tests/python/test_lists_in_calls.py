"""Lists that calls share: NumPy's numbers in lists of arguments, recursion over parts, lists put into a caller's list."""

import numpy as np
import pytest
from checking import check

import ungil
from ungil import jit


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
