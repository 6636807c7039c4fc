"""Checks of data that are tested a strip ahead: errors at the exact iteration, earlier writes done, later ones not."""

import math

import numpy as np
import pytest

from ungil import jit, prange


def logs(out, x):
    for i in range(x.shape[0]):
        out[i] = math.log(x[i])


def backwards(out, x):
    for i in range(x.shape[0] - 1, -1, -1):
        out[i] = math.exp(x[i])


def every_third(out, x):
    for i in range(1, x.shape[0], 3):
        out[i] = 1.0 / float(x[i])


def in_place(x):
    for i in range(x.shape[0]):
        x[i] = math.sqrt(x[i]) - 1.0


def shifted(x):
    for i in range(x.shape[0] - 1):
        x[i + 1] = math.sqrt(x[i] - 0.5)


def two(out, x, y):
    for i in range(x.shape[0]):
        out[i] = math.log(x[i]) / float(y[i])


def conditional(out, x):
    for i in range(x.shape[0]):
        if x[i] > 0.5:
            out[i] = math.gamma(x[i])


def summed(out, x):
    total = 0.0
    last = -1.0
    for i in range(x.shape[0]):
        last = math.log(x[i])
        total += last
        out[i] = total
    return total, last


def recurrence(x, n):
    for _ in range(n):
        x = math.sqrt(x) - 0.1
    return x


def table(out, a):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = math.lgamma(a[i, j])


def run(function, arguments):
    """The result or exception of a call, and the arrays after it."""
    arguments = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    try:
        result = function(*arguments)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        result = (type(error), str(error))
    return result, [a for a in arguments if isinstance(a, np.ndarray)]


def close(a, b):
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(close(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or math.isclose(a, b, rel_tol=1e-12) or a != a and b != b
    return a == b


def assert_same(function, *arguments):
    got, arrays = run(jit(function), arguments)
    wanted, expected = run(function, arguments)
    assert close(got, wanted), (function.__name__, got, wanted)
    for a, b in zip(arrays, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, equal_nan=True)


SIZES = [0, 1, 3, 15, 16, 17, 511, 512, 513, 1024, 1500]


def bad_places(n):
    places = {0, 1, n // 2, 511, 512, 513, n - 2, n - 1}
    return sorted(p for p in places if 0 <= p < n)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize(
    ("function", "bad"),
    [(logs, -1.0), (logs, 0.0), (backwards, 1e3), (every_third, 0.0)],
    ids=["logs-negative", "logs-zero", "backwards", "every-third"],
)
def test_one_bad_number(function, bad, n):
    x = np.random.default_rng(n).uniform(0.1, 9.0, n)
    assert_same(function, np.zeros(n), x)
    for place in bad_places(n):
        y = x.copy()
        y[place] = bad
        assert_same(function, np.zeros(n), y)
        y[place] = math.nan
        assert_same(function, np.zeros(n), y)


@pytest.mark.parametrize("n", [40, 600])
def test_the_first_of_several(n):
    rng = np.random.default_rng(n)
    x, y = rng.uniform(0.5, 9.0, n), rng.uniform(0.5, 9.0, n)
    for bad_x, bad_y in [(7, 9), (9, 7), (8, 8), (n - 1, 30), (30, n - 1)]:
        u, v = x.copy(), y.copy()
        u[bad_x], v[bad_y] = -2.0, 0.0
        assert_same(two, np.zeros(n), u, v)


@pytest.mark.parametrize("n", [5, 40, 600])
def test_arrays_that_overlap(n):
    x = np.random.default_rng(n).uniform(0.1, 9.0, n)
    assert_same(in_place, x)
    x[n // 2] = -4.0
    assert_same(in_place, x)
    assert_same(shifted, np.linspace(9.0, 1.0, n))

    for offset in (1, 2, n // 2):
        memory = np.random.default_rng(offset).uniform(0.1, 9.0, 2 * n)
        for out, x in [
            (slice(offset, offset + n), slice(0, n)),
            (slice(0, n), slice(offset, offset + n)),
        ]:
            a, b = memory.copy(), memory.copy()
            results = []
            for function, m in ((jit(logs), a), (logs, b)):
                try:
                    results.append(function(m[out], m[x]))
                except ValueError as error:
                    results.append(str(error))
            assert results[0] == results[1]
            np.testing.assert_allclose(a, b, rtol=1e-12)


def test_views():
    x = np.random.default_rng(1).uniform(0.1, 9.0, 3000)
    for view in (x[::3], x[::-2], x[10:1000]):
        assert_same(logs, np.zeros(len(view)), view)
    zero_stride = np.broadcast_to(np.float64(2.0), 700)
    assert_same(logs, np.zeros(700), zero_stride)


def test_conditions_and_variables():
    x = np.random.default_rng(2).uniform(0.6, 9.0, 700)
    assert_same(conditional, np.zeros(700), x)
    x[600] = 200.0
    assert_same(conditional, np.zeros(700), x)
    x[600] = -200.0
    assert_same(conditional, np.zeros(700), x)
    assert_same(summed, np.zeros(700), np.abs(x))
    assert_same(summed, np.zeros(0), np.abs(x[:0]))
    assert_same(summed, np.zeros(700), x)
    assert_same(recurrence, 1e6, 30)
    assert_same(recurrence, 1e6, 300)
    assert_same(recurrence, 0.9, 300)


def test_nested_loops():
    a = np.random.default_rng(3).uniform(0.1, 200.0, (7, 40))
    assert_same(table, np.zeros_like(a), a)
    a[4, 20] = -3.0
    assert_same(table, np.zeros_like(a), a)
    assert_same(table, np.zeros_like(a), np.asfortranarray(a))


@pytest.mark.parametrize("name", ["exp", "exp2", "expm1", "sinh", "cosh", "gamma", "lgamma"])
def test_limits(name):
    function = getattr(math, name)

    def single(x):
        return function(x)

    limits = {"exp2": 1024.0, "gamma": 171.624376956302725, "lgamma": 2.5599833278516383e305}
    limit = limits.get(name, 709.782712893384 if name[0] == "e" else 710.4758600739439)
    # CPython computes lgamma less exactly than its limit.
    near = 1e-9 * limit if name == "lgamma" else math.ulp(limit)
    for x in (limit - near, limit + near, near - limit, 1e-310, -1e-310):
        assert_same(single, x)
    for x in (math.inf, -math.inf, math.nan, 0.0, -0.0, -1.0, -3.5, 5.6e-309):
        assert_same(single, x)


def parallel(out, x):
    for i in prange(x.shape[0]):
        y = x[i] * 2.0
        out[i] = math.log(y)


def parallel_backwards(out, x):
    for i in prange(x.shape[0] - 1, -1, -2):
        out[i] = 1.0 / float(x[i])


def parallel_rows(out, a):
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            y = a[i, j] + 1.0
            out[i, j] = math.sqrt(y)


def parallel_sum(x):
    total = 0.0
    for i in prange(x.shape[0]):
        total += math.log(x[i])
    return total


@pytest.mark.parametrize("n", [0, 1, 127, 128, 129, 5000])
def test_parallel_loops(n):
    rng = np.random.default_rng(n)
    x = rng.uniform(0.1, 9.0, n)
    for function in (parallel, parallel_backwards):
        assert_same(function, np.zeros(n), x)
    for place in bad_places(n):
        y = x.copy()
        y[place] = 0.0
        for function, kind in ((parallel, ValueError), (parallel_backwards, ZeroDivisionError)):
            out, wanted = np.zeros(n), np.zeros(n)
            try:
                function(wanted, y)
            except kind:
                with pytest.raises(kind):
                    jit(function)(out, y)
                # Earlier iterations are done, the failing one is not.
                assert out[place] == 0.0
                earlier = slice(None, place) if function is parallel else slice(place + 1, None)
                np.testing.assert_allclose(out[earlier], wanted[earlier], rtol=1e-12)
            else:
                assert_same(function, np.zeros(n), y)
    a = rng.uniform(-0.9, 5.0, (max(n // 40, 1), 40))
    assert_same(parallel_rows, np.zeros_like(a), a)
    if n:
        np.testing.assert_allclose(jit(parallel_sum)(x), parallel_sum(x), rtol=1e-10, atol=1e-9)
