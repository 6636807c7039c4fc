"""Searches, which run by blocks: the first hit, NaN, ties, records that keep falling, and what happens behind them."""

import numpy as np
import pytest
from checking import check

import ungil
from ungil import prange


def first_equal(a, x):
    for i in range(a.shape[0]):
        if a[i] == x:
            return i
    return -1


def first_above(a, low, o):
    found = -1
    for i in range(a.shape[0]):
        if a[i] * a[i] > low:
            found = i
            o[i] = 1
            break
    else:
        found = -2
    return found, i


def largest(a):
    k = 0
    v = a[0]
    for i in range(1, a.shape[0]):
        if a[i] > v:
            v = a[i]
            k = i
    return k, v


def last_smallest(a):
    k = 0
    v = a[0]
    for i in range(a.shape[0]):
        if a[i] <= v:
            v = a[i]
            k = i
    return k, v


def both(a):
    low = a[0]
    high = a[0]
    for i in range(a.shape[0]):
        if a[i] < low:
            low = a[i]
        elif a[i] > high:
            high = a[i]
    return low, high


def writes_what_it_reads(a, limit):
    best = a[0]
    for i in range(a.shape[0]):
        if a[i] > best:
            best = a[i] + 1
            a[min(i + 2, a.shape[0] - 1)] += limit
    return best


def raises(a):
    for i in range(a.shape[0]):
        if a[i] < 0:
            raise ValueError(f"negative at {i}")
    return a.shape[0]


def beyond_the_end(a, n):
    for i in range(n):
        if a[i] > 5:
            return i
    return -1


def searches_in_parallel(a, o):
    for i in prange(a.shape[0]):
        k = 0
        v = a[i, 0]
        for j in range(a.shape[1]):
            if a[i, j] > v:
                v = a[i, j]
                k = j
        o[i] = k


SIZES = [1, 2, 127, 128, 129, 511, 512, 513, 1025, 5000]


def samples(n):
    rng = np.random.default_rng(n)
    random = rng.random(n)
    holes = random.copy()
    holes[rng.random(n) < 0.1] = np.nan
    zeros = np.where(rng.random(n) < 0.5, 0.0, -0.0)
    return [
        random,
        np.arange(n) + 0.0,
        -np.arange(n) + 0.0,
        holes,
        zeros,
        np.full(n, np.nan),
        np.arange(n) // 600,
    ]


@pytest.mark.parametrize("n", SIZES)
def test_searches(n):
    for a in samples(n):
        check(largest, a)
        check(last_smallest, a)
        check(both, a)
        check(writes_what_it_reads, a, 3)
        check(raises, a)
        for x in (a[n // 2], a[-1], 2.5, np.nan):
            check(first_equal, a, x)
            check(first_above, a, x, np.zeros(n))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64, np.float32])
def test_other_types_and_layouts(dtype):
    a = np.random.default_rng(3).integers(0, 100, 3000).astype(dtype)
    check(largest, a)
    check(largest, a[::-1])
    check(first_equal, a[::3], dtype(7))
    check(both, a)


@pytest.mark.parametrize("n", [9, 10, 11, 600])
def test_ends_beyond_the_array(n):
    check(beyond_the_end, np.zeros(10), n)
    check(beyond_the_end, np.arange(10.0), n)


def test_searches_inside_parallel_loops():
    a = np.random.default_rng(4).random((40, 1500))
    o = np.zeros(40, np.int64)
    ungil.jit(searches_in_parallel)(a, o)
    assert np.array_equal(o, a.argmax(axis=1))


def test_the_conditions_vectorise():
    report = check(largest, np.arange(5.0)).diagnostics()
    assert "search by blocks" in report and "vectorised" in report, report
