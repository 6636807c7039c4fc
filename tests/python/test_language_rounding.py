"""`round` with digits, `pow` with a modulus, and conversions of constant strings."""

import math
import random

import numpy as np
import pytest
from checking import assert_same, check, outcome

import ungil
from ungil import jit

NAN, INF = float("nan"), float("inf")


def to_digits(x, n):
    return round(x, n)


def to_constant_digits(x):
    return round(x, 2), round(x, 0), round(x, -1), round(x, 22), round(x, -3), round(x, None)


def whole_to_digits(x):
    return round(x, 3), round(x, 0), round(x, -1), round(x, -2), round(x, -18), round(x, -19), round(x, -20)


def modular(a, b, m):
    return pow(a, b, m)


def same(function, compiled, *args):
    expected, found = outcome(function, args), outcome(compiled, args)
    assert found[0] == expected[0], (args, expected, found)
    if expected[0] == "returned":
        assert_same(found[1], expected[1], what=f"{args}")
    else:
        assert type(found[1]) is type(expected[1]) and str(found[1]) == str(expected[1]), (
            args,
            expected,
            found,
        )


FLOATS = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    0.05,
    0.15,
    0.25,
    0.35,
    2.675,
    1.005,
    -1.005,
    5e-324,
    1e-310,
    4.35,
    0.4,
    -0.4,
]
FLOATS += [
    1e15 + 0.3,
    2.0**52 + 0.5,
    2.0**53 - 1,
    1e16,
    1e22,
    1e23,
    1.7976931348623157e308,
    15.0,
    25.0,
    -25.0,
    1e300,
]
FLOATS += [
    4503599627370497.5,
    562949953421312.125,
    0.1 + 0.2,
    12345.678,
    50.0,
    150.0,
    5e21,
    123456789012345680.0,
]


def test_floats_round_as_decimals():
    compiled = jit(to_digits)
    draw = random.Random(1)
    numbers = FLOATS + [draw.uniform(-1, 1) * 10 ** draw.randint(-6, 20) for _ in range(300)]
    # Numbers that end in 5 in decimal, and their neighbours.
    for _ in range(300):
        x = float(f"{draw.randint(0, 10**6)}.{draw.randint(0, 10**4)}5")
        numbers += [x, math.nextafter(x, INF), math.nextafter(x, -INF)]
    for x in numbers:
        for n in range(-22, 23):
            same(to_digits, compiled, x, n)


def test_constant_digits():
    compiled = jit(to_constant_digits)
    for x in FLOATS[:-6]:
        if abs(x) < 2**63:
            same(to_constant_digits, compiled, x)


def test_many_digits():
    for x in (0.0, -0.0, 1.5, -1e22, 1e300, NAN, INF, -INF):
        check(to_digits, x, 30)
        check(to_digits, x, 400)
        check(to_digits, x, 2)
        check(to_digits, x, -400)
    check(to_digits, -1e22, -30)
    with pytest.raises(ValueError, match="not supported in compiled code"):
        jit(to_digits)(1.23456e-20, 25)


def test_integers_round():
    for x in (0, 5, 15, 25, -15, -25, 149, 150, 250, 251, -251, 10**18, 4 * 10**18, -(2**62), True):
        check(whole_to_digits, x)
        check(to_digits, x, -1)
        check(to_digits, x, 4)
        check(to_digits, x, -40)


def test_numpy_floats_round():
    def rounded(x):
        return round(x, 2), round(x, -1), round(x, 0), round(x)

    for dtype in (np.float32, np.float64):
        for x in (0.125, 2.675, -15.0, 25.0, 1234.5678, -0.001):
            check(rounded, dtype(x))
    check(lambda x: (round(x, 1), round(x)), np.int16(7))


NUMBERS = [0, 1, 2, 3, 7, 10, -1, -4, 123456789, 2**31, 2**32 + 1, 2**62 + 3, 2**63 - 1, -(2**63) + 1, True]


def test_modular_power():
    compiled = jit(modular)
    draw = random.Random(2)
    triples = [(a, b, m) for a in NUMBERS for b in (0, 1, 2, 5, 100, 2**62) for m in NUMBERS]
    triples += [tuple(draw.randrange(-(2**63) + 1, 2**63) for _ in range(3)) for _ in range(200)]
    for a, b, m in triples:
        same(modular, compiled, a, abs(b) if m == 0 else b, m)


def test_modular_inverse():
    compiled = jit(modular)
    for a in NUMBERS:
        for b in (-1, -2, -7):
            for m in (1, -1, 2, 7, 13, -13, 10**9 + 7, 2**61 - 1, 2**63 - 1, 0):
                if m:
                    same(modular, compiled, a, b, m)


def test_modular_power_of_other_types_is_refused():
    for args in ((2.0, 3, 5), (np.int64(2), 3, 5)):
        with pytest.raises(ungil.errors.TypingError):
            jit(modular)(*args)


def texts():
    return (
        (float("inf"), float("-inf"), float("nan"), float(" 1e-3\n"), float("+Infinity"), float("1_000.5")),
        (int("12"), int(" -7 "), int("1_000"), int("0x1F", 16), int("ff", 16), int("0b101", 0), int("z", 36)),
        (bool(""), bool("False"), float("1e400"), float(".5"), float("5."), int("+3"), int("0o17", base=8)),
    )


def bad_float():
    return float("1,5")


def bad_float_word():
    return float("in")


def bad_float_sign():
    return float("--1")


def bad_int():
    return int("1.5")


def bad_int_quote():
    return int("it's {}", 16)


def bad_int_underscore():
    return int("1__0")


def test_constant_strings():
    check(texts)
    for f in (bad_float, bad_float_word, bad_float_sign, bad_int, bad_int_quote, bad_int_underscore):
        check(f)


def constants(x):
    return (
        np.inf * x,
        -np.inf,
        np.nan,
        np.pi,
        np.e,
        np.euler_gamma,
        math.inf,
        math.nan,
        math.tau,
        math.pi,
        math.e,
    )


def test_constants():
    check(constants, 2.0)
    check(constants, np.float32(2))
