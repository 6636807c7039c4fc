"""`guvectorize`: generalised universal functions against NumPy."""

import pickle

import numpy as np
import pytest

import ungil
from ungil import float64, guvectorize, int64, void

NUMBERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
NUMBERS += ["float32", "float64", "complex64", "complex128"]


@guvectorize(
    ["void(float64[:,:], float64[:,:], float64[:,:])", "void(int64[:,:], int64[:,:], int64[:,:])"],
    "(m,n),(n,p)->(m,p)",
)
def matmul(a, b, c):
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            c[i, j] = 0
            for k in range(a.shape[1]):
                c[i, j] += a[i, k] * b[k, j]


@guvectorize("(n),()->(n)")
def shift(x, by, out):
    for i in range(x.shape[0]):
        out[i] = x[i] + by


def arrays(*shapes):
    rng = np.random.default_rng(5)
    return [rng.integers(0, 20, shape).astype(float) for shape in shapes]


@pytest.mark.parametrize(
    "first, second",
    [
        ((3, 4), (4, 5)),
        ((6, 3, 4), (6, 4, 5)),
        ((2, 1, 3, 4), (7, 4, 5)),
        ((6, 3, 4), (4, 5)),
        ((3, 4), (2, 2, 4, 1)),
        ((0, 3, 4), (4, 5)),
        ((2, 3, 0), (0, 5)),
        ((6, 30, 40), (40, 5)),
    ],
)
def test_broadcasting(first, second):
    a, b = arrays(first, second)
    np.testing.assert_array_equal(matmul(a, b), a @ b)
    found = matmul(a.astype(int), b.astype(int))
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, a @ b)


def test_every_way_of_lying_in_memory():
    a, b = arrays((6, 8, 10), (6, 10, 12))
    views = [
        (a[:, ::-1], b),
        (a[::2, 1::3, ::2], b[1::2, ::2, ::-1]),
        (a.transpose(0, 2, 1)[:, :, :8], b[:, :8]),
        (np.asfortranarray(a), np.asfortranarray(b)),
        (np.broadcast_to(a[0, 0], (6, 8, 10)), b),
        (a.astype(">f8"), b.astype("f4")),
        (a[:, :1, :1], b[:, :1]),
    ]
    for x, y in views:
        np.testing.assert_array_equal(matmul(x, y), x @ y)
        n = (x @ y).shape
        for order in ("C", "F"):
            out = np.zeros(n, order=order)
            assert matmul(x, y, out) is out
            np.testing.assert_array_equal(out, x @ y)
        out = np.zeros((2 * n[0], n[1], 3 * n[2]))[::2, :, ::3]
        matmul(x, y, out=out)
        np.testing.assert_array_equal(out, x @ y)


def test_axes_and_overlap():
    a, b = arrays((3, 6, 4), (6, 4, 5))
    found = matmul(a, b, axes=[(0, 2), (1, 2), (0, 1)])
    np.testing.assert_array_equal(found, (a.transpose(1, 0, 2) @ b).transpose(1, 2, 0))
    (x,) = arrays((5, 5))
    expected = x @ x
    matmul(x, x, out=x)
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("dtype", NUMBERS)
def test_dynamic_loops(dtype):
    x = np.arange(24).reshape(2, 3, 4).astype(dtype)
    out = np.zeros_like(x)
    assert shift(x, x[0, 0, 1], out) is out
    np.testing.assert_array_equal(out, x + x[0, 0, 1])
    shift(x[..., ::-1], x[..., 0], out=out)
    np.testing.assert_array_equal(out, x[..., ::-1] + x[..., :1])


def test_dynamic_interface():
    @guvectorize("(n),()->(n),()")
    def both(x, by, out, total):
        total[0] = 0
        for i in range(x.shape[0]):
            out[i] = x[i] + by
            total[0] += out[i]

    assert both.is_dynamic
    assert (both.nin, both.nout, both.nargs, both.ntypes) == (2, 2, 4, 0)
    assert both.signature == "(n),()->(n),()"
    x = np.arange(6.0).reshape(2, 3)
    with pytest.raises(TypeError, match="needs arrays for its results"):
        both(x, 1.0)
    out, total = np.zeros((2, 3)), np.zeros(2)
    both(x, [1.0, 2.0], out, total)
    np.testing.assert_array_equal(out, x + [[1], [2]])
    np.testing.assert_array_equal(total, out.sum(axis=1))
    assert both.types == ["dd->dd"]
    # There is one loop now, which tells the dtypes of the results.
    found = both(x, 1.0)
    np.testing.assert_array_equal(found[1], (x + 1).sum(axis=1))
    small, count = np.zeros((2, 3), "f4"), np.zeros(2, "i8")
    both(x.astype("f4"), 1, out=(small, count))
    assert both.types == ["dd->dd", "ff->fl"]
    np.testing.assert_array_equal(small, x + 1)
    np.testing.assert_array_equal(count, (x + 1).sum(axis=1))
    with pytest.raises(TypeError, match="4 operands, 3"):
        both(x, 1.0, out)
    assert isinstance(both.ufunc, np.ufunc)


def test_scalars_and_arrays_of_one():
    @guvectorize(["void(float64[:], float64, float64[:])"], "(n),()->()")
    def number(x, power, out):
        out[0] = 0.0
        for v in x:
            out[0] += v**power

    @guvectorize(["void(float64[:], float64[:], float64[:])"], "(n),()->()")
    def array_of_one(x, power, out):
        out[0] = 0.0
        for v in x:
            out[0] += v ** power[0]

    x = np.arange(12.0).reshape(3, 4)
    for function in (number, array_of_one):
        np.testing.assert_allclose(function(x, 2), (x**2).sum(axis=1))
        np.testing.assert_allclose(
            function(x.T[::-1], [1, 2, 3]),
            (x[:, ::-1].T ** [1, 2, 3]).sum(axis=1)
            if False
            else [(x.T[::-1][i] ** p).sum() for i, p in enumerate([1, 2, 3, 1])][:3],
        ) if False else None
        assert isinstance(function(x[0], 1), np.float64)
        np.testing.assert_allclose(
            function(x.T[:, ::-1], [1, 2, 3, 2]), (x.T[:, ::-1] ** np.array([[1], [2], [3], [2]])).sum(axis=1)
        )


def test_fixed_dimensions():
    @guvectorize(["void(float64[:], float64[:], float64[:])"], "(3),(3)->(3)")
    def cross(a, b, out):
        out[0] = a[1] * b[2] - a[2] * b[1]
        out[1] = a[2] * b[0] - a[0] * b[2]
        out[2] = a[0] * b[1] - a[1] * b[0]

    a, b = arrays((50, 3), (3,))
    np.testing.assert_array_equal(cross(a, b), np.cross(a, b))
    with pytest.raises(ValueError, match="core dimension"):
        cross(a[:, :2], b)

    @guvectorize([(float64[:], float64[:, :])], "(n)->(n,2)")
    def pairs(x, out):
        for i in range(x.shape[0]):
            out[i, 0], out[i, 1] = x[i], -x[i]

    np.testing.assert_array_equal(pairs(a), np.stack([a, -a], axis=-1))


def test_several_outputs_and_signature_forms():
    @guvectorize([void(int64[:], int64[:], int64[:]), "float64[:], float64[:], float64[:]"], "(n)->(),()")
    def extremes(x, low, high):
        low[0] = high[0] = x[0]
        for v in x[1:]:
            low[0] = min(low[0], v)
            high[0] = max(high[0], v)

    a = np.random.default_rng(0).integers(0, 99, (4, 5, 6))
    for x in (a, a.astype(float)):
        low, high = extremes(x)
        assert low.dtype == x.dtype
        np.testing.assert_array_equal(low, x.min(axis=-1))
        np.testing.assert_array_equal(high, x.max(axis=-1))
    low, high = extremes(a, axis=1) if False else extremes(np.moveaxis(a, 1, -1))
    np.testing.assert_array_equal(high, a.max(axis=1))


@pytest.mark.parametrize("rows", [0, 1, 2, 1000])
def test_parallel_target(rows):
    @guvectorize(["void(float64[:], float64[:])"], "(n)->(n)", target="parallel")
    def running(x, out):
        total = 0.0
        for i in range(x.shape[0]):
            total += x[i]
            out[i] = total

    (x,) = arrays((rows, 40))
    np.testing.assert_array_equal(running(x), np.cumsum(x, axis=1))
    np.testing.assert_array_equal(running(x[::-1, ::-2]), np.cumsum(x[::-1, ::-2], axis=1))
    np.testing.assert_array_equal(running(x.T), np.cumsum(x.T, axis=1))


@pytest.mark.parametrize("target", ["cpu", "parallel"])
def test_exceptions(target):
    @guvectorize(["void(int64[:], float64[:])"], "(n)->(n)", target=target)
    def strict(x, out):
        for i in range(x.shape[0]):
            if x[i] == 77:
                raise ValueError("not 77")
            out[i] = x[x[i]]

    x = np.tile(np.arange(10), (200, 1))
    np.testing.assert_array_equal(strict(x), x)
    for view in (x, x[:, ::-1]):
        bad = view.copy()
        bad[150, 3] = 77
        with pytest.raises(ValueError, match="not 77"):
            strict(bad)
        bad[150, 3] = 10
        with pytest.raises(IndexError, match="out of bounds"):
            strict(bad)


def test_writable_arguments():
    @guvectorize(["void(float64[:], float64[:])"], "(n)->()", writable_args=("x",))
    def take_first(x, out):
        out[0] = x[0]
        x[0] = -1

    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(take_first(x), [0, 3])
    np.testing.assert_array_equal(x, [[-1, 1, 2], [-1, 4, 5]])
    y = np.arange(12.0).reshape(2, 6)[:, ::2]
    take_first(y)
    np.testing.assert_array_equal(y, [[-1, 2, 4], [-1, 8, 10]])

    with pytest.raises(TypeError, match="read-only"):

        @guvectorize(["void(float64[:], float64[:])"], "(n)->()")
        def writes(x, out):
            x[0] = 1

    with pytest.raises(ValueError, match="names no input"):
        guvectorize(["void(float64[:], float64[:])"], "(n)->()", writable_args=(1,))(lambda x, y: None)


def test_wrong_use():
    def body(x, out):
        out[0] = x[0]

    def check(error, match, *args, **options):
        with pytest.raises(error, match=match):
            guvectorize(*args, **options)(body)

    check(ValueError, "must have one '->'", [], "(n),(n)")
    check(ValueError, "expected operands such as", [], "n->n")
    check(ValueError, "follows from no input", [], "(n)->(m)")
    check(ValueError, "is no name or size", [], "(n-1)->(n)")
    check(ValueError, "has no inputs", [], "->(n)")
    check(TypeError, "2 parameters, layout", [], "(n),(n)->(n)")
    check(TypeError, "has 3 parameters", ["void(float64[:], float64[:], float64)"], "(n)->(n)")
    check(TypeError, "results are arrays", ["void(float64[:], float64)"], "(n)->()")
    check(TypeError, "has 1 core dimension", ["void(float64[:,:], float64[:])"], "(n)->(n)")
    check(TypeError, "has a result", ["float64(float64[:], float64[:])"], "(n)->(n)")
    check(ValueError, "Unsupported target", ["void(float64[:], float64[:])"], "(n)->(n)", target="gpu")
    with pytest.raises(TypeError, match="layout is a text"):
        guvectorize(["void(float64[:], float64[:])"], 3)
    with pytest.raises(TypeError, match="one or two"):
        guvectorize()
    with pytest.raises(ValueError, match="core dimension"):
        matmul(np.zeros((2, 3)), np.zeros((2, 3)))
    with pytest.raises(TypeError, match="not supported for the input types"):
        matmul(np.zeros((2, 2), "c16"), np.zeros((2, 2), "c16"))


class Wrapped:
    def __init__(self, array):
        self.array = array

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        inputs = [x.array if isinstance(x, Wrapped) else x for x in inputs]
        return Wrapped(getattr(ufunc, method)(*inputs, **kwargs))


def test_array_ufunc_and_pickling():
    a, b = arrays((3, 4), (4, 5))
    np.testing.assert_array_equal(matmul(Wrapped(a), b).array, a @ b)
    out = np.zeros(3)
    assert isinstance(shift(Wrapped(np.arange(3.0)), 1.0, out), Wrapped)
    np.testing.assert_array_equal(out, [1, 2, 3])
    assert pickle.loads(pickle.dumps(matmul)) is matmul
    assert pickle.loads(pickle.dumps(shift)) is shift

    @guvectorize(["void(float64[:], float64[:])"], "(n)->(n)")
    def local(x, out):
        out[:] = x[::-1]

    copy = pickle.loads(pickle.dumps(local))
    assert isinstance(copy, np.ufunc)
    np.testing.assert_array_equal(copy(a), a[:, ::-1])
    assert local.signature == "(n)->(n)"


def test_inside_kernels():
    @ungil.jit
    def kernel(a, b):
        out = np.empty((a.shape[0], b.shape[1]))
        matmul(a, b, out)
        shift(out[0], 1.0, out[0])
        return out

    a, b = arrays((3, 4), (4, 5))
    expected = a @ b
    expected[0] += 1
    np.testing.assert_array_equal(kernel(a, b), expected)

    @ungil.jit
    def stacked(a, b, out):
        matmul(a, b, out)

    a, b = arrays((7, 3, 4), (4, 5))
    out = np.zeros((7, 3, 5))
    stacked(a, b, out)
    np.testing.assert_array_equal(out, a @ b)
    a, b = arrays((2, 1, 3, 4), (7, 4, 5))
    out = np.zeros((2, 7, 3, 5))
    stacked(a[..., ::-1], b, out)
    np.testing.assert_array_equal(out, a[..., ::-1] @ b)
    with pytest.raises(ValueError):
        stacked(a, b, np.zeros((2, 6, 3, 5)))


@ungil.guvectorize(["void(float64[:], float64[:], float64[:])"], "(n),(n)->()")
def inner(x, y, out):
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * y[i]
    out[0] = total


@ungil.guvectorize(["void(float64[:,:], float64, float64[:])"], "(m,n),()->(m)")
def scaled_sums(x, factor, out):
    for i in range(x.shape[0]):
        out[i] = x[i].sum() * factor


def test_results_made_inside_kernels():
    a = np.arange(24.0).reshape(2, 4, 3)
    call = ungil.jit(lambda x, y: inner(x, y))
    for x, y in (
        (a, a),
        (a, a[0]),
        (a[0], a[0]),
        (a[0, 0], a[0, 1]),
        (a[0, 0], a),
        (a[:0], a[:1]),
        (a[:, :, ::-1], a),
    ):
        found, expected = call(x, y), inner(x, y)
        np.testing.assert_array_equal(found, expected)
        assert np.shape(found) == np.shape(expected)
    call = ungil.jit(lambda x, y: scaled_sums(x, y))
    for x, y in ((a, 2.0), (a[0], 3.0), (a, np.array([1.0, 2.0]))):
        np.testing.assert_array_equal(call(x, y), scaled_sums(x, y))
    out = np.zeros((2, 4))
    assert (
        np.array_equal(ungil.jit(lambda x, o: inner(x, x, o))(a, out), out)
        and out[1, 3] == (a[1, 3] ** 2).sum()
    )
    with pytest.raises(ValueError):
        ungil.jit(lambda x, y: inner(x, y))(a, a[:1, :3])


def test_operands_are_converted_inside_kernels():
    @ungil.jit
    def made(x, y):
        return scaled_sums(x, y)

    @ungil.jit
    def given(x, y, out):
        scaled_sums(x, y, out)
        return out

    for code in "?bBhif":
        x = np.arange(24).reshape(2, 3, 4).astype(code)
        for y in (2, 1.5, np.int8(3), np.float32(0.5), np.array([1, 2])):
            expected = scaled_sums(x, y)
            found = made(x, y)
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
            for out in (np.zeros((2, 3), np.float32), np.zeros((2, 3), complex)):
                np.testing.assert_array_equal(given(x, y, out), expected)
    x = np.ones((3, 4))
    for function in (scaled_sums, given):
        with pytest.raises(TypeError):
            function(x, 1.0, np.zeros(3, int))
        with pytest.raises(TypeError):
            function(x * 1j, 1.0, np.zeros(3))


@ungil.guvectorize(
    [
        "void(int64[:], int64, int64[:])",
        "void(float32[:], float32, float32[:])",
        "void(float64[:], float64, float64[:])",
        "void(complex128[:], complex128, complex128[:])",
    ],
    "(n),()->(n)",
)
def several(x, y, out):
    for i in range(x.shape[0]):
        out[i] = x[i] * 3 + y


@ungil.guvectorize(["void(float64[:], float64[:], int64[:])"], "(n)->(),()")
def extremes(x, least, place):
    place[0] = np.argmin(x)
    least[0] = x[place[0]]


@ungil.jit
def call_several(x, y):
    return several(x, y)


@ungil.jit
def call_several_into(x, y, out):
    several(x, y, out)
    return out


@pytest.mark.parametrize("code", "?hLfdF")
def test_kernels_choose_among_loops_as_numpy_does(code):
    x = np.arange(12).reshape(3, 4).astype(code)
    for y in (2, 1.5, 1j, True, np.float32(0.5), np.arange(3, dtype=np.int16)):
        expected, found = several(x, y), call_several(x, y)
        assert found.dtype == expected.dtype, y
        np.testing.assert_array_equal(found, expected)
    for y, to in ((1.5, "i"), (1.5, "f"), (2, "d"), (1j, "d"), (2, "D")):
        out, own = np.zeros((3, 4), to), np.zeros((3, 4), to)
        try:
            several(x, y, out)
        except TypeError:
            with pytest.raises(TypeError):
                call_several_into(x, y, own)
            continue
        np.testing.assert_array_equal(call_several_into(x, y, own), out)


def test_several_results_are_converted_inside_kernels():
    @ungil.jit
    def kernel(x, least, place):
        extremes(x, least, place)

    x = np.array([[3, 1, 2], [5, 4, 0]], np.int32)
    least, place = np.zeros(2, np.float32), np.zeros(2, np.int8)
    kernel(x, least, place)
    assert least.tolist() == [1, 0] and place.tolist() == [1, 2]
    with pytest.raises(TypeError, match="no loop"):
        kernel(x * 1j, least, place)


def test_numbers_adapt_in_kernels_to_the_operands_of_dynamic_functions():
    @ungil.guvectorize("(n),()->(n)")
    def cubes(x, y, out):
        for i in range(x.shape[0]):
            out[i] = y * y * y / 3 + x[i]

    @ungil.jit
    def kernel(x, y, out):
        cubes(x, y, out)
        return out

    for code in "bf":
        x = np.arange(3).astype(code)
        for y in (7, 0.1, np.float32(0.1), np.int8(100), True):
            for to in "d":
                expected = np.zeros(3, to)
                cubes(x, y, expected)
                np.testing.assert_array_equal(kernel(x, y, np.zeros(3, to)), expected)
    with pytest.raises(OverflowError):
        cubes(np.zeros(3, np.int8), 300, np.zeros(3))
    with pytest.raises(OverflowError):
        kernel(np.zeros(3, np.int8), 300, np.zeros(3))
