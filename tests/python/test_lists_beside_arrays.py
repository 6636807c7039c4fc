"""Arrays updated by, compared with and combined with lists and tuples, against NumPy."""

import numpy as np
import pytest
from checking import check, check_numpy

import ungil
from ungil import jit


def updated_by_lists(a, x):
    a += x
    a[1:] *= x[1:]
    a[:2] -= [1, 2]
    a[::2] /= (2, 4)
    a[x[1] :] **= x[1:]
    return a


def compared_with_lists(a, x):
    return a < x, x >= a, a == (3, 1, 2), [1, 1, 1] != a, (1, 2, 3) * a, a - (1, 2, 3)


def test_arrays_beside_lists():
    a, x = np.arange(3.0), [3, 1, 2]
    check(updated_by_lists, a, x)
    check(compared_with_lists, a, x)
    check(compared_with_lists, np.arange(6).reshape(2, 3), x)

    def rows(t, x):
        t += x
        t[1] -= [1, 2]
        t @= [[1, 2], [3, 4]]
        return t, t > x

    check(rows, np.zeros((3, 2)), [[1, 2], [3, 4], [5, 6]])

    def too_long(a, x):
        a[1:] += x
        return a

    check_numpy(too_long, a, x)


def test_arrays_do_not_extend_lists():
    # Their sum is an array, which the variable cannot become.
    def f(x, a):
        x += a
        return x

    with pytest.raises(ungil.errors.TypingError, match="is an array"):
        jit(f)([1, 2], np.arange(2))

    def g(x, a):
        x[0] += a
        return x

    with pytest.raises(ungil.errors.TypingError, match="is an array"):
        jit(g)([[1, 2]], np.arange(2))
