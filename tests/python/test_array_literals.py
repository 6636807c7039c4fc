"""`np.array` of nested lists and tuples as they stand in a kernel, against NumPy."""

import numpy as np
import pytest

from ungil import jit
from ungil.errors import TypingError

TABLES = {
    "rows": lambda x, y: np.array([[x, 2], [3, y]]),
    "tuples and lists": lambda x, y: np.array([(1, x), [y, 4]]),
    "empty rows": lambda x, y: np.array([[], []]),
    "deep": lambda x, y: np.array([[[x, y], [y, x]], [[5, 6], [7, 8]]]),
    "deep and empty": lambda x, y: np.array([[[], []]]),
    "typed": lambda x, y: np.array([[[x], [y]]], dtype=np.complex64),
    "arrays in rows": lambda x, y: np.array([[np.arange(3), np.arange(3) * x]]),
    "an argument": lambda x, y: np.sum([[[x, 1]], [[2, y]]], axis=0),
}
RAGGED = {
    "an empty row first": lambda: np.array([[], [1]]),
    "an empty row last": lambda: np.array([[1], []]),
    "a short row": lambda: np.array([[1, 2], [3]], dtype=np.float64),
    "deep": lambda: np.array([[[1], [2]], [[3], [4, 5]]]),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name):
    got, expected = jit(TABLES[name])(1, 2.5), TABLES[name](1, 2.5)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("name", RAGGED)
def test_rows_of_several_lengths(name):
    with pytest.raises(ValueError, match="inhomogeneous") as expected:
        RAGGED[name]()
    with pytest.raises(ValueError, match="inhomogeneous") as found:
        jit(RAGGED[name])()
    assert str(found.value).startswith(str(expected.value))


def test_numbers_among_rows():
    for function in (lambda: np.array([1, [2]]), lambda: np.array([[1], 2])):
        with pytest.raises(ValueError, match="inhomogeneous"):
            function()
        with pytest.raises(TypingError, match="numbers, or lists, tuples and arrays of them"):
            jit(function)()
