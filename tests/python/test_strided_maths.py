"""Maths functions of arrays with strides, early ends of reductions, copies in the order of memory: against NumPy."""

import numpy as np
import pytest
from checking import check_numpy

from ungil import jit

rng = np.random.default_rng(5)


def layouts(x):
    """The same numbers in memory orders of all kinds."""
    yield x
    yield np.asfortranarray(x)
    yield np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3]
    yield np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1]
    yield np.asfortranarray(np.repeat(x, 2, axis=1))[:, ::2]


MATHS = {
    "one": lambda a, b: np.exp(a),
    "two": lambda a, b: np.arctan2(a, b),
    "mixed": lambda a, b: np.sin(a) * 2 + b,
    "row": lambda a, b: np.hypot(a, b[0]),
    "column": lambda a, b: np.exp(a - b[:, :1]),
}


@pytest.mark.parametrize("name", MATHS)
@pytest.mark.parametrize("shape", [(3, 4), (2, 511), (3, 1500), (1100, 2), (0, 5), (5, 0), (1, 1)])
def test_maths_of_strided_arrays(name, shape):
    compiled = jit(MATHS[name])
    for code in "df":
        a, b = rng.random(shape).astype(code), rng.random(shape).astype(code)
        if name in ("row", "column") and 0 in shape:
            continue
        for x in layouts(a):
            for y in (b, np.asfortranarray(b)):
                check_numpy(compiled, x, y, rtol=1e-6 if code == "f" else 1e-15)


def test_strides_along_one_axis():
    x = rng.random(5000)
    for a in (x[::3], x[::-1], x[4::-2], x[:0:7]):
        check_numpy(lambda a: np.exp(a), a, rtol=1e-15)
        check_numpy(lambda a: np.log(a, a), a.copy()[::-1], rtol=1e-14)


def in_place(a):
    a[:] = np.sin(a)
    a[1:] = np.cos(a[:-1])
    return a


def test_in_place():
    for shape in ((5, 700), (700, 5)):
        for a in layouts(rng.random(shape)):
            check_numpy(in_place, a, rtol=1e-14)


TRUTHS = {
    "any": lambda a: (a.any(), (a > 3).any(), np.any(a, axis=-1), np.any(a, axis=0)),
    "all": lambda a: (a.all(), (a >= 0).all(), np.all(a, axis=-1), np.all(a, axis=0)),
    "argmax": lambda a: (
        np.argmax(a != 0),
        np.argmin(a != 0),
        np.argmax(a > 3, axis=-1),
        np.argmin(a == 0, axis=0),
    ),
    "logical": lambda a: (np.logical_or.reduce(a, axis=None), np.logical_and.reduce(a, axis=1)),
}


@pytest.mark.parametrize("name", TRUTHS)
@pytest.mark.parametrize("shape", [(3, 4), (3, 2000), (2000, 3), (1, 513), (1, 1)])
def test_early_ends(name, shape):
    compiled = jit(TRUTHS[name])
    size = shape[0] * shape[1]
    for at in (None, 0, size // 2, size - 1):
        few, many = np.zeros(size), np.ones(size)
        if at is not None:
            few[at], many[at] = 5, 0
        for flat in (few, many):
            for code in "d?i":
                for a in layouts(flat.reshape(shape).astype(code)):
                    check_numpy(compiled, a)


def test_first_truth_of_one_axis():
    for n in (1, 7, 5000):
        for at in (0, n // 2, n - 1):
            a = np.zeros(n)
            a[at] = 1
            check_numpy(lambda a: (np.argmax(a > 0), np.argmin(a > 0), (a == 1).argmax()), a)
            check_numpy(lambda a: (np.argmax(a), np.argmin(a)), a > 0)
            check_numpy(lambda a: (np.argmax(a), np.argmin(a)), (a > 0)[::-1])


def test_copies_in_every_order():
    for shape in ((3, 4), (0, 2), (40, 50)):
        for a in layouts(rng.integers(0, 9, shape)):
            for code in "di?":
                x = a.astype(code)
                check_numpy(lambda a: (a.copy(), np.array(a), np.asfortranarray(a), a.copy("F")), x)
                check_numpy(lambda a: (a.astype(np.float64), a.astype(np.int8), a.astype(np.complex64)), x)
    check_numpy(
        lambda a: (a.copy(), a.astype(np.float32)), np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1)
    )
    check_numpy(lambda a: (a.copy(), a.astype(np.float32)), np.array(3.0))
    check_numpy(lambda a: a.astype(np.float32), np.arange(4, dtype=">f8"))


def test_arrays_that_go_backwards_along_every_axis():
    a = np.arange(6.0).reshape(2, 3)[::-1, ::-1]
    for f in (lambda x: np.fmod(x, 2), lambda x: np.hypot(x, x), lambda x: np.exp2(x)):
        check_numpy(f, a, rtol=1e-15)
