"""Arguments that NumPy's functions take beside their operands: orders, copies, results to write into, conversions."""

import warnings

import numpy as np
import pytest
from checking import check, check_numpy, outcome

import ungil
from ungil import jit


def each(*functions, args=(), rtol=0):
    for function in functions:
        check_numpy(function, *args, rtol=rtol)


A = np.array([[1.0, -2.5, 3.0], [4.0, 0.0, -6.0]])
F = np.asfortranarray(A)


@pytest.mark.parametrize("a", [A, F, A[:, ::-1], np.float32(2), np.arange(3, dtype=">i4")])
def test_arrays_of_arrays(a):
    each(
        lambda a: np.array(a, copy=True),
        lambda a: np.array(a, copy=None, order="F"),
        lambda a: np.array(a, np.float64, copy=True, order="C", subok=True),
        lambda a: np.array(a, ndmin=3),
        lambda a: np.asarray(a, order="F"),
        lambda a: np.asarray(a, np.float32, "C"),
        lambda a: np.asarray(a, copy=True),
        lambda a: np.asanyarray(a),
        lambda a: np.copy(a, "F"),
        lambda a: np.copy(a, order="K"),
        lambda a: np.array([a, a], order="F"),
        args=(a,),
    )


def test_copies_that_cannot_be_avoided():
    def same(a):
        np.array(a, copy=False)[0, 0] = 9
        return a

    check(same, A)
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        ungil.jit(lambda a: np.array(a, np.float32, copy=False))(A)
    with pytest.raises(ValueError, match="Unable to avoid"):
        ungil.jit(lambda a: np.reshape(a, -1, copy=False))(A[:, ::-1])


def test_layouts():
    def orders(a):
        b, c, d = np.array(a), np.asarray(a, order="F"), np.copy(a, "C")
        e, f = np.add(a, a, order="F"), np.zeros_like(a, order="F")
        return b.strides, c.strides, d.strides, e.strides, f.strides, a.astype(np.float32, "F").strides

    for a in (A, F):
        check(orders, a)


def test_like():
    each(
        lambda a: np.zeros_like(a, shape=(2, 2)),
        lambda a: np.ones_like(a, np.int8, "F", True, 4),
        lambda a: np.full_like(a, 7, shape=(3,)),
        lambda a: np.full_like(a, 7, dtype=np.complex64, order="C"),
        lambda a: np.full(3, [1, 2, 3]),
        lambda a: np.full(a.shape, a),
        lambda a: np.zeros_like([1, 2]),
        lambda a: np.ones((2,), np.complex64, "C"),
        lambda a: np.zeros(2, device="cpu"),
        args=(A,),
    )


def test_astype():
    each(
        lambda a: a.astype(np.int8, casting="unsafe"),
        lambda a: a.astype(np.int8, casting="safe"),
        lambda a: a.astype(np.float32, casting="same_kind"),
        lambda a: a.astype(float, order="F"),
        lambda a: a.astype(np.float64, "C", "unsafe", True, False),
        args=(A,),
    )

    def writes_through(a):
        a.astype(np.float64, copy=False)[0, 0] = 9
        a.astype(np.float64)[0, 1] = 9
        return a

    check(writes_through, A)


def test_types_called_with_arrays():
    each(
        lambda a: np.float32(a),
        lambda a: np.complex128(a),
        lambda a: np.bool_(a),
        lambda a: np.int16((1, 2)),
        lambda a: np.float64([1, 2]),
        lambda a: np.int32(np.array(3.0)),
        args=(A,),
    )


def test_joined_into():
    def into(a, b, out):
        np.concatenate((a, b), 1, out)
        np.stack((a[0], b[0]), 0, out[:, :3])
        return out

    check(into, A, A + 1, np.zeros((2, 6)))
    each(
        lambda a: np.concatenate((a, a), dtype=np.int8, casting="unsafe"),
        lambda a: np.concatenate((a, a), dtype=np.int8),
        lambda a: np.concatenate([a, a], axis=None, dtype=np.float32),
        lambda a: np.stack((a, a), dtype=np.float32, casting="unsafe"),
        lambda a: np.vstack((a, a), dtype=np.complex128, casting="safe"),
        lambda a: np.hstack((a, a), dtype=np.int64, casting="unsafe"),
        lambda a: np.concatenate((a, a), out=np.zeros((3, 3))),
        lambda a: np.concat((a, a), 0),
        args=(A,),
    )


@pytest.mark.parametrize("retstep", [False, True])
def test_linspace(retstep):
    def several(n):
        return (
            np.linspace(0, 1, n, retstep=True),
            np.linspace(0, -3.5, n, dtype=np.int8),
            np.linspace(0, 1, n, False, True, np.float32),
            np.linspace(np.float32(0), np.float32(1), n, retstep=True)[1] * 2,
        )

    check(several, 5)
    each(
        lambda a: np.linspace(0, 1j, 3),
        lambda a: np.linspace(a, 5, 3),
        lambda a: np.linspace(a, a * 2, 3, axis=-1),
        lambda a: np.linspace(a, a + 1, 4, False, retstep=True),
        lambda a: np.linspace([0, 1], [2, 3], 3, dtype=int),
        lambda a: np.linspace(a, a, 2, axis=1),
        args=(A,),
    )


def test_other_sequences():
    each(
        lambda a: np.logspace(0, 1, 3, base=np.array([2.0, 3.0, 4.0])),
        lambda a: np.logspace(np.array([0.0, 1]), 2, 3, axis=1),
        lambda a: np.logspace(0, 1j, 3),
        lambda a: np.geomspace(1j, 100j, 3),
        lambda a: np.geomspace(np.array([1.0, 2]), 100, 3),
        lambda a: np.geomspace(-1, -100, 3, axis=0),
        lambda a: np.geomspace(np.array([1, 0]), 2, 3),
        lambda a: np.arange(stop=3),
        lambda a: np.arange(1, 7, 2, np.int8),
        args=(A,),
        rtol=1e-14,
    )


@pytest.mark.parametrize("dtype", [np.uint64, np.int8, np.bool_, np.float64])
def test_ravel_multi_index(dtype):
    i = np.array([0, 1, 1]).astype(dtype)
    each(
        lambda i: np.ravel_multi_index((i, i), (3, 4)),
        lambda i: np.ravel_multi_index((i, i[:, None]), (3, 4), order="F"),
        lambda i: np.ravel_multi_index((i[1], 9), (3, 4), mode="clip"),
        lambda i: np.ravel_multi_index((i, i + i + i), (2, 2), mode=("raise", "wrap")),
        lambda i: np.ravel_multi_index((i, i), (1, 4)),
        lambda i: np.unravel_index(i, (3, 4)),
        lambda i: np.unravel_index(i, 5),
        lambda i: np.unravel_index(i, (3, 4), "F"),
        args=(i,),
    )
    each(lambda t: np.ravel_multi_index(t, (3, 4)), args=(np.array([[1, 2], [0, 3]]),))


def test_what_universal_functions_tell():
    def told():
        return (
            np.add.nin,
            np.divmod.nout,
            np.add.nargs,
            np.add.ntypes,
            np.add.identity,
            np.multiply.identity,
            np.subtract.identity,
            np.add.signature,
            np.matmul.signature,
        )

    check(told)
    check(lambda: (np.abs.__name__, np.sin.types[-1], np.bitwise_and.identity))

    @ungil.vectorize(["float64(float64, float64)", "int64(int64, int64)"])
    def plus(x, y):
        return x + y

    assert ungil.jit(lambda: (plus.nin, plus.nout, plus.nargs))() == (2, 1, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128, np.int64])
@pytest.mark.parametrize("name", ["var", "nanvar"])
def test_variance_in_another_type(name, dtype):
    variance = getattr(np, name)
    z = np.array([[1 + 2j, -3.5j, 2.25], [1e3, -1j, 0.5 + 1j]])
    if not (name == "nanvar" and dtype is np.int64):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
            check_numpy(lambda a: variance(a, dtype=dtype), z, rtol=2e-6)
            check_numpy(lambda a: variance(a, -1, dtype, keepdims=True), z, rtol=2e-6)
            check_numpy(lambda a: variance(a, 0, dtype), z.real * 3.7 + 1e6, rtol=2e-6)
            check_numpy(lambda a: variance(a, ddof=10), z.real)
            check_numpy(lambda a: variance(a, mean=np.mean(a, keepdims=True)), z.real, rtol=1e-14)


def test_isnat_of_numbers():
    for x in (A, 3, np.float32(1), np.array([], np.int8)):
        with pytest.raises(TypeError, match="only defined for np.datetime64"):
            ungil.jit(lambda x: np.isnat(x))(x)


def test_histograms_of_complex_numbers():
    z = np.array([1j, 2j, 5j, 2j, 4j])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        check_numpy(lambda z: np.histogram(z), z)
        check_numpy(lambda z: np.histogram(z, 3), z * (1 - 2j))
        check_numpy(lambda z: np.histogram(z, 4), np.array([3 + 1j]))


def test_masked_extrema_need_a_start():
    m = A > 0
    each(
        lambda a, m: np.max(a, where=m),
        lambda a, m: a.min(0, where=m),
        lambda a, m: np.nanmax(a, where=m),
        lambda a, m: np.min(a, where=m, initial=3),
        args=(A, m),
    )


def test_scans_of_booleans():
    each(
        lambda a: np.cumsum(a, dtype=bool),
        lambda a: np.cumprod(a, 1, bool),
        lambda a: np.nancumprod(a, dtype=bool),
        lambda a: np.cumulative_sum(a, axis=1, include_initial=True),
        lambda a: np.cumulative_prod(a, axis=0),
        lambda a: np.cumulative_sum(a[0], dtype=np.float32),
        lambda a: np.cumulative_sum(a),
        args=(A,),
    )


def test_results_written_into():
    each(
        lambda a, o: np.round(a, out=o),
        lambda a, o: a.round(1, o),
        lambda a, o: np.take(a, [[0, 1, 2], [5, 4, 3]], None, o),
        lambda a, o: np.compress([True, True], a, 0, o),
        lambda a, o: np.outer(a[:, 0], a[0], o),
        lambda a, o: np.isneginf(a, o > 0),
        lambda a, o: np.trace(a, out=np.zeros(())) + 0,
        lambda a, o: np.take(a, 0, None, o),
        args=(A, np.zeros((2, 3))),
    )


def test_rounding():
    for x in (np.array([1234, -1250, 50], np.int16), np.array([14, 15, 25], np.uint8), A, 1234):
        each(lambda x: np.round(x, -2), lambda x: np.around(x, 1), args=(x,))
    each(lambda x: x.round(-1), lambda x: x.round(), args=(A,))


def test_slices_made_by_a_function():
    def sliced(a, n):
        b = a.copy()
        b[slice(0, n), ...] = 7
        return a[slice(1, None)], a[:, slice(n)], a[0, slice(None, None, -1)], b

    check(sliced, A, 2)
    each(
        lambda a: np.delete(a, slice(None, None, 2), 0),
        lambda a: np.insert(a, slice(0, 2), 7),
        lambda a: np.delete(a, []),
        args=(A,),
    )


def test_further_functions():
    each(
        lambda a: np.cross(a[0, :2], a[1]),
        lambda a: np.cross(a, a[:, :2]),
        lambda a: np.trim_zeros(np.array([0, 0, 1, 0, 2, 0]), "b"),
        lambda a: np.trim_zeros(np.array([[0, 0, 0], [0, 3, 0]])),
        lambda a: np.trim_zeros(np.array([[0, 0, 0], [0, 3, 0]]), "f", 1),
        lambda a: np.trim_zeros(a * 0),
        lambda a: np.trim_zeros(a, "x"),
        lambda a: np.mask_indices(3, np.triu),
        lambda a: np.mask_indices(3, np.tril, -1),
        lambda a: np.diag_indices_from(np.eye(3)),
        lambda a: np.can_cast(a.dtype, np.int16),
        lambda a: np.can_cast(np.int8, np.float32, "safe"),
        lambda a: np.cov(a, dtype=np.float32),
        lambda a: np.corrcoef(a, dtype=np.float64),
        lambda a: np.polyval(a, a[0]),
        lambda a: np.searchsorted([3, 1, 2], a, sorter=[1, 2, 0]),
        lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, -1, writeable=False),
        lambda a: np.reshape(a, -1, copy=True),
        lambda a: a.reshape(3, 2, copy=True),
        args=(A,),
        rtol=1e-6,
    )
    check_numpy(lambda a: np.fill_diagonal(a, []), A)


@pytest.mark.parametrize("axes", [(0, 1), (1, 0), (-1, 0), (0, 0), (1,), ()])
def test_roll_along_several_axes(axes):
    for a in (A, F, np.zeros((0, 3)), A[::-1]):
        check_numpy(lambda a: np.roll(a, 1, axes), a)
        check_numpy(lambda a: np.roll(a, -5, axes), a)
    check_numpy(lambda a: np.roll(a, (1, 2), (0, 1)), A)
    check_numpy(lambda a: np.roll(a, (1,), (0, 1)), A)
    check_numpy(lambda a: np.roll(a, (1, 2, 3), (0, 1)), A)
    check_numpy(lambda a: np.roll(a, (1, 2, 3), (0, 1, 2)), A[:, :, None] + np.arange(4))


def test_results_have_the_shape_of_what_they_are_written_into():
    for out in (np.zeros(1), np.zeros(2), np.zeros(3), np.zeros((2, 3)), np.zeros(())):
        for function in (
            lambda a, o: np.sum(a, axis=1, out=o),
            lambda a, o: np.mean(a, 0, out=o),
            lambda a, o: np.max(a[:1], 1, out=o),
            lambda a, o: np.add.reduce(a, axis=1, out=o),
            lambda a, o: np.std(a, axis=1, keepdims=True, out=o),
        ):
            found, expected = outcome(jit(function), (A, out.copy())), outcome(function, (A, out.copy()))
            assert found[0] == expected[0]
            if found[0] == "raised":
                assert isinstance(found[1], type(expected[1]))
            else:
                np.testing.assert_allclose(found[1], expected[1])


def test_no_conversions_of_truth_values():
    t, i = np.array([True, False]), np.array([1, 2], "i4")
    for function in (
        lambda t, i: np.divmod(t, t, casting="no"),
        lambda t, i: np.floor_divide(t, t, casting="equiv"),
        lambda t, i: np.power(t, t, casting="no"),
        lambda t, i: np.left_shift(t, t, casting="no"),
        lambda t, i: np.square(t, casting="no"),
        lambda t, i: np.signbit(i, casting="no"),
        lambda t, i: np.ldexp(i, i, casting="no"),
    ):
        with pytest.raises(TypeError):
            function(t, i)
        with pytest.raises(TypeError):
            jit(function)(t, i)
    check_numpy(lambda t, i: (np.logical_and(i, t, casting="no"), np.add(t, t, casting="no")), t, i)
    check_numpy(lambda t, i: (np.ldexp(i * 1.0, i.astype(np.int64), casting="no"), np.bitwise_count(t)), t, i)


def test_numbers_that_do_not_fit_where_they_are_put():
    b = np.arange(4, dtype=np.int8)
    for function in (
        lambda b: np.put(b, [0], np.nan),
        lambda b: np.put(b, [0], 300),
        lambda b: np.place(b, b > 1, 1e10),
        lambda b: np.putmask(b, b > 1, np.nan),
        lambda b: np.putmask(b, b > 1, np.array([1, 2])),
        lambda b: np.place(b, b > 1, np.array([1.0])),
        lambda b: np.insert(b, 1, 300),
        lambda b: np.insert(b, [1, 2], np.nan),
        lambda b: np.insert(b, 1, 2.5),
        lambda b: np.insert(b, np.array([[0, 1]]), 2),
        lambda b: np.pad(b, 1, constant_values=np.nan),
        lambda b: np.pad(b, 1, constant_values=300),
        lambda b: np.pad(b.view(np.uint8), 1, constant_values=-1),
        lambda b: np.put(b, [0, 1], 2.5),
        lambda b: np.fill_diagonal(b.reshape(2, 2), 300),
        lambda b: np.fill_diagonal(b.reshape(2, 2), np.nan),
        lambda b: np.put_along_axis(b, np.array([1]), 300, 0),
        lambda b: np.place(b, b > 1, [1, 300]),
        lambda b: (np.putmask(b, b > 1, np.array([7], np.int8)), np.place(b, b < 1, 2.5), b)[2],
    ):
        found, expected = outcome(jit(function), (b.copy(),)), outcome(function, (b.copy(),))
        assert found[0] == expected[0]
        if found[0] == "raised":
            assert isinstance(found[1], type(expected[1])) or isinstance(expected[1], TypeError)
        else:
            assert found[1] is expected[1] or np.array_equal(found[1], expected[1])


def test_indices_along_an_axis_are_of_its_rank():
    for function, error in (
        (lambda a: np.take_along_axis(a, a > 0, 0), IndexError),
        (lambda a: np.take_along_axis(a, np.array([0]), 0), ValueError),
        (lambda a: np.put_along_axis(a, np.array([0]), 1, 0), ValueError),
        (lambda a: np.compress(a > 0, a), ValueError),
    ):
        for called in (function, jit(function)):
            with pytest.raises(error):
                called(A.copy())


def test_few_elements():
    each(
        lambda a: np.packbits(np.array(9), axis=0),
        lambda a: np.histogram(a, np.zeros(0)),
        lambda a: np.array([[x, x + 1] for x in a[0] > 0]),
        args=(A,),
    )


def test_lists_that_do_not_fit_what_they_are_assigned_to():
    def whole(b, n):
        b[:2] = [1, n]
        return b

    def written(b, n):
        b[:3] = (1, n, -5)
        return b

    for function in (whole, written):
        check(function, np.arange(4, dtype=np.int8), 7)
        check(function, np.arange(4.0), 7)
        with pytest.raises(OverflowError):
            function(np.arange(4, dtype=np.int8), 300)
        with pytest.raises(OverflowError):
            jit(function)(np.arange(4, dtype=np.int8), 300)
