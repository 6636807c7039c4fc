"""`vectorize`: universal functions against NumPy's own."""

import pickle
import threading
import traceback
import warnings

import numpy as np
import pytest

import ungil
from ungil import float64, int64, vectorize

DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
DTYPES += ["float32", "float64", "complex64", "complex128"]


@vectorize(["int64(int64, int64)", "float64(float64, float64)"], identity=0)
def eager_add(x, y):
    """The sum."""
    return x + y


@vectorize
def dynamic_add(x, y):
    return x + y


@vectorize(target="parallel")
def parallel_polynomial(x):
    return 3 * x * x - 2 * x + 1


def sample(dtype, shape, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 2 if dtype == "bool" else 50, shape)
    made = values.astype(dtype)
    if np.dtype(dtype).kind == "c":
        made = made + 1j * rng.integers(0, 9, shape).astype(made.real.dtype)
    return made.astype(dtype)


def same(found, expected):
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_dtypes_and_strides(dtype):
    a, b = sample(dtype, (7, 9, 11)), sample(dtype, (7, 9, 11), 1)
    views = [
        lambda x: x,
        lambda x: x[::-1, ::2, ::-3],
        lambda x: x.T,
        lambda x: np.asfortranarray(x),
        lambda x: x[:, :, :0],
        lambda x: x[3, 4, 5],
        lambda x: np.broadcast_to(x[0, 0, :1], (4, 5)),
    ]
    for first in views:
        x, y = first(a), first(b)
        same(np.asarray(dynamic_add(x, y)), np.asarray(np.add(x, y)))
    same(dynamic_add(a, b[0]), np.add(a, b[0]))
    same(dynamic_add(a[:, :, :1], b[0, :1]), np.add(a[:, :, :1], b[0, :1]))


def test_large_arrays_with_every_way_of_lying_in_memory():
    a = np.arange(30_000.0)
    out = np.zeros(60_000)
    for x, y in [(a, a), (a[::-1], a), (a[::3], a[::3]), (a, np.float64(2)), (np.float64(2), a[::-2])]:
        same(eager_add(x, y), np.add(x, y))
        n = np.broadcast(x, y).shape[0]
        target = out[: 2 * n : 2]
        assert eager_add(x, y, out=target) is target
        same(target, np.add(x, y))


def test_unaligned_and_swapped_operands():
    raw = np.zeros(8 * 100 + 1, "u1")
    x = raw[1:].view("f8")
    x[:] = np.arange(100)
    same(eager_add(x, x), np.add(x, x))
    swapped = np.arange(100.0).astype(">f8")
    same(dynamic_add(swapped, swapped), np.add(swapped, swapped))


def test_results_in_place_and_over_operands():
    for n in (5, 5000):
        x = np.arange(float(n))
        eager_add(x, x, out=x)
        same(x, 2.0 * np.arange(n))
        x = np.arange(float(n))
        eager_add(x[1:], x[:-1], out=x[1:])
        expected = np.arange(float(n))
        expected[1:] = expected[1:] + expected[:-1].copy()
        same(x, expected)
        x = np.arange(float(n))
        eager_add(x, x[::-1], out=x)
        same(x, np.full(n, n - 1.0))


def test_methods():
    a = sample("float64", (6, 7, 8))
    for axis in (0, 1, 2, -1, (0, 2), None):
        same(np.asarray(eager_add.reduce(a, axis=axis)), np.asarray(np.add.reduce(a, axis=axis)))
    same(eager_add.reduce(a, axis=1, keepdims=True), np.add.reduce(a, axis=1, keepdims=True))
    assert eager_add.reduce(np.zeros(0)) == 0
    mask = a > 20
    same(eager_add.reduce(a, where=mask, initial=3), np.add.reduce(a, where=mask, initial=3))
    for axis in range(3):
        same(eager_add.accumulate(a, axis=axis), np.add.accumulate(a, axis=axis))
    at = [0, 3, 1, 5]
    same(eager_add.reduceat(a, at), np.add.reduceat(a, at))
    same(eager_add.outer(a[0], a[1, 0]), np.add.outer(a[0], a[1, 0]))
    x, y = np.zeros(5), np.zeros(5)
    eager_add.at(x, [0, 0, 3, 3, 3], np.arange(5.0))
    np.add.at(y, [0, 0, 3, 3, 3], np.arange(5.0))
    same(x, y)


def test_long_reductions_are_in_order():
    @vectorize(["float64(float64, float64)"])
    def half(total, x):
        return total / 2 + x

    a = np.random.default_rng(1).random(5000)
    total = a[0]
    steps = [total]
    for x in a[1:]:
        total = total / 2 + x
        steps.append(total)
    assert half.reduce(a) == total
    same(half.accumulate(a), np.array(steps))
    same(half.accumulate(a[::-1])[-1:], np.array([half.reduce(a[::-1])]))


def test_keywords():
    a = np.arange(6.0)
    same(eager_add(a, a, where=a > 2, out=np.full(6, -1.0)), np.add(a, a, where=a > 2, out=np.full(6, -1.0)))
    same(eager_add(a, 1, dtype=np.float64), a + 1)
    with pytest.raises(TypeError, match="Cannot cast"):
        eager_add(a, a, casting="same_kind", signature="ll->l")
    with pytest.raises(TypeError, match="Cannot cast"):
        eager_add(a, a, out=np.zeros(6, "i8"))
    same(eager_add(a, a, out=np.zeros(6, "f4")), (a + a).astype("f4"))
    same(eager_add(a, a, casting="unsafe", signature="ll->l"), (a + a).astype("i8"))
    same(dynamic_add(a, a, dtype="f4", casting="same_kind"), (a + a).astype("f4"))
    assert dynamic_add(np.int8(1), np.int8(2), signature="dd->d") == 3.0


def test_attributes():
    assert isinstance(eager_add, np.ufunc)
    assert eager_add.__name__ == "eager_add"
    assert "The sum." in eager_add.__doc__
    assert (eager_add.nin, eager_add.nout, eager_add.ntypes) == (2, 1, 2)
    assert eager_add.types == ["ll->l", "dd->d"]
    assert eager_add.identity == 0
    assert eager_add.signature is None


def test_loops_are_found_by_safe_casts():
    assert eager_add(np.int8(1), np.int8(2)).dtype == np.int64
    assert eager_add(np.float32(1), np.int8(2)).dtype == np.float64
    with pytest.raises(TypeError, match="not supported for the input types"):
        eager_add(1j, 1)


def test_dynamic_loops_do_not_depend_on_earlier_calls():
    @vectorize
    def first(x, y):
        return x + y

    @vectorize
    def second(x, y):
        return x + y

    calls = [
        (1.0, 2.0),
        (1, 2),
        (np.float32(1), 2),
        (np.int8(1), 2),
        (np.arange(3, dtype="i4"), 2.5),
        (True, False),
    ]
    one = [first(*c) for c in calls]
    two = [second(*c) for c in reversed(calls)][::-1]
    for c, a, b in zip(calls, one, two):
        expected = np.asarray(np.add(*c))
        same(np.asarray(a), expected)
        same(np.asarray(b), expected)
    assert first.types == ["dd->d", "ll->l", "ff->f", "bb->b", "id->d", "??->?"]
    assert (first.nin, first.nout, first.nargs, first.ntypes) == (2, 1, 3, 6)
    assert isinstance(first.ufunc, np.ufunc)
    with pytest.raises(OverflowError):
        first(np.int8(1), 300)


def test_dynamic_methods_compile_what_they_need():
    @vectorize
    def ratio(x, y):
        return x / y

    a = np.array([8, 2, 2])
    assert ratio.reduce(a) == np.divide.reduce(a) == 2.0
    same(ratio.accumulate(a), np.divide.accumulate(a))
    same(ratio.outer(a, np.float32(2)), np.divide.outer(a, np.float32(2)))
    same(ratio.reduceat(a, [0, 1]), np.divide.reduceat(a, [0, 1]))
    x = np.ones(3)
    ratio.at(x, [0, 0], 2)
    same(x, np.array([0.25, 1, 1]))
    assert ratio.identity is None
    from_one = vectorize(identity=1)(lambda x, y: x / y)
    assert from_one.reduce(a) == 1 / 32
    assert from_one.identity == 1


def test_signatures_in_all_forms():
    for form in (
        "float64(float64)",
        ["float64(float64)"],
        [float64(float64)],
        float64(float64),
        ["(float64,)"],
        [(float64,)],
        ("float64(float64)", "int64(int64)"),
    ):

        @vectorize(form)
        def twice(x):
            return 2 * x

        assert twice(1.5) == 3.0
        assert twice.types[0] == "d->d"
    added = vectorize(lambda x: x + 1)
    added.add("int64(float32)")
    added.add(int64(int64))
    assert added.types == ["f->l", "l->l"]
    same(added(np.arange(3, dtype="f4")), np.arange(1, 4))


def test_several_results():
    @vectorize
    def parts(x, y):
        return x // y, x % y

    a = np.arange(1, 2000)
    q, r = parts(a[::-1], a)
    same(q, a[::-1] // a)
    same(r, a[::-1] % a)

    @vectorize(["(float64)"])
    def both(x):
        return x, x > 1

    assert both.nout == 2
    assert both.types == ["d->d?"]
    same(both(np.arange(3.0))[1], np.array([False, False, True]))


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 1000, 100_001])
def test_parallel_target(n):
    x = np.random.default_rng(2).random(n)
    same(parallel_polynomial(x), 3 * x * x - 2 * x + 1)
    y = np.repeat(x, 2)[::2]
    same(parallel_polynomial(y[::-1]), (3 * x * x - 2 * x + 1)[::-1])


def test_parallel_eager_and_reduce():
    @vectorize(["float64(float64, float64)"], target="parallel", identity=0)
    def add(x, y):
        return x + y

    x = np.random.default_rng(3).random((300, 400))
    same(add(x, x[0]), x + x[0])
    np.testing.assert_allclose(add.reduce(x.ravel()), x.sum())
    same(add.reduce(x, axis=0), np.add.reduce(x, axis=0))


@pytest.mark.parametrize("target", ["cpu", "parallel"])
def test_exceptions(target):
    @vectorize(target=target)
    def strict(x):
        if x == 777:
            raise ValueError("777 is not allowed")
        return x

    a = np.arange(5000.0)
    for array in (a, a[::-1], a[::7]):
        with pytest.raises(ValueError, match="777 is not allowed") as caught:
            strict(array)
        names = [f.name for f in traceback.extract_tb(caught.value.__traceback__)]
        assert names[-1] == "strict"
        assert "_loop" not in names
    same(strict(a[:700]), a[:700])

    table = np.arange(3.0)

    @vectorize(["float64(int64)"], target=target)
    def look_up(i):
        return table[i]

    same(look_up(np.array([0, 2, -1])), np.array([0.0, 2.0, 2.0]))
    with pytest.raises(IndexError, match="out of bounds"):
        look_up(np.arange(5))

    @vectorize(["float64(float64, float64)"], target=target, error_model="python")
    def divide(x, y):
        return x / y

    with pytest.raises(ZeroDivisionError):
        divide(np.ones(1000), np.zeros(1000))
    with pytest.raises(ZeroDivisionError):
        divide.reduce(np.zeros(1000))
    assert divide(1, 2) == 0.5


def test_division_by_zero_is_numpys_and_silent():
    @vectorize(["float64(float64, float64)"])
    def divide(x, y):
        return x / y

    x, y = np.array([1.0, 0.0, -1.0] * 100), np.zeros(300)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = divide(x, y)
    with np.errstate(all="ignore"):
        same(found, x / y)


def test_wrong_use():
    with pytest.raises(TypeError, match="2 parameters, one\\(\\) has 1"):

        @vectorize(["float64(float64, float64)"])
        def one(x):
            return x

    with pytest.raises(TypeError, match="elements are numbers"):

        @vectorize(["float64[:](float64[:])"])
        def arrays(x):
            return x

    with pytest.raises(TypeError, match="expected a type"):

        @vectorize(["flot64(float64)"])
        def spelled(x):
            return x

    with pytest.raises(TypeError, match="returns None"):

        @vectorize(["(float64)"])
        def nothing(x):
            pass

    with pytest.raises(TypeError, match="returns complex128"):

        @vectorize(["float64(complex128)"])
        def real(x):
            return x

    with pytest.raises(ValueError, match="Unsupported target: cuda"):
        vectorize(target="cuda")(lambda x: x)
    with pytest.raises(TypeError, match="at least one parameter"):
        vectorize(lambda: 1)
    with pytest.raises(TypeError, match="positional parameters"):
        vectorize(lambda *x: 1)
    with pytest.raises(TypeError, match="dtype object"):
        dynamic_add(np.array([None]), 1)
    with pytest.raises(TypeError, match="no option"):
        vectorize(no_such=True)(lambda x: x)
    with pytest.raises(TypeError):
        dynamic_add(1)


class Wrapped:
    def __init__(self, array):
        self.array = array

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        self.seen = (ufunc, method, kwargs)
        inputs = [x.array if isinstance(x, Wrapped) else x for x in inputs]
        out = kwargs.pop("out", None)
        if out is not None:
            kwargs["out"] = tuple(x.array if isinstance(x, Wrapped) else x for x in out)
        return Wrapped(getattr(ufunc, method)(*inputs, **kwargs))


class Opaque:
    __array_ufunc__ = None


@pytest.mark.parametrize("function", [eager_add, dynamic_add])
def test_array_ufunc(function):
    w = Wrapped(np.arange(3.0))
    found = function(1, w)
    assert w.seen[1] == "__call__"
    same(found.array, np.arange(1.0, 4.0))
    assert function.reduce(w).array == 3
    same(function.outer(w, w).array, np.add.outer(w.array, w.array))
    function.at(w, [0, 0], 2)
    assert w.seen[1] == "at" and w.array[0] == 4
    w.array[0] = 0
    target = Wrapped(np.zeros(3))
    function(w, w, out=target)
    same(target.array, 2 * np.arange(3.0))
    with pytest.raises(TypeError):
        function(1, Opaque())
    masked = function(np.ma.masked_array([1.0, 2.0], [False, True]), 1)
    assert isinstance(masked, np.ma.MaskedArray)


def test_half_and_long_long_operands():
    h = np.arange(3, dtype="f2")
    for _ in range(2):
        assert dynamic_add(h, h).dtype == np.float32
    dynamic_add(1.0, 1.0)
    q = np.arange(3, dtype="q")
    same(dynamic_add(q, q), q.astype("l") + q.astype("l"))


def test_pickling():
    for function in (eager_add, dynamic_add):
        assert pickle.loads(pickle.dumps(function)) is function

    @vectorize(["float64(float64, float64)"], identity=0)
    def local(x, y):
        return x - y

    copy = pickle.loads(pickle.dumps(local))
    assert isinstance(copy, np.ufunc)
    assert copy.identity == 0
    assert copy(3, 1) == 2

    factor = 3

    @vectorize
    def scaled(x):
        return factor * x

    scaled(1.5)
    copy = pickle.loads(pickle.dumps(scaled))
    assert copy.types == ["d->d"]
    assert copy(np.arange(2)).tolist() == [0, 3]
    assert pickle.loads(pickle.dumps(np.add)) is np.add


def test_threads_may_compile_at_once():
    @vectorize
    def poly(x):
        return x * x + 1

    results = {}

    def work(k):
        a = np.arange(100).astype(DTYPES[1 + k % 8])
        results[k] = (poly(a), a * a + 1)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(16)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    for found, expected in results.values():
        np.testing.assert_array_equal(found, expected)


@vectorize
def logistic(r, x):
    return r * x * (1 - x)


@vectorize
def halves(x):
    return x // 2, x % 2


def test_inside_kernels():
    @ungil.jit
    def kernel(a, b):
        return eager_add(a, b) * 2 + logistic(2.0, a)

    a, b = np.linspace(0, 1, 50), np.linspace(1, 2, 50)
    np.testing.assert_allclose(kernel(a, b), (a + b) * 2 + 2.0 * a * (1 - a), rtol=1e-15)
    np.testing.assert_allclose(
        kernel(a[:, None], b), (a[:, None] + b) * 2 + 2.0 * a[:, None] * (1 - a[:, None])
    )

    @ungil.jit
    def scalars(i):
        return eager_add(i, 1), logistic(2, i)

    assert scalars(3) == (4, -12)
    assert scalars(0.5) == (1.5, 0.5)

    @ungil.jit
    def dtypes(a):
        return logistic(2, a), eager_add(a, 1)

    for dtype in ("int8", "float32", "int64"):
        x = np.arange(3, dtype=dtype)
        one, two = dtypes(x)
        assert one.dtype == logistic(2, x).dtype
        assert two.dtype == eager_add(x, 1).dtype
        np.testing.assert_array_equal(one, logistic(2, x))

    @ungil.jit
    def several(a):
        q, r = halves(a)
        return q + 10 * r

    np.testing.assert_array_equal(several(np.arange(6)), np.arange(6) // 2 + 10 * (np.arange(6) % 2))

    @ungil.jit
    def out(a, target):
        eager_add(a, 1, target)
        eager_add(a, target, out=target)
        return eager_add(a, a, where=a > 1)

    target = np.zeros(3)
    same(out(np.arange(3.0), target), np.array([0.0, 0.0, 4.0]))
    same(target, np.array([1.0, 3.0, 5.0]))

    @ungil.jit
    def refused(z):
        return eager_add(z, 1)

    with pytest.raises(TypeError, match="no loop for operands"):
        refused(np.zeros(2, "c16"))


def test_other_options():
    @vectorize(["float64(float64)"], fastmath=True, cache=False, nopython=True)
    def cube(x):
        return x * x * x

    assert cube(2) == 8

    @vectorize
    @ungil.jit
    def square(x):
        return x * x

    assert square(3) == 9
    assert "define" in square.inspect_llvm()["(int64[::1], int64[::1]) -> None"]


def mandelbrot(x, y):
    c = complex(x, y)
    z = 0.0j
    for i in range(50):
        z = z * z + c
        if z.real * z.real + z.imag * z.imag >= 4:
            return i

    return 50


def clamped(x, y):
    """A text of
    several lines."""
    if x < 0.2:
        return 0.2
    if x > 0.8:
        x = 0.8
    else:
        x += y; x /= 2  # fmt: skip # noqa: E702
    return x + y


def search(x, y):
    n = 0
    while n < 20:
        n += 1
        for k in range(3):
            if n * x > k + 1:
                return n + k
    return -1


def late(x, y):
    for k in range(int(x * 10)):
        last = k
    if x > 0.1:
        return last + y
    return y


def counted(x, y):
    total = sum(k * x for k in range(4))
    best = max(x, y)
    for k in range(5):
        if k * x > 2:
            break
        total += k
    else:
        total -= best
    return total


def recursive(x, y):
    return x if x > y else recursive(x + 1, y)


def one_line(x, y): return x * y  # fmt: skip # noqa: E704


BODIES = [mandelbrot, clamped, search, late, counted, recursive, one_line, lambda x, y: (x - y) * 2]


@pytest.mark.parametrize("function", BODIES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("signatures", [None, ["(float64, float64)"]])
def test_bodies_of_all_forms(function, signatures):
    rng = np.random.default_rng(9)
    x, y = rng.random((2, 700)) + 0.1
    made = vectorize(signatures)(function)
    expected = np.array([function(a, b) for a, b in zip(x, y)])
    np.testing.assert_allclose(made(x, y), expected, rtol=1e-15)
    np.testing.assert_allclose(
        made(x[::-1], y[:, None][:5, 0][2]), [function(a, y[2]) for a in x[::-1]], rtol=1e-15
    )


def test_variables_never_keep_values_of_other_elements():
    @vectorize(["float64(float64)"])
    def sometimes(x):
        if x > 0:
            found = x
        return found

    assert sometimes(1.0) == 1.0
    with pytest.raises(UnboundLocalError):
        sometimes(np.array([1.0, -1.0]))


def test_lines_in_tracebacks():
    @vectorize(["float64(float64)"])
    def strict(x):
        y = x * 2

        if y > 100:
            raise ValueError("too large")
        return y

    with pytest.raises(ValueError) as caught:
        strict(np.arange(100.0))
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (frame.name, frame.line) == ("strict", 'raise ValueError("too large")')


def test_functions_that_only_compute_fuse():
    @vectorize
    def square(x):
        return x * np.sqrt(abs(x))

    table = np.array([1.0, 2.0])

    @vectorize
    def reads(x):
        return x + table[0]

    @vectorize
    def writes(x):
        table[0] = x
        return x

    @ungil.jit
    def fused(a, b):
        return 2 * a + square(b) * a

    @ungil.jit
    def ordered(a):
        first = reads(a)
        second = writes(a + 10)
        return first + reads(a) + second

    a, b = np.linspace(0, 1, 1000), np.linspace(1, 2, 1000)
    np.testing.assert_allclose(fused(a, b), 2 * a + b * np.sqrt(b) * a, rtol=1e-15)
    (text,) = fused.inspect_ir().values()
    assert text.count("= alloc [") == 1
    same(
        ordered(np.array([0.0, 1.0])), np.array([1.0, 2.0]) + np.array([11.0, 12.0]) + np.array([10.0, 11.0])
    )


def test_methods_of_dynamic_functions_do_as_numpys():
    @vectorize
    def plus(x, y):
        return x + y

    small = np.arange(12, dtype=np.int8).reshape(3, 4)
    plus(np.float32(1), small)  # A loop of mixed dtypes, which reductions do not use.
    for dtype in (np.float32, np.float64, np.int64):
        np.testing.assert_array_equal(
            plus.accumulate(small, dtype=dtype), np.add.accumulate(small, dtype=dtype)
        )
        found = plus.reduceat(small, [0, 2, 1], dtype=dtype)
        np.testing.assert_array_equal(found, np.add.reduceat(small, [0, 2, 1], dtype=dtype))
        assert found.dtype == dtype and plus.reduce(small, dtype=dtype).dtype == dtype
    out = np.zeros((3, 4))
    np.testing.assert_array_equal(plus.accumulate(small, out=out), np.add.accumulate(small, dtype=float))
    for x, y in ((small, 3), (3, np.float32(1)), (1j, np.float32(1)), (small.astype(np.uint64), 3)):
        found, expected = plus.outer(x, y), np.add.outer(x, y)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError):
        vectorize(None, identity=0)(plus.py_func).reduce(np.zeros((0, 3)), initial=None)


class Wrapping:
    """Something that is converted to an array and wraps what comes back."""

    def __init__(self, values):
        self.values = np.array(values)

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __array_wrap__(self, array, context=None, return_scalar=False):
        return type(self)(array)


@pytest.mark.parametrize("values", [[1.0, 2.0], [1, 2], np.array([1, 2], np.int8), True])
def test_array_wrap(values):
    @vectorize
    def plus(x, y):
        return x + y

    for other in (1, 2.5, np.arange(2.0), Wrapping([3, 4])):
        found, expected = plus(Wrapping(values), other), np.add(Wrapping(values), other)
        assert type(found) is type(expected) is Wrapping
        same(found.values, expected.values)
