"""Arrays of points: rows whose length is guessed from the columns that are read."""

import numpy as np
import pytest
from checking import check

import ungil
from ungil import prange


def distances(x, o):
    for i in range(x.shape[0]):
        for j in range(x.shape[0]):
            u = x[i, 0] - x[j, 0]
            v = x[i, 1] - x[j, 1]
            w = x[i, 2] - x[j, 2]
            o[i, j] = np.sqrt(u * u + v * v + w * w)


def swap_columns(x):
    for i in range(x.shape[0]):
        t = x[i, 0]
        x[i, 0] = x[i, 3]
        x[i, 3] = t


def colours(image, grey):
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            grey[i, j] = 0.25 * image[i, j, 0] + 0.5 * image[i, j, 1] + 0.25 * image[i, j, 2]


def parallel_norms(x, o):
    for i in prange(x.shape[0]):
        o[i] = x[i, 0] * x[i, 0] + x[i, 1] * x[i, 1]


def pairs(x, o):
    for i in range(x.shape[0]):
        for j in range(x.shape[0]):
            s = 0.0
            for k in range(x.shape[1]):
                t = x[i, k] - x[j, k]
                s += t * t
            o[i, j] = np.sqrt(s)


def nearest(x, centres, o):
    dims = x.shape[1]
    for i in range(x.shape[0]):
        best = np.inf
        for c in range(len(centres)):
            s = 0.0
            for k in range(dims):
                s += abs(x[i, k] - centres[c, k])
            if s < best:
                best = s
                o[i] = c


def drift(x, o):
    for _ in range(2):
        for i in range(x.shape[0]):
            for j in range(x.shape[0]):
                for k in range(x.shape[1]):
                    o[j, k] += x[i, k] * 0.5 - o[j, 0]


def window(image, o):
    for i in range(1, image.shape[0] - 1):
        for j in range(1, image.shape[1] - 1):
            s = 0.0
            for di in range(-1, 2):
                for dj in range(1, -2, -2):
                    s = s * 0.5 + image[i + di, j + dj]
            o[i, j] = s


def uneven(x, o):
    for i in range(len(x)):
        for k in range(3):
            if x[i, k] < 0.5:
                continue
            o[i] += x[i, k]
        for k in range(0, 4, 3):
            if x[i, k] < 0.25:
                break
            o[i] -= k


def first(x):
    for i in range(len(x)):
        for k in range(2):
            if x[i, k] > 0.5:
                return i
            return i - 1
    raise ValueError("no rows")


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("n", [0, 1, 5, 40])
def test_loops_along_rows(columns, n):
    x = np.random.default_rng(columns).random((n, columns))
    check(pairs, x, np.zeros((n, n)))
    check(pairs, x.astype(np.float32)[::-1], np.zeros((n, n)))
    check(drift, x, x[::-1].copy())
    check(window, np.random.default_rng(n).random((n, columns)), np.zeros((n, columns)))
    check(uneven, x, np.zeros(n))
    check(first, x)
    for other in (columns, columns - 1, 3):
        check(nearest, x, np.random.default_rng(7).random((4, other)), np.zeros(n, np.int64))


def parallel_pairs(x, o):
    for i in prange(x.shape[0]):
        for j in range(x.shape[0]):
            s = 0.0
            for k in range(x.shape[1]):
                t = x[i, k] - x[j, k]
                s += t * t
            o[i, j] = s


def repeated(a, x, o):
    for _ in range(3):
        for i in prange(a.shape[0]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * x[k]
            o[i] += s


def test_other_lengths_stay_in_lanes():
    x = np.random.default_rng(3).random((40, 10))
    o = np.zeros((40, 40))
    report = check(parallel_pairs, x, o).diagnostics()
    assert "rows of 3 in vectors" in report and "runs in lanes" in report, report
    report = check(repeated, x, x[0].copy(), o[0].copy()).diagnostics()
    assert "rows of 3" not in report and "runs in lanes" in report, report


def test_short_loops_are_written_out():
    report = check(window, np.ones((5, 9)), np.zeros((5, 9))).diagnostics()
    assert "written out: 3 iterations" in report and "written out: 2 iterations" in report, report
    report = check(pairs, np.ones((5, 3)), np.zeros((5, 5))).diagnostics()
    assert "rows of 3 in vectors" in report, report


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("n", [0, 1, 5, 40])
def test_rows_of_any_length(columns, n):
    x = np.random.default_rng(columns).random((n, columns))
    check(distances, x, np.zeros((n, n)))
    check(distances, np.asfortranarray(x), np.zeros((n, n)))
    check(distances, x.astype(np.float32)[::-1], np.zeros((n, n)))
    check(swap_columns, x)
    check(swap_columns, np.arange(n * columns, dtype=np.int16).reshape(n, columns))
    image = np.random.default_rng(n).random((7, n, columns))
    check(colours, image, np.zeros((7, n)))


def test_in_parallel():
    kernel = ungil.jit(parallel_norms)
    for columns in (2, 3):
        x, o = np.random.default_rng(5).random((1000, columns)), np.zeros(1000)
        kernel(x, o)
        assert np.array_equal(o, x[:, 0] * x[:, 0] + x[:, 1] * x[:, 1])


def test_overlapping_memory():
    x = np.arange(60.0).reshape(20, 3)
    check(distances, x[:4], np.zeros((4, 4)))
    shared = np.arange(48.0)

    def through_views(a):
        x = a[:12].reshape(4, 3)
        o = a[8:24].reshape(4, 4)
        for i in range(4):
            for j in range(4):
                o[i, j] = x[i, 0] + x[j, 1] * x[j, 2]
        return o.copy()

    check(through_views, shared)


def test_points_are_read_as_vectors():
    report = check(distances, np.ones((5, 3)), np.zeros((5, 5))).diagnostics()
    assert "rows of 3 in vectors" in report and "vectorised" in report, report
