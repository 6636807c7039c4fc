"""Python's floats stored into arrays of integers; sums of small integers; views of Fortran's arrays; `flip` of numbers."""

import numpy as np
import pytest

from ungil import jit

rng = np.random.default_rng(3)


def put(a, x):
    a[0] = x
    return a


def assign(a, x):
    a[:] = x
    return a


def fill(a, x):
    a.fill(x)
    return a


def halves(a, n):
    for i in range(len(a)):
        a[i] = (n + i) / 2
    return a


def outcome(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("function", [put, assign, fill], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"])
def test_floats_of_python_must_fit(function, dtype):
    kernel = jit(function)
    info = np.iinfo(dtype)
    numbers = [
        0.0,
        -0.5,
        1.9,
        -1.5,
        300.7,
        float(info.max),
        float(info.min),
        info.max + 0.5,
        float(info.max) + 1,
    ]
    for x in [*numbers, info.min - 0.5, info.min - 1.0, 1e20, -1e20, np.inf, np.nan]:
        expected, found = outcome(function, np.ones(3, dtype), x), outcome(kernel, np.ones(3, dtype), x)
        assert np.array_equal(found, expected) if isinstance(expected, np.ndarray) else found is expected, (
            x,
            found,
        )
    assert outcome(kernel, np.ones(0, dtype), np.nan) is outcome(function, np.ones(0, dtype), np.nan)


def test_in_loops_and_where_numpy_converts():
    kernel = jit(halves)
    for n in (0, 500, 512):
        expected, found = outcome(halves, np.zeros(20, "u1"), n), outcome(kernel, np.zeros(20, "u1"), n)
        assert np.array_equal(found, expected) if n == 0 else found is expected is OverflowError
    assert jit(lambda x: np.full(3, x, np.uint8))(3.7).tolist() == [3, 3, 3]
    with np.errstate(invalid="ignore"):
        assert jit(lambda x: np.full(3, x, np.uint8))(300.7).dtype == np.uint8


def counts(a):
    return np.count_nonzero(a), a.sum(), a.sum(axis=-1), a.mean(), np.count_nonzero(a, axis=0)


@pytest.mark.parametrize("shape", [(1,), (513,), (100_003,), (3, 2000), (70, 33)])
def test_sums_of_small_integers(shape):
    for dtype in ("?", "u1", "i1", "u2", "i2"):
        a = np.ones(shape, bool) if dtype == "?" else np.full(shape, np.iinfo(dtype).max, dtype)
        b = rng.integers(0, 2, shape).astype(dtype)
        c = a.copy() if dtype == "?" else np.full(shape, np.iinfo(dtype).min, dtype)
        for x in (a, b, c, a[::-1], np.asfortranarray(b)):
            for parallel in (False, True):
                for found, expected in zip(jit(parallel=parallel)(counts)(x), counts(x), strict=True):
                    np.testing.assert_allclose(found, expected, rtol=1e-12)
                    assert np.asarray(found).dtype == np.asarray(expected).dtype


def reversed_writes(a, b):
    c = np.empty_like(a)
    c[::-1] = b
    d = np.zeros_like(a)
    d[::-1, ::-1] = a + b
    d[1:, :-1] += c[1:, 1:]
    e = c[::2, ::-2]
    e[...] = 3
    return c, d, e


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (40, 30), (0, 3)])
def test_views_of_arrays_in_fortran_order(shape):
    a, b = rng.standard_normal(shape), rng.standard_normal(shape)
    for order in "CF":
        x, y = np.array(a, order=order), np.array(b, order=order)
        for p, q in ((x, y), (x, b), (y, a.T.copy().T), (x, b[:1])):
            for found, expected in zip(jit(reversed_writes)(p, q), reversed_writes(p, q), strict=True):
                np.testing.assert_array_equal(found, expected)


def test_flip_of_a_number():
    for x in (3, 2.5, np.float32(1), True, np.array(4)):
        found, expected = jit(lambda x: np.flip(x))(x), np.flip(x)
        assert found == expected and type(found) is type(expected)
