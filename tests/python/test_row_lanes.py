"""Sums along rows, several rows side by side: the bits of one row after the other."""

import numpy as np
import pytest
from checking import check

import ungil
from ungil import prange


def product(a, v, o):
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * v[j]
        o[i] = s


def parallel_product(a, v, o):
    for i in prange(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * v[j]
        o[i] = s


def repeated(a, v, times):
    n = v.shape[0]
    r = v.copy()
    t = np.empty(n)
    for _ in range(times):
        for i in range(n):
            s = 0.0
            for j in range(n):
                s += r[j] * a[i, j]
            t[i] = s
        for i in range(n):
            r[i] = t[i] / n
    return r


def several(a, o):
    for i in range(a.shape[0]):
        s = 0.0
        q = 0.0
        low = np.inf
        for j in range(a.shape[1]):
            s += a[i, j]
            q += a[i, j] * a[i, j]
            low = min(low, a[i, j])
        o[i] = q - s * low


def largest(a, o):
    for i in range(a.shape[0]):
        s = -np.inf
        at = -1
        for j in range(a.shape[1]):
            if a[i, j] > s:
                s = a[i, j]
                at = j
        o[i] = s + at


def neighbours(a, o):
    for i in range(1, a.shape[0]):
        s = 0.0
        for j in range(1, a.shape[1] - 1):
            s = s * 0.5 + (a[i, j - 1] - a[i - 1, j + 1])
        o[i] = s


def reversed_rows(a, o):
    for i in range(a.shape[0] - 1, -1, -1):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
        o[i] = s


def every_third(a, o):
    for i in range(0, a.shape[0], 3):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
        o[i] = s


def flat(a, n, m, o):
    for i in range(n):
        s = 0.0
        for j in range(m):
            s += a[i * m + j]
        o[i] = s


def transposed(a, b):
    c = np.empty((a.shape[0], b.shape[0]))
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[j, k]
            c[i, j] = s
    return c


def windows(a, o):
    for i in range(o.shape[0]):
        s = 0.0
        for j in range(11):
            s += a[i + j] * (j + 0.5)
        o[i] = s


def filtered(a, k, o):
    for i in range(o.shape[0]):
        for j in range(o.shape[1]):
            s = a[i, j] * 0
            for u in range(k.shape[0]):
                for v in range(k.shape[1]):
                    s += a[i + u, j + v] * k[u, v]
            o[i, j] = s


def eroded(a, r, o):
    for i in range(r, a.shape[0] - r):
        for j in range(r, a.shape[1] - r):
            m = a[i, j]
            for u in range(-r, r + 1):
                for v in range(-r, r + 1):
                    if a[i + u, j + v] < m:
                        m = a[i + u, j + v]
            o[i, j] = m


def counted_below(a, n, o):
    """The second load of an element stands behind a store to another array, under a condition."""
    for i in range(o.shape[0]):
        s = 0.0
        for j in range(n):
            if a[i + j] < 0.5:
                if a[i + j] > 0.25:
                    s += a[i + j] * 2
                else:
                    s -= a[i + j]
        o[i] = s + a[i]
        if a[i] > 0.5:
            o[i] = a[i]


def masked(a, m, o):
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            if m[j] > 0:
                s += a[i, j]
        o[i] = s


def matrix(rng, n, m, dtype):
    if np.dtype(dtype).kind != "f":
        return rng.integers(0, 100, (n, m)).astype(dtype)
    a = (rng.standard_normal((n, m)) * 10.0 ** rng.integers(-5, 5, (n, m))).astype(dtype)
    if n and m:
        a[n // 2, m // 2] = np.nan
        a[n - 1, 0] = -0.0
        a[n // 3, m - 1] = np.inf
    return a


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 33, 50])
@pytest.mark.parametrize("m", [0, 1, 3, 7, 8, 9, 16, 31, 70])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16])
def test_sizes(n, m, dtype):
    rng = np.random.default_rng(n * 100 + m)
    a, v = matrix(rng, n, m, dtype), rng.random(m).astype(dtype)
    for kernel in (product, parallel_product):
        check(kernel, a, v, np.zeros(n))
    check(several, a, np.zeros(n))
    check(neighbours, a, np.zeros(n))
    check(largest, a, np.zeros(n))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_layouts(dtype):
    rng = np.random.default_rng(1)
    a = matrix(rng, 66, 68, dtype)
    views = [a, np.asfortranarray(a), a[::2], a[::-1, ::-1], a[:, 1:], a[:, ::3], a.T]
    for view in [*views, a.astype(a.dtype.newbyteorder())]:
        check(product, view, rng.random(view.shape[1]).astype(dtype), np.zeros(view.shape[0]))
        check(several, view, np.zeros(view.shape[0]))


def test_steps_and_bounds():
    rng = np.random.default_rng(2)
    a = matrix(rng, 67, 41, np.float64)
    check(reversed_rows, a, np.zeros(67))
    check(every_third, a, np.zeros(67))
    check(flat, a.reshape(-1).copy(), 67, 41, np.zeros(67))
    check(windows, rng.random(90), np.zeros(80))
    check(masked, a, rng.integers(0, 2, 41), np.zeros(67))
    check(repeated, rng.random((37, 37)), rng.random(37), 3)
    check(transposed, a, matrix(rng, 40, 41, np.float64))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16, np.int64])
@pytest.mark.parametrize("width", [3, 16, 31, 33, 48, 67])
def test_windows(dtype, width):
    """Neighbouring lanes load neighbouring elements, at any width."""
    rng = np.random.default_rng(width)
    a = matrix(rng, 9, width + 4, dtype)
    for k in (1, 3, 5):
        if dtype != np.int16:
            check(filtered, a, matrix(rng, 3, k, dtype), np.zeros((7, width), dtype))
    for r in (0, 1, 2):
        check(eroded, a, r, np.zeros_like(a))
    floats = rng.random(width + 20)
    for n in (0, 1, 5, 20):
        check(counted_below, floats, n, np.zeros(width))
    floats[::7] = np.nan
    check(eroded, floats[: width * 1].reshape(1, width), 0, np.zeros((1, width)))
    both = matrix(rng, 40, 40, dtype)
    expected, result = both.copy(), both.copy()
    with np.errstate(all="ignore"):
        eroded(expected, 1, expected)
    ungil.jit(eroded)(result, 1, result)
    np.testing.assert_array_equal(expected, result)


def test_overlapping_results():
    """Each row's sum is read by the next row: lanes would see old elements."""
    for shift in (0, 1, 40):
        memory = np.arange(70.0 * 41)
        a = memory[: 66 * 40].reshape(66, 40)
        o = memory[shift : shift + 66]
        expected = memory.copy()
        product(expected[: 66 * 40].reshape(66, 40), np.ones(40), expected[shift : shift + 66])
        ungil.jit(product)(a, np.ones(40), o)
        assert np.array_equal(memory, expected)


def test_errors_come_as_in_a_loop():
    a, o = np.ones((64, 24)), np.zeros(64)
    with pytest.raises(IndexError):
        ungil.jit(product)(a, np.ones(20), o)
    with pytest.raises(IndexError):
        ungil.jit(product)(a, np.ones(24), o[:40])
    assert (o[:40] == 24).all() and (o[40:] == 0).all()


def test_rows_are_loaded_whole():
    report = check(product, np.ones((40, 40)), np.ones(40), np.zeros(40)).diagnostics()
    assert "rows loaded whole" in report, report
    assert "vectorization is explicitly disabled" not in report
    fast = ungil.jit(fastmath=True)(product)
    fast(np.ones((40, 40)), np.ones(40), np.zeros(40))
    assert "rows loaded whole" not in fast.diagnostics()
