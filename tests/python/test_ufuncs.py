"""Universal functions on arrays and scalars against NumPy: types, `out=`, `where=`, `dtype=`, two results."""

import linecache
import warnings

import numpy as np
import pytest

from ungil import jit

CODES = "?bhilBHILfdFD"
PAIRS = ["??", "bH", "ii", "lB", "Lh", "ff", "hf", "dI", "DF"]
ORDERED = (
    "less less_equal greater greater_equal minimum maximum fmin fmax".split()
)  # Complex numbers have no order here.
BINARY = """add subtract multiply divide true_divide floor_divide remainder mod fmod power float_power left_shift right_shift
bitwise_and bitwise_or bitwise_xor equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor
minimum maximum fmin fmax arctan2 hypot copysign""".split()
UNARY = """negative positive invert absolute fabs conj square sign rint floor ceil trunc sqrt cbrt exp exp2 expm1 log log2
log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh isnan isinf isfinite signbit reciprocal
deg2rad rad2deg degrees radians logical_not real imag""".split()


def kernel(expression, arguments):
    source, name = f"def f({arguments}):\n    return {expression}\n", f"<ufunc {expression}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope = {"np": np}
    exec(compile(source, name, "exec"), scope)
    return jit(scope["f"])


def expected_of(f, *args):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return f.py_func(*args)
        except (TypeError, ValueError) as error:
            return error


def same(got, expected, ulps=4):
    g, e = np.asarray(got), np.asarray(expected)
    assert g.shape == e.shape
    # NumPy's half precision is float64 here.
    if e.dtype != np.float16:
        assert g.dtype == e.dtype
    if e.dtype.kind in "fc":
        eps = np.finfo(e.dtype).eps if e.dtype != np.float16 else 1e-3
        np.testing.assert_allclose(g, e, rtol=ulps * eps, atol=ulps * eps)
    else:
        np.testing.assert_array_equal(g, e)


@pytest.mark.parametrize("name", UNARY)
def test_one_argument(name):
    f = kernel(f"np.{name}(a)", "a")
    for code in CODES:
        # The reciprocal of the integer zero is undefined in NumPy.
        a = np.array([1 if name == "reciprocal" else 0, 1, 2, 5]).astype(code)
        expected = expected_of(f, a)
        if isinstance(expected, Exception):
            with pytest.raises(TypeError):
                f(a)
            continue
        if code in "FD":
            # Complex functions that miss are refused, not wrong.
            try:
                got = f(a)
            except TypeError:
                continue
            except Exception as error:
                assert "U0" in str(error)
                continue
        else:
            got = f(a)
        same(got, expected, ulps=64 if code in "FD" else 4)


@pytest.mark.parametrize("name", BINARY)
def test_two_arguments(name):
    f = kernel(f"np.{name}(a, b)", "a, b")
    for pair in PAIRS:
        a, b = (np.array(v).astype(c) for v, c in zip(([0, 1, 2, 7], [1, 2, 3, 2]), pair))
        expected = expected_of(f, a, b)
        if isinstance(expected, Exception):
            with pytest.raises(type(expected)):
                f(a, b)
        elif not (set(pair) & set("FD") and name in ORDERED):
            same(f(a, b), expected, ulps=64)
    a, b = np.array([3.5, -2.0]), np.array([2.0, 0.5])
    if not isinstance(expected_of(f, a, b), Exception):
        same(f(a[1], b), expected_of(f, a[1], b), ulps=64)


@pytest.mark.parametrize("weak", [3, 2.5, True])
def test_weak_scalars(weak):
    for name in ("add", "multiply", "power", "maximum", "true_divide", "less"):
        f = kernel(f"np.{name}(a, x)", "a, x")
        for code in "bhlBfd":
            a = np.array([1, 2, 3]).astype(code)
            same(f(a, weak), expected_of(f, a, weak))
        same(f(2, weak), expected_of(f, 2, weak))


@pytest.mark.parametrize("name", ["divmod", "modf", "frexp"])
def test_two_results(name):
    arguments = "a, b" if name == "divmod" else "a"
    f = kernel(f"np.{name}({arguments})", arguments)
    a = np.array([[0.5, -2.25, 3.0], [7.75, -0.0, 1e10]])
    args = (a, np.array([0.7, 2.0, -3.0])) if name == "divmod" else (a,)
    for args in (args, tuple(x[0, 0] if x.ndim == 2 else x[0] for x in args)):
        got, expected = f(*args), expected_of(f, *args)
        assert len(got) == len(expected)
        for g, e in zip(got, expected):
            same(g, e)


def test_out_where_and_dtype():
    a, b = np.random.rand(3, 4), np.random.rand(4)
    f = kernel("np.add(a, b, out=out)", "a, b, out")
    out = np.zeros((3, 4))
    f(a, b, out)
    same(out, a + b)
    f(a[:1], b, out)
    same(out, np.broadcast_to(a[:1] + b, (3, 4)))
    with pytest.raises(TypeError, match="same_kind"):
        f(a, b, np.zeros((3, 4), int))
    f = kernel("np.sqrt(a, out=out, where=a > 0.5)", "a, out")
    out = np.full((3, 4), -1.0)
    f(a, out)
    same(out, np.where(a > 0.5, np.sqrt(a), -1.0))
    f = kernel("np.multiply(a, 2, dtype=np.float32)", "a")
    same(f(a), np.multiply(a, 2, dtype=np.float32))
    overlapping = np.arange(6.0)
    f = kernel("np.negative(a[:-1], out=a[1:])", "a")
    f(overlapping)
    same(overlapping, np.array([0.0, 0, -1, -2, -3, -4]))


@pytest.mark.parametrize(
    "expression",
    [
        "np.round(a)",
        "np.round(a, 2)",
        "np.around(a, -1)",
        "np.fix(a)",
        "abs(a)",
        "divmod(a, 0.3)[0]",
        "pow(a, 2)",
    ],
)
def test_rounding_and_builtins(expression):
    f = kernel(expression, "a")
    for code in "fd":
        a = (np.random.default_rng(2).random((3, 50)) * 200 - 100).astype(code)
        same(f(a), expected_of(f, a))
    a = np.array([0.5, 1.5, 2.5, -0.5, np.inf, np.nan, 2.675])
    same(f(a), expected_of(f, a))


def test_medians():
    f = kernel("np.median(a)", "a")
    rng = np.random.default_rng(8)
    for n in (1, 2, 3, 10, 101, 1000):
        for a in (
            rng.random(n),
            np.arange(n) % 3,
            np.ones(n),
            np.arange(n)[::-1],
            rng.random((n, 2)).astype("f"),
        ):
            same(f(a), expected_of(f, a))
    same(f(np.array([1, np.nan, 2])), expected_of(f, np.array([1, np.nan, 2])))
    same(f(np.ones(0)), expected_of(f, np.ones(0)))
