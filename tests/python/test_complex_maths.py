"""Inverse and other functions of complex numbers: error bounds, special values, branch cuts, the same bits wherever they are called."""

import linecache

import numpy as np
import pytest

from ungil import jit

NAN, INF = float("nan"), float("inf")
INVERSE = ["arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh"]
SPECIAL = [0.0, -0.0, 1.0, -1.0, -2.5, 3e-5, INF, -INF, NAN]
COUNT = 4000
WIDER = {np.complex128: np.clongdouble, np.complex64: np.complex128}


def kernel(expression, arguments="x", **options):
    """A jitted loop over arrays around an expression of `x` and `y`."""
    names = arguments.split(",")
    lines = [f"def loop(out, {', '.join(n + 's' for n in names)}):", "    for i in range(out.shape[0]):"]
    lines += [f"        {n} = {n}s[i]" for n in names] + [f"        out[i] = {expression}", ""]
    source, name = "\n".join(lines), f"<complex {expression}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope = {"np": np}
    exec(compile(source, name, "exec"), scope)
    return jit(scope["loop"], **options)


def samples(dtype):
    """Everywhere, near the branch points ±1 and ±i, near the unit circles around 0 and −1, near the axes."""
    rng = np.random.default_rng(11)
    widest = 300 if dtype is np.complex128 else 40

    def power(low, high):
        return np.exp2(rng.uniform(low, high, COUNT)) * rng.choice([-1, 1], COUNT)

    turn = rng.uniform(0, 2 * np.pi, COUNT)
    around = rng.choice([-1, 1], COUNT) * (1 + power(-40, -1))
    circle = (1 + power(-50, -3)) * (np.cos(turn) + 1j * np.sin(turn))
    z = [
        rng.uniform(-3, 3, COUNT) + 1j * rng.uniform(-3, 3, COUNT),
        power(-30, 9) + 1j * power(-30, 9),
        power(-widest, widest) + 1j * power(-widest, widest),
        around + 1j * power(-60, 2),
        power(-60, 2) + 1j * around,
        circle,
        circle - 1,
        power(-20, 8) + 1j * power(-widest // 3, -10),
        power(-widest // 3, -10) + 1j * power(-20, 8),
    ]
    return np.concatenate(z).astype(dtype)


def assert_within(got, expected, ulps, what, at, scale=None):
    """Parts within `ulps` of a wider reference: normal numbers in units of their last place, others to two units of the smallest.

    Beside the part itself the error may be counted in units of `scale`."""
    real = got.real.dtype.type
    for part in ("real", "imag"):
        a, b = getattr(got, part), getattr(expected, part)
        size = np.abs(b) if scale is None else np.maximum(np.abs(b), getattr(scale, part))
        with np.errstate(all="ignore"):
            nearest = b.astype(real)
            unit = np.spacing(np.maximum(size.astype(real), np.finfo(real).tiny)).astype(b.dtype)
            same = (a == nearest) | (np.isnan(a) & np.isnan(nearest))
            off = np.where(same, 0, np.abs(a - b) / unit)
        worst = np.argmax(np.where(np.isnan(off), np.inf, off))
        assert off[worst] <= ulps, (what, part, at[worst], got[worst], expected[worst], off[worst])


@pytest.mark.parametrize("name", INVERSE)
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_inverse_functions(name, dtype):
    z = samples(dtype)
    out = np.empty_like(z)
    loop = kernel(f"np.{name}(x)")
    loop(out, z)
    assert_within(out, getattr(np, name)(z.astype(WIDER[dtype])), 6, name, z)
    single = np.empty(1, dtype)
    for i in (0, 1, 2, 3, 7, 8, 15, 1000, *range(len(z) - 9, len(z))):
        loop(single, z[i : i + 1])
        assert single.tobytes() == out[i : i + 1].tobytes(), (name, dtype, z[i])


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_logarithm_of_one_plus_a_number(dtype):
    z = samples(dtype)
    out = np.empty_like(z)
    kernel("np.log1p(x)")(out, z)
    # NumPy loses what 1 + x rounds away, so the reference is the logarithm of 1 + (2x + x² + y²), where that does not cancel.
    wide = z.astype(np.clongdouble)
    x, y = wide.real, wide.imag
    square = 2 * x + x * x + y * y
    fine = (np.abs(square) > 1e-2 * np.maximum(np.abs(x), y * y)) & (square > -0.9)
    expected = np.log1p(np.where(fine, square, 0)) / 2 + 1j * np.arctan2(y, 1 + x)
    assert fine.sum() > len(z) / 2
    assert_within(out[fine], expected[fine], 2, "log1p", z[fine])


def test_logarithm_near_the_circle_around_minus_one():
    """There |1 + z|² − 1 = 2x + x² + y² cancels; integers tell it exactly."""
    rng = np.random.default_rng(2)
    turn = rng.uniform(0, 2 * np.pi, 2000)
    z = np.round((np.cos(turn) - 1 + 1j * np.sin(turn)) * 2.0**50) * 2.0**-50
    out = np.empty_like(z)
    kernel("np.log1p(x)")(out, z)
    for value, got in zip(z, out, strict=True):
        x, y = int(value.real * 2**50), int(value.imag * 2**50)
        square = (2 * x << 50) + x * x + y * y
        t = np.longdouble(square) * np.longdouble(2.0) ** -100
        expected = np.log1p(t) / 2
        assert abs(got.real - expected) <= 1.7 * np.spacing(abs(float(expected))), value


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_exponentials(dtype):
    z = samples(dtype)
    with np.errstate(over="ignore"):
        z = z[(np.abs(z.imag) < 1e4) & (np.abs(z.real) < 1e4)]
    out = np.empty_like(z)
    x, y = z.real.astype(np.longdouble), z.imag.astype(np.longdouble)
    kernel("np.expm1(x)")(out, z)
    with np.errstate(all="ignore"):
        terms = np.expm1(x) * np.cos(y), 2 * np.sin(y / 2) ** 2
        expected = terms[0] - terms[1] + 1j * (np.exp(x) * np.sin(y))
        scale = np.maximum(np.abs(terms[0]), terms[1]) + 0j
    assert_within(out, expected, 4, "expm1", z, scale)
    kernel("np.exp2(x)")(out, z)
    with np.errstate(all="ignore"):
        angle = y * np.log(np.longdouble(2))
        expected = np.exp2(x) * np.cos(angle) + 1j * (np.exp2(x) * np.sin(angle))
        # The reference's angle is off by 2⁻⁶⁴ of itself.
        slack = np.exp2(x) * np.abs(angle) * 2.0**-10
    assert_within(out, expected, 4, "exp2", z, slack + 1j * slack)


@pytest.mark.parametrize("name", [*INVERSE, "expm1", "log1p", "exp2"])
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_special_values(name, dtype):
    z = np.array([complex(a, b) for a in SPECIAL for b in SPECIAL]).astype(dtype)
    out = np.empty_like(z)
    kernel(f"np.{name}(x)")(out, z)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(z)
    for value, got, wanted in zip(z, out, expected, strict=True):
        finite = np.isfinite(value)
        for part in ("real", "imag"):
            a, b = getattr(got, part), getattr(wanted, part)
            # Annex G leaves some signs beside NaN open.
            if np.isnan(value.real) or np.isnan(value.imag):
                a, b = abs(a), abs(b)
            with np.errstate(invalid="ignore"):
                near = abs(a - b) <= 12 * np.spacing(abs(b))
                if name == "log1p" and finite:
                    # NumPy rounds 1 + x first.
                    near = near or abs(a - b) <= 2 * np.finfo(dtype).eps
            assert a == b or np.isnan(a) and np.isnan(b) or near, (name, value, got, wanted)
            assert not finite or b != 0 or np.signbit(a) == np.signbit(b), (name, value, got, wanted)


@pytest.mark.parametrize("name", INVERSE)
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_branch_cuts(name, dtype):
    """Both sides of the cuts, told apart by the sign of a zero: NumPy's values and signs, zeros' too."""
    sides = [0.0, -0.0]
    ends = [0.25, 1.0, 1.5, 7.0, 1e20, 1e-20]
    points = [complex(s * a, b) for a in ends for s in (1, -1) for b in sides]
    points += [complex(b, s * a) for a in ends for s in (1, -1) for b in sides]
    z = np.array(points).astype(dtype)
    out = np.empty_like(z)
    kernel(f"np.{name}(x)")(out, z)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(z)
    assert_within(out, expected.astype(WIDER[dtype]), 8, name, z)
    for part in ("real", "imag"):
        a, b = getattr(out, part), getattr(expected, part)
        assert np.array_equal(np.signbit(a), np.signbit(b)), (name, part, z[np.signbit(a) != np.signbit(b)])


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_powers(dtype):
    """Within 4 + 3·|b·log a| units of the modulus; small integers by products."""
    rng = np.random.default_rng(8)
    a = (rng.uniform(-3, 3, COUNT) + 1j * rng.uniform(-3, 3, COUNT)).astype(dtype)
    for b in (
        (rng.uniform(-8, 8, COUNT) + 1j * rng.uniform(-8, 8, COUNT)).astype(dtype),
        rng.uniform(-8, 8, COUNT).astype(a.real.dtype),
        rng.integers(-9, 9, COUNT).astype(np.int16),
    ):
        out = np.empty_like(a)
        kernel("x ** y", "x,y")(out, a, b)
        again = np.empty_like(a)
        kernel("np.power(x, y)", "x,y")(again, a, b)
        assert out.tobytes() == again.tobytes()
        wide = a.astype(np.clongdouble)
        exponent = b.astype(np.clongdouble)
        expected = np.exp(exponent * np.log(wide))
        bound = (4 + 3 * np.abs(exponent * np.log(wide))) * np.finfo(dtype).eps
        assert np.all(np.abs(out - expected) <= bound * np.abs(expected))


def test_powers_of_special_numbers():
    a = np.array([0, 1, -1, 1j, INF, complex(0, -INF), complex(NAN, 1), 1e200, 1e-200j])
    b = np.array([0, 1, 2, -1, 0.5, 100, complex(0, 1), -2.5])
    x, y = (v.ravel() for v in np.meshgrid(a, b))
    out = np.empty_like(x)
    kernel("x ** y", "x,y")(out, x, y)
    with np.errstate(all="ignore"):
        expected = x**y
    for base, exponent, got, wanted in zip(x, y, out, expected, strict=True):
        for part in ("real", "imag"):
            p, q = getattr(got, part), getattr(wanted, part)
            with np.errstate(all="ignore"):
                near = np.abs(p - q) <= 1e-12 * np.abs(wanted)
            assert p == q or np.isnan(p) and np.isnan(q) or near, (base, exponent, got, wanted)


@pytest.mark.parametrize("name", ["square", "reciprocal"])
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_squares_and_reciprocals(name, dtype):
    special = np.array([complex(a, b) for a in SPECIAL for b in SPECIAL]).astype(dtype)
    z = np.concatenate([samples(dtype), special])
    out = np.empty_like(z)
    kernel(f"np.{name}(x)")(out, z)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(z)
        # NumPy's vector loops may contract products of squares; reciprocals have its bits.
        slack = 2 * np.finfo(dtype).eps * np.abs(expected) if name == "square" else np.zeros(len(z))
    for part in ("real", "imag"):
        a, b = getattr(out, part), getattr(expected, part)
        with np.errstate(invalid="ignore"):
            same = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= slack)
        assert np.all(same), (name, part, z[~same][:4], out[~same][:4], expected[~same][:4])


def moduli(z):
    return abs(z), np.abs(z), np.angle(z), np.absolute(z), np.real(z), np.imag(z)


@pytest.mark.parametrize(
    "z", [3 + 4j, complex(-0.0, -0.0), complex(-INF, NAN), 1e308 + 1e308j, 5e-324j, -1 + 0j]
)
def test_modulus_and_angle(z):
    for value in (np.complex128(z), np.complex64(z)):
        with np.errstate(all="ignore"):
            expected = moduli(value)
        for a, b in zip(jit(moduli)(value), expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=2 * np.finfo(type(b)).eps)


def whole(z):
    return np.arcsin(z) + np.arccosh(z[::-1]) * np.log1p(z)


def test_array_expressions():
    z = samples(np.complex128)[:500]
    np.testing.assert_allclose(jit(whole)(z), whole(z), rtol=1e-12)
