"""Arrays: creation, attributes, indexing and assignment, against NumPy."""

import numpy as np
import pytest
from checking import assert_same, check
from hypothesis import given, settings
from hypothesis import strategies as st

from ungil import jit

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "complex64", "complex128"]  # fmt: skip


def compiled(source, name="f"):
    namespace = {"np": np}
    exec(source, namespace)
    return jit(namespace[name], source=source)


@st.composite
def arrays(draw, max_ndim=3, min_ndim=0):
    """Arrays of every dtype and layout: transposed, reversed, strided, byte-swapped, misaligned, empty."""
    shape = draw(st.lists(st.integers(0, 4), min_size=min_ndim, max_size=max_ndim))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    if draw(st.booleans()):
        dtype = dtype.newbyteorder(">")
    seed = draw(st.integers(0, 100))
    kind = draw(st.sampled_from(["C", "F", "strided", "reversed", "transposed", "misaligned"]))
    values = np.random.default_rng(seed).integers(0, 100, [2 * n for n in shape])
    if kind == "misaligned":
        record = np.zeros(shape, [("pad", "u1"), ("value", dtype)])
        record["value"] = values[tuple(slice(0, n) for n in shape) + (...,)]
        return np.asarray(record["value"])
    a = values.astype(dtype)
    if kind == "strided":
        return np.asarray(a[tuple(slice(None, None, 2) for _ in shape) + (...,)])
    a = np.asarray(a[tuple(slice(0, n) for n in shape) + (...,)])
    if kind == "reversed":
        return np.asarray(a[tuple(slice(None, None, -1) for _ in shape) + (...,)])
    if kind == "transposed":
        return a.copy().T
    return np.asarray(a, order=kind).copy(order=kind)


ATTRIBUTES = compiled("def f(a):\n    return a.shape, a.ndim, a.size, a.itemsize, a.nbytes\n")
STRIDES = compiled("def f(a):\n    return a.strides\n")


@settings(max_examples=80, deadline=None)
@given(arrays())
def test_attributes(a):
    check(ATTRIBUTES, a)
    if all(n > 1 for n in a.shape):
        check(STRIDES, a)


COPIES = {
    name: compiled(f"def f(a):\n    return {name}\n")
    for name in (
        "a.copy()",
        "a.T",
        "a.T.copy()",
        "a.ravel()",
        "a.reshape(a.size)",
        "np.zeros_like(a)",
        "np.ones_like(a)",
        "a.T.T",
    )
}


@pytest.mark.parametrize("name", COPIES)
@settings(max_examples=40, deadline=None)
@given(a=arrays())
def test_copies_and_views(name, a):
    check(COPIES[name], a)
    found, expected = COPIES[name](a), COPIES[name].py_func(a)
    if "reshape" in name and not a.flags.forc:
        return  # NumPy finds more views than the compiler does.
    assert np.shares_memory(found, a) == np.shares_memory(expected, a)


SUM = {
    n: compiled(
        "def f(a):\n    s = 0\n"
        + "".join(f"{'    ' * (k + 1)}for i{k} in range(a.shape[{k}]):\n" for k in range(n))
        + f"{'    ' * (n + 1)}s = s + a[{', '.join(f'i{k}' for k in range(n)) or '()'}]\n    return s\n"
    )
    for n in range(4)
}


@settings(max_examples=80, deadline=None)
@given(arrays())
def test_every_element_is_read(a):
    if a.size:
        check(SUM[a.ndim], a)
    else:
        assert SUM[a.ndim](a) == 0


INDICES = [
    "i",
    "i, j",
    "...",
    "i, ...",
    "..., j",
    ":, j",
    "i:, ::2",
    "::-1",
    "1:-1",
    "i:j",
    "None, i",
    ":, None, j",
    "i::-2, j:",
    "(i, j)",
    "-1",
    "i:i+3, -1",
]


@pytest.mark.parametrize("index", INDICES)
@settings(max_examples=40, deadline=None)
@given(a=arrays(min_ndim=2), i=st.integers(-6, 6), j=st.integers(-6, 6))
def test_basic_indexing(index, a, i, j):
    check(READ[index], a, i, j)


READ = {index: compiled(f"def f(a, i, j):\n    return a[{index}]\n") for index in INDICES}
WRITE = {index: compiled(f"def f(a, i, j, v):\n    a[{index}] = v\n") for index in INDICES}
UPDATE = {index: compiled(f"def f(a, i, j, v):\n    a[{index}] += v\n") for index in INDICES}


@pytest.mark.parametrize("index", INDICES)
@settings(max_examples=30, deadline=None)
@given(a=arrays(min_ndim=2), i=st.integers(-6, 6), j=st.integers(-6, 6))
def test_assignment_of_scalars(index, a, i, j):
    if a.dtype == bool:
        check(WRITE[index], a, i, j, True)
    else:
        check(WRITE[index], a, i, j, 3)
        check(UPDATE[index], a, i, j, 3)


@settings(max_examples=40, deadline=None)
@given(a=arrays(min_ndim=1, max_ndim=2))
def test_assignment_of_arrays(a):
    f = compiled_assign
    check(f, a.copy(), a)
    check(f, a, a[::-1])
    if a.dtype.isnative:
        check(f, a, a)


compiled_assign = compiled("def f(a, b):\n    a[...] = b\n")


def test_overlapping_assignment():
    f = compiled("def f(a):\n    a[1:] = a[:-1]\n    a[::-1] = a\n")
    check(f, np.arange(10))
    check(f, np.arange(12).reshape(4, 3))


def test_readonly_arrays_are_not_written():
    f = compiled("def f(a):\n    a[0] = 1\n")
    a = np.zeros(3)
    a.flags.writeable = False
    with pytest.raises((ValueError, TypeError), match="read-only|readonly"):
        f(a)


def test_out_of_bounds_messages():
    f = compiled("def f(a, i, j):\n    return a[i, j]\n")
    for i, j in ((3, 0), (0, 4), (-4, 0), (0, -5), (2, 3), (-3, -4)):
        check(f, np.zeros((3, 4)), i, j)
    check(compiled("def f(a, i):\n    return a[i]\n"), np.zeros(3), 3)
    check(compiled("def f(a, i):\n    a[i] = 1\n"), np.zeros(3), -4)


def test_bounds_can_be_left_unchecked():
    source = "def f(a, i):\n    return a[i]\n"
    namespace = {}
    exec(source, namespace)
    assert jit(namespace["f"], source=source, boundscheck=False)(np.arange(3.0), 2) == 2.0
    assert jit(namespace["f"], source=source, wraparound=False)(np.arange(3.0), 1) == 1.0
    with pytest.raises(IndexError):
        jit(namespace["f"], source=source, wraparound=False)(np.arange(3.0), -1)


CREATION = [
    "np.zeros(n)", "np.zeros((n, 2))", "np.ones(n, np.int32)", "np.full((2, n), 7)", "np.full(n, 1.5, dtype=np.float32)",
    "np.zeros((n, 2), dtype=np.complex64)", "np.arange(n)", "np.arange(1, n)", "np.arange(n, -2, -2)", "np.arange(0.0, n, 0.5)",
    "np.arange(n, dtype=np.float32)", "np.linspace(0, 1, n)", "np.linspace(-1.0, n, 5)", "np.asarray(np.zeros(n))",
    "np.empty_like(np.zeros(n)).shape", "np.zeros((n,), bool)", "np.ones((n, n)).T", "np.zeros(n, order='F')", "np.full_like(np.zeros(n), 3)",
]  # fmt: skip


@pytest.mark.parametrize("source", CREATION)
def test_creation(source):
    f = compiled(f"def f(n):\n    return {source}\n")
    for n in (0, 1, 5):
        check(f, n)


def test_negative_dimensions():
    check(compiled("def f(n):\n    return np.zeros(n)\n"), -1)
    check(compiled("def f(n):\n    return np.zeros((2, n))\n"), -1)


def test_reshape():
    f = compiled("def f(a):\n    return a.reshape(2, -1), a.reshape((3, 4)), a.reshape(-1)\n")
    check(f, np.arange(12))
    check(f, np.arange(24)[::2])
    with pytest.raises(ValueError, match="cannot reshape array of size 12"):
        compiled("def f(a):\n    return a.reshape(5, -1)\n")(np.arange(12))


def test_fill():
    f = compiled("def f(a):\n    a.fill(3)\n    return a\n")
    for dtype in DTYPES:
        check(f, np.zeros((2, 3), dtype))
        check(f, np.zeros((4, 6), dtype)[::2, ::-3])


def test_zero_dimensional():
    f = compiled("def f(a):\n    a[()] = a[()] + 1\n    return a[()], a.shape, a.size\n")
    check(f, np.array(1.5))
    check(f, np.array(3))


def test_numbers_are_indexed_as_arrays_without_axes():
    f = compiled("def f(x):\n    return x[()], x[...], x[None], x[None, ..., None].shape\n")
    for x in (np.float64(1.5), np.uint8(3), np.complex64(2j), np.True_):
        check(f, x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_stores_convert(dtype):
    f = compiled("def f(a, x):\n    a[0] = x\n    return a[0]\n")
    a = np.zeros(2, dtype)
    check(f, a, 1)
    if dtype != "bool":
        check(f, a, True)
    if dtype.startswith(("float", "complex")):
        check(f, a, 1.5)
        check(f, a, np.float64(0.1))


def test_rank_and_dtype_are_part_of_the_type():
    f = compiled("def f(a):\n    return a.ndim\n")
    assert [f(np.zeros((1,) * n)) for n in range(6)] == list(range(6))
    assert_same(f(np.zeros(2, np.int8)), 1)


@pytest.mark.parametrize("step", [2**63 - 1, -(2**63) + 1, -(2**63), 2**62, 7, -7])
def test_steps_as_long_as_integers_get(step):
    f = compiled(f"def f(a, b, s):\n    return a[::{step}], a[1::s], a[::s], b[::s], b[2:0:s], b[::{step}]\n")
    check(f, np.arange(10.0).reshape(5, 2), [1, 2, 3], step)
