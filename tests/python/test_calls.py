"""Arguments and results: what goes into a kernel and what comes out of it."""

import array
import gc
import sys

import numpy as np
import pytest
from checking import assert_same, check

import ungil
from ungil import jit

DTYPES = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float32", "float64", "complex64", "complex128",
]  # fmt: skip


@jit
def same(x):
    return x


@jit
def first(a):
    return a[0]


@jit
def double(x):
    return x + x


@pytest.mark.parametrize(
    "value",
    [0, -1, 2**63 - 1, -(2**63), 1.5, -0.0, float("nan"), True, False, 1 - 2j, None, (), (1, 2.0), ((1,), None),
     range(5), range(7, -3, -2), slice(None), slice(1, None, -2), ...],
    ids=repr,
)  # fmt: skip
def test_python_values_come_back(value):
    assert_same(same(value), value)


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_scalars_come_back(dtype):
    for value in (0, 1, 100):
        assert_same(same(np.dtype(dtype).type(value)), np.dtype(dtype).type(value))


@pytest.mark.parametrize("dtype", DTYPES)
def test_elements_of_every_dtype_and_byte_order(dtype):
    values = np.array([1, 0, 3]).astype(dtype)
    check(first, values)
    check(first, values.astype(values.dtype.newbyteorder(">")))
    check(first, values[::-1])
    packed = np.zeros(3, dtype=[("pad", "u1"), ("value", dtype)])
    packed["value"] = values
    check(first, packed["value"])


def test_weak_and_numpy_scalars_differ():
    check(double, 3)
    check(double, np.int8(100))
    check(double, np.float32(0.1))
    check(double, 0.1)
    assert len(double.signatures) >= 4


def test_integers_beyond_64_bits_are_refused():
    with pytest.raises(OverflowError, match="argument 'x'"):
        same(2**63)
    with pytest.raises(OverflowError):
        same((1, -(2**63) - 1))


def test_an_argument_is_returned_as_itself():
    for a in (np.arange(3), np.zeros((2, 3), order="F"), np.arange(10)[::3], np.array(1.5), np.zeros((0, 4))):
        assert same(a) is a
        assert same((a, a))[1] is a
    view = memoryview(b"abc")
    assert same(view) is view


def test_a_view_of_an_argument_has_it_as_base():
    @jit
    def tail(a):
        return a[1:]

    a = np.arange(5)
    t = tail(a)
    assert t.base is a
    t[0] = 50
    assert a[1] == 50
    before = sys.getrefcount(a)
    del t
    assert sys.getrefcount(a) == before - 1


def test_fresh_arrays_own_their_memory():
    @jit
    def ramp(n):
        a = np.empty(n)
        for i in range(n):
            a[i] = i
        return a

    a = ramp(10)
    assert a.flags.owndata and a.base is None and a.flags.writeable and a.flags.aligned
    assert_same(a, np.arange(10.0))
    a.resize(1000, refcheck=False)
    assert a[9] == 9 and a[10:].sum() == 0
    assert ramp(0).shape == (0,)


def test_memory_is_given_back():
    @jit
    def pair(n):
        a = np.zeros(n)
        return a, a[1:], a.reshape(2, n // 2)

    @jit
    def fails(n):
        a = np.zeros(n)
        if a[0] == 0:
            raise ValueError("lost")
        return a

    pair(4), pytest.raises(ValueError, fails, 4)
    gc.collect()
    before = ungil._ungil.live_blocks()
    for _ in range(100):
        pair(4)
        with pytest.raises(ValueError):
            fails(4)
    gc.collect()
    assert ungil._ungil.live_blocks() == before


def test_references_of_arguments_do_not_change():
    a, t = np.arange(3.0), (np.arange(2), 1)
    same(a), same(t)
    counts = [sys.getrefcount(x) for x in (a, t, t[0])]
    for _ in range(100):
        same(a), same(t), first(a)
        same([a])
        with pytest.raises(ungil.errors.TypingError):
            same([a, 1])
    assert [sys.getrefcount(x) for x in (a, t, t[0])] == counts


def test_layouts_are_specialised_and_size_1_axes_are_canonical():
    @jit
    def total(a):
        s = 0.0
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                s += a[i, j]
        return s

    c = np.arange(12.0).reshape(3, 4)
    for a in (c, np.asfortranarray(c), c[:, ::2], c[::-1], c.T):
        check(total, a)
    assert len(total.signatures) == 3
    total(np.asfortranarray(np.ones((5, 1))))
    total(np.ones((4, 4))[:1, :])
    assert len(total.signatures) == 3


def test_readonly_arrays():
    a = np.arange(3)
    a.flags.writeable = False
    check(first, a)
    assert same(a) is a


def test_other_exporters():
    assert first(array.array("d", [1.5, 2])) == 1.5
    assert first(memoryview(b"abc")) == 97
    assert first(bytearray(b"abc")) == 97

    class Tensor:
        def __init__(self, a):
            self.a = a

        def __dlpack__(self, **kwargs):
            return self.a.__dlpack__(**kwargs)

        def __dlpack_device__(self):
            return self.a.__dlpack_device__()

    assert first(Tensor(np.array([2.5]))) == 2.5


def test_memory_maps_are_arrays(tmp_path):
    m = np.memmap(tmp_path / "m", dtype="f8", mode="w+", shape=(3,))
    m[:] = 4
    assert first(m) == 4


class Series:
    pass


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1, "a"], "the elements of the list have no common type"),
        ({}, "values of type dict"),
        (object(), "values of type object"),
        (np.ma.array([1.0]), "x.data, x.mask"),
        (np.matrix([[1.0]]), "np.asarray(x)"),
        (np.array([None]), "dtype object"),
        (np.array(["a"]), "dtype <U1"),
        (np.array([1], "f2"), "astype(np.float32)"),
        (np.array([1], "M8[s]"), "view(np.int64)"),
        (np.zeros(1, [("x", "f8")]), "a['x']"),
        (np.float16(1), "np.float32(x)"),
        (Series(), "x.to_numpy()"),
        ((1, [2, None]), "the elements of the list have no common type"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_what_kernels_do_not_take_is_named(value, words):
    with pytest.raises(TypeError) as caught:
        same(value)
    assert caught.value.code == "U0601"
    assert words in str(caught.value)
    assert "argument 'x'" in str(caught.value)


def test_many_and_large_arguments():
    @jit
    def deep(t):
        return t[0][1] + t[3][0]

    check(deep, ((1, 2), 3.0, None, (4, np.arange(3))))
    arrays = tuple(np.full((2, 2, 2), float(i)) for i in range(30))

    @jit
    def last(t):
        return t[29][1, 1, 1]

    assert last(arrays) == 29.0


def test_keywords_defaults_and_star():
    @jit
    def f(a, /, b, c=3, *rest, d, e=5):
        return a, b, c, rest, d, e

    py = f.py_func
    for args, kwargs in [
        ((1, 2), {"d": 4}),
        ((1,), {"b": 2, "d": 4, "c": 1.5}),
        ((1, 2, 3, 4, 5), {"d": 6, "e": 7}),
    ]:
        assert_same(f(*args, **kwargs), py(*args, **kwargs))
    for args, kwargs in [((), {}), ((1, 2), {}), ((1, 2), {"d": 1, "x": 2}), ((1, 2), {"a": 1, "d": 2})]:
        with pytest.raises(TypeError) as expected:
            py(*args, **kwargs)
        with pytest.raises(TypeError) as found:
            f(*args, **kwargs)
        assert str(found.value) == str(expected.value)


def test_keywords_that_are_collected_are_refused():
    @jit
    def f(a, **options):
        return a

    with pytest.raises(ungil.errors.CompileError):
        f(1)
    with pytest.raises(ungil.errors.CompileError, match="one by one"):
        f(1, b=2)


def test_functions_as_arguments():
    @jit
    def apply(f, x):
        return f(x) + 1

    def square(x):
        return x * x

    three = 3
    assert apply(square, 4) == 17
    assert apply(jit(square), 4) == 17
    assert apply(lambda x: x * three, 4) == 13
    assert apply(abs, -2) == 3
    for _ in range(3):
        assert apply(lambda x: x - 1, 4) == 4
    assert len(apply.signatures) <= 5


def test_globals_are_constants_that_are_checked():
    namespace = {"jit": jit, "scale": 2}
    source = "def f(x):\n    return x * scale\n"
    exec(source, namespace)
    f = jit(namespace["f"], source=source)
    assert f(3) == 6
    namespace["scale"] = 5
    assert f(3) == 15
    namespace["scale"] = 2.5
    assert_same(f(3), 7.5)
    namespace["scale"] = 2
    assert_same(f(3), 6)
    del namespace["scale"]
    with pytest.raises(NameError):
        f(3)


table = np.arange(4.0)


def test_global_arrays_are_seen_through():
    global table

    @jit
    def look(i):
        return table[i]

    assert look(3) == 3.0
    table[3] = 30
    assert look(3) == 30.0
    table = np.arange(4.0) * 7
    assert look(3) == 21.0


def test_closures_are_followed():
    k = 2

    @jit
    def f(x):
        return x * k

    assert f(2) == 4
    k = 3
    assert f(2) == 6


def finished(function, n):
    try:
        return repr(function(n))
    except (KeyError, ValueError) as error:
        return repr(error)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_arrays_that_finally_keeps_from_being_returned_are_freed(depth):
    @jit
    def one(n):
        try:
            return np.zeros(n)
        finally:
            if n > 2:
                raise ValueError("late")

    @jit
    def two(n):
        try:
            try:
                return np.zeros(n), n
            finally:
                if n == 5:
                    raise ValueError("inner")
        finally:
            if n > 6:
                raise KeyError("outer")

    @jit
    def caught(n):
        for _ in range(3):
            try:
                try:
                    return np.zeros(n)
                finally:
                    if n > 2:
                        raise ValueError("late")
            except ValueError:
                n -= 1
        return np.ones(n)

    kernel = (one, two, caught)[depth - 1]
    for n in (1, 4, 5, 8):
        for rounds in (1, 10):
            before = ungil._ungil.live_blocks()
            for _ in range(rounds):
                assert finished(kernel, n) == finished(kernel.py_func, n)
            after = ungil._ungil.live_blocks()
        assert after == before, n
