"""Differences, searches, histograms, products and elementwise tests of NumPy, against NumPy."""

import warnings

import numpy as np
import pytest
from checking import check_numpy

from ungil import jit

CODES = "?bHidfFD"
ODD = np.array([0.0, -0.0, 1.5, -2.5, np.nan, np.inf, -np.inf, 1e-300, 3.0])


def numbers(shape, code="d"):
    a = (np.arange(np.prod(shape, dtype=int)) * 5 % 7 - 2).reshape(shape)
    return (a % 7 if np.dtype(code).kind == "u" else a).astype(code)


ALONG = {
    "diff": lambda a: (np.diff(a), np.diff(a, 2), np.diff(a, axis=0), np.diff(a, 0)),
    "diff_ends": lambda a: (
        np.diff(a, prepend=1),
        np.diff(a, append=a),
        np.diff(a, prepend=0, append=3, axis=0),
    ),
    "diff_negative": lambda a: np.diff(a, -1),
    "ediff1d": lambda a: (
        np.ediff1d(a),
        np.ediff1d(a, 3),
        np.ediff1d(a, to_begin=1),
        np.ediff1d(a, (1, 2), 0),
    ),
    "trapezoid": lambda a: (np.trapezoid(a), np.trapezoid(a, dx=0.5), np.trapezoid(a, axis=0)),
    "gradient": lambda a: np.gradient(a),
    "gradient_axis": lambda a: (
        np.gradient(a, axis=-1),
        np.gradient(a, 0.5, axis=0),
        np.gradient(a, edge_order=2, axis=0),
    ),
    "trace": lambda a: (np.trace(a), np.trace(a, 1), a.trace(-1)),
    "unwrap": lambda a: (np.unwrap(a), np.unwrap(a * 2.5, axis=0)),
    "real": lambda a: (np.real(a), np.imag(a), np.conj(a)),
}


@pytest.mark.parametrize("name", ALONG)
def test_along_axes(name):
    compiled = jit(ALONG[name])
    for shape in [(), (0,), (1,), (5,), (3, 4), (2, 3, 3)]:
        check_numpy(compiled, numbers(shape), rtol=1e-13)
    for code in "iFf":
        check_numpy(compiled, numbers((4, 3), code).T, rtol=1e-5)


def test_uneven_spacing():
    a = np.array([1.0, 4.0, 2.0, 8.0, 5.0])
    x = np.array([0.0, 0.5, 2.0, 2.5, 4.0])
    check_numpy(
        lambda a, x: (np.gradient(a, x), np.gradient(a, x, edge_order=2), np.trapezoid(a, x)),
        a,
        x,
        rtol=1e-14,
    )
    check_numpy(lambda a, x: np.gradient(a, x), a, np.arange(5.0), rtol=1e-14)
    check_numpy(lambda a, x: np.gradient(a, x), a, x[:3])
    b = numbers((3, 5))
    check_numpy(
        lambda b, x: (np.gradient(b, 2.0, x), np.trapezoid(b, x), np.gradient(b, 1.5)), b, x, rtol=1e-14
    )
    check_numpy(lambda b, x: np.gradient(b, 1, 2, 3), b, x)


SEARCHES = {
    "searchsorted": lambda a, v: (np.searchsorted(a, v), np.searchsorted(a, v, "right"), a.searchsorted(v)),
    "searchsorted_side": lambda a, v: np.searchsorted(a, v, side="middle"),
    "digitize": lambda a, v: (np.digitize(v, a), np.digitize(v, a, right=True), np.digitize(v, a[::-1])),
    "interp": lambda a, v: (np.interp(v, a, a * 2 + 1), np.interp(v, a, a * a, left=-1, right=9.5)),
    "interp_complex": lambda a, v: np.interp(v, a, a * 1j + 2),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_searches(name):
    compiled = jit(SEARCHES[name])
    table = np.array([-2.0, -0.5, 0.0, 0.0, 1.5, 3.0])
    for a in (table, table[:1], table[:0], np.arange(5), np.arange(4, dtype="f"), table[::2]):
        for v in (ODD, np.arange(-3, 5), 1.5, 2, np.float32(0.5), numbers((2, 3))):
            check_numpy(compiled, a, v)


@pytest.mark.parametrize("size", [0, 1, 4, 23, 24, 25, 26, 100])
@pytest.mark.parametrize("dtype", [np.int8, np.uint64, np.float32, np.float64, np.complex64])
def test_searches_in_tables_of_any_length(size, dtype):
    # Short tables are compared with all keys, 2,048 at a time; NaN comes last in both.
    table = np.sort((np.arange(size) * 3 % 17).astype(dtype))
    keys = np.concatenate([np.arange(-5, 40, 0.5), [np.nan, np.inf, -np.inf, -0.0]])
    if np.dtype(dtype).kind in "fc" and size > 2:
        table[-2:] = np.nan
    search = jit(lambda a, v: (np.searchsorted(a, v), np.searchsorted(a, v, "right")))
    check_numpy(search, table, keys)
    check_numpy(search, table, np.tile(keys, 50))
    check_numpy(search, table, np.arange(12).reshape(3, 4).T)


def test_search_in_another_order():
    a = np.array([3.0, 1.0, 2.0])
    check_numpy(lambda a, s: np.searchsorted(a, 2.5, sorter=s), a, np.array([1, 2, 0]))
    check_numpy(lambda a: np.digitize(1.5, a), a)


COUNTS = {
    "bincount": lambda a, w: (np.bincount(a), np.bincount(a, minlength=9), np.bincount(a, w)),
    "histogram": lambda a, w: (np.histogram(a), np.histogram(a, 4), np.histogram(a, bins=3, range=(0, 2))),
    "histogram_density": lambda a, w: np.histogram(a, 5, density=True),
    "histogram_weights": lambda a, w: (np.histogram(a, 5, weights=w), np.histogram(a, [0, 2, 3], weights=w)),
    "histogram_edges": lambda a, w: (np.histogram(a, (0, 1, 2.5)), np.histogram(a, np.array([1.0, 3.0]))),
    "histogram_wrong": lambda a, w: np.histogram(a, (2, 1)),
    "histogram_none": lambda a, w: np.histogram(a, 0),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    compiled = jit(COUNTS[name])
    w = np.linspace(0, 1, 8)
    for a in (
        np.array([0, 3, 1, 1, 2, 7, 0, 2]),
        np.array([0, 5, 2, 2, 9, 1, 1, 0], "B"),
        np.array([0, 5, 2, 2, 9, 1, 1, 0], np.uint64),
        np.linspace(-1, 3, 8),
    ):
        check_numpy(compiled, a, w, rtol=1e-14)
    check_numpy(compiled, np.array([1, -1, 2, 3, 3, 3, 3, 3]), w, rtol=1e-14)
    if name != "bincount":  # Of nothing NumPy's result is int64, weights or not.
        check_numpy(compiled, np.zeros(0, int), np.zeros(0))
    check_numpy(compiled, np.array([1.0, np.nan]), np.ones(2))


PRODUCTS = {
    "outer": lambda a, b: np.outer(a, b),
    "inner": lambda a, b: np.inner(a, b),
    "dot": lambda a, b: (np.dot(a, b), a.dot(b)),
    "vdot": lambda a, b: np.vdot(a, b),
    "matmul": lambda a, b: (np.matmul(a, b), a @ b),
    "turned": lambda a, b: (a.T @ b, a @ b[::-1]),
    "kron": lambda a, b: np.kron(a, b),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name):
    compiled = jit(PRODUCTS[name])
    shapes = [
        ((3,), (3,)),
        ((3,), (4,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((5, 6), (6, 5)),
        ((2, 3), (2, 3)),
    ]
    shapes += [
        ((), (3,)),
        ((0, 3), (3, 2)),
        ((2, 0), (0, 2)),
        ((3, 1), (1, 3)),
        ((2, 3, 4), (2, 4, 2)),
        ((2, 3), (4, 3, 2)),
    ]
    for x, y in shapes:
        check_numpy(compiled, numbers(x), numbers(y) + 1, rtol=1e-13)
    for code in CODES:
        check_numpy(compiled, numbers((5, 6), code), numbers((6, 7), code), rtol=1e-5)
        check_numpy(compiled, numbers((7,), code), numbers((7,), "d"), rtol=1e-12)


def test_large_products():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(70, 611)), rng.normal(size=(611, 530))
    product = jit(lambda a, b: a @ b)
    np.testing.assert_allclose(product(a, b), a @ b, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(product(b.T, a.T), b.T @ a.T, rtol=1e-10, atol=1e-11)


SLIDING = {
    "convolve": lambda a, v: (np.convolve(a, v), np.convolve(a, v, "same"), np.convolve(a, v, mode="valid")),
    "correlate": lambda a, v: (np.correlate(a, v), np.correlate(a, v, "same"), np.correlate(a, v, "full")),
    "polyval": lambda a, v: (np.polyval(v, a), np.polyval(v, 2.5), np.polyval(v, a.reshape(1, -1))),
    "cross": lambda a, v: np.cross(a[:3], v[:3]),
}


@pytest.mark.parametrize("name", SLIDING)
def test_sliding(name):
    compiled = jit(SLIDING[name])
    for n, m in [(1, 1), (5, 2), (3, 9), (8, 5), (9, 4), (2, 6), (0, 2), (3, 0), (4, 4), (20, 7)]:
        # Vectors of two have no cross product here; of no coefficients NumPy makes an array.
        if not (name == "cross" and min(n, m) < 3 or name == "polyval" and m == 0):
            check_numpy(compiled, numbers((n,)), numbers((m,)) + 1, rtol=1e-12)
    for code in CODES:
        check_numpy(compiled, numbers((9,), code), numbers((6,), code), rtol=1e-5)


def test_cross_products():
    a, b = numbers((4, 3)), numbers((4, 3)) * 2 + 1
    check_numpy(lambda a, b: (np.cross(a, b), np.cross(a, b[0]), np.cross(a.T, b.T, axis=0)), a, b)
    check_numpy(lambda a, b: np.cross(a.T, b, axisa=0, axisc=0), a, b)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_cross_products_of_two_and_three_leave_out_what_is_missing():
    threes = np.array([[1.0, np.inf, 2.0], [-0.0, 3.0, np.inf], [0.0, np.nan, -1.0], [4.0, 0.0, -0.0]])
    twos = np.array([[-0.0, 2.0], [np.inf, -1.0], [1.0, 0.0], [-3.0, np.inf]])
    crossed = jit(lambda a, b: np.cross(a, b))
    for a, b in ((threes, twos), (twos, threes), (threes, threes[::-1])):
        found, expected = crossed(a, b), np.cross(a, b)
        np.testing.assert_array_equal(found, expected)
        real = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(found)[real], np.signbit(expected)[real])
        check_numpy(crossed, *(np.nan_to_num(x, posinf=9).astype(np.uint8) for x in (a + 4, b + 4)))


ELEMENTS = {
    "clip": lambda a: (np.clip(a, 0, 2), np.clip(a, None, 1), a.clip(1), np.clip(a, a_max=2, a_min=1)),
    "clip_array": lambda a: (np.clip(a, a[::-1], 3), np.clip(a, max=a + 1), np.clip(a, min=0)),
    "isclose": lambda a: (
        np.isclose(a, a + 1e-9),
        np.isclose(a, 1.5),
        np.isclose(a, a[::-1], 0.5, 1, equal_nan=True),
    ),
    "allclose": lambda a: (np.allclose(a, a), np.allclose(a, a + 1), np.allclose(a, a, equal_nan=True)),
    "array_equal": lambda a: (
        np.array_equal(a, a),
        np.array_equal(a, a[1:]),
        np.array_equal(a, a, equal_nan=True),
    ),
    "array_equiv": lambda a: (np.array_equiv(a, a[None]), np.array_equiv(a, a[1:]), np.array_equiv(a[:1], a)),
    "isreal": lambda a: (np.isreal(a), np.iscomplex(a), np.isrealobj(a), np.iscomplexobj(a)),
    "infinities": lambda a: (np.isneginf(a), np.isposinf(a)),
    "nan_to_num": lambda a: (np.nan_to_num(a), np.nan_to_num(a, nan=1.0, posinf=5, neginf=-7.5)),
    "sign": lambda a: np.sign(a),
    "heaviside": lambda a: (np.heaviside(a, 0.5), np.heaviside(a, a)),
    "gcd": lambda a: (np.gcd(a, 6), np.lcm(a, 4), np.gcd(a, a[::-1])),
    "sinc": lambda a: np.sinc(a),
    "angle": lambda a: (np.angle(a), np.angle(a, deg=True)),
    "conj": lambda a: (np.conj(a), np.conjugate(a)),
}


@pytest.mark.parametrize("name", ELEMENTS)
def test_elements(name):
    compiled = jit(ELEMENTS[name])
    check_numpy(compiled, ODD, rtol=1e-14)
    check_numpy(compiled, numbers((0,)))
    # Complex numbers have no order here; NumPy computes some functions of small integers in float16.
    real = name in ("clip", "clip_array", "heaviside", "gcd")
    if not real:
        check_numpy(compiled, ODD + 1j * ODD[::-1], rtol=1e-14)
    for code in "idf" if name in ("heaviside", "angle") else CODES[:-2] if real else CODES:
        check_numpy(compiled, numbers((7,), code), rtol=1e-6)
        check_numpy(compiled, numbers((3, 4), code).T, rtol=1e-6)


def test_scalars():
    def scalars(x, n):
        return (
            np.clip(x, 0, 1),
            np.sign(x),
            np.isclose(x, 1),
            np.heaviside(x, 0.5),
            np.gcd(n, 12),
            np.sinc(x),
            np.angle(x),
        )

    for x in (0.5, -3.0, 0.0, np.float32(2.5), np.float64(-0.25)):
        check_numpy(scalars, x, 18, rtol=1e-6)


def test_bounds_beyond_the_elements():
    for code in "bBhHiI":
        a = numbers((6,), code)
        check_numpy(lambda a: (np.clip(a, -100000, 3), np.clip(a, 1, 2**40), np.clip(a, -(2**50), 2**50)), a)
        check_numpy(lambda a, n: np.clip(a, n, None), a, 2**50)


def test_copyto():
    def copied(a, b, m):
        np.copyto(a, b)
        np.copyto(a, 7, where=m)
        return a

    check_numpy(copied, np.zeros((2, 3)), np.arange(3), np.array([[True], [False]]))


@pytest.mark.parametrize(
    "n, m", [(4095, 7), (4096, 4), (4097, 5), (9000, 3), (5000, 4500), (3, 3), (2, 1), (8193, 1)]
)
def test_convolutions_across_parts(n, m):
    # The result is computed in parts of 4,096 elements.
    rng = np.random.default_rng(n)
    x, y = rng.integers(-9, 9, n), rng.integers(-9, 9, m)
    convolve = jit(lambda a, v: (np.convolve(a, v), np.convolve(a, v, "same"), np.correlate(a, v, "full")))
    check_numpy(convolve, x, y)
    check_numpy(convolve, x * 0.5, y * 0.25)


def test_counts_of_an_empty_array():
    check_numpy(lambda a: (np.bincount(a), np.bincount(a, minlength=3)), np.zeros(0, np.int64))
    check_numpy(lambda a: np.bincount(a), np.array([3, -1]))


def test_counts_of_truth_values():
    # As indices they would be masks.
    count = jit(lambda a, w: (np.bincount(a), np.bincount(a, w), np.bincount(a, minlength=5)))
    check_numpy(count, np.array([True, False, True]), np.array([0.5, 2.0, 4.0]))
    check_numpy(jit(lambda a: np.bincount(a, minlength=2)), np.zeros(0, bool))


@pytest.mark.parametrize("codes", ["bb", "ii", "ll", "bh"])
def test_divisors_of_the_least_integers(codes):
    # They have no absolute value in their type.
    x, y = (np.array([np.iinfo(c).min, np.iinfo(c).min + 1, -6, 0, 1, 4], c) for c in codes)
    check_numpy(lambda x, y: (np.gcd(x[:, None], y), np.lcm(x[:, None], y)), x, y)


def test_sliding_needs_an_axis():
    check_numpy(lambda a, v: np.correlate(a, v), np.array(3.0), np.ones(2))


def test_bessel_functions_of_complex_numbers_are_refused():
    check_numpy(lambda z: np.i0(z), np.ones(2, np.complex128))


RULES = ["auto", "sqrt", "sturges", "rice", "scott", "fd", "doane", "stone"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("code", "dfilB")
def test_histograms_by_rules(rule, code):
    rng = np.random.default_rng(5)

    def f(a):
        return np.histogram(a, rule)

    def ranged(a):
        return np.histogram(a, bins=rule, range=(1, 4))

    for n in (0, 1, 2, 3, 10, 200, 1000):
        a = (rng.gamma(2.0, 2.0, n) * 3).astype(code)
        check_numpy(f, a, rtol=1e-6)
        check_numpy(ranged, a, rtol=1e-6)
    check_numpy(f, np.full(5, 3).astype(code))


def test_rules_that_there_are_not():
    check_numpy(lambda a: np.histogram(a, "no"), np.ones(3))
    check_numpy(lambda a, w: np.histogram(a, "auto", weights=w), np.ones(3), np.ones(3))


def test_ends_that_do_not_fit():
    check_numpy(lambda a: np.ediff1d(a, to_end=[1, 2]), np.arange(4, dtype="B"))
    check_numpy(lambda a: np.ediff1d(a, to_begin=1.5), np.arange(4))


@pytest.mark.parametrize("code", "dfl")
def test_edges_of_histograms(code):
    a = np.arange(7).astype(code) * 3 % 5
    for f in (
        lambda x: np.histogram_bin_edges(x),
        lambda x: np.histogram_bin_edges(x, 4, (0, 3)),
        lambda x: np.histogram_bin_edges(x, [1.0, 2.0, 4.0]),
        lambda x: np.histogram_bin_edges(x, "sturges"),
        lambda x: np.histogram_bin_edges(x, 0),
    ):
        check_numpy(f, a, rtol=1e-6)


@jit
def spread_of(row, k):
    return (row.max() - row.min()) * k


@jit
def ends_of(row):
    return np.array([row[0], row[-1], 0])


APPLIED = {
    "number": lambda a: np.apply_along_axis(spread_of, 0, a, 2),
    "last": lambda a: np.apply_along_axis(lambda row: row.sum(), -1, a),
    "array": lambda a: np.apply_along_axis(ends_of, 0, a),
    "array_last": lambda a: np.apply_along_axis(ends_of, -1, a),
    "outside": lambda a: np.apply_along_axis(lambda row: row.sum(), 3, a),
}


@pytest.mark.parametrize("name", APPLIED)
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (0, 3), (3, 0)])
def test_functions_along_an_axis(name, shape):
    a = (np.arange(np.prod(shape)) * 7 % 5 + 0.5).reshape(shape)
    if 0 not in shape or name == "outside":
        check_numpy(APPLIED[name], a)
        check_numpy(APPLIED[name], np.asfortranarray(a))


PIECES = {
    "values": lambda x: np.piecewise(x, [x < 0, x >= 1], [-1, 1]),
    "default": lambda x: np.piecewise(x, [x < 0], [-1, 7]),
    "functions": lambda x: np.piecewise(x, [x < 0, x >= 0], [lambda v: -v, lambda v: v * 2]),
    "mixed": lambda x: np.piecewise(x, (x < 0, x > 1), (lambda v: v - 1, 3, lambda v: v / 2)),
    "arguments": lambda x: np.piecewise(x, [x < 0], [lambda v, k: v * k, lambda v, k: v + k], 3),
    "several": lambda x: np.piecewise(x, [x < 1, x < 0], [5, 6]),
}


@pytest.mark.parametrize("name", PIECES)
@pytest.mark.parametrize("code", "dfl")
def test_pieces(name, code):
    for shape in [(7,), (2, 3), (0,)]:
        a = (np.arange(np.prod(shape)) * 3 % 5 - 2).reshape(shape).astype(code)
        check_numpy(PIECES[name], a)


def test_functions_of_places():
    check_numpy(lambda: np.fromfunction(lambda i, j: i * 10 + j, (3, 4)))
    check_numpy(lambda: np.fromfunction(lambda i: i * i, (5,), dtype=np.int64))
    check_numpy(lambda n: np.fromfunction(lambda i, j, k: i + j * k, (2, n, 2)), 3)


def test_orders():
    for a in (np.ones((2, 3)), np.asfortranarray(np.ones((2, 3))), np.ones(3), np.ones((2, 3))[:, ::2]):
        check_numpy(lambda x: np.isfortran(x), a)


@pytest.mark.parametrize("code", "bBHIlLfd")
def test_gradients_with_places(code):
    places = np.array([5, 1, 4, 9, 2]).astype(code)
    check_numpy(lambda a, x: np.gradient(a, x), np.arange(5.0) ** 2, places)
    check_numpy(lambda a, x: np.gradient(a, x, axis=0), np.arange(25.0).reshape(5, 5) ** 2, places)
    check_numpy(lambda a, x: np.gradient(a, x), np.arange(25.0).reshape(5, 5), places)
    check_numpy(lambda a, x: np.gradient(a, x, x), np.arange(25.0).reshape(5, 5), places)
    check_numpy(lambda a, x: np.gradient(a, x), np.array(3.0), places)


@pytest.mark.parametrize("code", "bBiILl")
def test_places_without_axes(code):
    check_numpy(lambda i: np.ravel_multi_index((i, i), (5, 5)), np.array(3, code))
    check_numpy(lambda i: np.ravel_multi_index((i, i), (2, 2)), np.array(3, code))


def test_keys_in_any_memory():
    table = np.sort(np.random.default_rng(1).integers(-50, 50, 37)).astype(float)
    keys = np.arange(-60.0, 60.0, 0.75)
    packed = np.zeros(keys.size, np.dtype([("tag", "u1"), ("x", "f8")]))
    packed["x"] = keys
    search = jit(lambda a, v: (np.searchsorted(a, v), np.searchsorted(a, v, "right")))
    for v in (keys[::-2], keys.astype(">f8"), packed["x"], keys.reshape(8, 20).T, keys.astype("i2")):
        check_numpy(search, table, v)
    for a in (np.repeat(table, 2)[::2], table.astype(">f4"), np.unique(table.astype("i4")), packed["x"]):
        check_numpy(search, a, keys)
    # Both as float64, in which these are equal.
    check_numpy(search, np.array([2**53, 2**53 + 2], np.uint64), np.array([2**53 + 1], np.int64))


def test_searches_across_parts():
    rng = np.random.default_rng(2)
    for table in (np.sort(rng.random(9)), np.sort(rng.random(3000)), np.sort(rng.random(50).astype("f"))):
        check_numpy(lambda a, v: np.searchsorted(a, v, "right"), table, rng.random(100_003))
    check_numpy(lambda v, a: np.digitize(v, a), rng.random(100_003), np.linspace(1, 0, 50))
    check_numpy(lambda x: np.histogram(x, 7), rng.random(300_001))
    check_numpy(lambda x: np.histogram(x, 3000), rng.random(300_001).astype("f")[::2])
    check_numpy(lambda x, e: np.histogram(x, e), rng.random(10_001), np.array([0.1, 0.1, 0.5, 0.9, 0.9]))


def test_bins_that_rise_or_fall():
    digitize = jit(lambda v, a: (np.digitize(v, a), np.digitize(v, a, right=True)))
    v = np.array([-1, 0, 0.5, 1, 2, 2.5, 3, 9, np.nan])
    for a in ([0, 1, 1, 2, 3], [3, 2, 2, 1], [2, 2], [1], [], [0, 1, np.nan]):
        check_numpy(digitize, v, np.array(a, float))
        check_numpy(digitize, np.arange(5), np.array(a, float))
    for a in ([0, 2, 1], [2, 0, 1]):
        check_numpy(digitize, v, np.array(a, float))
        check_numpy(digitize, v, np.array(a))


@pytest.mark.parametrize("code", "?bBhHiIqQfd")
def test_histograms_of_all_types(code):
    a = (np.arange(200) * 37 % 101).astype(code)
    counted = jit(
        lambda a: (np.histogram(a, 7), np.histogram(a, 3, (5, 50)), np.histogram(a, np.array([1, 5, 5, 100])))
    )
    if code != "?":  # NumPy subtracts no bools.
        check_numpy(counted, a)
        check_numpy(counted, a[::3])
        check_numpy(counted, a[:1])
        check_numpy(counted, a[:0])


def test_edges_that_do_not_rise():
    counted = jit(lambda a: np.histogram(a, 4))
    for a in ([1e17, 1e17], [-1.7e308, 1.7e308], [1.0, np.inf], [np.nan, 1.0], [-np.inf, 0.0], [1.0, 1.0]):
        with np.errstate(all="ignore"):
            check_numpy(counted, np.array(a))
    with np.errstate(all="ignore"):
        check_numpy(lambda a, w: np.histogram(a, 4, weights=w), np.array([1e17, 1e17]), np.ones(2))
    check_numpy(lambda a: np.histogram(a, [0, 1, 1]), np.array([0.5, 1, 1]))


@pytest.mark.parametrize("code", "bHidfFD")
def test_cross_products_of_all_types(code):
    a, b = numbers((5, 4, 3), code), (numbers((5, 4, 3)) * 3 + 1).astype(code)
    crossed = jit(
        lambda a, b: (
            np.cross(a, b),
            np.cross(a[0], b),
            np.cross(a[0, 0], b[1, 1]),
            np.cross(a[::2], b[0, 1]),
        )
    )
    check_numpy(crossed, a, b)
    check_numpy(crossed, a, b.astype("d"))
    check_numpy(crossed, np.asfortranarray(a), b.astype(np.dtype(code).newbyteorder()))
    check_numpy(lambda a, b: np.cross(a, b), numbers((40_000, 3), code), numbers((40_000, 3), code)[::-1])


def test_cross_products_that_do_not_fit():
    for n, m in ((3, 4), (1, 3), (3, 2)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            check_numpy(lambda a, b: np.cross(a, b), numbers((4, n)), numbers((4, m)))
    check_numpy(lambda a, b: np.cross(a, b), numbers((4, 3)), numbers((5, 3)))
    check_numpy(lambda a: np.cross(a, a), np.ones((2, 3), bool))


@pytest.mark.parametrize("code", "fd")
def test_phases_in_any_layout(code):
    rng = np.random.default_rng(3)
    x = (rng.random((40, 37)) * 30).astype(code)
    followed = jit(lambda a: (np.unwrap(a), np.unwrap(a, axis=0), np.unwrap(a, 4.5), np.unwrap(a, period=7)))
    rtol = 1e-4 if code == "f" else 1e-12
    for a in (x, x.T, x[::-2, ::3], np.stack([x, -x]), x[0]):
        check_numpy(followed, a, rtol=rtol)
    odd = np.array([0, 4, 1e9, 1e300 if code == "d" else 1e30, 3, np.nan, 1, np.inf, 2, -7], code)
    with np.errstate(all="ignore"):
        check_numpy(lambda a: np.unwrap(a), odd[:3], rtol=rtol)
        check_numpy(lambda a: np.unwrap(a), odd[4:], rtol=rtol)
    # Steps of half a period keep their direction.
    check_numpy(lambda a: np.unwrap(a, period=8), np.array([0, 4, 0, -4, 4, 12, 3], code))


def packed(a):
    return np.packbits(a), np.packbits(a, bitorder="little")


def packed_rows(a):
    return np.packbits(a, axis=0), np.packbits(a[::-1], -1, "little"), np.packbits(a.T, axis=0)


def unpacked(a):
    return np.unpackbits(a), np.unpackbits(a, bitorder="little")


def unpacked_rows(a):
    return np.unpackbits(a, axis=0), np.unpackbits(a[::-1], -1), np.unpackbits(a.T, axis=0, bitorder="little")


@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (8,), (21,), (3, 0), (0, 9), (3, 17), (2, 16, 5)])
@pytest.mark.parametrize("code", "?bBl")
def test_bits_packed_into_bytes(shape, code):
    a = np.asarray(numbers(shape, "i") % 3).astype(code)
    check_numpy(packed, a)
    if shape:
        check_numpy(packed_rows, a)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (21,), (3, 0), (0, 9), (3, 17), (2, 16, 5)])
def test_bits_of_bytes(shape):
    a = np.asarray(numbers(shape, "i") * 37 % 256).astype("B")
    check_numpy(unpacked, a)
    if shape:
        check_numpy(unpacked_rows, a)
    if a.size:
        for count in (None, 0, 3, 8, 100, 10_000, -2, -8, -10_000):
            check_numpy(lambda a, count: np.unpackbits(a, count=count), a, count)


def test_what_has_no_bits():
    check_numpy(lambda a: np.packbits(a), np.ones(3))
    check_numpy(lambda a: np.packbits(a, bitorder="middle"), np.ones(3, bool))
    check_numpy(lambda a: np.unpackbits(a), np.ones(3, np.int8))
    check_numpy(lambda a: np.unpackbits(a, axis=1), np.ones(3, np.uint8))


IN_THE_PLANE = {
    "default": lambda x, y, w: np.histogram2d(x, y),
    "one number": lambda x, y, w: np.histogram2d(x, y, 5, density=True),
    "numbers": lambda x, y, w: np.histogram2d(x, y, (4, 7), weights=w),
    "number and edges": lambda x, y, w: np.histogram2d(x, y, (4, np.linspace(-1, 1, 6))),
    "edges": lambda x, y, w: np.histogram2d(x, y, np.linspace(-2, 2, 9), weights=w, density=True),
    "range": lambda x, y, w: np.histogram2d(x, y, 5, [[-1, 1], [-2, 2]]),
    "lengths": lambda x, y, w: np.histogram2d(x, y[1:]),
    "no bins": lambda x, y, w: np.histogram2d(x, y, 0),
    "falling edges": lambda x, y, w: np.histogram2d(x, y, (np.array([0, 3, 1]), 3)),
    "one place": lambda x, y, w: np.histogram2d(x, x * 0),
}


@pytest.mark.parametrize("name", IN_THE_PLANE)
def test_counts_in_the_plane(name):
    rng = np.random.default_rng(5)
    x, y, w = rng.standard_normal(100), rng.standard_normal(100), rng.random(100)
    check_numpy(IN_THE_PLANE[name], x, y, w, rtol=1e-12)
    check_numpy(IN_THE_PLANE[name], np.arange(9) % 4, np.arange(9.0) % 5, np.arange(9), rtol=1e-12)
    if name in ("default", "numbers", "edges"):
        check_numpy(IN_THE_PLANE[name], x[:0], y[:0], w[:0])
