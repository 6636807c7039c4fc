"""Maths functions against NumPy: complex ones, forms that only NumPy has, and the same bits wherever they are called."""

import linecache
import math

import numpy as np
import pytest

from ungil import jit, prange

NAN, INF = math.nan, math.inf
SPECIAL = [0.0, -0.0, 1.0, -2.5, 3e-5, INF, -INF, NAN]


def kernel(expression, arguments="x"):
    """A jitted loop over arrays around an expression of `x` and `y`."""
    names = arguments.split(",")
    lines = [f"def loop(out, {', '.join(n + 's' for n in names)}):", "    for i in range(out.shape[0]):"]
    lines += [f"        {n} = {n}s[i]" for n in names] + [f"        out[i] = {expression}", ""]
    source, name = "\n".join(lines), f"<maths {expression}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope = {"np": np, "math": math}
    exec(compile(source, name, "exec"), scope)
    return jit(scope["loop"])


def assert_close(got, expected, ulps, what):
    """Equal specials, and finite numbers within `ulps` units of their last place."""
    got, expected = np.asarray(got), np.asarray(expected)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        near = np.abs(got - expected) <= ulps * np.spacing(np.abs(expected))
    assert np.all(same | near), (what, got[~(same | near)][:3], expected[~(same | near)][:3])


@pytest.mark.parametrize(
    "name", ["exp", "log", "log2", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"]
)
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_complex_functions(name, dtype):
    loop, rng = kernel(f"np.{name}(x)"), np.random.default_rng(3)
    z = (rng.uniform(-5, 5, 3001) + 1j * rng.uniform(-5, 5, 3001)).astype(dtype)
    out = np.empty_like(z)
    loop(out, z)
    # log₂ and log₁₀ are the product with a rounded constant in NumPy, too.
    for part in ("real", "imag"):
        assert_close(getattr(out, part), getattr(getattr(np, name)(z), part), 12, (name, dtype, part))
    # Alone, at every position of a vector and in the rest: the same bits.
    single = np.empty(1, dtype)
    for i in (0, 1, 2, 3, 7, 8, 15, 1000, 2998, 2999, 3000):
        loop(single, z[i : i + 1])
        assert single.tobytes() == out[i : i + 1].tobytes(), (name, dtype, z[i])


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"])
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_complex_special_values(name, dtype):
    z = np.array([complex(a, b) for a in SPECIAL for b in SPECIAL]).astype(dtype)
    out = np.empty_like(z)
    kernel(f"np.{name}(x)")(out, z)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(z)
    for value, got, wanted in zip(z, out, expected, strict=True):
        if name == "sqrt" and np.isnan(value.real) and value.imag == 0:
            continue  # NaN in both parts or zero in one, as the C library likes.
        finite = np.isfinite(value)
        for part in ("real", "imag"):
            a, b = getattr(got, part), getattr(wanted, part)
            # Annex G leaves some signs of infinities and zeros open.
            assert_close(a if finite else abs(a), b if finite else abs(b), 12, (name, value, part))
            assert not finite or b != 0 or np.signbit(a) == np.signbit(b), (name, value, got, wanted)


ELEMENTARY = [
    "square",
    "reciprocal",
    "sign",
    "signbit",
    "degrees",
    "rad2deg",
    "radians",
    "deg2rad",
    "spacing",
]


@pytest.mark.parametrize("name", ELEMENTARY)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_elementary_functions(name, dtype):
    x = np.array([*SPECIAL, 0.1, -7.25, 1e30, 5e-324, 1e-40], dtype)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    out = np.empty_like(expected)
    kernel(f"np.{name}(x)")(out, x)
    np.testing.assert_array_equal(out, expected)
    if out.dtype != bool:
        # NaN has no sign.
        assert np.array_equal(np.signbit(out) & ~np.isnan(out), np.signbit(expected) & ~np.isnan(expected))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_mantissas_and_exponents(dtype):
    x = np.array([*SPECIAL, 0.1, -7.25, 1e30, 5e-324, 1e-40, -3e-310, np.finfo(dtype).max], dtype)
    mantissa, exponent = np.frexp(x)
    out, powers = np.empty_like(x), np.empty(len(x), np.int32)
    kernel("np.frexp(x)[0]")(out, x)
    kernel("np.frexp(x)[1]")(powers, x)
    np.testing.assert_array_equal(out, mantissa)
    np.testing.assert_array_equal(powers[np.isfinite(x)], exponent[np.isfinite(x)])
    loop = kernel("np.ldexp(x, y)", "x,y")
    counts = [0, 1, -1, 52, -52, 127, -149, 1023, -1022, -1074, 1100, -1100, 2098, -2098]
    for n in (*counts, 2**31 - 1, -(2**31)):
        count = np.full(len(x), n, np.int32)
        with np.errstate(all="ignore"):
            expected = np.ldexp(x, count)
        loop(out, x, count)
        np.testing.assert_array_equal(out, expected)
        assert np.array_equal(np.signbit(out), np.signbit(expected))


def test_exponents_that_are_truth_values():
    x, flags = np.array([1.5, -2.0]), np.array([True, False])
    scaled = jit(lambda x, n: np.ldexp(x, n))
    assert np.array_equal(scaled(x, flags), np.ldexp(x, flags))
    with pytest.raises(TypeError, match="a signed integer"):
        scaled(x, np.ones(2, np.uint64))


def frexp(x):
    return math.frexp(x)


def ldexp(x, n):
    return math.ldexp(x, n)


def test_mantissas_and_exponents_of_python():
    for x in (*SPECIAL, 5e-324, 1.7e308, -0.1):
        got, wanted = jit(frexp)(x), math.frexp(x)
        assert repr(got) == repr(wanted)
        for n in (0, 3, -3, 1023, -1074, 5000, -5000, 2**62):
            try:
                expected = math.ldexp(x, n)
            except OverflowError as error:
                with pytest.raises(OverflowError, match=str(error)):
                    jit(ldexp)(x, n)
            else:
                assert repr(jit(ldexp)(x, n)) == repr(expected), (x, n)


def test_modulo_is_pythons():
    x = np.array([3.0, -3.0, 7.5, -7.5, 0.0, -0.0, INF, NAN, 1e300])
    for y in (2.0, -2.0, 0.7, 0.0, INF, -INF):
        for name in ("mod", "remainder", "fmod"):
            out = np.empty_like(x)
            divisor = np.full_like(x, y)
            kernel(f"np.{name}(x, y)", "x,y")(out, x, divisor)
            with np.errstate(all="ignore"):
                np.testing.assert_array_equal(out, getattr(np, name)(x, divisor))


IN_LANES = [
    *(f"np.{n}(z)" for n in "exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan".split()),
    *(f"np.{n}(z)" for n in "sinh cosh tanh arcsinh arccosh arctanh cbrt sqrt floor rint".split()),
    *(f"math.{n}(abs(np.tanh(z)) + 1.5)" for n in ("erf", "erfc", "gamma", "lgamma")),
    *(f"np.{n}(z, x)" for n in ("power", "arctan2", "hypot", "fmod")),
    "np.ldexp(z, 3)",
    "np.frexp(z)[0]",
]


@pytest.mark.parametrize("expression", IN_LANES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_lanes_have_the_bits_of_scalars(expression, dtype):
    """A divergent loop around a function, one iteration per vector lane, gives the bits of scalar code."""
    source = f"""def walk(out, xs):
    for i in prange(xs.shape[0]):
        x = xs[i]
        z = x
        steps = i % 5
        while steps > 0:
            z = {expression}
            steps -= 1
        out[i] = z
"""
    name = f"<lanes {expression} {dtype.__name__}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope = {"np": np, "math": math, "prange": prange}
    exec(compile(source, name, "exec"), scope)
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.uniform(-3, 3, 211), rng.uniform(0, 1, 100), SPECIAL, [1e9, -3e7, 1e300]])
    if expression.startswith("math."):
        x = x[np.abs(x) < 20]
    with np.errstate(over="ignore"):
        x = x.astype(dtype)
    results = []
    for simd in (False, True):
        out = np.zeros(len(x))
        jit(scope["walk"], simd=simd)(out, x)
        results.append(out)
    both_nan = np.isnan(results[0]) & np.isnan(results[1])
    assert np.all(both_nan | (results[0].view(np.int64) == results[1].view(np.int64)))


@pytest.mark.parametrize("name", ["heaviside", "float_power", "logaddexp", "logaddexp2"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions_of_two_numbers(name, dtype):
    numbers = np.array([*SPECIAL, 0.1, -7.25, 700.0, 5e-324], dtype)
    x, y = (a.ravel() for a in np.meshgrid(numbers, numbers))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, y)
    out = np.empty_like(expected)
    kernel(f"np.{name}(x, y)", "x,y")(out, x, y)
    np.testing.assert_allclose(out, expected, rtol=2 * np.finfo(dtype).eps, atol=2 * np.finfo(dtype).tiny)
    assert out.dtype == (np.float64 if name == "float_power" else dtype)


def test_units_in_the_last_place():
    numbers = [*SPECIAL, 0.1, -7.25, 1e308, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308]
    out = np.empty(len(numbers))
    kernel("math.ulp(x)")(out, np.array(numbers))
    np.testing.assert_array_equal(out, [math.ulp(x) for x in numbers])
