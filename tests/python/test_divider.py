"""Divisions and square roots that loops do by multiply-adds give the machine's bits, whatever the arrays look like."""

import math

import numpy as np
import pytest

from ungil import jit, prange, simd

RNG = np.random.default_rng(11)


@jit
def inverse_root(a, out):
    for i in range(a.size):
        out[i] = 1 / (1 + np.sqrt(a[i]))


@jit
def two_quotients(a, b, out):
    for i in prange(a.size):
        out[i] = a[i] / b[i] + b[i] / (a[i] + 1) + np.sqrt(a[i] / 3)


@jit
def in_lanes(a, out):
    for i in simd(range(a.size)):
        x = a[i]
        n = 0
        while x > 1 and n < 20:
            x = np.sqrt(x) / (1 + 1 / x)
            n += 1
        out[i] = x


def operands(dtype, n):
    """Numbers of all exponents among ordinary ones: some vectors leave the range of the multiply-adds."""
    info = np.finfo(dtype)
    a = RNG.random(n).astype(dtype) + dtype(0.01)
    with np.errstate(all="ignore"):
        wild = np.ldexp(a, RNG.integers(info.minexp - 60, info.maxexp + 2, n))
    a = np.where(RNG.random(n) < 0.02, wild, a).astype(dtype)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, 1.0, info.tiny, info.max, info.smallest_subnormal]
    a[n // 2 : n // 2 + len(special)] = special
    around_one = [
        np.nextafter(dtype(1), dtype(2)),
        np.nextafter(dtype(1), dtype(0)),
        np.nextafter(dtype(4), dtype(0)),
    ]
    a[n // 3 : n // 3 + 3] = around_one
    return a


def shapes(a):
    """The same numbers dense, strided, backwards, misaligned."""
    bytes_ = np.zeros(a.nbytes + a.itemsize, np.uint8)
    misaligned = bytes_[a.itemsize // 2 : a.itemsize // 2 + a.nbytes].view(a.dtype)
    misaligned[:] = a
    spread = np.zeros(3 * a.size, a.dtype)[::3]
    spread[:] = a
    return {"dense": a, "strided": spread, "backwards": a[::-1].copy()[::-1], "misaligned": misaligned}


def same_bits(got, want):
    nan = np.isnan(want)
    np.testing.assert_array_equal(np.isnan(got), nan)
    bits = f"u{got.itemsize}"
    np.testing.assert_array_equal(got[~nan].view(bits), want[~nan].view(bits))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 16, 33, 5000])
def test_inverse_root(dtype, n):
    a = operands(dtype, 5000)[5000 - n :] if n < 5000 else operands(dtype, n)
    with np.errstate(all="ignore"):
        want = (1 / (1 + np.sqrt(a))).astype(dtype)
    for layout, x in shapes(a).items():
        for target, out in shapes(np.zeros(n, dtype)).items():
            inverse_root(x, out)
            same_bits(np.ascontiguousarray(out), want), (layout, target)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_quotients(dtype):
    a, b = operands(dtype, 6000), operands(dtype, 6000)[::-1].copy()
    b[b == 0] = 1
    a[a == -1] = 2
    with np.errstate(all="ignore"):
        want = a / b + b / (a + 1) + np.sqrt(a / 3)
    for x, y in zip(shapes(a).values(), shapes(b).values(), strict=True):
        out = np.zeros_like(a)
        two_quotients(x, y, out)
        same_bits(out, want)


def test_lanes():
    a = RNG.random(1000) * 10.0 ** RNG.integers(-3, 300, 1000)
    out = np.zeros_like(a)
    in_lanes(a, out)
    want = np.zeros_like(a)
    for i, x in enumerate(a.tolist()):
        n = 0
        while x > 1 and n < 20:
            x = math.sqrt(x) / (1 + 1 / x)
            n += 1
        want[i] = x
    same_bits(out, want)
