"""Copies of neighbours, which are one call of `memcpy`, and short powers of complex numbers."""

import numpy as np
import pytest

import ungil

DTYPES = ["bool", "int8", "uint16", "int32", "int64", "float32", "float64", "complex64", "complex128"]


@ungil.jit
def copied(a):
    return a.copy()


@ungil.jit
def written(a, b):
    a[:] = b


@ungil.jit
def moved(a, k):
    a[k:] = a[: a.size - k]


@ungil.jit
def moved_back(a, k):
    a[: a.size - k] = a[k:]


@ungil.jit
def by_loop(a, b):
    for i in range(a.size):
        a[i] = b[i]


@ungil.jit
def chained(a):
    for i in range(1, a.size):
        a[i] = a[i - 1]


@ungil.jit
def into_rows(a, b):
    for i in range(a.shape[0]):
        a[i, :] = b


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [0, 1, 7, 1000, 100_003])
def test_copies_keep_every_byte(dtype, size):
    rng = np.random.default_rng(size)
    a = np.frombuffer(rng.bytes(size * np.dtype(dtype).itemsize), dtype=dtype)
    if dtype == "bool":
        a = a.view(np.uint8) % 2 == 1
    assert copied(a).tobytes() == a.tobytes()
    for f in (written, by_loop):
        out = np.zeros(size, dtype)
        f(out, a)
        assert out.tobytes() == a.tobytes()


@pytest.mark.parametrize("k", [0, 1, 3, 50, 99, 100])
def test_overlapping_copies_read_before_they_write(k):
    for f in (moved, moved_back):
        a, b = np.arange(100.0), np.arange(100.0)
        f(a, k)
        f.py_func(b, k)
        np.testing.assert_array_equal(a, b)


def test_a_loop_that_carries_a_value_is_no_copy():
    a = np.arange(50)
    chained(a)
    assert not a.any()


def test_the_report_tells_copies():
    written(np.zeros(3), np.ones(3))
    assert "copies whole blocks of memory" in written.diagnostics()


@pytest.mark.parametrize("shape", [(0, 3), (4, 0), (5, 1), (1000, 3), (3, 1000)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_copies_of_rows(shape, order):
    a, b = np.zeros(shape, order=order), np.arange(float(shape[1]))
    into_rows(a, b)
    np.testing.assert_array_equal(a, np.broadcast_to(b, shape))
    np.testing.assert_array_equal(copied(a), a)


def test_copies_of_misaligned_and_swapped_arrays():
    raw = np.arange(801, dtype=np.uint8)
    a = raw[1:].view(np.float64)
    assert copied(a).tobytes() == a.tobytes()
    s = np.arange(100.0).astype(">f8")
    out = np.zeros(100)
    written(out, s)
    np.testing.assert_array_equal(out, s)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("power", [2, 3])
def test_short_powers_of_complex_arrays(dtype, power):
    f = ungil.jit(square if power == 2 else cube)
    rng = np.random.default_rng(power)
    a = (rng.normal(size=1001) + 1j * rng.normal(size=1001)).astype(dtype)
    tolerance = 1e-6 if dtype == "complex64" else 1e-15
    np.testing.assert_allclose(f(a), a**power, rtol=tolerance)
    zeros = np.array([0, complex(-0.0, 0.0), complex(0.0, -0.0), complex(-0.0, -0.0)], dtype)
    assert f(zeros).tobytes() == (zeros**power).tobytes()


def square(a):
    return a**2


def cube(a):
    return a**3


@ungil.jit
def squared(a):
    return a**2, np.square(a)


def test_squares_of_complex_zeros_keep_their_signs():
    zeros = [complex(re, im) for re in (0.0, -0.0, 1.0, -1.0) for im in (0.0, -0.0)]
    for a in (np.array(zeros), np.array(zeros, np.complex64)):
        for got, expected in zip(squared(a), (a**2, np.square(a)), strict=True):
            assert got.tobytes() == expected.tobytes()
