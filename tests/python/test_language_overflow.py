"""Python's integers beside NumPy's small ones, and powers of Python's floats that are too large."""

import numpy as np
import pytest
from checking import check

from ungil import jit

NAN, INF = float("nan"), float("inf")
INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
NUMBERS = [0, 1, 127, 128, 255, 256, -1, -128, -129, 40000, 70000, -40000, 2**31, 2**32, -(2**31) - 1, 2**62]


def arithmetic(a, k):
    x = a[0]
    return x + k, k - x, x * k, x // k if k else x, x & k, k | x


def stored(a, k):
    a[1] = k
    return a


def sliced(a, k):
    a[1:] = k
    return a


def filled(a, k):
    a.fill(k)
    return a


def augmented(a, k):
    for i in range(len(a)):
        a[i] += k
    return a


def in_loop(a, k):
    for i in range(a.shape[0]):
        a[i] = i * k
    return a


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_that_do_not_fit_raise(dtype):
    for k in NUMBERS:
        for function in (arithmetic, stored, sliced, filled, augmented):
            check(function, np.array([3, 1, 2], dtype=dtype), k)
    for k in (1, 20, 30000):
        check(in_loop, np.zeros(12, dtype=dtype), k)


def test_scalar_types():
    def to_int8(k):
        return np.int8(k)

    def to_uint64(k):
        return np.uint64(k)

    def full(k):
        return np.full(3, k, dtype=np.int16)

    for k in NUMBERS:
        check(to_int8, k)
        check(to_uint64, k)
        check(full, k)


def test_booleans_and_floats_convert():
    check(stored, np.zeros(2, dtype=np.int8), True)
    check(stored, np.zeros(2, dtype=np.int8), 3.7)
    check(stored, np.zeros(2, dtype=np.bool_), 300)
    check(stored, np.zeros(2, dtype=np.float32), 2**62)


def power(x, y):
    return x**y


def constant_power(x):
    return x**3, x**-2, x**0.5


def test_powers_that_are_too_large_raise():
    for x in (2.0, -2.0, 10.0, 1e200, -1e200, 0.5, INF, -INF, NAN, 0.0):
        for y in (2000.0, -2000.0, 308.0, 309.0, 3.0, 2, 0.5, INF, -INF, NAN):
            if x < 0 and y == 0.5 or x == 0 and y < 0:
                continue  # Complex numbers, and zero divisors.
            if y != 2:
                check(power, x, y, rtol=1e-15)
    check(constant_power, 2.5, rtol=1e-15)
    check(constant_power, 1e200)


def test_numpy_powers_are_infinite():
    check(power, np.float64(2), 2000.0)
    check(power, 1e300, np.float64(3))


def test_squares_are_products():
    assert jit(lambda x: x**2)(1e200) == INF
