"""Quotients and remainders of integers by constants, against NumPy: all widths, both signs, the ends of the ranges."""

import numpy as np
import pytest
from checking import check

import ungil

DIVISORS = [2, 3, 5, 7, 10, 16, 60, 97, 126, 127, -1, -2, -3, -7, -100]


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u4", "u8"])
def test_quotients_and_remainders(dtype):
    limits = np.iinfo(dtype)
    ends = [limits.min, limits.min + 1, limits.max - 1, limits.max, 0, 1, 2, 3]
    rng = np.random.default_rng(11)
    some = rng.integers(limits.min, limits.max, 200, dtype=dtype, endpoint=True)
    x = np.concatenate([np.array(ends, dtype), some, (some % 41).astype(dtype)])
    for d in DIVISORS:
        if d < 0 and dtype[0] == "u":
            continue
        quotient, remainder = kernel(f"a // {d}"), kernel(f"a % {d}")
        with np.errstate(all="ignore"):
            assert np.array_equal(quotient(x), x // d), d
            assert np.array_equal(remainder(x), x % d), d


def kernel(formula):
    source, scope = f"def f(a):\n    return {formula}\n", {}
    exec(source, scope)
    return ungil.jit(scope["f"], source=source)


@pytest.mark.parametrize("d", [3, 7, 2**31 - 1, 2**31 + 11, 2**62 + 1, 2**63 - 1])
def test_large_divisors(d):
    rng = np.random.default_rng(d % 1000)
    near = np.array(
        [k * d + s for k in (-1, 0, 1) for s in (-1, 0, 1) if -(2**63) <= k * d + s < 2**63], np.int64
    )
    x = np.concatenate([near, rng.integers(-(2**63), 2**63 - 1, 300), np.array([-(2**63), 2**63 - 1])])
    assert np.array_equal(kernel(f"a // {d}")(x), x // d)
    assert np.array_equal(kernel(f"a % {d}")(x), x % d)


@ungil.jit
def of_scalars(low, high):
    total = 0
    for i in range(low, high):
        total += i // 7 * 3 + i % 7 - i // 10
    return total


def test_counters():
    check(of_scalars, -50, 60)
    check(of_scalars, 0, 1000)
