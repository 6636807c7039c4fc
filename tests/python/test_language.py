"""The language of kernels, each form against the undecorated function."""

import math

import numpy as np
import pytest
from checking import assert_same, check
from hypothesis import given, settings
from hypothesis import strategies as st

from ungil import jit

integers = st.integers(-(2**31), 2**31 - 1)
floats = st.floats(allow_nan=True, allow_infinity=True, width=64)
numbers = st.one_of(integers, floats, st.booleans(), st.complex_numbers(max_magnitude=1e100))
DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "complex64", "complex128"]  # fmt: skip


def compiled(source):
    """A function from a line or a block of text, with and without the compiler."""
    text = source if source.startswith("def ") else f"def f(x, y):\n    return {source}\n"
    namespace = {"math": math, "np": np}
    exec(text, namespace)
    return jit(namespace["f"], source=text)


BINARY = {op: compiled(f"x {op} y") for op in "+ - * / // % ** & | ^ < <= == != > >=".split()}


@pytest.mark.parametrize("op", [o for o in BINARY if o not in ("**", "&", "|", "^")])
@settings(max_examples=60, deadline=None)
@given(x=numbers, y=numbers)
def test_python_numbers(op, x, y):
    check(BINARY[op], x, y)


@pytest.mark.parametrize("op", ["&", "|", "^"])
@settings(max_examples=30, deadline=None)
@given(x=integers, y=st.one_of(integers, st.booleans()))
def test_python_bits(op, x, y):
    check(BINARY[op], x, y)


@settings(max_examples=60, deadline=None)
@given(x=st.integers(-9, 9), y=st.integers(0, 12))
def test_integer_powers(x, y):
    check(BINARY["**"], x, y)


@pytest.mark.parametrize("op", ["<<", ">>"])
@settings(max_examples=30, deadline=None)
@given(x=st.integers(-1000, 1000), y=st.integers(0, 40))
def test_shifts(op, x, y):
    check(compiled(f"x {op} y"), x, y)


SAMPLES = [0, 1, 3, 100]


@pytest.mark.parametrize("op", ["+", "-", "*", "/", "//", "%", "<", "=="])
@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_scalars_with_each_other_and_with_python(op, dtype):
    f = BINARY[op]
    make = np.dtype(dtype).type
    complex_order = dtype.startswith("complex") and op in ("//", "%", "<")
    bool_difference = dtype == "bool" and op == "-"
    for x in SAMPLES:
        for y in (1, 3, 0):
            if complex_order or bool_difference:
                continue
            check(f, make(x), make(y))
            for other in ("int8", "uint8", "int64", "float32", "float64"):
                check(f, make(x), np.dtype(other).type(y))
            if dtype != "bool" or op in ("<", "=="):
                check(f, make(x), y)
                check(f, y, make(x))
            check(f, make(x), y + 0.5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_unary(dtype):
    for source in ("-x", "+x", "~x", "abs(x)", "not x", "bool(x)"):
        if dtype == "bool" and source in ("-x", "+x"):
            continue
        if source == "~x" and dtype.startswith(("float", "complex")):
            continue
        text = f"def f(x):\n    return {source}\n"
        for value in (0, 1, 5):
            check(compiled(text), np.dtype(dtype).type(value))


@settings(max_examples=60, deadline=None)
@given(x=floats)
def test_conversions(x):
    for source in ("float(x)", "bool(x)", "complex(x)", "abs(x)"):
        check(compiled(f"def f(x):\n    return {source}\n"), x)
    if abs(x) < 1e18:
        for source in ("int(x)", "round(x)", "math.floor(x)", "math.ceil(x)", "math.trunc(x)"):
            check(compiled(f"def f(x):\n    return {source}\n"), x)


FUNCTIONS = ["exp", "log", "sin", "cos", "tan", "sqrt", "tanh"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_math_functions(name):
    for module in ("math", "np"):
        f = compiled(f"def f(x):\n    return {module}.{name}(x)\n")
        for x in (0.5, 1.0, 2.25, 10.0, 1e-300, 1e5):
            check(f, x, rtol=4e-16)
    f = compiled(f"def f(x):\n    return np.{name}(x)\n")
    check(f, np.float32(0.5), rtol=3e-7)


@pytest.mark.parametrize("call", ["math.sqrt(x)", "math.log(x)", "math.exp(1000 - x)"])
def test_math_domain_errors(call):
    f = compiled(f"def f(x):\n    return {call}\n")
    check(f, -1.0)


def test_chains_and_logic():
    check(compiled("x < y < 10"), 1, 5)
    check(compiled("x < y < 10"), 7, 5)
    for a in (0, 2):
        for b in (0, 3):
            check(compiled("x and y"), a, b)
            check(compiled("x or y"), a, b)
            check(compiled("x if y else -x"), a, b)
    check(compiled("(z := x + y) * z"), 2, 3)


def test_loops():
    @jit
    def f(n, m):
        s = 0
        for i in range(n):
            if i == 3:
                continue
            for j in range(m, 0, -2):
                if j == 4:
                    break
                s += i * j
            else:
                s += 1000
        else:
            s += 1
        while s > 100:
            s -= 7
            if s % 11 == 0:
                break
        return s

    for n in range(6):
        for m in range(8):
            check(f, n, m)


def test_iteration():
    @jit
    def f(a, b):
        s = 0.0
        for x in a:
            s += x
        for i, x in enumerate(a):
            s += i * x
        for i, (x, y) in enumerate(zip(a, b), 1):
            s += i * x * y
        for x in reversed(a):
            s = s * 0.5 + x
        for k in reversed(range(3)):
            s += k
        return s

    check(f, np.arange(5.0), np.ones(5))
    check(f, np.arange(5.0)[::-2], np.ones(7, np.float32))
    # Without an element the sum stays Python's in Python; a compiled variable has one type.
    assert f(np.zeros(0), np.zeros(0)) == 3


def test_tuples():
    @jit
    def f(t, k):
        a, (b, c) = t
        first, *rest = (a, b, c)
        s = 0
        for x in (1, 2, 3):
            s += x * k
        return (b, a), c, (s,), len(t), t[0], (1, 2, 3)[k], rest[0], max(a, b)

    check(f, (1, (2, 3.5)), 1)
    check(f, (1, (2, 3.5)), -1)
    check(f, (1, (2, 3.5)), 3)


def test_assignments():
    @jit
    def f(x):
        a = b = x
        a += 1
        b *= 2
        a, b = b, a
        c: int = 3
        (d) = a - b
        a //= 2
        b **= 2
        return a, b, c, d

    check(f, 5)
    check(f, 2.5)
    check(f, np.float32(1.5))


def test_nested_functions_and_lambdas():
    @jit
    def f(x):
        k = x * 2

        def inner(y, z=3):
            return y * k + z

        def twice(g, v):
            return g(g(v))

        h = lambda v: v + k
        return inner(1) + inner(2, z=5) + h(1) + twice(h, 2)

    check(f, 3)
    check(f, 1.5)


def test_defaults_and_star():
    @jit
    def f(a, b=2, *rest, c=4):
        s = a + b * 10 + c * 100
        for r in rest:
            s += r * 1000
        return s, len(rest)

    @jit
    def g(x):
        return f(x), f(x, 5), f(x, 5, 6, 7, c=8), f(b=1, a=x)

    check(g, 1)


def test_recursion():
    @jit
    def ackermann(m, n):
        if m == 0:
            return n + 1
        if n == 0:
            return ackermann(m - 1, 1)
        return ackermann(m - 1, ackermann(m, n - 1))

    @jit
    def even(n):
        return True if n == 0 else odd(n - 1)

    @jit
    def odd(n):
        return False if n == 0 else even(n - 1)

    check(ackermann, 2, 3)
    check(even, 11)
    assert even(10) is True


def test_builtins():
    @jit
    def f(x, y, a):
        return (
            min(x, y), max(x, y, 0), sum((x, y)), pow(x, 2), divmod(x, y), len(a), abs(-x), round(x), min(a), max(a),
            sum(a), int(y), float(x), bool(x), complex(x, y),
        )  # fmt: skip

    check(f, 7, 3, np.arange(4.0))
    check(f, 7.5, 3.0, np.arange(4.0))
    check(f, -7, 3, np.arange(4))
    check(f, 7, 0, np.arange(4))


def test_augmented_types_stay_weak():
    @jit
    def f(a):
        s = 0
        for i in range(a.size):
            s += a[i]
        return s

    for dtype in ("float32", "int32", "uint8", "float64", "complex64"):
        check(f, np.arange(5).astype(dtype))


def test_assertions_and_raises():
    @jit
    def f(x):
        assert x != 1
        assert x != 2, "two"
        if x == 3:
            raise ValueError
        if x == 4:
            raise KeyError(x)
        if x == 5:
            raise RuntimeError(f"x is {x}, {x / 2}")
        if x == 6:
            raise IndexError("fixed {text}")
        return x

    # pytest rewrites the first assertions; the undecorated function is compiled from its text too.
    namespace = {}
    import inspect
    import textwrap

    text = textwrap.dedent(inspect.getsource(f.py_func)).replace("@jit\n", "")
    exec(text, namespace)
    plain = jit(namespace["f"], source=text)
    for x in range(8):
        check(plain, x)


def test_none():
    @jit
    def f(x):
        if x is None:
            return 0
        return x + 1

    check(f, None)
    check(f, 3)

    @jit
    def g():
        pass

    check(g)


def test_wrapping_integers():
    @jit
    def f(x):
        return x * x + 1

    assert f(2**62) == 1
    assert_same(f(np.int64(2**62)), np.int64(1))
    check(f, np.int8(100))
    check(f, np.uint8(200))


@settings(max_examples=40, deadline=None)
@given(start=st.integers(-20, 20), stop=st.integers(-20, 20), step=st.integers(-5, 5))
def test_ranges(start, stop, step):
    check(RANGE, start, stop, step)


@jit
def RANGE(start, stop, step):
    s, n = 0, 0
    for i in range(start, stop, step):
        s += i * (n + 1)
        n += 1
    return s, n, len(range(start, stop, step))
