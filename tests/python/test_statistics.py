"""Medians, quantiles and extrema of complex numbers, against NumPy."""

import linecache
import subprocess
import sys
import warnings

import numpy as np
import pytest
from checking import check_numpy

from ungil import jit

METHODS = [
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
    "lower",
    "higher",
    "midpoint",
    "nearest",
]
SHAPES = [(1,), (2,), (7,), (3, 4), (2, 3, 5), (1, 1, 2, 3)]


def numbers(shape, code):
    rng = np.random.default_rng(len(shape))
    return (rng.normal(size=shape) * 20).astype(code)


@pytest.mark.parametrize("method", METHODS)
def test_methods(method):
    f, g, h = (compiled_with(name, method) for name in "fgh")
    for code in "dfh":
        rtol = 1e-5 if code == "f" else 1e-13
        for shape in [(1,), (7,), (8, 3)] if code == "d" else [(7,)]:
            a = numbers(shape, code)
            for q in (0.0, 0.1, 0.5, 0.85, 1.0):
                check_numpy(f, a, q, rtol=rtol)
                check_numpy(g, a, q * 100, rtol=rtol)
            check_numpy(f, a, np.array([[0.2, 0.5, 0.75]]), rtol=rtol)
            check_numpy(g, a, np.array([20, 50.0]), rtol=rtol)
    a = numbers((4, 6), "d")
    a[1, 2] = a[2] = np.nan
    a[3, 1] = np.inf
    for q in (0.3, 0.6):
        check_numpy(f, a, q, rtol=1e-13)
        check_numpy(h, a, q, rtol=1e-13)
    check_numpy(h, a, np.array([0.3, 0.6]), rtol=1e-13)


def compiled_with(name, method):
    """A compiled function that names a method; its source is where the compiler looks for it."""
    argument = {
        "f": "np.quantile(a, q, method='{}')",
        "g": "np.percentile(a, q, axis=0, method='{}', keepdims=True)",
        "h": "np.nanquantile(a, q, axis=-1, method='{}')",
    }[name].format(method)
    source = f"def {name}(a, q):\n    return {argument}\n"
    file = f"<statistics {name} {method}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    fresh = {"np": np}
    exec(compile(source, file, "exec"), fresh)
    return jit(fresh[name])


def test_wrong_quantiles():
    for q in (-0.1, 1.5, np.nan):
        check_numpy(lambda a, q: np.quantile(a, q), np.arange(3.0), q)
        check_numpy(lambda a, q: np.percentile(a, q), np.arange(3.0), q * 100)
    check_numpy(lambda a: np.quantile(a, 0.5), np.arange(3) > 1)
    check_numpy(lambda a: np.quantile(a, 0.5, method="lower"), np.arange(3) > 1)


MEDIANS = {
    "all": lambda a: (np.median(a), np.nanmedian(a)),
    "axis": lambda a: (np.median(a, axis=0), np.median(a, -1), np.nanmedian(a, axis=-1, keepdims=True)),
    "axes": lambda a: (np.median(a, axis=(0, -1)), np.median(a, axis=(0, 1), keepdims=True)),
    "kept": lambda a: (np.median(a, keepdims=True), np.nanmedian(a, keepdims=True)),
}


@pytest.mark.parametrize("name", MEDIANS)
def test_medians(name):
    compiled = jit(MEDIANS[name])
    for shape in SHAPES if name != "axes" else [(3, 4), (2, 3, 5), (1, 1, 2, 3)]:
        for code in "dfih?":
            if code != "?":
                check_numpy(compiled, numbers(shape, code), rtol=1e-6 if code == "f" else 1e-14)
    a = numbers((4, 6), "d")
    a[1, 2] = a[2] = np.nan
    a[3, 1] = np.inf
    check_numpy(compiled, a, rtol=1e-14)
    check_numpy(compiled, np.asfortranarray(a), rtol=1e-14)
    check_numpy(compiled, a[::-1, ::2], rtol=1e-14)


def test_empty_medians():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        check_numpy(lambda a: np.median(a), np.zeros(0))
        check_numpy(lambda a: np.median(a, axis=0), np.zeros((0, 3)))
        check_numpy(lambda a: np.median(a, axis=1), np.zeros((0, 3)))


def test_median_out():
    check_numpy(lambda a, out: np.median(a, axis=0, out=out), np.arange(12.0).reshape(3, 4), np.zeros(4))


COMPLEX = np.array([1 + 2j, 1 - 2j, 3, -3 + 1j, 1 + 2j, -3 - 1j])
ODD = np.array([1 + 2j, complex(np.nan, 1), 3, complex(2, np.nan), complex(np.inf, 0)])

EXTREMA = {
    "min": lambda a: (a.min(), np.min(a, axis=0), np.min(a, axis=-1, keepdims=True)),
    "max": lambda a: (a.max(), np.max(a, axis=0), np.amax(a, axis=-1, keepdims=True)),
    "ptp": lambda a: (np.ptp(a), np.ptp(a, axis=0)),
    "argmin": lambda a: (a.argmin(), np.argmin(a, axis=0)),
    "argmax": lambda a: (a.argmax(), np.argmax(a, axis=-1)),
}


@pytest.mark.parametrize("name", EXTREMA)
@pytest.mark.parametrize("code", "FD")
def test_complex_extrema(name, code):
    compiled = jit(EXTREMA[name])
    for a in (
        COMPLEX,
        COMPLEX.reshape(2, 3),
        COMPLEX.reshape(3, 2)[::-1],
        np.tile(COMPLEX, 2).reshape(2, 2, 3),
    ):
        check_numpy(compiled, a.astype(code))
    check_numpy(compiled, ODD.astype(code))
    check_numpy(compiled, ODD[::-1].astype(code))
    check_numpy(compiled, np.zeros(0, code))


def test_complex_order():
    def f(a, b):
        return (
            a < b,
            a <= b,
            a > b,
            a >= b,
            np.maximum(a, b),
            np.minimum(a, b),
            np.fmax(a, b),
            np.fmin(a, b),
        )

    compiled = jit(f)
    everything = np.concatenate([COMPLEX, ODD])
    for code in "FD":
        check_numpy(compiled, everything.astype(code)[:, None], everything.astype(code))
    check_numpy(compiled, everything, np.arange(11.0))
    with pytest.raises(TypeError):
        jit(lambda a: a < 2j)(1j)


WEIGHTED = {
    "number": lambda a, w: np.quantile(a, 0.3, weights=w, method="inverted_cdf") * 1,
    "ends": lambda a, w: np.quantile(a, [0.0, 0.25, 0.5, 1.0], weights=w, method="inverted_cdf"),
    "percentile": lambda a, w: np.percentile(a, 40, weights=w, method="inverted_cdf") * 1,
    "nan": lambda a, w: np.nanquantile(a, np.array([0.1, 0.9]), weights=w, method="inverted_cdf"),
    "rows": lambda a, w: np.quantile(a, 0.5, axis=1, weights=w, method="inverted_cdf"),
    "kept": lambda a, w: np.quantile(a, [0.2, 0.7], axis=0, weights=w, method="inverted_cdf", keepdims=True),
    "axes": lambda a, w: np.nanpercentile(a, 62, axis=(1, 0), weights=w, method="inverted_cdf") * 1,
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_weighted_quantiles(name):
    compiled = jit(WEIGHTED[name])
    rng = np.random.default_rng(3)
    for code in "difb":
        values = rng.permutation(15).reshape(5, 3).astype(code)
        for weights in (rng.random((5, 3)), rng.integers(0, 3, (5, 3)) + (values == 7), np.ones((5, 3), "f")):
            if name in ("number", "ends", "percentile", "nan"):
                check_numpy(compiled, values.ravel(), weights.ravel())
            check_numpy(compiled, values, weights)
    holes = rng.random((5, 3))
    holes[2, 1] = np.nan
    check_numpy(compiled, holes, np.ones((5, 3)))


def test_weights_of_one_axis():
    values = np.random.default_rng(4).random((4, 6))
    check_numpy(
        lambda a, w: np.quantile(a, 0.4, axis=1, weights=w, method="inverted_cdf"), values, np.arange(6.0)
    )
    check_numpy(
        lambda a, w: np.quantile(a, 0.4, axis=0, weights=w, method="inverted_cdf"), values, np.arange(4)
    )


def test_refused_weights():
    a, w = np.arange(4.0), np.ones(4)
    check_numpy(lambda a, w: np.quantile(a, 0.5, weights=w, method="inverted_cdf"), a, -w)
    check_numpy(lambda a, w: np.quantile(a, 0.5, weights=w, method="inverted_cdf"), a, 0 * w)
    check_numpy(lambda a, w: np.quantile(a, 0.5, weights=w, method="inverted_cdf"), a, w * np.inf)
    for call in (
        lambda a, w: np.quantile(a, 0.5, weights=w),
        lambda a, w: np.quantile(a, 0.5, weights=w[:3], method="inverted_cdf"),
        lambda a, w: np.quantile(a, 0.5, axis=0, weights=w[:3], method="inverted_cdf"),
    ):
        with pytest.raises((TypeError, ValueError)):
            call(a, w)
        with pytest.raises((TypeError, ValueError)):
            jit(call)(a, w)


@pytest.mark.parametrize("code", "?hifdFD")
def test_covariance(code):
    functions = [
        lambda a: (np.cov(a), np.cov(a, rowvar=False), np.cov(a, bias=True), np.cov(a, ddof=0)),
        lambda a: (np.cov(a[0]), np.cov(a[0], a[1])),
        lambda a: np.cov(a, fweights=[1, 2, 0, 3], aweights=[0.5, 1.0, 2.0, 1.5]),
        lambda a: np.cov(a, a[:1], aweights=[0.5, 1.0, 2.0, 1.5]),
        lambda a: np.cov(a, aweights=[0.5, -1.0, 2.0, 1.5]),
        lambda a: (np.corrcoef(a), np.corrcoef(a[0], a[2]), np.corrcoef(a, rowvar=False)),
    ]
    a = np.array([[3.0, -1, 4, 1], [5, 9, -2, 6], [5, 3, 5, -8]])
    a = (a + 1j * a[::-1]).astype(code) if code in "FD" else a.astype(code)
    for function in functions:
        check_numpy(function, a, rtol=1e-12)


def test_nothing_to_take_quantiles_of():
    for a in (np.zeros((0, 3)), np.zeros(0)):
        check_numpy(lambda a: np.percentile(a, 50), a)
        check_numpy(lambda a: np.quantile(a, [0.5, 0.2], axis=0), a)
        check_numpy(lambda a: (np.median(a), np.nanpercentile(a, 50), np.nanmedian(a, axis=0)), a)
    check_numpy(lambda a: np.average(a, axis=1), np.zeros((0, 3)))
    check_numpy(lambda a: np.average(a, axis=0), np.zeros((0, 3)))


def test_means_of_numbers_along_an_axis():
    for x in (1.5, np.float32(1.5), np.array(1.5)):
        check_numpy(lambda x: (np.nanmean(x, axis=0), np.nanstd(x, axis=-1), np.nanvar(x, axis=0)), x)
        check_numpy(lambda x: np.mean(x, axis=0), x)
    check_numpy(lambda x: np.nanmean(x, axis=0), 2)


def test_gradient_of_unsigned_numbers():
    a = np.array([[9, 3, 200], [1, 250, 0]], np.uint8)
    check_numpy(lambda a: (np.gradient(a, axis=0), np.gradient(a[0]), np.gradient(a, 2.0, axis=1)), a)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_quantiles_of_no_truths(shape):
    check_numpy(lambda a: np.nanquantile(a, 0.5, axis=0), np.zeros(shape, bool))
    check_numpy(lambda a: np.nanpercentile(a, 50, axis=0), np.zeros(shape, bool))


@pytest.mark.parametrize("shape", [(2, 2), (1, 1), (0, 2), (1, 2, 2)])
def test_tables_of_quantiles(shape):
    a, q = np.arange(12.0).reshape(4, 3) * 7 % 5, np.full(shape, 0.25)
    a[1, 1] = np.nan
    check_numpy(lambda a, q: np.nanpercentile(a, q, axis=0), a, q)
    check_numpy(lambda a, q: np.quantile(a, q, axis=-1, keepdims=True), a, q)


@pytest.mark.filterwarnings("ignore:All-NaN")
@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128", "complex64"])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 3)])
def test_extrema_from_a_start_without_numbers(dtype, shape):
    a = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    a[:1] = np.nan
    for initial in (2, 0.5, np.nan):
        name = f"<extrema {dtype} {shape} {initial}>"
        texts = [f"np.{f}(a, axis={axis}, initial=start)" for f in ("nanmax", "nanmin") for axis in (0, 1)]
        source = f"def f(a, start):\n    return {', '.join(texts)}, np.nanmax(a, initial=start)\n"
        scope = {"np": np}
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        exec(compile(source, name, "exec"), scope)
        check_numpy(scope["f"], a, initial)


def test_means_and_sums_of_truths():
    for a in (np.arange(6.0).reshape(2, 3), np.zeros((2, 3), np.int64), np.ones((2, 3), bool)):
        check_numpy(lambda a: (np.mean(a, dtype=bool), np.mean(a, axis=0, dtype=bool)), a)
        check_numpy(lambda a: (np.sum(a, dtype=bool), np.prod(a, axis=0, dtype=bool)), a)


def test_deviations_in_integers():
    for a in (np.arange(9.0) ** 2, np.arange(9, dtype=np.int8) * 11, np.arange(6.0).reshape(2, 3) * 7):
        check_numpy(lambda a: (np.std(a, dtype=int), np.std(a, dtype=np.int32, ddof=1)), a)


@jit
def median(a):
    return np.median(a)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_medians_are_means():
    inf = np.inf
    for values in ([-0.0], [-0.0] * 3, [complex(inf, 1)] * 3, [complex(inf, 1), 1, 2j, 3, complex(1, inf)]):
        check_numpy(lambda a: (np.median(a), np.nanmedian(a)), np.array(values))
    assert np.copysign(1, median(np.full(3, -0.0))) == 1


def test_starts_and_types_that_do_not_fit():
    for text in (
        "np.sum(a, initial=1j)",
        "np.nanmax(a, initial=1j)",
        "np.nanmean(a, dtype=int)",
        "np.std(a, dtype=int, keepdims=True)",
        "np.nanvar(a, dtype=bool)",
        "np.nanstd(a, dtype=int)",
    ):
        name, scope = f"<start {text}>", {"np": np}
        source = f"def f(a):\n    return {text}\n"
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        exec(compile(source, name, "exec"), scope)
        with pytest.raises(TypeError):
            scope["f"](np.arange(3.0))
        with pytest.raises(TypeError, match="expected"):
            jit(scope["f"])(np.arange(3.0))


@pytest.mark.parametrize("code", "hfdFD")
def test_covariances_of_all_types(code):
    a = (np.arange(60) * 7 % 11 - 5).reshape(4, 15).astype(code)
    if code in "FD":
        a = a + 1j * a[::-1] ** 2
    b = a[1:, ::-1] * 2 + 1
    related = jit(
        lambda a, b: (
            np.cov(a), np.cov(a, b), np.cov(a, rowvar=False), np.cov(a, bias=True), np.cov(a, ddof=3), np.cov(a[0]),
            np.corrcoef(a), np.corrcoef(a, b), np.corrcoef(a[0], b[0]), np.corrcoef(a, rowvar=False),
        )
    )  # fmt: skip
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for x, y in ((a, b), (a[:, ::2], b[:, ::2]), (a.astype(a.dtype.newbyteorder()), b)):
            check_numpy(related, x, y, rtol=1e-5 if code in "fF" else 1e-10)
        check_numpy(lambda a, b: np.cov(a, b), a, b[:, 1:])
        check_numpy(lambda a: (np.cov(a), np.cov(a, a), np.corrcoef(a)), a[:, :1])
        check_numpy(lambda a: np.cov(a, dtype=np.float32), a.real, rtol=1e-5)
    check_numpy(lambda a: np.cov(a), np.random.default_rng(0).random((3, 30_000)), rtol=1e-10)


def test_a_lack_of_memory_for_a_copy_is_an_exception(tmp_path):
    # The operands of a covariance are copied without their means, here with 100 MB to spare for 640 MB.
    code = """
import resource
import numpy as np
from ungil import jit

@jit
def covariance(a):
    return np.cov(a)

covariance(np.ones((2, 10)))
large = np.broadcast_to(1.0, (2, 40_000_000))
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 100_000_000,) * 2)
try:
    covariance(large)
except MemoryError as error:
    print(error)
"""
    script = tmp_path / "covariances.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout) == ("", "unable to allocate room for a copy of the operands\n")


def test_dimensions_that_are_kept_of_none():
    for function in (
        lambda x: np.median(x, keepdims=True),
        lambda x: np.nanmedian(x, keepdims=True),
        lambda x: np.percentile(x, 50, keepdims=True),
        lambda x: np.nanquantile(x, 0.5, keepdims=True),
        lambda x: np.median(x),
    ):
        found, expected = jit(function)(np.array(3.5)), function(np.array(3.5))
        assert type(found) is type(expected) and found == expected
