"""Loops that fill large arrays write past the caches: same bits, nothing beside the array, seen by every thread."""

import numpy as np
import pytest

from ungil import jit, prange

LARGE = 3_000_000
"""Elements of 8 bytes that are more than caches keep (24 MB; the threshold is near 17 MB here)."""


@jit
def combine(a, b, out):
    for i in range(a.size):
        out[i] = (a[i] + b[i]) * 2 + a[i] * b[i]


@jit
def combine_rows(a, b, out):
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = (a[i, j] + b[i, j]) * 2 + a[i, j] * b[i, j]


@jit
def fresh_differences(a):
    out = np.empty(a.size - 1, a.dtype)
    for i in range(out.size):
        out[i] = a[i + 1] - a[i]
    return out


@jit
def there_and_back(a, middle, out):
    n = a.size
    for i in prange(n):
        middle[i] = a[i] + a[i]
    for i in prange(n):
        out[i] = middle[n - 1 - i] - a[i]


@jit
def shifted(a):
    for i in range(a.size - 1):
        a[i] = a[i + 1] * 2


@jit
def fill(out, value):
    for i in range(out.size):
        out[i] = value


def placed(n, dtype, offset):
    """An array whose data start `offset` bytes behind a line of the caches, in the middle of a larger one."""
    size = n * np.dtype(dtype).itemsize
    memory = np.full(size + 4096, 0x5A, np.uint8)
    start = -memory.ctypes.data % 64 + 1024 + offset
    return memory, memory[start : start + size].view(dtype), start


def untouched(memory, start, size):
    return (memory[:start] == 0x5A).all() and (memory[start + size :] == 0x5A).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int16])
@pytest.mark.parametrize("offset", [0, 2, 8, 16, 24, 40, 56])
def test_alignments(dtype, offset):
    n = LARGE * 8 // np.dtype(dtype).itemsize + 13
    a, b = np.arange(n).astype(dtype), np.arange(n)[::-1].astype(dtype)
    memory, out, start = placed(n, dtype, offset)
    combine(a, b, out)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(out, (a + b) * dtype(2) + a * b)
    assert untouched(memory, start, out.nbytes)


@pytest.mark.parametrize("columns", [1, 3, 17, 64, 250, 1001, 2000])
def test_rows(columns):
    rows = LARGE // columns + 5
    a = np.arange(rows * columns, dtype=np.float64).reshape(rows, columns)
    memory, out, start = placed(a.size, np.float64, 24)
    combine_rows(a, a + 1, out.reshape(a.shape))
    np.testing.assert_array_equal(out.reshape(a.shape), (a + (a + 1)) * 2 + a * (a + 1))
    assert untouched(memory, start, out.nbytes)


def test_fresh_results():
    a = np.arange(LARGE, dtype=np.float64) ** 1.5
    for _ in range(3):
        np.testing.assert_array_equal(fresh_differences(a), a[1:] - a[:-1])


def test_what_one_thread_wrote_the_others_see():
    a = np.arange(LARGE, dtype=np.float64)
    middle, out = np.empty_like(a), np.empty_like(a)
    for k in range(10):
        there_and_back(a + k, middle, out)
        np.testing.assert_array_equal(out, 2 * (a + k)[::-1] - (a + k))


def test_overlapping_arrays():
    a = np.arange(LARGE, dtype=np.float64)
    want = a.copy()
    want[:-1] = a[1:] * 2
    shifted(a)
    np.testing.assert_array_equal(a, want)
    # The output one element behind the input: each result is read by the next iteration.
    b = np.ones(LARGE)
    combine(b[:-1], b[:-1], b[1:])
    assert b[1] == 5 and b[2] == 45


def test_report():
    out = np.empty(LARGE)
    fill(out, 2.5)
    assert (out == 2.5).all()
    combine(out, out, np.empty_like(out))
    assert "streaming stores" in combine.diagnostics()
