"""Expressions of whole arrays against NumPy: dtypes, layouts, broadcasting, assignment with overlap, errors."""

import numpy as np
import pytest

from ungil import jit
from ungil.errors import TypingError

CODES = "?bhilBHILfdFD"


@jit
def mixed(a, b):
    return (a + b) * 2 + a * b


@jit
def compared(a, b):
    return (a < b) | (a == b + 1)


@jit
def distances(x):
    return (x[:, None, :] - x) ** 2


@jit
def shifted(a):
    a[1:] = a[:-1] * 2 + a[1:]
    a += 1
    a[::-1] -= a
    return -a


@jit
def transcendental(a, b, c):
    return 2.0 * a - 4.5 * b + 1.1 * (np.sin(a) + np.cos(b)) + c


def same(got, expected):
    assert got.dtype == expected.dtype and got.shape == expected.shape
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("left", CODES)
@pytest.mark.parametrize("right", CODES)
def test_types_are_numpys(left, right):
    a = np.arange(6).astype(left).reshape(2, 3)
    b = np.arange(1, 4).astype(right)
    same(mixed(a, b), mixed.py_func(a, b))
    if not {left, right} & set("FD"):
        same(compared(a, b), compared.py_func(a, b))


@pytest.mark.parametrize("weak", [2, 2.5, True, 1 + 2j])
@pytest.mark.parametrize("code", CODES)
def test_python_scalars_are_weak(code, weak):
    a = np.arange(5).astype(code)
    same(mixed(a, weak), mixed.py_func(a, weak))
    same(mixed(weak, a), mixed.py_func(weak, a))


def layouts(rng):
    a = rng.random((4, 6, 5))
    yield a
    yield np.asfortranarray(a)
    yield a.transpose(1, 0, 2)
    yield a[::2, ::-1]
    yield a[:, :0]
    yield a[:1]
    yield a[0]
    yield a[0, 0]
    yield a[..., :1]
    yield np.array(2.5)


def test_layouts_and_broadcasting():
    rng = np.random.default_rng(1)
    arrays = list(layouts(rng))
    for a in arrays:
        for b in arrays:
            try:
                expected = mixed.py_func(a, b)
            except ValueError:
                with pytest.raises(ValueError, match="could not be broadcast together"):
                    mixed(a, b)
                continue
            same(np.asarray(mixed(a, b)), np.asarray(expected))


def test_fortran_order_is_kept():
    a = np.asfortranarray(np.random.rand(3, 4))
    assert mixed(a, a).flags.f_contiguous and not mixed(a, a).flags.c_contiguous


def test_new_axes_need_no_temporary():
    x = np.random.rand(7, 3)
    same(distances(x), distances.py_func(x))
    same(distances(x[:1]), distances.py_func(x[:1]))
    same(distances(x[:0]), distances.py_func(x[:0]))


@pytest.mark.parametrize("n", [1, 2, 3, 100])
def test_overlapping_assignment(n):
    x = np.arange(float(n))
    y = x.copy()
    same(shifted(x), shifted.py_func(y))
    same(x, y)


def test_functions_apply_to_elements():
    a, b = np.random.rand(3, 50), np.random.rand(50)
    for c in (3, np.float64(2), b):
        np.testing.assert_allclose(
            transcendental(a, b, c), transcendental.py_func(a, b, c), rtol=0, atol=1e-15
        )


def test_operands_are_evaluated_before_calls():
    @jit
    def clear(a):
        a[:] = 0
        return 1.0

    @jit
    def kernel(a):
        return (a + 1) * clear(a)

    same(kernel(np.ones(3)), np.full(3, 2.0))


def test_operands_are_evaluated_before_out_is_written():
    @jit
    def kernel(a):
        return (a + 1) * np.negative(a, out=a)

    a, b = np.arange(4.0), np.arange(4.0)
    same(kernel(a), kernel.py_func(b))
    same(a, b)


def test_in_place_results_must_fit():
    @jit
    def kernel(a, b):
        a += b

    with pytest.raises(TypeError, match="same_kind"):
        kernel(np.ones(3, int), np.ones(3))
    with pytest.raises(TypeError, match="same_kind"):
        kernel(np.ones(3, np.uint8), np.ones(3, np.int8))
    a = np.ones(3, np.float32)
    kernel(a, np.ones(3))
    assert a.dtype == np.float32 and (a == 2).all()
    with pytest.raises(ValueError, match="broadcast"):
        kernel(np.ones(3), np.ones(4))


def test_all_threads_give_the_same():
    def formula(a, b):
        return np.sqrt(a * 2) + b, np.sum(a * b), a.max(axis=1), (a - b).mean(axis=0), np.std(a)

    serial, parallel = jit(formula), jit(parallel=True)(formula)
    for shape in ((3, 4), (300, 400), (0, 3), (1, 100_000)):
        a, b = np.random.rand(*shape), np.random.rand(shape[1])
        if shape[1] == 3:
            a = np.ones((0, 3))
            with pytest.raises(ValueError):
                jit(parallel=True)(lambda a: a.max())(a)
            continue
        for got, expected in zip(parallel(a, b), serial(a, b)):
            same(np.asarray(got), np.asarray(expected))


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "?"])
@pytest.mark.parametrize("shape", [(100_000,), (300, 700), (40_000, 5), (3, 40_001), (40, 50, 60), (1, 1)])
def test_all_threads_find_the_same_places(shape, dtype):
    def places(a):
        return np.argmax(a), np.argmin(a), a.argmax(axis=0), a.argmin(axis=-1), np.argmax(a * 2 - a)

    def columns(a):
        return a.sum(axis=0), a.max(axis=0), np.prod(a + 1, axis=0), a.sum(axis=-1)

    rng = np.random.default_rng(5)
    values = (rng.random(shape) * 50).astype(dtype)
    cases = [values, np.asfortranarray(values), values[::-1], values[..., ::2]]
    if dtype[0] == "f":
        holes = values.copy()
        holes.flat[[holes.size // 2, holes.size - 1]] = np.nan
        cases += [holes, np.full(shape, -np.inf, dtype), np.full(shape, -0.0, dtype)]
    if dtype == "?":

        def places(a):
            return np.argmax(a), np.argmin(a), a.argmax(axis=0), a.argmin(axis=-1)

        def columns(a):
            return a.sum(axis=0), a.any(axis=0), a.all(axis=-1)

    where, parallel, serial = jit(parallel=True)(places), jit(parallel=True)(columns), jit(columns)
    for a in cases:
        with np.errstate(all="ignore"):
            for got, expected in zip(where(a), places(a)):
                same(np.asarray(got), np.asarray(expected))
        for got, expected in zip(parallel(a), serial(a)):
            same(np.asarray(got), np.asarray(expected))


def test_expressions_in_tuples_loops_and_attributes():
    @jit
    def kernel(a, b):
        pair = (a + b, a - b)
        total = 0.0
        for x in a * b:
            total += x
        return pair, total, (a + b).shape, (a[None] + b[:, None]).T

    a, b = np.arange(4.0), np.arange(4.0) + 2
    got, expected = kernel(a, b), kernel.py_func(a, b)
    for g, e in zip(got[0], expected[0]):
        same(g, e)
    assert got[1:3] == expected[1:3]
    same(got[3], expected[3])


class TestArraysWithoutAxes:
    def test_augmented_assignment_writes_into_them(self):
        @jit
        def f(a, b):
            c = a
            c += b
            c *= 2
            return a

        a = np.array(3)
        assert f(a, np.array(4)) == 14 and a == 14
        assert f(a, 1) == 30 and a == 30

    def test_results_with_axes_do_not_fit(self):
        @jit
        def f(a, b):
            a += b

        with pytest.raises(TypingError, match="0 axes"):
            f(np.array(3), np.ones(2, int))


def test_squares_of_masks_are_small_integers():
    @jit
    def f(a):
        return (a > 0) ** 2, (a > 0) ** 3, (a > 0) ** 2.0

    a = np.array([1.0, -1.0])
    for got, expected in zip(f(a), f.py_func(a), strict=True):
        assert got.dtype == expected.dtype and np.array_equal(got, expected)


def test_parts_of_python_numbers_stay_weak():
    @jit
    def f(a):
        return np.copysign(a, np.real(3)), np.hypot(np.real(1.5), a), a + np.imag(2)

    a = np.ones(3, np.float32)
    for got, expected in zip(f(a), f.py_func(a), strict=True):
        assert got.dtype == expected.dtype and np.array_equal(got, expected)
