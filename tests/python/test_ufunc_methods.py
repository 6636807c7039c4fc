"""Methods of universal functions in kernels, and the rest of NumPy's list of them, against NumPy."""

import numpy as np
import pytest
from checking import check_numpy

from ungil import jit

A = np.array([[3, 1, 4, 1], [5, 9, 2, 6], [5, 3, 5, 8]])

REDUCED = {
    "add": lambda a: (np.add.reduce(a), np.add.reduce(a, axis=None), np.add.reduce(a, axis=1, keepdims=True)),
    "add_types": lambda a: (np.add.reduce(a, dtype=np.float32), np.add.reduce(a, initial=5)),
    "multiply": lambda a: (np.multiply.reduce(a), np.multiply.reduce(a, axis=-1)),
    "maximum": lambda a: (
        np.maximum.reduce(a),
        np.minimum.reduce(a, axis=1),
        np.maximum.reduce(a, axis=None),
    ),
    "logical": lambda a: (np.logical_and.reduce(a), np.logical_or.reduce(a, axis=1)),
    "subtract": lambda a: (
        np.subtract.reduce(a),
        np.subtract.reduce(a, axis=1),
        np.subtract.reduce(a, axis=None),
    ),
    "kept": lambda a: (
        np.subtract.reduce(a, axis=1, keepdims=True),
        np.subtract.reduce(a, None, keepdims=True),
    ),
    "hypot": lambda a: (np.hypot.reduce(a), np.fmax.reduce(a, axis=1), np.logaddexp.reduce(a)),
}


@pytest.mark.parametrize("name", REDUCED)
def test_reduce(name):
    compiled = jit(REDUCED[name])
    for code in "idF" if name not in ("hypot", "logical") else "id":
        check_numpy(compiled, A.astype(code), rtol=1e-6 if code == "F" else 1e-13)
    check_numpy(compiled, A.astype("d").T, rtol=1e-13)
    check_numpy(compiled, np.zeros((0, 3)), rtol=1e-13)


def test_reduce_along_one_axis():
    for code in "bHifd":
        check_numpy(
            lambda a: (np.add.reduce(a), np.multiply.reduce(a), np.maximum.reduce(a)), A[0].astype(code)
        )
    check_numpy(lambda a: (np.bitwise_or.reduce(a), np.bitwise_xor.reduce(a), np.gcd.reduce(a)), A[1])
    check_numpy(lambda a: np.add.reduce([1, 2, 3]) + a[0], A[0])


ACCUMULATED = {
    "add": lambda a: (np.add.accumulate(a), np.add.accumulate(a, axis=1)),
    "multiply": lambda a: (np.multiply.accumulate(a), np.multiply.accumulate(a, axis=-1)),
    "maximum": lambda a: (np.maximum.accumulate(a), np.minimum.accumulate(a, axis=1)),
    "subtract": lambda a: (np.subtract.accumulate(a), np.subtract.accumulate(a, axis=1)),
}


@pytest.mark.parametrize("name", ACCUMULATED)
def test_accumulate(name):
    compiled = jit(ACCUMULATED[name])
    for a in (A, A * 1.5, A.T[::-1] / 3, A.astype("f"), np.zeros((0, 3)), np.zeros((1, 3))):
        check_numpy(compiled, a, rtol=1e-6 if a.dtype == np.float32 else 1e-13)


OUTER = {
    "multiply": lambda a, b: np.multiply.outer(a, b),
    "subtract": lambda a, b: np.subtract.outer(a, b),
    "less": lambda a, b: np.less.outer(a, b),
    "maximum": lambda a, b: np.maximum.outer(a, b),
}


@pytest.mark.parametrize("name", OUTER)
def test_outer(name):
    compiled = jit(OUTER[name])
    for x in ((3,), (2, 2), (0,)):
        for y in ((4,), (2, 3)):
            a = np.arange(np.prod(x, dtype=int)).reshape(x) * 1.5
            check_numpy(compiled, a, np.arange(np.prod(y, dtype=int)).reshape(y))


def test_at():
    i = np.array([0, 2, 2, -1, 0])
    check_numpy(lambda a, i, b: np.add.at(a, i, b), np.zeros(4), i, np.arange(5.0))
    check_numpy(lambda a, i: np.add.at(a, i, 1), np.zeros(4, int), i)
    check_numpy(lambda a, i: np.add.at(a, [0, 1, 1], 2), np.zeros(4), i)
    check_numpy(lambda a, i, b: np.subtract.at(a, i, b), np.ones((4, 3)), i, np.arange(3.0))
    check_numpy(lambda a, i, b: np.maximum.at(a, i, b), np.ones(4), i, np.arange(5.0))
    check_numpy(lambda a, i: np.multiply.at(a, (i, i), 2.0), np.ones((4, 4)), i)
    check_numpy(lambda a, m: np.add.at(a, m, 1.0), np.ones(4), np.array([True, False, True, False]))
    check_numpy(lambda a, i: np.negative.at(a, i), np.ones(4), i)
    check_numpy(lambda a, i: np.add.at(a, i, 1.0), np.ones(2), i)


def test_reduceat():
    i = np.array([0, 4, 1, 5, 2, 6, 3, 7])
    check_numpy(lambda a, i: np.add.reduceat(a, i)[::2], np.arange(8.0), i)
    check_numpy(
        lambda a, i: np.multiply.reduceat(a, i, axis=1), np.arange(15.0).reshape(3, 5), np.array([0, 3, 1, 2])
    )
    check_numpy(lambda a, i: np.add.reduceat(a, i), np.arange(4.0), np.array([0, 4]))


def test_bitwise_count():
    for code in "bBhHiIlL?":
        info = [0, 1] if code == "?" else [np.iinfo(code).min, np.iinfo(code).max, 0, 1, 77, 100]
        check_numpy(lambda a: np.bitwise_count(a), np.array(info, code))


def test_vector_products():
    rng = np.random.default_rng(5)
    for code in "dFi":
        x, y = ((rng.normal(size=s) * 5).astype(code) for s in ((2, 3, 4), (3, 4)))
        check_numpy(lambda x, y: (np.vecdot(x, y), np.vecdot(x, y, axis=-2)), x, y, rtol=1e-4)
        check_numpy(lambda x, y: np.matvec(x, y), x, y[0], rtol=1e-4)
        check_numpy(lambda x, y: np.vecmat(y[:, 0], x[0]), x, y, rtol=1e-4)
    check_numpy(lambda x, y: np.vecdot(x, y), np.ones((2, 3)), np.ones((2, 4)))


def test_complex_rint_and_heaviside():
    check_numpy(lambda z: np.rint(z), np.array([1.5 - 2.5j, -0.5 + 0.4j]))
    for code in "hHifd":
        check_numpy(lambda a, b: np.heaviside(a, b), np.arange(3).astype(code), np.ones(3, code))


def test_every_ufunc_of_two_floats_is_known():
    unknown = []
    for name in dir(np):
        f = getattr(np, name)
        if isinstance(f, np.ufunc) and f.types and "dd->d" in f.types or getattr(f, "types", []) == ["d->d"]:
            unknown += [] if name in NAMES or f.__name__ in open_names() else [name]
    assert not unknown


NAMES = {"spacing", "nextafter", "copysign", "heaviside", "logaddexp", "logaddexp2", "float_power", "hypot"}


def open_names():
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "numpy.md").read_text()
    return {line.split("`")[1].split("(")[0] for line in page.splitlines() if line.startswith("| `")}


ITERATED = {
    "range": lambda n: np.fromiter(range(n), np.int32),
    "generator": lambda n: np.fromiter((x * 0.5 for x in range(n)), float),
    "list": lambda n: np.fromiter([x * x for x in range(n)], np.float32, 3),
}


@pytest.mark.parametrize("name", ITERATED)
def test_fromiter(name):
    compiled = jit(ITERATED[name])
    for n in (0, 2, 7):
        check_numpy(compiled, n)


def test_periodic_interp():
    x = np.array([-180.0, -170, -185, 185, -10, -5, 0, 365])
    xp, fp = np.array([190, -190, 350, -350]), np.array([5, 10, 3, 4])
    check_numpy(lambda x, xp, fp: np.interp(x, xp, fp, period=360), x, xp, fp, rtol=1e-14)
    check_numpy(lambda x, xp, fp: np.interp(x[0], xp, fp, period=-360.0), x, xp, fp, rtol=1e-14)
    check_numpy(lambda x, xp, fp: np.interp(x, xp, fp, period=0), x, xp, fp)
    check_numpy(lambda x, xp, fp: np.interp(x, xp, fp * 1j, period=360), x, xp, fp, rtol=1e-14)


def test_frombuffer():
    raw = np.frombuffer(np.arange(6.0).tobytes(), np.uint8).copy()
    for code in ("d", "f", "i2", "u1", "F"):
        dtype = np.dtype(code).type
        check_numpy(jit(lambda a: np.frombuffer(a, dtype) * 1), raw)
    check_numpy(lambda a: np.frombuffer(a), raw)
    check_numpy(lambda a: np.frombuffer(a, np.int32, count=3, offset=8), raw)
    check_numpy(lambda a: np.frombuffer(a, np.int32, offset=5), raw)
    check_numpy(lambda a: np.frombuffer(a, np.int32, 20), raw)
    check_numpy(lambda a: np.frombuffer(a, np.int32, offset=100), raw)
