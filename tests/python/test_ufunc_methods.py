"""Methods of universal functions in kernels, and the rest of NumPy's list of them, against NumPy."""

import numpy as np
import pytest
from checking import check_numpy

from ungil import jit, vectorize

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


def test_at_any_index():
    places = np.array([[0, 2], [2, 1]])
    check_numpy(lambda a: np.add.at(a, ([0, 0], [1, 1]), 2), A.copy())
    check_numpy(lambda a: np.add.at(a, ([0, 1], 1), 5), A.copy())
    check_numpy(lambda a: np.add.at(a, (..., [0, 0]), 5), A * 1.0)
    check_numpy(lambda a: np.add.at(a, None, 5), A.copy())
    check_numpy(lambda a, p: np.add.at(a, p, 2), A.copy(), places)
    check_numpy(lambda a, m: np.multiply.at(a, m, 2), A.T.copy().T, A > 3)
    check_numpy(lambda a, p, b: np.add.at(a, p, b), A * 1.5, places, np.arange(4.0))
    check_numpy(lambda a: np.add.at(a, [0, 9], 1), A.copy())
    check_numpy(lambda a: np.negative.at(a, (0, [2, 2, -1])), A.copy())
    check_numpy(lambda a: (np.floor.at(a, [0, 0]), np.reciprocal.at(a, 1)), A * 1.25)


GENERAL = {
    "several_axes": lambda a: (
        np.bitwise_or.reduce(a, axis=(0, 1)),
        np.bitwise_xor.reduce(a, axis=(0, -1), keepdims=True),
        np.bitwise_or.reduce(a, axis=()),
    ),
    "not_reorderable": lambda a: np.subtract.reduce(a, axis=(0, 1)),
    "lcm_of_all": lambda a: np.lcm.reduce(a, axis=None),
    "initial": lambda a: (
        np.bitwise_and.reduce(a, axis=1, initial=6),
        np.hypot.reduce(a, initial=6.5),
        np.subtract.reduce(a, initial=2),
    ),
    "no_initial": lambda a: np.bitwise_or.reduce(a[:0], initial=None),
    "where": lambda a: (
        np.bitwise_xor.reduce(a, where=a > 3),
        np.subtract.reduce(a, 1, where=a > 3, initial=3),
        np.logaddexp.reduce(a, where=a[0] > 2),
    ),
    "where_without_start": lambda a: np.subtract.reduce(a, where=a > 3),
    "positions": lambda a: np.maximum.reduce(a, None, None, None, True),
    "dtype": lambda a: (
        np.subtract.reduce(a, axis=1, dtype=np.float32),
        np.subtract.accumulate(a, dtype=np.float32),
        np.maximum.reduce(a, dtype=np.float32),
    ),
    "out": lambda a: (
        np.subtract.reduce(a, axis=1, out=np.empty(3)),
        np.subtract.accumulate(a, axis=1, out=np.empty((3, 4))),
        np.add.reduceat(a, [0, 2], out=np.empty((2, 4))),
    ),
    "comparison_of_truths": lambda a: np.less.reduce(a > 3),
    "scan_of_all": lambda a: np.add.accumulate(a, axis=None),
    "number": lambda a: (np.subtract.reduce(a[0, 0]), np.hypot.reduce(a[0, :1] * -1.0)),
    "scan_of_number": lambda a: np.subtract.accumulate(a[0, 0]),
    "wider_reduceat": lambda a: (
        np.add.reduceat(a > 2, [0, 2, 1], axis=1),
        np.multiply.reduceat(a.astype(np.int8), [0, 1]),
        np.add.reduceat(a, [1], dtype=np.float64),
    ),
    "outer": lambda a: (
        np.subtract.outer(a, a[0], dtype=np.float32),
        np.divmod.outer(a, a[0]),
        np.add.outer([1, 2], (3, 4.5)),
        np.ldexp.outer(a * 1.0, a[0]),
    ),
    "others": lambda a: (np.heaviside.reduce(a * 1.0), np.float_power.reduce(a % 3)),
    "nothing": lambda a: np.fmax.reduce(a[:0, :0]),
    "rows": lambda a: (np.fmax.reduce(a.T), np.subtract.accumulate(a.T), np.hypot.reduce(a, axis=-1)),
}


@pytest.mark.parametrize("name", GENERAL)
def test_general(name):
    check_numpy(GENERAL[name], A, rtol=1e-14)


def test_comparisons_of_numbers_are_not_reduced():
    # Which kind of TypeError NumPy raises depends on what it was called with before.
    with pytest.raises(TypeError):
        np.less.reduce(A)
    with pytest.raises(TypeError, match="the resolved dtypes are not compatible with less.reduce"):
        jit(lambda a: np.less.reduce(a))(A)


@vectorize
def plus(x, y):
    return x + y


@vectorize(["float64(float64, float64)", "int64(int64, int64)"], identity=0)
def summed(x, y):
    return x + y


@vectorize(["float64(float64, float64)"], identity="reorderable")
def larger(x, y):
    return x if x > y else y


@vectorize(["float64(float64, float64)"], identity=2.5)
def faded(x, y):
    return x * 0.5 + y


@vectorize(["bool(float64, float64)"])
def below(x, y):
    return x < y


@vectorize
def opposite(x):
    return -x


OWN = {
    "reduce": lambda a: (
        plus.reduce(a),
        summed.reduce(a, axis=1),
        larger.reduce(a, 1, keepdims=True),
        faded.reduce(a, initial=7),
        faded.reduce(a[0]),
        plus.reduce(a[0, 0]),
    ),
    "axes": lambda a: (summed.reduce(a, axis=None), larger.reduce(a, axis=(0, 1))),
    "one_axis": lambda a: plus.reduce(a, axis=None),
    "empty": lambda a: (summed.reduce(a[:0]), faded.reduce(a[:0]), larger.reduce(a[:, :0], axis=0)),
    "nothing": lambda a: larger.reduce(a[:0]),
    "where": lambda a: (summed.reduce(a, where=a > 2, initial=1), faded.reduce(a, where=a > 2)),
    "no_start": lambda a: larger.reduce(a, where=a > 2),
    "out": lambda a: (plus.reduce(a, out=np.empty(4)), summed.accumulate(a, 1, out=np.empty((3, 4)))),
    "dtype": lambda a: (plus.reduce(a, dtype=np.float64), summed.accumulate(a, dtype=np.float64)),
    "accumulate": lambda a: (plus.accumulate(a), faded.accumulate(a, axis=1), summed.accumulate(a[0])),
    "reduceat": lambda a: (plus.reduceat(a, [0, 2, 1]), faded.reduceat(a, [0, 2, 1], axis=1)),
    "outer": lambda a: (plus.outer(a, a[0]), larger.outer(a, 2), summed.outer([1, 2], (3, 4.5))),
    "not_reducing": lambda a: below.reduce(a),
}


@pytest.mark.parametrize("name", OWN)
def test_own(name):
    compiled = jit(OWN[name])
    for code in "dif":
        check_numpy(compiled, A.astype(code), rtol=1e-15)


def test_own_at():
    for code in "dif":
        check_numpy(lambda a: plus.at(a, [0, 0, 2], 1), A.astype(code))
        check_numpy(lambda a: summed.at(a, ([0, 0], [1, 1]), a[0, :2].copy()), A.astype(code))
        check_numpy(lambda a: opposite.at(a, [1, 1, -1]), A.astype(code))
        check_numpy(lambda a: plus.at(a[0], a[0] > 2, 3), A.astype(code))


def test_methods_of_passed_functions():
    kernel = jit(lambda f, a: (f.reduce(a), f.outer(a, a)))
    for f in (plus, summed, larger):
        for x, y in zip(kernel(f, A * 1.0), kernel.py_func(f, A * 1.0)):
            np.testing.assert_array_equal(x, y)


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
