"""`ungil.evaluate` against NumPy: values, result types, operands of every kind, errors."""

import gc
import itertools
import sys
import threading
import weakref

import numpy as np
import pytest

import ungil
from ungil.expressions import ConstantNode, E

RNG = np.random.default_rng(7)
KIND = {
    "bool": np.bool_,
    "int8": np.int32,
    "uint8": np.int32,
    "int16": np.int32,
    "uint16": np.int32,
    "int32": np.int32,
    "uint32": np.int64,
    "int64": np.int64,
    "uint64": np.uint64,
    "float16": np.float32,
    "float32": np.float32,
    "float64": np.float64,
    "complex64": np.complex128,
    "complex128": np.complex128,
}


def sample(dtype, shape=(37,)):
    x = RNG.uniform(-9, 9, shape)
    if np.dtype(dtype).kind == "b":
        return x > 0
    if np.dtype(dtype).kind == "u":
        return np.abs(x).astype(dtype)
    if np.dtype(dtype).kind == "c":
        return (x + 1j * RNG.uniform(-9, 9, shape)).astype(dtype)
    return x.astype(dtype)


def check(formula, expected=None, **names):
    """Compares a formula with NumPy's value of the same text on operands of the kinds it is computed in."""
    got = ungil.evaluate(formula, local_dict=names, global_dict={})
    if expected is None:
        functions = {
            n: getattr(np, n) for n in "where sin cos exp sqrt log arctan2 hypot floor ceil abs sum".split()
        }
        with np.errstate(all="ignore"):
            expected = eval(formula, {"__builtins__": {}}, {**functions, **names})
    assert isinstance(got, np.ndarray)
    assert got.shape == np.shape(expected), formula
    np.testing.assert_allclose(
        got, expected, rtol=2e-6 if got.dtype == np.float32 else 1e-13, err_msg=formula
    )
    return got


@pytest.mark.parametrize("dtype", list(KIND))
def test_kinds_of_operands(dtype):
    a = sample(dtype)
    got = ungil.evaluate("a")
    assert got.dtype == KIND[dtype]
    np.testing.assert_array_equal(got, a.astype(KIND[dtype]))
    assert ungil.evaluate("a == a").all()


@pytest.mark.parametrize(
    ("x", "y"), list(itertools.product(["int32", "int64", "float32", "float64", "complex128"], repeat=2))
)
def test_kinds_of_results(x, y):
    order = ["int32", "int64", "float32", "float64", "complex128"]
    a, b = sample(x), sample(y)
    wanted = np.dtype(max(x, y, key=order.index))
    for operator in "+-*":
        got = ungil.evaluate(f"a {operator} b")
        assert got.dtype == wanted
        reference = eval(f"a {operator} b", {"a": a.astype(wanted), "b": b.astype(wanted)})
        np.testing.assert_allclose(got, reference, rtol=1e-6)
    quotient = ungil.evaluate("a / b")
    assert quotient.dtype == (wanted if wanted.kind in "fc" else np.float64)


@pytest.mark.parametrize(
    "formula",
    [
        "2*a + 3*b",
        "a**3 - b**-2 + a**0.5",
        "where(a > b, a, b*2.0)",
        "sin(a)**2 + cos(a)**2",
        "arctan2(a, b) + hypot(a, b)",
        "(a > 1) & (b < 5) | ~(a == b)",
        "a % 3 + b // 2",
        "-a + +b",
        "exp(-a*a/2.0)",
        "sqrt(abs(a - b))",
        "floor(a) + ceil(b)",
        "a*a*a + a*a + a",
        "1/3 + a",
    ],
)
def test_formulas(formula):
    a, b = np.abs(sample("float64")) + 0.1, np.abs(sample("float64")) + 0.1
    check(formula, a=a, b=b)
    grid = np.abs(sample("float64", (5, 7, 3))) + 0.1
    check(formula, a=grid, b=grid[::-1, :, 1:2])
    check(formula, a=grid.T, b=3.5)
    check(formula, a=2.25, b=np.float64(1.5))


def test_constants():
    for text, dtype in [
        ("2", "i4"),
        ("2**40", "i8"),
        ("2.5", "f8"),
        ("1j", "c16"),
        ("True", "?"),
        ("1 < 2", "?"),
        ("complex(1, 2)", "c16"),
        ("complex(True, 2.5)", "c16"),
    ]:
        got = ungil.evaluate(text)
        assert got.dtype == np.dtype(dtype), text
        assert got == eval(text)
    a = np.float32([1, 2])
    assert ungil.evaluate("a*2").dtype == np.float32
    assert ungil.evaluate("a*2.0").dtype == np.float64
    n = np.arange(4, dtype="i4")
    assert ungil.evaluate("n**2.0").dtype == np.int32
    assert ungil.evaluate("abs(n)").dtype == np.float64
    assert ungil.evaluate("sign(n)").dtype == np.int32
    assert ungil.evaluate("n**2.0", optimization="none").dtype == np.float64


@pytest.mark.parametrize("order", "CFAK")
def test_orders(order):
    for a in (
        np.ones((3, 4, 5)),
        np.ones((3, 4, 5)).T,
        np.ones((3, 4, 5)).transpose(1, 0, 2),
        np.ones((6, 4))[::2, ::3],
    ):
        for b in (a, a[:1], 2.0):
            got = ungil.evaluate("a + b", order=order)
            with np.nditer([a, b, None], order=order) as it:
                for x, y, z in it:
                    z[...] = x + y
                wanted = it.operands[2]
            np.testing.assert_array_equal(got, wanted)
            assert got.strides == wanted.strides, (a.strides, order)


def test_strides_alignment_byte_order_and_maps(tmp_path):
    base = sample("float64", (40, 6))
    for a in (
        base[::-1],
        base[:, ::-2],
        base[3:20:4, 1:5:2],
        base.astype(">f8"),
        np.broadcast_to(base[0], (40, 6)),
        base[:0],
    ):
        check("a*2 + 1", a=a)
    raw = np.zeros(8 * 9 + 1, np.uint8)
    odd = raw[1:].view(np.float64)
    odd[:] = np.arange(9)
    check("odd*odd", odd=odd)
    record = np.zeros(7, dtype=[("x", "i4"), ("y", "f8")])
    record["x"], record["y"] = np.arange(7), np.arange(7) / 2
    check("x + y", x=record["x"], y=record["y"])
    path = tmp_path / "map"
    m = np.memmap(path, dtype="f8", mode="w+", shape=(50,))
    m[:] = np.arange(50)
    check("m + 1", m=m)
    swapped = np.arange(5, dtype=">c16") * (1 + 2j)
    check("swapped * 2", swapped=swapped)


def test_out():
    a, b = np.arange(12.0).reshape(3, 4), np.arange(4.0)
    out = np.empty((3, 4))
    assert ungil.evaluate("a + b", out=out) is out
    np.testing.assert_array_equal(out, a + b)
    f = np.empty((4, 3), np.float32).T
    ungil.evaluate("a*2", out=f)
    np.testing.assert_array_equal(f, (a * 2).astype(np.float32))
    with pytest.raises(TypeError, match="same_kind"):
        ungil.evaluate("a + b", out=np.empty((3, 4), int))
    n = np.empty((3, 4), int)
    ungil.evaluate("a + b", out=n, casting="unsafe")
    np.testing.assert_array_equal(n, (a + b).astype(int))
    with pytest.raises(ValueError, match="broadcast"):
        ungil.evaluate("a + b", out=np.empty((4, 4)))
    half = np.empty((3, 4), np.float16)
    ungil.evaluate("a + b", out=half)
    np.testing.assert_array_equal(half, (a + b).astype(np.float16))
    big = np.empty((3, 4), ">f8")
    ungil.evaluate("a + b", out=big)
    np.testing.assert_array_equal(big, a + b)
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        ungil.evaluate("1", out=frozen)


def test_out_that_overlaps_operands():
    for view in (slice(None), slice(None, None, -1)):
        x = np.arange(1000.0)
        y = x[view]
        ungil.evaluate("x + y", out=x)
        np.testing.assert_array_equal(x, np.arange(1000.0) + np.arange(1000.0)[view])
    x = np.arange(1000.0)
    a, out = x[:-1], x[1:]
    ungil.evaluate("a*2", out=out)
    np.testing.assert_array_equal(x[1:], np.arange(999.0) * 2)
    g = np.arange(16.0).reshape(4, 4)
    row = g[1]
    ungil.evaluate("g + row", out=g)
    np.testing.assert_array_equal(g, np.arange(16.0).reshape(4, 4) + [4, 5, 6, 7])


def test_casting():
    a = np.arange(3, dtype="i1")
    ungil.evaluate("a", casting="safe")
    with pytest.raises(TypeError, match="'no'"):
        ungil.evaluate("a", casting="no")
    with pytest.raises(TypeError, match="from dtype\\('>i4'\\) to dtype\\('int32'\\)"):
        ungil.evaluate("a", {"a": a.astype(">i4")}, casting="no")
    with pytest.raises(TypeError, match="from dtype\\('int32'\\) to dtype\\('>i4'\\)"):
        ungil.evaluate("a", out=np.zeros(3, ">i4"), local_dict={"a": a.astype("i4")}, casting="no")
    with pytest.raises(ValueError, match="casting"):
        ungil.evaluate("a", casting="maybe")
    with pytest.raises(ValueError, match="order"):
        ungil.evaluate("a", order="X")


def test_unsigned_integers_keep_their_values():
    a = np.array([0, 1, 2**63 + 1, 2**64 - 1], np.uint64)
    s = np.array([-1, 1, 5, -7])
    np.testing.assert_array_equal(ungil.evaluate("a"), a)
    np.testing.assert_array_equal(ungil.evaluate("a // 2"), a // 2)
    np.testing.assert_array_equal(ungil.evaluate("a > s"), [True, False, True, True])
    np.testing.assert_array_equal(ungil.evaluate("s < a"), [True, False, True, True])
    np.testing.assert_array_equal(ungil.evaluate("a == s"), [False, True, False, False])
    np.testing.assert_allclose(ungil.evaluate("a + s"), a.astype(float) + s)
    np.testing.assert_allclose(ungil.evaluate("sqrt(a)"), np.sqrt(a))


def test_integers():
    n = np.array([-7, -1, 0, 1, 7], "i4")
    d = np.array([3, 0, -2, 5, -3], "i4")
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(ungil.evaluate("n // d"), n // d)
        np.testing.assert_array_equal(ungil.evaluate("n % d"), n % d)
    for count in (-1, 0, 5, 31, 32, 200):
        c = np.full(5, count, "i4")
        np.testing.assert_array_equal(ungil.evaluate("n << c"), n << c)
        np.testing.assert_array_equal(ungil.evaluate("n >> c"), n >> c)
    np.testing.assert_array_equal(ungil.evaluate("n & 6 | n ^ 3"), n & 6 | n ^ 3)
    base, power = np.array([2, -1, 1, -1, 0], "i4"), np.array([-1, -3, -5, -2, 2], "i4")
    np.testing.assert_array_equal(ungil.evaluate("base ** power"), [0, -1, 1, 1, 0])


UNARY = "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh sqrt log log2 log10 log1p exp expm1".split()


@pytest.mark.parametrize("name", UNARY)
def test_functions(name):
    function = getattr(np, name)
    x = np.concatenate(
        [RNG.uniform(-0.99, 0.99, 50), RNG.uniform(1, 20, 50), [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0]]
    )
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(ungil.evaluate(f"{name}(x)"), function(x), rtol=1e-14)
        f = x.astype(np.float32)
        got = ungil.evaluate(f"{name}(f)")
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, function(f), rtol=1e-6)
    n = np.arange(1, 5)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(ungil.evaluate(f"{name}(n)"), function(n), rtol=1e-14)


@pytest.mark.parametrize("name", [*UNARY, "conj", "abs", "sign", "round"])
def test_complex_functions(name):
    z = RNG.uniform(-3, 3, 80) + 1j * RNG.uniform(-3, 3, 80)
    reference = np.rint if name == "round" else getattr(np, name)
    got = ungil.evaluate(f"{name}(z)")
    assert got.dtype == np.complex128
    np.testing.assert_allclose(got, reference(z), rtol=2e-13, atol=1e-14)


def test_complex_arithmetic():
    z, w = sample("complex128"), sample("complex128")
    check("z*w - z/w + 2j", z=z, w=w)
    check("z**2 + w**3", z=z, w=w)
    check("z.real*2 + w.imag", z=z, w=w)
    np.testing.assert_array_equal(ungil.evaluate("complex(a, a)", {"a": z.real}), z.real + 1j * z.real)
    np.testing.assert_array_equal(ungil.evaluate("real(z)"), z.real)
    np.testing.assert_allclose(ungil.evaluate("z**w"), z**w, rtol=1e-12)


def test_other_functions():
    x = np.array([1.5, -2.5, 0.0, -0.0, np.nan, np.inf, -np.inf, 2.5])
    y = np.array([2.0, 0.5, -1.0, 3.0, 1.0, np.nan, 2.0, -2.0])
    for name in "maximum minimum copysign nextafter fmod hypot arctan2".split():
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(
                ungil.evaluate(f"{name}(x, y)"), getattr(np, name)(x, y), err_msg=name
            )
    for name, numpy_name in [
        ("isnan",) * 2,
        ("isinf",) * 2,
        ("isfinite",) * 2,
        ("signbit",) * 2,
        ("sign",) * 2,
        ("round", "rint"),
        ("trunc",) * 2,
        ("floor",) * 2,
        ("ceil",) * 2,
    ]:
        got = ungil.evaluate(f"{name}(x)")
        np.testing.assert_array_equal(got, getattr(np, numpy_name)(x), err_msg=name)
    np.testing.assert_array_equal(ungil.evaluate("ones_like(x)"), np.ones(8))
    assert ungil.evaluate("isnan(n)", {"n": np.arange(3)}).dtype == np.bool_


@pytest.mark.parametrize(
    "axis", ["", ", axis=None", ", axis=0", ", axis=-1", ", axis=(0, 2)", ", 1", ", axis=(-1,)"]
)
@pytest.mark.parametrize("name", ["sum", "prod", "min", "max"])
def test_reductions(name, axis):
    a = RNG.uniform(0.5, 1.5, (4, 5, 6))
    reference = eval(f"np.{name}(2*a{axis})", {"np": np, "a": a})
    got = ungil.evaluate(f"{name}(2*a{axis})")
    assert got.shape == np.shape(reference)
    np.testing.assert_allclose(got, reference, rtol=1e-13)


def test_reductions_inside():
    a = RNG.uniform(0, 1, (20, 30))
    b = RNG.uniform(0, 1, 30)
    np.testing.assert_allclose(ungil.evaluate("(a - sum(a, axis=0)/20) * b"), (a - a.sum(0) / 20) * b)
    np.testing.assert_allclose(ungil.evaluate("sum(a*b)/sum(b) + max(a)"), (a * b).sum() / b.sum() + a.max())
    np.testing.assert_allclose(
        ungil.evaluate("sqrt(sum((a - min(a))**2))"), np.sqrt(((a - a.min()) ** 2).sum())
    )
    assert ungil.evaluate("sum(c)", {"c": a > 0.5}) == (a > 0.5).sum()
    assert ungil.evaluate("sum(n)", {"n": np.arange(5, dtype="i4")}).dtype == np.int32
    with pytest.raises(ValueError, match="axis"):
        ungil.evaluate("sum(a, axis=2)")


@pytest.mark.parametrize("n", [0, 1, 5, 33, 4096, 4097, 100_001])
def test_totals(n):
    a, b = RNG.uniform(-1, 1, n), RNG.uniform(0.999, 1.001, n)
    np.testing.assert_allclose(ungil.evaluate("sum(a*b)"), (a * b).sum(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ungil.evaluate("prod(b)"), b.prod(), rtol=1e-10)
    assert ungil.evaluate("sum(a > 0)") == (a > 0).sum()
    i = np.arange(n, dtype="i4")
    assert ungil.evaluate("sum(i)") == i.sum(dtype="i4")
    z = a + 1j * b
    np.testing.assert_allclose(ungil.evaluate("sum(z)"), z.sum(), rtol=1e-10)
    half = a[::-2].astype(">f4")
    np.testing.assert_allclose(ungil.evaluate("sum(half)"), half.astype("f8").sum(), rtol=1e-4, atol=1e-3)
    for name in ("min", "max"):
        if n == 0:
            with pytest.raises(ValueError, match="identity"):
                ungil.evaluate(f"{name}(a)")
            continue
        for x in (a, i, a.astype("f4"), np.arange(1, n + 1, dtype="u8")):
            assert ungil.evaluate(f"{name}(x)") == getattr(x, name)()
        spoilt = a.copy()
        spoilt[n // 2] = np.nan
        assert np.isnan(ungil.evaluate(f"{name}(spoilt)"))
    with ungil.threads(1):
        one = ungil.evaluate("sum(b*b)")
    assert one == ungil.evaluate("sum(b*b)")


def test_strings():
    s = np.array([b"abc", b"de", b"", b"ab\0"])
    t = np.array([b"abd", b"de", b"x", b"ab"])
    for operator in ("<", "<=", "==", "!=", ">", ">="):
        np.testing.assert_array_equal(ungil.evaluate(f"s {operator} t"), eval(f"s {operator} t"))
        np.testing.assert_array_equal(ungil.evaluate(f"s {operator} b'de'"), eval(f"s {operator} b'de'"))
    np.testing.assert_array_equal(ungil.evaluate("contains(s, 'b')"), [True, False, False, True])
    n = np.arange(4)
    np.testing.assert_array_equal(ungil.evaluate("where((s == 'de') & (n > 0), n, -1)"), [-1, 1, -1, -1])
    np.testing.assert_array_equal(ungil.evaluate("s"), s)
    with pytest.raises(NotImplementedError, match="add_sss"):
        ungil.evaluate("s + t")
    with pytest.raises(ValueError, match="Unicode"):
        ungil.evaluate("u", {"u": np.array(["a"])})


def test_names_come_from_the_frame():
    outer = np.arange(3.0)

    def inner(local):
        cell = local * 2

        def innermost():
            return cell

        assert innermost() is cell
        return ungil.evaluate("outer + local + cell") if outer is not None else None

    np.testing.assert_array_equal(inner(np.ones(3)), outer + 3)
    namespace = {"ungil": ungil, "g": 4.0}
    exec(
        "class C:\n    here = 2.0\n    value = ungil.evaluate('here*g')\nz = ungil.evaluate('g + 1')",
        namespace,
    )
    assert namespace["C"].value == 8.0
    assert namespace["z"] == 5.0

    def caller():
        only_here = 7.0
        return helper() + 0 * only_here

    def helper():
        return ungil.evaluate("only_here", _frame_depth=4)

    assert caller() == 7.0

    class Mapping(dict):
        def __missing__(self, key):
            raise KeyError(key)

    assert ungil.evaluate("a + b", local_dict=Mapping(a=1), global_dict={"b": 2}) == 3
    with pytest.raises(KeyError, match="nowhere"):
        ungil.evaluate("2 * nowhere")


def test_operands_are_not_kept():
    a = np.arange(1000.0)
    alive = weakref.ref(a)
    ungil.evaluate("a + 1")
    del a
    gc.collect()
    assert alive() is None


HOSTILE = [
    ("a.__class__", ValueError),
    ("__import__('os')", ValueError),
    ("().__class__.__bases__", ValueError),
    ("a[0]", ValueError),
    ("lambda: 0", ValueError),
    ("[x for x in a]", ValueError),
    ("{1: 2}", ValueError),
    ("(x := 3)", ValueError),
    ("f'{a}'", ValueError),
    ("exec('1')", TypeError),
    ("open('x')", TypeError),
    ("sin(a)(a)", TypeError),
    ("a if a else a", TypeError),
    ("a and a", TypeError),
    ("not a", TypeError),
    ("1 < a < 2", TypeError),
    ("a, a", TypeError),
    ("None", TypeError),
    ("sin()", TypeError),
    ("sin(a, x=1)", TypeError),
    ("where(a)", TypeError),
    ("sum(a, axis=1.5)", TypeError),
    ("a + 'x'", TypeError),
    ("a @ a", TypeError),
    ("a in a", TypeError),
    ("*a", TypeError),
    ("sin(*a)", TypeError),
    ("2**10000000", OverflowError),
    ("9**9**9**9", OverflowError),
    ("1 << 10000000000", OverflowError),
    ("123456789012345678901234567890", OverflowError),
    ("1/0", ZeroDivisionError),
    ("a +", SyntaxError),
    ("", SyntaxError),
    ("a b", SyntaxError),
    ("a = 1", SyntaxError),
    ("import os; a", ValueError),
    ("sin(a, a)", NotImplementedError),
    ("~a", NotImplementedError),
    ("'ü'", ValueError),
    ("(" * 100_000 + "a" + ")" * 100_000, SyntaxError),
    ("-" * 100_000 + "a", SyntaxError),
    ("a" + "**a" * 100_000, SyntaxError),
    ("sin(" * 5_000 + "a" + ")" * 5_000, SyntaxError),
    ("a+" * 500_000 + "a", SyntaxError),
    ("x" * 1_000_000, KeyError),
    ("\0", SyntaxError),
]


@pytest.mark.parametrize(("text", "error"), HOSTILE, ids=[t[:24] for t, _ in HOSTILE])
def test_hostile_strings_are_errors(text, error):
    a = np.arange(3.0)
    with pytest.raises(error) as caught:
        ungil.evaluate(text, local_dict={"a": a}, global_dict={})
    assert isinstance(caught.value, ungil.errors.CompileError)
    message = str(caught.value)
    assert "^" in message and "<formula>" in message
    assert len(message) < 2_000
    problem = ungil.validate(text, local_dict={"a": a}, global_dict={})
    assert isinstance(problem, error)


def test_deep_powers_stay_small():
    a = np.array([1.0, 1.0000001])
    text = "a" + "**2" * 3
    np.testing.assert_allclose(ungil.evaluate(text), eval(text))
    text = "(" * 30 + "a" + ")**2" * 30
    np.testing.assert_allclose(ungil.evaluate(text), a ** (2.0**30), rtol=1e-6)


def test_re_evaluate_and_validate():
    a = np.arange(3.0)
    assert ungil.validate("a + 1") is None
    np.testing.assert_array_equal(ungil.re_evaluate(), a + 1)
    a = np.arange(4)
    np.testing.assert_array_equal(ungil.re_evaluate(), a + 1)
    np.testing.assert_array_equal(ungil.re_evaluate(local_dict={"a": 5}), 6)
    failed = []

    def elsewhere():
        try:
            ungil.re_evaluate()
        except RuntimeError:
            failed.append(True)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert failed


def test_objects():
    f = ungil.NumExpr("2*b - a", [("b", np.float64), ("a", np.int32)])
    assert f.input_names == ("b", "a")
    assert f.signature == b"di"
    np.testing.assert_array_equal(f(np.arange(3), np.ones(3, "i1")), 2 * np.arange(3) - 1)
    with pytest.raises(TypeError):
        f(1.0, np.ones(3))
    with pytest.raises(ValueError, match="number of inputs"):
        f(1.0)
    with pytest.raises(ValueError, match="don't match"):
        ungil.NumExpr("a", [("b", float)])
    g = ungil.NumExpr(2.0 * E.a + ConstantNode(np.float32(3)), [("a", float)])
    assert g(np.float32([1, 2])).dtype == np.float64
    assert ungil.NumExpr(E.a * ConstantNode(np.int64(2)), [("a", np.int32)]).constants == (2,)
    assert repr(f) == 'NumExpr("2*b - a")'
    assert isinstance(f.program, bytes) and len(f.program) == 12
    assert f.fullsig.startswith(b"ddi")


def test_many_elements_on_all_threads():
    a, b = RNG.uniform(0, 1, 3_000_001), RNG.uniform(0, 1, 3_000_001)
    one, two = (None, None)
    with ungil.threads(1):
        one = ungil.evaluate("sin(a)*b + exp(-b)")
    two = ungil.evaluate("sin(a)*b + exp(-b)")
    np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(one, np.sin(a) * b + np.exp(-b), rtol=1e-14)
    wide = RNG.uniform(0, 1, (3, 400_000))
    np.testing.assert_array_equal(ungil.evaluate("wide[0] + 1".replace("[0]", "")), wide + 1)
    tall = RNG.uniform(0, 1, (400_000, 4))[:, :3]
    np.testing.assert_array_equal(ungil.evaluate("tall*2"), tall * 2)
    cube = RNG.uniform(0, 1, (50, 60, 70))[::2, ::3, ::2]
    np.testing.assert_array_equal(ungil.evaluate("cube*2"), cube * 2)


def test_threads_evaluate_at_once():
    errors = []

    def work(seed):
        a = np.full(20_000, float(seed))
        for k in range(30):
            if not (ungil.evaluate(f"a*{seed} + {k}") == seed * seed + k).all():
                errors.append(seed)

    threads = [threading.Thread(target=work, args=(s,)) for s in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not errors


def test_no_reference_leaks():
    a = np.arange(10.0)
    out = np.empty(10)
    ungil.evaluate("a*2 + 1", out=out)
    before = sys.getrefcount(a), sys.getrefcount(out), ungil._ungil.live_blocks()
    for _ in range(200):
        ungil.evaluate("a*2 + 1", out=out)
        ungil.evaluate("a*2 + 1")
        with pytest.raises(ValueError):
            ungil.evaluate("a + b", {"a": a, "b": np.ones(3)})
    assert (sys.getrefcount(a), sys.getrefcount(out), ungil._ungil.live_blocks()) == before


def test_objects_that_are_no_arrays():
    for value in ({}, None, object(), "text"):
        with pytest.raises(ValueError):
            ungil.evaluate("x", {"x": value})
    with pytest.raises(TypeError, match="mask"):
        ungil.evaluate("x", {"x": np.ma.array([1, 2], mask=[0, 1])})
    np.testing.assert_array_equal(ungil.evaluate("x*2", {"x": [1, 2]}), [2, 4])
    assert ungil.evaluate("x // 2", {"x": 2**63}) == 2**62
    with pytest.raises(ValueError, match="Unknown keyword"):
        ungil.evaluate("1", optimisation="none")
    with pytest.raises(ValueError, match="must be one of"):
        ungil.evaluate("1", optimization="fast")


def test_machine_questions(capsys):
    assert ungil.detect_number_of_cores() >= 1
    assert ungil.get_vml_version() is None
    assert ungil.set_vml_accuracy_mode("high") is None
    assert ungil.set_vml_num_threads(2) is None
    ungil.print_versions()
    assert "NumPy version" in capsys.readouterr().out


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint64", "float32", "float64", "complex128"])
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (40, 33), (6000, 3), (3, 6000), (70, 9, 40), (2, 3, 4, 5)])
def test_reductions_along_axes(dtype, shape):
    a, b = (RNG.uniform(-2, 3, shape).astype(dtype) for _ in range(2))
    views = [a, np.asfortranarray(a), np.repeat(a, 2, axis=0)[::-2], a.swapaxes(0, -1).copy().swapaxes(0, -1)]
    n = len(shape)
    axes = [*range(-n, n), (0, -1), tuple(range(n)), ()]
    names = ["sum", "prod"] if "complex" in dtype else ["sum", "prod", "min", "max"]
    for a, name in itertools.product(views, names):
        if name == "prod" and a.size > 200 and a.dtype.kind in "fc":
            continue  # Overflows in some orders only.
        terms = a * b + a
        for axis in axes if a is views[0] else axes[:2]:
            expected = getattr(np, name)(terms, axis=axis)
            found = ungil.evaluate(f"{name}(a*b + a, axis={axis})")
            assert found.shape == np.shape(expected)
            tolerance = 2e-4 if dtype == "float32" else 1e-10
            np.testing.assert_allclose(found, np.asarray(expected).astype(found.dtype), tolerance, tolerance)


def test_reductions_along_axes_keep_what_numpy_keeps():
    a = np.array([[np.nan, 1.0, -0.0], [2.0, np.inf, -0.0]])
    for name in ("sum", "prod", "min", "max"):
        for axis in (0, 1):
            np.testing.assert_array_equal(
                ungil.evaluate(f"{name}(a, axis={axis})"), getattr(np, name)(a, axis=axis)
            )
    assert ungil.evaluate("sum(a, axis=0)").flags.owndata
    b = np.asfortranarray(RNG.random((30, 40, 50)))
    found = ungil.evaluate("sum(2*b, axis=1)")
    assert found.strides == np.sum(2 * b, axis=1).strides
    empty = np.zeros((0, 3))
    assert ungil.evaluate("sum(empty, axis=0)").tolist() == [0, 0, 0]
    with pytest.raises(ValueError):
        ungil.evaluate("min(empty, axis=0)")


def test_reductions_along_axes_have_one_result_for_any_number_of_threads():
    threads = ungil.get_num_threads()
    a = RNG.random((300, 7000)).astype("float32")
    try:
        for axis in (0, 1):
            results = []
            for n in (1, 2):
                ungil.set_num_threads(n)
                results.append(ungil.evaluate(f"sum(sin(a) * a, axis={axis})").tobytes())
            assert results[0] == results[1]
    finally:
        ungil.set_num_threads(threads)


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "float64", "complex128", ">f8"])
@pytest.mark.parametrize("short", [2, 3, 7, 16, 31, 40, 41])
def test_reductions_along_short_axes(dtype, short):
    random = np.random.default_rng(3)
    base = (random.random((300, short, 2)) * 2 + 0.5).astype(dtype)
    tall = np.ascontiguousarray(base[:, :, 0])
    flat = np.ascontiguousarray(tall.T)
    for a, axis in ((tall, 1), (flat, 0), (base[:, :, 0], 1), (tall.T, 0), (tall[::-1, ::-1], 1), (base, 1)):
        names = ("sum", "prod") if dtype == "complex128" else ("sum", "prod", "min", "max")
        for name in names:
            kept = a.astype(a.dtype.newbyteorder("="))
            expected = getattr(np, name)(
                kept, axis=axis, **({"dtype": kept.dtype} if name in ("sum", "prod") else {})
            )
            found = ungil.evaluate(f"{name}(a, axis={axis})")
            assert found.shape == expected.shape and found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, rtol=2e-5)
        scale = np.arange(a.shape[axis]).reshape([-1 if k == axis else 1 for k in range(a.ndim)]) * 1.0
        found = ungil.evaluate(f"sum(a*scale + 1, axis={axis})")
        np.testing.assert_allclose(found, (a * scale + 1).sum(axis=axis), rtol=1e-5)


@pytest.mark.parametrize("function", ["sin", "exp", "log1p", "tanh"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_many_calls_of_one_function(function, dtype):
    # Too many to be inlined: the bits are those of single calls.
    x = np.abs(np.random.default_rng(3).normal(size=1003) * 9).astype(dtype)
    y = x / 8
    named = {"x": x, "y": y}
    total = ungil.evaluate(" + ".join(f"{function}(x + {k}*y)" for k in range(40)), named)
    parts = [ungil.evaluate(f"{function}(x + {k}*y)", named) for k in range(40)]
    assert total.dtype == dtype and np.array_equal(total, sum(parts[1:], parts[0]))


def test_formulas_of_a_thousand_terms():
    x, n = np.arange(6.0).reshape(2, 3), np.arange(3)
    assert np.array_equal(ungil.evaluate(" + ".join(f"{k}*x" for k in range(1000))), x * 499500)
    counted = ungil.evaluate(" + ".join(f"(n == {k % 5})*{k}" for k in range(1000)))
    expected = [sum(k for k in range(1000) if k % 5 == i) for i in range(3)]
    assert counted.tolist() == expected and counted.dtype == np.int32
    out = np.zeros((2, 3), np.float32)
    ungil.evaluate("sum(" + " + ".join(f"x/{k}" for k in range(1, 500)) + ", axis=0)/n", out=out[0])
