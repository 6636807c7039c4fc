"""Scalar operators over Python's numbers and all of NumPy's scalar types: values and types are NumPy 2's."""

import itertools
import operator

import numpy as np
import pytest
from checking import check
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ungil
from ungil import jit

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES = ["bool", *INTEGERS, "float32", "float64", "complex64", "complex128"]


def add(x, y):
    return x + y


def sub(x, y):
    return x - y


def mul(x, y):
    return x * y


def div(x, y):
    return x / y


def floordiv(x, y):
    return x // y


def mod(x, y):
    return x % y


def bit_and(x, y):
    return x & y


def bit_or(x, y):
    return x | y


def bit_xor(x, y):
    return x ^ y


def left_shift(x, y):
    return x << y


def right_shift(x, y):
    return x >> y


def power(x, y):
    return x**y


def both_divisions(x, y):
    return divmod(x, y)


def compare_all(x, y):
    return x == y, x != y, x < y, x <= y, x > y, x >= y


def compare_equal(x, y):
    return x == y, x != y


def negate(x):
    return -x


def plus(x):
    return +x


def invert(x):
    return ~x


def absolute(x):
    return abs(x)


def truth(x):
    return not x, bool(x)


ARITHMETIC = [add, sub, mul]
BITWISE = [bit_and, bit_or, bit_xor]


def values(dtype):
    """Values that reach the corners of a type."""
    if dtype == "bool":
        return [np.True_, np.False_]
    t = np.dtype(dtype)
    if t.kind in "iu":
        info = np.iinfo(t)
        return [
            t.type(v)
            for v in sorted(
                {0, 1, 2, 3, 7, info.max, info.max - 1, info.min} | ({-1, -3, -7} if t.kind == "i" else set())
            )
        ]
    if t.kind == "f":
        return [t.type(v) for v in (0.0, -0.0, 1.5, -2.5, 3.0, 1e30, np.inf, -np.inf, np.nan)]
    return [t.type(v) for v in (0, 1 + 2j, -1.5 - 0.5j, complex(-0.0, 3), complex(np.inf, 1))]


def fits(x, y):
    """Whether NumPy accepts a Python integer beside a NumPy scalar of an integer type (compiled code wraps)."""
    for a, b in ((x, y), (y, x)):
        if (
            type(a) is int
            and isinstance(b, np.integer)
            and not np.iinfo(b.dtype).min <= a <= np.iinfo(b.dtype).max
        ):
            return False
    return True


def apply_to_pairs(functions, lefts, rights):
    for function in functions:
        kernel = jit(function)
        for x, y in itertools.product(lefts, rights):
            if fits(x, y):
                check(kernel, x, y)


WEAK = {
    "weak bool": [True, False],
    "weak int": [0, 1, -3, 100],
    "weak float": [0.0, -0.5, 2.0, 1e300, float("nan")],
}
KINDS = {**{d: values(d)[:5] for d in DTYPES}, **WEAK}


def kind(name):
    return (
        "i"
        if name == "weak int"
        else "f"
        if name == "weak float"
        else "b"
        if name in ("weak bool", "bool")
        else np.dtype(name).kind
    )


@pytest.mark.parametrize("left", KINDS)
def test_promotion(left):
    """Each pair of types, with one operator of each family."""
    for right in KINDS:
        kinds = kind(left) + kind(right)
        functions = [add, mul]
        if "b" not in kinds or kinds not in ("bb",) or "weak" in left and "weak" in right:
            functions.append(sub)
        functions.append(div if not ("weak" in left and "weak" in right) else add)
        if not set(kinds) & set("fc") and not ("i" in kinds and "uint64" in (left, right)):
            functions += BITWISE
        functions.append(compare_equal if "c" in kinds else compare_all)
        apply_to_pairs(functions, KINDS[left][:3], KINDS[right][:3])


@pytest.mark.parametrize("dtype", DTYPES)
def test_arithmetic_of_one_type(dtype):
    v = values(dtype)
    arithmetic = [add, mul] if dtype == "bool" else ARITHMETIC
    apply_to_pairs(arithmetic, v, v)
    if not dtype.startswith("complex"):
        apply_to_pairs([floordiv, mod, both_divisions], v, v)
        apply_to_pairs([compare_all], v, v)
        apply_to_pairs([div], v, v)
    else:
        apply_to_pairs([compare_equal], v, v)
    for x in v:
        check(absolute, x, rtol=1e-6 if dtype.startswith("complex") else 0)
        check(truth, x)
        if dtype != "bool":
            check(negate, x)
            check(plus, x)
        if dtype == "bool" or dtype in INTEGERS:
            check(invert, x)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_shifts(dtype):
    bits = np.dtype(dtype).itemsize * 8
    counts = [np.dtype(dtype).type(c) for c in (0, 1, bits - 1, bits, min(100, np.iinfo(dtype).max))]
    apply_to_pairs([left_shift, right_shift], values(dtype), counts)
    apply_to_pairs([left_shift, right_shift], values(dtype), [0, 3, 7])


def test_shifts_of_pythons_integers():
    for x in (0, 1, -1, 5, -7, 1000):
        for n in (0, 1, 3, -1, -5):
            check(left_shift, x, n)
            check(right_shift, x, n)
        check(right_shift, x, 63)
        check(right_shift, x, 64)
        check(right_shift, x, 1000)
    check(left_shift, True, 3)
    check(right_shift, 9, True)
    assert jit(left_shift)(1, 64) == 0


@pytest.mark.parametrize("dtype", [d for d in DTYPES if not d.startswith("complex") and d != "bool"])
def test_powers(dtype):
    t = np.dtype(dtype)
    if t.kind == "f":
        exponents = [t.type(e) for e in (0, 1, 2, 3, 0.5, -1, -0.5)]
        for x, y in itertools.product(values(dtype), exponents):
            check(power, x, y, rtol=1e-6 if dtype == "float32" else 1e-15)
        return
    apply_to_pairs([power], values(dtype), [t.type(e) for e in (0, 1, 2, 3, 7)])
    if t.kind == "i":
        apply_to_pairs([power], [t.type(2), t.type(-1), t.type(0)], [t.type(-1), t.type(-2)])


def test_powers_of_pythons_numbers():
    for x in (0, 1, 2, -3, 10, True):
        for y in (0, 1, 2, 5, True):
            check(power, x, y)
    for x in (0.0, -0.0, 1.5, -2.0, float("inf"), float("-inf"), float("nan"), 1e100):
        for y in (0, 1, 2, 3, 0.0, 2.0, -1.0, -2.5, float("inf"), float("-inf"), float("nan"), 0.5):
            if x >= 0 or x != x or y in (0, 1, 2, 3, -1) or abs(y) > 1e300 or y != y:
                check(power, x, y, rtol=1e-15)


def test_what_floats_cannot_say_about_powers():
    """CPython's result would be complex, or an OverflowError."""
    with pytest.raises(ValueError, match="use complex"):
        jit(power)(-2.0, 0.5)
    check(power, 1e200, 2)


def constant_powers(x):
    return x**2, x**3, x**1, x**0, x**0.5, 2**x


def negative_power(x):
    return x**-1, x**-2


def test_constant_powers():
    for x in (1.5, 4.0, 2, np.float32(2.5), np.float64(2.5)):
        check(constant_powers, x, rtol=1e-6)
        check(negative_power, x, rtol=1e-6)
    check(negative_power, 0)
    check(negative_power, 0.0)


PYTHON_NUMBERS = [0, 1, -1, 3, -7, 10**9, True, False, 0.0, -0.0, 2.5, -7.25, 1e-300, 1e308, float("inf"), float("-inf"),
                  float("nan")]  # fmt: skip


def test_pythons_division_and_its_errors():
    for function in (div, floordiv, mod, both_divisions, compare_all):
        kernel = jit(function)
        for x, y in itertools.product(PYTHON_NUMBERS, PYTHON_NUMBERS):
            check(kernel, x, y)


def test_pythons_complex_numbers():
    v = [0j, 1 + 2j, -1.5 - 0.5j, 3.0, 2, True]
    for function in (add, sub, mul, compare_equal):
        for x, y in itertools.product(v, v):
            check(function, x, y)
    for x, y in itertools.product(v, v):
        check(div, x, y, rtol=1e-15)
    for x in v:
        check(absolute, x, rtol=1e-15)
        check(negate, x)
        check(truth, x)


def test_integers_wrap():
    assert jit(add)(2**63 - 1, 1) == -(2**63)
    assert jit(mul)(2**62, 4) == 0
    assert jit(negate)(-(2**63)) == -(2**63)
    assert jit(power)(3, 50) == (3**50 + 2**63) % 2**64 - 2**63
    with pytest.raises(OverflowError):
        jit(add, overflowcheck=True)(2**63 - 1, 1)


number = st.one_of(
    st.booleans(),
    st.integers(-(2**31), 2**31),
    st.floats(),
    *(st.integers(int(np.iinfo(d).min), int(np.iinfo(d).max)).map(np.dtype(d).type) for d in INTEGERS),
    st.floats(width=32).map(np.float32),
    st.floats().map(np.float64),
)
KERNELS = [jit(f) for f in (add, sub, mul, div, floordiv, mod, compare_all, bit_and, bit_or, bit_xor)]


def supported(function, x, y):
    both = np.result_type(x, y)
    if function in BITWISE:
        return both.kind in "biu"
    if function is sub:
        return not (isinstance(x, np.bool_) or isinstance(y, np.bool_))
    return True


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(number, number)
def test_operators_on_any_numbers(x, y):
    if not fits(x, y):
        return
    for kernel in KERNELS:
        if supported(kernel.py_func, x, y):
            check(kernel, x, y)


def mixed_integers(a, b):
    return a == b, a < b, a > b


def test_signed_and_unsigned_integers_compare_exactly():
    v = [np.int64(-1), np.int64(5), np.uint64(2**64 - 1), np.uint64(5), np.int8(-1), np.uint8(255)]
    for x, y in itertools.product(v, v):
        check(mixed_integers, x, y)


@pytest.mark.parametrize("function", [floordiv, mod, bit_and, left_shift])
def test_operators_that_do_not_exist_are_refused(function):
    with pytest.raises(ungil.errors.CompileError) as error:
        jit(function)(1 + 2j, 2)
    assert error.value.code == "U0212"
    with pytest.raises(TypeError):
        function(1 + 2j, 2)


def test_numpys_refusals():
    for function, x in [(sub, np.True_), (negate, np.True_)]:
        args = (x, x) if function is sub else (x,)
        with pytest.raises(TypeError):
            function(*args)
        with pytest.raises(ungil.errors.CompileError):
            jit(function)(*args)


def test_operator_functions_are_named_in_refusals():
    def uses(x):
        return operator.add(x, 1)

    with pytest.raises(ungil.errors.CompileError):
        jit(uses)(1)


def decimal_literals(x):
    return x + 0.1, x * 1e-3, x - (0.1 + 0.2j), x == 0.1, x < 3.3, 2.7**x


def test_decimal_literals_beside_single_precision():
    for x in (np.float32(0.1), np.float32(-2.5)):
        check(decimal_literals, x, rtol=1e-6)
    check(lambda z: (z + 0.1, z * (0.3 - 0.7j)), np.complex64(1 + 2j))
