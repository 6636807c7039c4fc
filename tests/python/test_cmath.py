"""Module cmath in kernels: CPython's values, special values, signs of zeros and exceptions."""

import cmath
import linecache
import math

import numpy as np
import pytest

from ungil import jit

INF, NAN = math.inf, math.nan
UNARY = ["exp", "log", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"]
UNARY += ["asin", "acos", "atan", "asinh", "acosh", "atanh"]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, INF, -INF, NAN]
NUMBERS = [complex(x, y) for x in SPECIAL for y in SPECIAL]
NUMBERS += [
    710 + 1j,
    -710 + 1j,
    1 + 710j,
    -1 - 710j,
    1e300 + 1e300j,
    1e-300 - 1e-300j,
    1.5e308 + 1.5e308j,
    1e5 + 0j,
    709.9 + 0j,
]


def compiled(body, parameters):
    source, name = f"def f({parameters}):\n    return {body}\n", f"<cmath {body} {parameters}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope = {"cmath": cmath}
    exec(compile(source, name, "exec"), scope)
    return jit(scope["f"]), scope["f"]


def outcome(f, args):
    try:
        return f(*args)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        return type(error), str(error)


def same_float(a, b, size, relative, signs):
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if a == b:
        return not signs or a != 0 or math.copysign(1, a) == math.copysign(1, b)
    return abs(a - b) <= relative * abs(size)


def assert_same(got, expected, args, relative=1e-14):
    assert type(got) is type(expected), (args, got, expected)
    if isinstance(expected, tuple):
        assert len(got) == len(expected)
        if expected and isinstance(expected[0], type):
            assert got == expected, (args, got, expected)
            return
        for a, b in zip(got, expected, strict=True):
            assert_same(a, b, args, relative)
    elif isinstance(expected, complex):
        # CPython's tables and C99 leave the sign of an infinity or zero beside NaN open.
        signs = not any(cmath.isnan(z) for z in args[1])
        for a, b in ((got.real, expected.real), (got.imag, expected.imag)):
            a, b = (a, b) if signs else (abs(a), abs(b))
            assert same_float(a, b, b, relative, signs), (args, got, expected)
    elif isinstance(expected, float):
        assert same_float(got, expected, expected, relative, True), (args, got, expected)
    else:
        assert got == expected, (args, got, expected)


def check(body, parameters, cases, relative=1e-14):
    kernel, plain = compiled(body, parameters)
    for args in cases:
        assert_same(outcome(kernel, args), outcome(plain, args), (body, args), relative)


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_number(name):
    check(f"cmath.{name}(z)", "z", [(z,) for z in NUMBERS])


@pytest.mark.parametrize("name", UNARY)
def test_random_numbers(name):
    rng = np.random.default_rng(4)
    numbers = [complex(x, y) for x, y in rng.uniform(-4, 4, (300, 2))]
    check(f"cmath.{name}(z)", "z", [(z,) for z in numbers])


@pytest.mark.parametrize("name", ["exp", "acos", "phase", "polar", "isnan", "log"])
def test_arguments_are_converted(name):
    cases = [(2,), (-3,), (True,), (0.25,), (np.float32(0.5),), (np.complex64(1 - 2j),), (np.int16(-1),)]
    check(f"cmath.{name}(x)", "x", cases)


@pytest.mark.parametrize("name", ["phase", "polar", "isfinite", "isinf", "isnan"])
def test_parts_and_predicates(name):
    check(f"cmath.{name}(z)", "z", [(z,) for z in NUMBERS])


def test_rectangular_coordinates():
    numbers = [*SPECIAL, 1e300, 3.0]
    check("cmath.rect(r, phi)", "r, phi", [(r, phi) for r in numbers for phi in numbers])


def test_logarithms_to_a_base():
    numbers = [0j, 1 + 0j, 2 + 0j, -1 + 0j, 1j, 0.5 - 0.5j, 10 + 0j, complex(INF, 0)]
    check("cmath.log(z, b)", "z, b", [(z, b) for z in numbers for b in numbers])
    check("cmath.log(z, 10)", "z", [(z,) for z in numbers])


def test_closeness():
    numbers = [
        0j,
        1 + 1j,
        1 + 1.0000000001j,
        1.1 + 1j,
        complex(INF, 0),
        complex(-INF, 0),
        complex(NAN, 0),
        1e-12 + 0j,
    ]
    pairs = [(a, b) for a in numbers for b in numbers]
    check("cmath.isclose(a, b)", "a, b", pairs)
    check("cmath.isclose(a, b, rel_tol=0.5)", "a, b", pairs)
    check("cmath.isclose(a, b, abs_tol=1e-9)", "a, b", pairs)
    check("cmath.isclose(a, b, rel_tol=t)", "a, b, t", [(1j, 1j, -1.0), (1j, 1j, 0.0)])


def test_constants():
    names = "pi e tau inf nan infj nanj".split()
    for name in names:
        check(f"cmath.{name}", "", [()])


def test_powers_of_pythons_numbers():
    numbers = [0j, 1 + 0j, -1 + 0j, 1j, 2 - 3j, 1e200 + 1e200j, 0.5 + 0j]
    exponents = [0j, 1 + 0j, 2 + 0j, 3 + 0j, -1 + 0j, -2.5 + 0j, 0.5 + 0j, 1j, -1 - 1j, 7 + 0j, 50 + 0j]
    kernel, plain = compiled("a ** b", "a, b")
    for a in numbers:
        for b in exponents:
            got, expected = outcome(kernel, (a, b)), outcome(plain, (a, b))
            if isinstance(expected, complex) and cmath.isnan(expected):
                # CPython multiplies an overflowing square with 1 and gets NaN; here it may be the OverflowError of other powers.
                overflow = got == (OverflowError, "complex exponentiation")
                assert overflow or isinstance(got, complex) and cmath.isnan(got), (a, b, got)
            elif isinstance(expected, complex):
                assert abs(got - expected) <= 1e-13 * abs(expected), (a, b, got, expected)
            else:
                assert got == expected, (a, b, got, expected)


def accumulate(out, z):
    for i in range(z.shape[0]):
        out[i] = cmath.exp(z[i]) + cmath.log(z[i])


def test_loops_raise_at_their_iteration():
    z = np.linspace(1, 4, 5000) + 1j
    out = np.zeros(5000, complex)
    jit(accumulate)(out, z)
    np.testing.assert_allclose(out, np.exp(z) + np.log(z), rtol=1e-14)
    z[3210] = 0
    out[:] = 0
    with pytest.raises(ValueError, match="math domain error"):
        jit(accumulate)(out, z)
    np.testing.assert_allclose(out[:3210], np.exp(z[:3210]) + np.log(z[:3210]), rtol=1e-14)
    assert not out[3210:].any()
    z[100] = 800
    with pytest.raises(OverflowError, match="math range error"):
        jit(accumulate)(out, z)


def angles(n):
    total = 0j
    for k in range(n):
        total += cmath.rect(1.0, 2 * cmath.pi * k / n)
    return total, cmath.polar(1 + 1j)


def test_kernels_with_tuples():
    total, polar = jit(angles)(12)
    assert abs(total) < 1e-14
    assert polar == cmath.polar(1 + 1j)
