"""Builtins on numbers, all of `math` against CPython with its exceptions, and NumPy's functions of scalars."""

import itertools
import math

import numpy as np
import pytest
from checking import assert_same, check, outcome

from ungil import jit

NAN, INF = float("nan"), float("inf")
NUMBERS = [0, 1, -3, True, 0.0, -0.0, 0.5, -2.5, 1e20, -1e300, INF, -INF, NAN]
SCALARS = [
    np.int8(-5),
    np.uint8(200),
    np.int64(-(2**63)),
    np.uint64(2**63),
    np.float32(2.75),
    np.float64(-0.5),
    np.True_,
]


def to_int(x):
    return int(x)


def to_float(x):
    return float(x)


def to_bool(x):
    return bool(x)


def to_complex(x):
    return complex(x)


def complex_of_two(x, y):
    return complex(x, y)


def rounded(x):
    return round(x)


def absolute(x):
    return abs(x)


def nothing():
    return int(), float(), bool(), complex()


def smallest(x, y, z):
    return min(x, y, z), max(x, y, z), min((x, y)), max((z, x)), sum((x, y, z)), sum((x, y), z)


def of_array(a):
    return min(a), max(a), sum(a), len(a)


def round_digits(x):
    return round(x, 2), round(x, 0)


def lengths(a, t):
    return len(a), len(t), len(range(10, 0, -3)), len("text"), len(())


def parts(z):
    return z.real, z.imag, z.conjugate(), abs(z)


def test_conversions():
    for x in NUMBERS + SCALARS:
        if not (isinstance(x, float) and 2**63 <= abs(x) < INF or x is SCALARS[3]):
            check(to_int, x)
            if not isinstance(x, (np.generic, bool)):
                check(rounded, x)
        check(to_float, x)
        check(to_bool, x)
        check(to_complex, x)
        check(parts, x) if isinstance(x, (float, int)) and not isinstance(x, bool) else None
    check(nothing)
    for x, y in itertools.product(NUMBERS, [1, -0.5]):
        check(complex_of_two, x, y)
    check(parts, 3 - 4j)
    check(parts, np.complex64(3 - 4j))


def test_several_numbers():
    for args in itertools.product([1, -2, 7], repeat=3):
        check(smallest, *args)
        check(smallest, *map(float, args))
        check(smallest, *map(np.float32, args))
    for args in itertools.permutations([1.0, NAN, -1.0]):
        check(smallest, *args)
    for dtype in (np.float64, np.float32, np.int16):
        check(of_array, np.array([3, -1, 2], dtype))
    check(lengths, np.zeros((4, 2)), (1, 2.5, None))


def empty_min(a):
    return min(a)


def empty_max(a):
    return max(a)


def test_empty_sequences():
    for function in (empty_min, empty_max):
        with pytest.raises(ValueError, match="empty"):
            jit(function)(np.zeros(0))


REALS = [
    0.0,
    -0.0,
    0.25,
    -0.5,
    1.0,
    -1.0,
    2.0,
    3.7,
    -170.5,
    171.7,
    710.0,
    -746.0,
    1e-320,
    1e300,
    -1e300,
    INF,
    -INF,
    NAN,
]
ONE = [
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "ceil", "cos", "cosh", "degrees", "erf", "erfc", "exp", "exp2",
    "expm1", "fabs", "floor", "gamma", "isfinite", "isinf", "isnan", "lgamma", "log", "log10", "log1p", "log2", "modf",
    "radians", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
]  # fmt: skip
TWO = ["atan2", "copysign", "fmod", "hypot", "isclose", "log", "nextafter", "pow", "remainder"]


def make(name, count):
    """A function that calls this function of `math`."""
    function = getattr(math, name)
    if count == 1:
        return lambda x: function(x)
    return lambda x, y: function(x, y)


def compare(plain, args):
    expected, found = outcome(plain, args), outcome(jit(plain), args)
    where = f"{args}: expected {expected}, found {found}"
    assert found[0] == expected[0], where
    if expected[0] == "raised":
        assert type(found[1]) is type(expected[1]) and str(found[1]) == str(expected[1]), where
    else:
        assert_same(found[1], expected[1], 1e-14, where)


@pytest.mark.parametrize("name", ONE)
def test_math_of_one_number(name):
    plain = make(name, 1)
    for x in REALS:
        if not (name in ("floor", "ceil", "trunc") and 2**63 <= abs(x) < INF):
            compare(plain, (x,))
    for x in (0, 1, 2, -1, True) if name == "trunc" else (0, 1, 2, -1, True, np.float32(0.5), np.int8(1)):
        compare(plain, (x,))


@pytest.mark.parametrize("name", TWO)
def test_math_of_two_numbers(name):
    plain = make(name, 2)
    for x, y in itertools.product(REALS, REALS):
        compare(plain, (x, y))


@pytest.mark.parametrize("name", ["gcd"])
def test_integers_of_two(name):
    plain = make(name, 2)
    for x, y in itertools.product([0, 1, -4, 6, 2**40, -(3**20)], repeat=2):
        compare(plain, (x, y))


def test_integers_of_one():
    for n in (-1, 0, 1, 5, 20):
        compare(make("factorial", 1), (n,))
    for n in (-1, 0, 1, 2, 3, 4, 99, 100, 2**52 - 1, 2**62, 2**63 - 1, 3037000499**2 - 1, 3037000499**2):
        compare(make("isqrt", 1), (n,))


def hypots(x, y, z):
    return math.hypot(), math.hypot(x), math.hypot(x, y, z)


def constants():
    return math.pi, math.e, math.tau, math.inf, np.pi, np.inf


def test_math_constants():
    check(constants)
    check(hypots, 1.0, -2.0, 2.0, rtol=1e-15)


NUMPY_ONE = [
    "sqrt",
    "exp",
    "log",
    "sin",
    "cos",
    "tan",
    "tanh",
    "floor",
    "ceil",
    "abs",
    "isnan",
    "isinf",
    "isfinite",
]


@pytest.mark.parametrize("name", NUMPY_ONE)
def test_numpys_functions_of_scalars(name):
    function = getattr(np, name)

    def plain(x):
        return function(x)

    for x in (
        0.0,
        0.5,
        -0.5,
        2.0,
        NAN,
        INF,
        1,
        np.float32(0.5),
        np.float32(-2),
        np.float64(2.5),
        np.int64(3),
    ):
        check(plain, x, rtol=2e-6 if isinstance(x, np.float32) else 1e-14)


def extremes(x, y):
    return np.minimum(x, y), np.maximum(x, y)


def types(x):
    return np.float32(x), np.int8(x), np.uint16(x), np.float64(x), np.int64(x), np.complex64(x), np.bool_(x)


def test_numpys_types_and_extremes():
    for x, y in itertools.product([0.5, -1.0, NAN, INF], repeat=2):
        check(extremes, x, y)
        check(extremes, np.float32(x), np.float32(y))
    for x in (1, 0, 100, 2.0, True, np.int16(7), np.float32(3)):
        check(types, x)
