"""`fastmath`: functions within 4 ULP, the same bits in every form of code, and the strict ones without the flag."""

import linecache
import math

import numpy as np
import pytest

from ungil import jit, prange

WIDER = {np.float64: np.longdouble, np.float32: np.float64}
# Name, expression, interval of the arguments.
UNARY = [
    ("exp", "np.exp(x)", (-700, 700)),
    ("exp2", "np.exp2(x)", (-120, 120)),
    ("expm1", "np.expm1(x)", (-30, 80)),
    ("expm1", "np.expm1(x)", (-0.1, 0.1)),
    ("log", "np.log(x)", (1e-3, 1e3)),
    ("log2", "np.log2(x)", (1e-3, 1e3)),
    ("log10", "np.log10(x)", (1e-3, 1e3)),
    ("log1p", "np.log1p(x)", (-0.9, 10)),
    ("sin", "np.sin(x)", (-100, 100)),
    ("cos", "np.cos(x)", (-100, 100)),
    ("tan", "np.tan(x)", (-100, 100)),
    ("sinh", "np.sinh(x)", (-80, 80)),
    ("sinh", "np.sinh(x)", (-2, 2)),
    ("cosh", "np.cosh(x)", (-80, 80)),
    ("tanh", "np.tanh(x)", (-5, 5)),
    ("arcsin", "np.arcsin(x)", (-1, 1)),
    ("arccos", "np.arccos(x)", (-1, 1)),
    ("arctan", "np.arctan(x)", (-5, 5)),
    ("cbrt", "np.cbrt(x)", (-100, 100)),
]
RELAXED = ["sin", "cos", "tan", "expm1", "arctan"]


def kernel(expression, arguments="x", head="range(out.shape[0])", **options):
    names = arguments.split(",")
    lines = [f"def loop(out, {', '.join(n + 's' for n in names)}):", f"    for i in {head}:"]
    lines += [f"        {n} = {n}s[i]" for n in names] + [f"        out[i] = {expression}", ""]
    source, name = "\n".join(lines), f"<fastmath {expression} {head} {options}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope = {"np": np, "math": math, "prange": prange}
    exec(compile(source, name, "exec"), scope)
    return jit(scope["loop"], **options)


def ulps(got, expected):
    unit = np.spacing(np.abs(expected).astype(got.dtype)).astype(expected.dtype)
    return np.max(np.abs(got - expected) / unit)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "expression", "interval"), UNARY)
def test_errors(name, expression, interval, dtype):
    low, high = interval
    x = np.random.default_rng(1).uniform(low, high, 20_000)
    if dtype is np.float32:
        x = np.clip(x, -80, 80) if high > 100 else x
    x = x.astype(dtype)
    out = np.empty_like(x)
    loop = kernel(expression, fastmath=True)
    loop(out, x)
    assert ulps(out, getattr(np, name)(x.astype(WIDER[dtype]))) <= 4
    # The same bits alone and at every position.
    single = np.empty(1, dtype)
    for i in (0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 1000, *range(19_990, 20_000)):
        loop(single, x[i : i + 1])
        assert single[0] == out[i]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["arctan2", "hypot", "power"])
def test_errors_of_two_arguments(name, dtype):
    rng = np.random.default_rng(2)
    x, y = (rng.uniform(0.1 if name == "power" else -5, 5, 20_000).astype(dtype) for _ in range(2))
    out = np.empty_like(x)
    kernel(f"np.{name}(x, y)", "x,y", fastmath=True)(out, x, y)
    assert ulps(out, getattr(np, name)(x.astype(WIDER[dtype]), y.astype(WIDER[dtype]))) <= 4


def test_error_function():
    x = np.random.default_rng(3).uniform(-6.5, 6.5, 5_000)
    out = np.empty_like(x)
    kernel("math.erf(x)", fastmath=True)(out, x)
    expected = np.array([math.erf(v) for v in x])
    # CPython's own is off by up to 1.
    assert ulps(out, expected) <= 5


@pytest.mark.parametrize("name", RELAXED)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_flag_chooses(name, dtype):
    """Relaxed and strict forms differ somewhere; without `afn` the strict one is called."""
    x = np.random.default_rng(4).uniform(-20, 20, 5_000).astype(dtype)
    results = {}
    for flags in (False, True, ("afn",), ("contract",)):
        out = np.empty_like(x)
        given = set(flags) if isinstance(flags, tuple) else flags
        kernel(f"np.{name}(x)", fastmath=given)(out, x)
        results[flags] = out.tobytes()
    assert results[False] == results[("contract",)]
    assert results[True] == results[("afn",)]
    assert results[False] != results[True]


SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 5e-324, -1e-310, 1e300, 1e6, 2e9]


@pytest.mark.parametrize("name", [*RELAXED, "exp", "sinh"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_special_values(name, dtype):
    with np.errstate(over="ignore"):
        x = np.array(SPECIAL).astype(dtype)
    out, strict = np.empty_like(x), np.empty_like(x)
    kernel(f"np.{name}(x)", fastmath={"afn"})(out, x)
    kernel(f"np.{name}(x)")(strict, x)
    np.testing.assert_allclose(
        out, strict, rtol=4 * np.finfo(dtype).eps, atol=2 * np.finfo(dtype).smallest_subnormal
    )
    assert np.array_equal(np.signbit(out[~np.isnan(out)]), np.signbit(strict[~np.isnan(strict)]))


@pytest.mark.parametrize("name", [*RELAXED, "exp", "sinh"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_lanes_have_the_bits_of_scalars(name, dtype):
    x = np.random.default_rng(5).uniform(-9, 9, 999).astype(dtype)
    results = []
    for head, options in (
        ("range(out.shape[0])", {"simd": False}),
        ("prange(out.shape[0])", {"simd": True}),
        ("prange(out.shape[0])", {}),
    ):
        out = np.empty_like(x)
        kernel(f"np.{name}(x) if x < 5 else np.{name}(-x)", head=head, fastmath={"afn"}, **options)(out, x)
        results.append(out.tobytes())
    assert results[0] == results[1] == results[2]
