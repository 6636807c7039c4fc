"""Reductions and scans of arrays against NumPy: dtypes, axes, layouts, options, accuracy, errors."""

import linecache
import math
import warnings

import numpy as np
import pytest
from checking import check_numpy

from ungil import jit
from ungil.errors import TypingError

NAMES = """sum prod min max any all count_nonzero mean var std ptp average nansum nanprod nanmin nanmax nanmean nanvar
nanstd argmin argmax nanargmin nanargmax cumsum cumprod nancumsum nancumprod""".split()
SINGLE_AXIS = {n for n in NAMES if "arg" in n or "cum" in n}


def kernel(expression, arguments="a"):
    source, name = f"def f({arguments}):\n    return {expression}\n", f"<reduction {expression}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope = {"np": np}
    exec(compile(source, name, "exec"), scope)
    return jit(scope["f"])


def check(f, *args):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            expected = f.py_func(*args)
        except Exception as error:
            with pytest.raises(type(error)):
                f(*args)
            return
    got = f(*args)
    assert type(got) is type(expected)
    g, e = np.asarray(got), np.asarray(expected)
    assert g.dtype == e.dtype and g.shape == e.shape
    if e.dtype.kind not in "fc":
        np.testing.assert_array_equal(g, e)
        return
    single = e.dtype.char in "fF"
    scale = np.abs(e[np.isfinite(e)]).max(initial=1)
    np.testing.assert_allclose(g, e, rtol=1e-5 if single else 1e-13, atol=(2e-5 if single else 1e-13) * scale)


def arrays(code):
    rng = np.random.default_rng(3)
    base = rng.random((4, 17, 3)) * 20 - 10
    a = base.astype(code)
    if code in "FD":
        a = a + 1j * base[::-1].astype(code)
    yield a
    yield np.asfortranarray(a)
    yield a[::2, ::-1]
    yield a[0, :, 0]
    yield a[1].T
    long = (rng.random(1200) * 20 - 10).astype(code)
    yield long[::2]
    yield long.reshape(2, 600)


def call(name, axis=None, keepdims=False):
    options = [o for o in (axis is not None and f"axis={axis}", keepdims and "keepdims=True") if o]
    return kernel(f"np.{name}({', '.join(['a', *options])})")


@pytest.mark.parametrize("name", NAMES)
def test_layouts_and_axes(name):
    for k, a in enumerate(arrays("d")):
        check(call(name), a)
        axis = (k % (2 * a.ndim)) - a.ndim
        check(call(name, axis, "cum" not in name and k % 2), a)
        if a.ndim == 3 and name not in SINGLE_AXIS:
            check(call(name, ((0, 1), (0, -1), (1, 2))[k % 3]), a)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", "?bHF")
def test_types(name, code):
    first = next(arrays(code))
    check(call(name), first[0, :, 0])
    check(call(name, 1), first)


@pytest.mark.parametrize("name", NAMES)
def test_empty_and_unit_axes(name):
    for shape in ((0,), (1,), (0, 3)):
        check(call(name), np.ones(shape))
    check(call(name, 0), np.ones((0, 3)))
    if name != "average":  # NumPy divides by the number of results here
        check(call(name, 1), np.ones((0, 3)))


@pytest.mark.parametrize("name", NAMES)
def test_nan_and_infinity(name):
    f = call(name)
    for values in (
        [1, math.nan, 3],
        [math.inf, 1, -math.inf],
        [math.nan] * 3,
        [-0.0, 0.0],
        [-math.inf] * 600,
    ):
        check(f, np.array(values, float))


def test_the_sum_of_negative_zeros_is_zero():
    f = kernel("np.sum(a)")
    for n in (1, 2, 40, 2000):
        assert math.copysign(1, f(np.full(n, -0.0))) == 1


@pytest.mark.parametrize(
    "expression",
    [
        "np.sum(a, dtype=np.float32)",
        "np.sum(a, axis=1, where=b)",
        "np.sum(a, initial=2.5)",
        "np.prod(a, axis=0, where=b, initial=3)",
        "np.max(a, where=b, initial=-100)",
        "np.min(a, axis=0, initial=0.25)",
        "np.mean(a, where=b)",
        "np.mean(a, axis=0, dtype=np.float32)",
        "np.var(a, ddof=1)",
        "np.std(a, axis=1, ddof=2)",
        "np.std(a, axis=0, where=b)",
        "np.any(a > 0.9, axis=0)",
        "np.all(a > 0.1)",
        "np.average(a, weights=a + 1)",
        "np.average(a, axis=1, weights=np.arange(4.0))",
        "a.sum(axis=0) + a.mean(0) * a.max(0, keepdims=True)",
        "a.sum() + a.prod() + a.min() + a.max() + a.std() + a.var()",
        "a.cumsum()[::2] + a.cumprod()[1]",
        "a.argmax() + a.argmin(axis=1)",
        "np.sum((a - a.mean(axis=0)) ** 2, axis=0)",
        "np.sqrt(((a[:, None, :] - a) ** 2).sum(axis=-1))",
        "np.sum(a * 2 + b)",
        "np.sum((1, 2, 3)) + np.max((2.0, a[0, 0]))",
    ],
)
def test_options_and_compositions(expression):
    a = np.random.default_rng(5).random((3, 4))
    check(kernel(expression, "a, b"), a, a > 0.5)


def test_out_is_written_and_returned():
    f = kernel("np.sum(a, axis=0, out=out)", "a, out")
    a, out = np.random.rand(3, 4), np.zeros(4)
    assert f(a, out) is not None and np.allclose(out, a.sum(axis=0), rtol=1e-15)
    check(f, a, np.zeros(4, int))
    with pytest.raises(TypeError, match="same_kind"):
        kernel("np.std(a, axis=0, out=out)", "a, out")(a, np.zeros(4, int))


@pytest.mark.parametrize("n", [100, 5000, 300_000])
@pytest.mark.parametrize("code", "fd")
def test_sums_are_as_accurate_as_numpys(n, code):
    f = kernel("np.sum(a)")
    rng = np.random.default_rng(n)
    ours = theirs = 0.0
    for _ in range(10):
        a = rng.random(n).astype(code)
        exact = math.fsum(a.tolist())
        ours += abs(float(f(a)) - exact)
        theirs += abs(float(np.sum(a)) - exact)
    assert ours <= theirs * 1.5 + 1e-7 * np.finfo(code).eps * n


def test_errors():
    a = np.random.rand(3, 4)
    with pytest.raises(np.exceptions.AxisError, match="axis 2 is out of bounds"):
        kernel("np.sum(a, axis=2)")(a)
    with pytest.raises(np.exceptions.AxisError, match="axis 2 is out of bounds"):
        kernel("np.sum(a, axis=k)", "a, k")(a, 2)
    with pytest.raises(TypeError, match="expected a constant axis"):
        kernel("np.sum(a, axis=(0, k))", "a, k")(a, 1)
    with pytest.raises(
        ValueError, match="zero-size array to reduction operation maximum which has no identity"
    ):
        kernel("np.max(a)")(a[:0])
    with pytest.raises(ValueError, match="attempt to get argmin of an empty sequence"):
        kernel("np.argmin(a)")(a[:0])
    with pytest.raises(ValueError, match="All-NaN slice encountered"):
        kernel("np.nanargmax(a)")(np.full(3, np.nan))


def test_reductions_in_parallel_loops():
    from ungil import prange

    @jit
    def rows(a):
        out = np.empty(a.shape[0])
        total = 0.0
        for i in prange(a.shape[0]):
            out[i] = np.sum(a[i] * 2) + np.max(a[i])
            total += a[i].sum()
        return out, total

    a = np.random.rand(50, 40)
    out, total = rows(a)
    np.testing.assert_allclose(out, (a * 2).sum(axis=1) + a.max(axis=1), rtol=1e-14)
    assert abs(total - a.sum()) < 1e-10


class TestNumbersAndArraysWithoutAxes:
    """One element, on an axis that `axis` may name."""

    VALUES = [
        2.5,
        np.float32(-1.5),
        np.int8(3),
        np.array(7),
        np.array(1 - 2j),
        np.array(math.nan),
        np.array(True),
    ]

    @pytest.mark.parametrize("name", NAMES)
    def test_functions(self, name):
        if name in ("mean", "var", "std", "average"):
            with pytest.raises(np.exceptions.AxisError, match="axis 0 is out of bounds"):
                kernel(f"np.{name}(a, axis=0)")(2.5)
        for axis in ("", ", axis=0", ", axis=-1"):
            f = kernel(f"np.{name}(a{axis})")
            for value in self.VALUES:
                if not (name in ("nanargmin", "nanargmax") and np.isnan(value)):
                    check(f, value)

    @pytest.mark.parametrize("name", ["sum", "max", "mean", "var", "any", "argmin", "cumsum", "ptp"])
    def test_methods_of_scalars(self, name):
        f = kernel(f"a[1].{name}()") if name != "ptp" else kernel("np.ptp(a[1])")
        for code in "bdF?":
            check(f, np.array([0, 1, 1]).astype(code))

    def test_other_members_of_scalars(self):
        expressions = ["a[1].T", "a[1].ravel()", "a[1].reshape(1, 1)", "a[1].astype(np.int32)", "a[1].copy()"]
        for expression in expressions:
            check(kernel(expression), np.array([1.5, 2.5]))


@pytest.mark.parametrize("code", "bhdfD")
@pytest.mark.parametrize("out", "?bldfD")
def test_results_are_converted_to_any_out(code, out):
    a = (np.arange(1, 16).reshape(3, 5) * 1.25).astype(code)
    for name in ("sum", "prod", "mean", "max", "nansum", "any"):
        check(kernel(f"np.{name}(a, axis=1, out=out)", "a, out"), a, np.zeros(3, out))
    check(kernel("np.cumsum(a, axis=1, out=out)", "a, out"), a, np.zeros((3, 5), out))


def test_extrema_of_complex_numbers_with_initial_and_where():
    a = np.array([[1 + 2j, 3 - 1j, 0j], [2j, -1 + 0j, 3 + 0j]])
    for expression in (
        "np.max(a, initial=2)",
        "np.min(a, axis=0, initial=1j, keepdims=True)",
        "a.max(axis=1, initial=0, where=a != 3)",
        "a[:, :0].max(axis=1, initial=-5)",
    ):
        check(kernel(expression), a)
        check(kernel(expression), a.astype("F"))


def test_extrema_of_nothing():
    for shape in ((0, 0), (0, 3), (3, 0), (2, 0, 0), (0, 2, 0)):
        for axis in range(len(shape)):
            for name in ("min", "max", "argmin", "nanmax"):
                check(kernel(f"np.{name}(a, axis={axis})"), np.zeros(shape))


def test_spread_in_a_type():
    a = np.arange(12.0).reshape(3, 4) ** 2
    for x in (a, a.astype("f"), a.astype("F") + 1j):
        check(kernel("np.std(a, axis=0, dtype=np.complex128)"), x)
        check(kernel("np.var(a, dtype=np.complex64)"), x)
        check(kernel("np.std(a, dtype=np.int32)"), a)
        check(kernel("np.var(a, axis=0, dtype=np.int64)"), a)
    with pytest.raises(TypingError, match="must be a floating-point type, found `dtype bool`"):
        kernel("np.std(a, dtype=np.bool_)")(a)


class TestAverages:
    """What goes with an average, and weights without a sum."""

    @pytest.mark.parametrize("code", "?blfdF")
    def test_returned(self, code):
        a = (np.arange(6) % 4).reshape(2, 3).astype(code)
        w = np.array([1.0, 2.0, 0.5])
        for call in (
            "a, returned=True",
            "a, axis=0, returned=True",
            "a, -1, w, True",
            "a, axis=1, keepdims=True, returned=True",
        ):
            check(kernel(f"np.average({call})", "a, w"), a, w)

    @pytest.mark.parametrize("code", "?bHlfD")
    @pytest.mark.parametrize("weight", "?blfF")
    def test_the_type_of_weighted_averages(self, code, weight):
        # Of integers it is that of float64, and their products do not overflow.
        a, w = (np.arange(6) * 20).reshape(2, 3).astype(code), (np.arange(3) * 30 + 1).astype(weight)
        check(kernel("np.average(a, axis=1, weights=w)", "a, w"), a, w)
        check(kernel("np.average(a[0], weights=w)", "a, w"), a, w)

    @pytest.mark.parametrize("axis", ["", ", axis=0", ", axis=1", ", axis=(0, 1)", ", axis=(1, 2)"])
    @pytest.mark.parametrize("shape", [(3,), (2, 3), (3, 4), (2, 3, 4), (2, 3, 1), (1,)])
    def test_shapes_of_weights(self, axis, shape):
        a, w = np.arange(24.0).reshape(2, 3, 4), np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
        check(kernel(f"np.average(a, weights=w{axis})", "a, w"), a, w)

    @pytest.mark.parametrize("weights", ["[1, 2, 4]", "(1, 2, 4.5)", "2.0"])
    def test_weights_that_are_no_array(self, weights):
        check(kernel(f"np.average(a, weights={weights})"), np.array([3, 5, 8]))

    def test_weights_without_a_sum(self):
        check(kernel("np.average(a, axis=1, weights=w)", "a, w"), np.ones((2, 3)), np.array([1.0, -1.0, 0.0]))
        check(kernel("np.average(a, axis=0, weights=w)", "a, w"), np.ones((0, 3)), np.zeros(0))


@jit
def places_of_extrema(a):
    return (
        [np.argmax(a, axis=k) for k in (0, 1)],
        [np.argmin(a, axis=k) for k in (0, 1)],
        np.argmax(a),
        a.argmin(),
    )


@pytest.mark.parametrize(
    "shape", [(1, 1), (3, 7), (40, 63), (17, 64), (70, 15), (600, 16), (9, 1100), (1030, 3)]
)
@pytest.mark.parametrize("code", "?bIdf")
def test_places_of_extrema_of_every_length(shape, code):
    # Short runs go in order and side by side, long ones in blocks, each with a search for the first of equals.
    rng = np.random.default_rng(sum(shape))
    a = rng.integers(0, 50, shape).astype(code)
    check_numpy(places_of_extrema, a)
    check_numpy(places_of_extrema, np.asfortranarray(a))
    check_numpy(places_of_extrema, np.repeat(a, 2, axis=1)[::-1, ::2])
    check_numpy(places_of_extrema, np.zeros_like(a))


@pytest.mark.parametrize("shape", [(5, 7), (20, 100), (3, 1300), (1300, 20)])
def test_places_of_nan_and_infinities(shape):
    a = np.full(shape, -np.inf)
    check_numpy(places_of_extrema, a)
    check_numpy(places_of_extrema, -a)
    a[1:, ::3] = np.nan
    check_numpy(places_of_extrema, a)
    check_numpy(places_of_extrema, np.where(np.arange(shape[1]) % 2, a, 1.0))
    a = np.zeros(shape)
    a[:, 1::2] = -0.0
    check_numpy(places_of_extrema, a)


@pytest.mark.parametrize("n", [1, 2, 15, 31, 32, 33, 64, 511, 512, 513, 1000, 1057])
@pytest.mark.parametrize("code", "dfbD")
def test_folds_of_every_length(n, code):
    a = (np.arange(n) * 37 % 101 - 50).astype(code)
    table = np.stack([a] * 19)
    check_numpy(
        lambda a, t: (a.sum(), a.mean(), a.std(), t.sum(axis=1), t.sum(axis=0), t.mean(axis=-1)),
        a,
        table,
        rtol=1e-5,
    )
    if code != "D":
        check_numpy(
            lambda a, t: (a.max(), a.min(), t.max(axis=1), t.min(axis=0), np.ptp(t, axis=1)), a, table
        )


def extrema(a):
    return a.max(), a.min(), (a * 2).max(), a[::-2].min(), np.abs(a).max()


@pytest.mark.parametrize("code", "df")
@pytest.mark.parametrize("n", [1, 31, 33, 4095, 4096, 4097, 9000, 150_000])
def test_nan_is_the_extremum_wherever_it_lies(code, n):
    a = (np.arange(n) * 37 % 101 - 50).astype(code)
    for place in {0, n // 2, n - 1}:
        for value in (1000, -1000, np.nan):
            x = a.copy()
            x[place] = value
            check_numpy(extrema, x)
            shared = jit(parallel=True)(extrema)(x)
            assert np.array_equal(shared, jit(extrema)(x), equal_nan=True)


@pytest.mark.parametrize(
    "name", ["cumsum", "cumprod", "nancumsum", "nancumprod", "argmin", "argmax", "nanargmax"]
)
@pytest.mark.parametrize("axis", ["()", "(0,)", "(0, 1)", "[0]"])
def test_scans_and_positions_along_several_axes(name, axis):
    # They go along one axis, which is a number.
    f = kernel(f"np.{name}(a, axis={axis})")
    for a in (np.ones((2, 3)), np.ones((2, 3), "D"), np.array(3.0)):
        with pytest.raises(TypeError, match="object cannot be interpreted as an integer"):
            f(a)


def test_accumulations_along_a_tuple_of_one_axis():
    check(kernel("np.add.accumulate(a, axis=(1,))"), np.ones((2, 3)))
    check(kernel("np.add.accumulate(a, axis=(0, 1))"), np.ones((2, 3)))


@pytest.mark.parametrize("code", "?BhlLf")
@pytest.mark.parametrize("start", ["np.inf", "np.nan", "2.7", "300.0", "-1.5", "1e19", "x"])
def test_starts_that_the_elements_type_does_not_hold(code, start):
    a = np.arange(3).astype(code)
    for call in ("sum(a", "min(a", "max(a[:0]"):
        f = kernel(f"np.{call}, initial={start})", "a, x")
        for x in (2.5, 1e10, np.float64(1.5), np.int16(7)) if start == "x" else (0,):
            check(f, a, x)


def test_starts_where_no_axis_is_reduced():
    for name in ("sum", "prod", "max", "min"):
        check(kernel(f"np.{name}(a, axis=(), initial=2)"), np.arange(-2, 5))
    zeros = kernel("np.signbit(np.sum(a, axis=()))")
    check(zeros, np.array([-0.0, 0.0]))


@pytest.mark.parametrize("code", "bBilLdD")
def test_places_are_written_where_they_can_be_read_from(code):
    check(kernel("np.argmax(a, axis=1, out=out)", "a, out"), np.eye(3), np.zeros(3, code))
