"""Parallel loops that call functions which write to arrays: what they write decides, as if it stood in the loop."""

import numpy as np
import pytest

from ungil import jit, prange
from ungil.errors import ParallelError


@jit
def store(out, i, v):
    out[i] = v


@jit
def fill(row, v):
    for j in range(row.shape[0]):
        row[j] = v * j


@jit
def triangle(a, out, i):
    s = 0.0
    for j in range(i + 1):
        s += a[i, j] / (i - j + 1)
    out[i] = s


@jit
def early(out, i, v):
    if v < 0:
        return
    for j in range(out.shape[1]):
        out[i, j] = v * j


@jit
def follow(out, i, v):
    out[i] = out[i - 1] + v


@jit
def count(h, k):
    h[k] += 1


@jit
def triangles(a):
    out = np.empty(a.shape[0])
    for i in prange(a.shape[0]):
        triangle(a, out, i)
    return out


@jit
def early_returns(a):
    out = np.zeros(a.shape)
    for i in prange(a.shape[0]):
        early(out, i, a[i, 0] - 0.5)
    return out


@jit
def views(a):
    out = np.empty(a.shape)
    for i in prange(a.shape[0]):
        fill(out[i], a[i, 0])
    return out


@jit
def shifted(a):
    out = np.zeros(a.shape[0] + 3)
    for i in prange(a.shape[0]):
        store(out, i + 3, a[i, 0])
    return out


@jit
def counts(a):
    h = np.zeros(8, np.int64)
    for i in prange(a.shape[0]):
        count(h, int(a[i, 0] * 8))
    return h


PARALLEL = "parallel: iterations are independent"


@pytest.mark.parametrize(
    ("kernel", "parallel"),
    [(triangles, True), (early_returns, True), (views, True), (shifted, True), (counts, False)],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_results_and_threads(kernel, parallel):
    a = np.random.default_rng(5).random((60, 60))
    np.testing.assert_allclose(kernel(a), kernel.py_func(a), rtol=1e-14)
    assert (PARALLEL in kernel.diagnostics()) == parallel


@jit
def same_element(a):
    out = np.zeros(1)
    for i in prange(a.shape[0]):
        store(out, 0, a[i])
    return out


@jit
def running_sum(a):
    out = np.zeros(a.shape[0])
    for i in prange(1, a.shape[0]):
        follow(out, i, a[i])
    return out


@pytest.mark.parametrize("kernel", [same_element, running_sum], ids=lambda k: k.__name__)
def test_races_in_callees_are_refused(kernel):
    with pytest.raises(ParallelError):
        kernel(np.ones(9))


@jit
def beyond(a):
    out = np.zeros(a.shape[0])
    for i in prange(a.shape[0]):
        store(out, i + 1, a[i])
    return out


def test_errors_name_the_line_of_the_callee():
    with pytest.raises(IndexError, match="index 9 is out of bounds for axis 0 with size 9") as caught:
        beyond(np.ones(9))
    names = [frame.name for frame in caught.traceback]
    assert names[-2:] == ["beyond", "store"]


@jit
def weigh(args, i):
    (a, (out, weights)) = args
    out[i] = a[i] * weights[0]


@jit
def weighed(args):
    for i in prange(args[0].shape[0]):
        weigh(args, i)


@jit
def follow_in_tuple(args, i):
    args[1][i] = args[1][i - 1] + args[0][i]


@jit
def running_sum_in_tuple(args):
    for i in prange(1, args[0].shape[0]):
        follow_in_tuple(args, i)


def test_arrays_in_tuples():
    a = np.arange(5000.0)
    out = np.zeros(5000)
    weighed((a, (out, np.array([3.0]))))
    assert np.array_equal(out, a * 3)
    assert "parallel: iterations are independent" in str(weighed.diagnostics())
    # One array is a part of another: the loop runs in order.
    b = np.arange(5000.0)
    expected = b.copy()
    for i in range(4999):
        expected[i + 1] = expected[i] * 0.5
    weighed((b[:-1], (b[1:], np.array([0.5]))))
    assert np.array_equal(b, expected)


def test_races_in_tuples_are_refused():
    with pytest.raises(ParallelError):
        running_sum_in_tuple((np.ones(9), np.zeros(9)))
