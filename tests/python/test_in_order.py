"""Sums in order side by side in lanes: the bits of one sum after the other."""

import numpy as np
import pytest
from checking import check

import ungil
from ungil import prange


def product(a, b):
    c = np.empty((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s
    return c


def alternating(a, o):
    for j in range(a.shape[1]):
        s = np.float64(1.0)
        for k in range(a.shape[0]):
            s = s * 0.5 - a[k, j]
        o[j] = s


def triangular(a, o):
    for j in range(a.shape[1]):
        s = np.float64(0.0)
        for k in range(j, a.shape[0]):
            s += a[k, j]
        o[j] = s


def harmonic(n, o):
    for i in range(o.shape[0]):
        s = np.float64(0.0)
        for k in range(n):
            s += 1.0 / (i + k + 1)
        o[i] = s


def rows(a, o):
    for i in range(a.shape[0]):
        s = np.float64(0.0)
        for k in range(a.shape[1]):
            s += a[i, k]
        o[i] = s


def product_in_parallel(a, b, c):
    for i in prange(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


@pytest.mark.parametrize("n", [0, 1, 7, 8, 31, 32, 33, 70])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_columns(n, dtype):
    rng = np.random.default_rng(n)
    a = (rng.random((n, 13)) * 10.0 ** rng.integers(-5, 5, (n, 13))).astype(dtype)
    b = rng.random((13, n)).astype(dtype)
    b[3:4] = np.nan if n % 2 else -0.0
    check(product, a, b)
    check(product, np.asfortranarray(a), b[::-1])
    check(alternating, b, np.zeros(n))
    check(triangular, b, np.zeros(n))
    check(triangular, b, np.zeros(max(n - 1, 0)))
    check(harmonic, 17, np.zeros(n))
    check(rows, b, np.zeros(13))


def test_parallel_products_have_the_bits_of_serial_ones():
    rng = np.random.default_rng(1)
    a, b, c = rng.random((50, 40)), rng.random((40, 90)), np.empty((50, 90))
    ungil.jit(product_in_parallel)(a, b, c)
    assert np.array_equal(c, product(a, b))


def test_columns_run_in_lanes():
    report = check(product, np.ones((3, 3)), np.ones((3, 3))).diagnostics()
    assert "runs in lanes" in report, report
