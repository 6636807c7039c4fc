"""Functions that shape, join, split and repeat arrays, against NumPy: ranks, empty axes, layouts, dtypes, errors."""

import linecache

import numpy as np
import pytest
from checking import check, check_numpy

import ungil
from ungil import jit

SHAPES = [(), (0,), (1,), (6,), (2, 3), (3, 1), (1, 4), (0, 3), (2, 3, 4), (1, 2, 1), (2, 0, 3), (2, 1, 3, 2)]
FEW = [(), (0,), (1,), (6,), (2, 3), (0, 3), (2, 3, 4)]
CODES = "?bhilBHILfdFD"


def arrays(shape, code="d"):
    """An array of this shape in C order, in Fortran's, backwards and with gaps."""
    a = (np.arange(np.prod(shape, dtype=int)) % 7 - 2).reshape(shape).astype(code)
    yield a
    if a.ndim:
        yield np.asfortranarray(a)
        yield a[::-1]
        wide = np.zeros((*shape[:-1], 2 * shape[-1]), code)
        wide[..., ::2] = a
        yield wide[..., ::2]


VIEWS = {
    "ravel": lambda a: (np.ravel(a), a.ravel(), np.ravel(a, order="F"), a.ravel("A")),
    "flatten": lambda a: (a.flatten(), a.flatten("F"), a.flatten(order="C")),
    "reshape": lambda a: (
        np.reshape(a, -1),
        a.reshape((-1, 1)),
        a.reshape(1, -1, order="F"),
        np.reshape(a, (1, -1, 1)),
    ),
    "reshape_fixed": lambda a: (a.reshape(2, 3), np.reshape(a, (3, 2), order="F"), np.reshape(a, [6, 1])),
    "reshape_wrong": lambda a: a.reshape(7, 5),
    "transpose": lambda a: (a.T, np.transpose(a), a.transpose()),
    "permute_dims": lambda a: np.permute_dims(a, (1, 0)),
    "matrix_transpose": lambda a: np.matrix_transpose(a),
    "swapaxes": lambda a: (np.swapaxes(a, 0, -1), a.swapaxes(-1, 0)),
    "swapaxes_far": lambda a: np.swapaxes(a, 0, 4),
    "moveaxis": lambda a: np.moveaxis(a, 0, -1),
    "moveaxis_two": lambda a: np.moveaxis(a, (0, 1), (-1, -2)),
    "moveaxis_uneven": lambda a: np.moveaxis(a, (0, 1), -1),
    "rollaxis": lambda a: (np.rollaxis(a, -1), np.rollaxis(a, 0, 1)),
    "expand_dims": lambda a: (np.expand_dims(a, 0), np.expand_dims(a, -1), np.expand_dims(a, (0, -1))),
    "expand_dims_far": lambda a: np.expand_dims(a, 9),
    "squeeze": lambda a: (np.squeeze(a, axis=0), a.squeeze(axis=0)),
    "squeeze_two": lambda a: np.squeeze(a, (0, -1)),
    "squeeze_known": lambda a: np.squeeze(a[None, :, None], (0, 2)),
    "atleast": lambda a: (np.atleast_1d(a), np.atleast_2d(a), np.atleast_3d(a)),
    "atleast_many": lambda a: np.atleast_2d(a, a, 3.0),
    "broadcast_to": lambda a: np.broadcast_to(a, (2, 2, 3)),
    "broadcast_arrays": lambda a: np.broadcast_arrays(a, np.zeros((2, 1)), 1),
    "broadcast_shapes": lambda a: np.broadcast_shapes(a.shape, (2, 1), 1),
    "flip": lambda a: (np.flip(a), np.flip(a, 0), np.flip(a, axis=-1)),
    "flip_two": lambda a: np.flip(a, (0, 1)),
    "fliplr": lambda a: np.fliplr(a),
    "flipud": lambda a: np.flipud(a),
    "rot90": lambda a: (np.rot90(a), np.rot90(a, 2), np.rot90(a, -1), np.rot90(a, k=4)),
    "rot90_axes": lambda a: np.rot90(a, 1, (2, 0)),
    "rot90_same": lambda a: np.rot90(a, 1, (1, 1)),
    "diagonal": lambda a: (np.diagonal(a), np.diagonal(a, 1), np.diagonal(a, offset=-1), a.diagonal(9)),
    "diagonal_axes": lambda a: np.diagonal(a, 0, 2, 1),
    "windows": lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, axis=0),
    "windows_all": lambda a: np.lib.stride_tricks.sliding_window_view(a, (2, 1)),
    "windows_twice": lambda a: np.lib.stride_tricks.sliding_window_view(a, (1, 2), (-1, -1)),
    "measures": lambda a: (np.shape(a), np.ndim(a), np.size(a), np.shape(2.5), np.ndim(1), np.size((1, 2))),
    "size_axis": lambda a: (np.size(a, 0), np.size(a, axis=-1)),
    "contiguous": lambda a: (
        np.ascontiguousarray(a),
        np.asfortranarray(a),
        np.ascontiguousarray(a, np.float32),
    ),
}

JOINS = {
    "concatenate": lambda a, b: (np.concatenate((a, b)), np.concatenate([a, b, a], axis=-1)),
    "concatenate_flat": lambda a, b: np.concatenate((a, b, 1.5), axis=None),
    "concatenate_dtype": lambda a, b: np.concatenate((a, b), dtype=np.complex128),
    "concatenate_many": lambda a, b: np.concatenate((a, b, a, b, a, b, a, b, a, b, a)),
    "concatenate_rows": lambda a, b: (np.concatenate(a), np.concatenate(a, axis=None)),
    "stack": lambda a, b: (np.stack((a, b)), np.stack([a, b], axis=-1), np.stack((a, a), axis=0)),
    "stack_rows": lambda a, b: (np.stack(a), np.stack(a, axis=-1)),
    "vstack": lambda a, b: np.vstack((a, b)),
    "hstack": lambda a, b: np.hstack([a, b]),
    "dstack": lambda a, b: np.dstack((a, b)),
    "column_stack": lambda a, b: np.column_stack((a, b)),
    "append": lambda a, b: (np.append(a, b), np.append(a, 3)),
    "append_axis": lambda a, b: np.append(a, b, axis=0),
    "nothing": lambda a, b: np.concatenate(()),
}

PIECES = {
    "split": lambda a: np.split(a, 2),
    "split_last": lambda a: np.split(a, 3, axis=-1),
    "split_at": lambda a: np.split(a, (1, 2)),
    "split_none": lambda a: np.split(a, 0),
    "array_split": lambda a: tuple(np.array_split(a, 4)),
    "array_split_at": lambda a: np.array_split(a, [1, 5, -1], axis=-1),
    "vsplit": lambda a: np.vsplit(a, 2),
    "hsplit": lambda a: np.hsplit(a, 3),
    "dsplit": lambda a: np.dsplit(a, [1]),
    "tile": lambda a: (np.tile(a, 2), np.tile(a, (2, 3)), np.tile(a, (2, 1, 2)), np.tile(a, 0)),
    "repeat": lambda a: (np.repeat(a, 2), a.repeat(0), a.repeat(3)),
    "repeat_axis": lambda a: (np.repeat(a, 2, axis=0), np.repeat(a, 3, axis=-1)),
    "repeat_negative": lambda a: np.repeat(a, -1),
    "repeat_each": lambda a: np.repeat(a, np.arange(a.shape[0]), axis=0),
    "repeat_tuple": lambda a: np.repeat(a, (2, 1), axis=0),
    "roll": lambda a: (np.roll(a, 1), np.roll(a, -2), np.roll(a, 100)),
    "roll_axis": lambda a: (np.roll(a, 1, axis=0), np.roll(a, -5, axis=-1)),
    "roll_two": lambda a: (np.roll(a, (1, 2), axis=(0, 1)), np.roll(a, 1, (0, 1)), np.roll(a, (1, 2), 0)),
    "resize": lambda a: (np.resize(a, (3, 5)), np.resize(a, 4), np.resize(a, (0, 2))),
    "insert": lambda a: (np.insert(a, 1, 9), np.insert(a, -1, 8), np.insert(a, 0, (1, 2))),
    "insert_axis": lambda a: (np.insert(a, 1, 5, axis=0), np.insert(a, 0, 7, axis=-1)),
    "insert_far": lambda a: np.insert(a, 100, 9),
    "insert_many": lambda a: (np.insert(a, (0, 1, 1), (5, 6, 7)), np.insert(a, [1, 0], 4)),
    "delete": lambda a: (np.delete(a, 1), np.delete(a, -1)),
    "delete_axis": lambda a: (np.delete(a, 0, axis=0), np.delete(a, -1, axis=-1)),
    "delete_far": lambda a: np.delete(a, 100, 0),
    "delete_many": lambda a: (np.delete(a, (0, 2, -1)), np.delete(a, [1, 1])),
    "flat": lambda a: summed(a),
    "iterated": lambda a: enumerated(a),
}


@jit
def summed(a):
    total = 0.0
    weight = 1
    for x in a.flat:
        total += weight * x
        weight += 1
    return total


@jit
def enumerated(a):
    total = 0.0
    for index, x in np.ndenumerate(a):
        for k in index:
            total = total * 3 + k
        total += x
    for index in np.ndindex(a.shape):
        total += a[index]
    for i, j in np.ndindex(2, 3):
        total += i * j
    return total


@pytest.mark.parametrize("name", VIEWS)
def test_views(name):
    compiled = jit(VIEWS[name])
    for shape in SHAPES:
        for a in arrays(shape):
            check_numpy(compiled, a)


@pytest.mark.parametrize("name", PIECES)
def test_pieces(name):
    compiled = jit(PIECES[name])
    for shape in FEW:
        check_numpy(compiled, next(arrays(shape)))
    for a in arrays((3, 4)):
        check_numpy(compiled, a)


@pytest.mark.parametrize("name", JOINS)
def test_joins(name):
    compiled = jit(JOINS[name])
    for shape in FEW:
        check_numpy(compiled, next(arrays(shape)), np.ones(shape, "i"))
    for a in arrays((2, 3)):
        check_numpy(compiled, a, np.ones((2, 3), "i"))
    for one, two in [
        ((2, 3), (3,)),
        ((2, 3), (2, 2)),
        ((2, 3), (1, 3)),
        ((3,), ()),
        ((4,), (2,)),
        ((3,), (3, 1)),
    ]:
        check_numpy(compiled, np.ones(one), np.zeros(two, "f"))


@pytest.mark.parametrize("code", CODES)
def test_dtypes(code):
    a, _, turned, _ = arrays((2, 3), code)
    check_numpy(joined, a, np.ones((2, 3), "i"))
    check_numpy(pieced, turned)


@jit
def joined(a, b):
    return np.concatenate((a, b)), np.stack([a, b], -1), np.append(a, b), np.hstack((a, b))


@jit
def pieced(a):
    return np.tile(a, 2), np.repeat(a, 2), np.roll(a, 1), np.insert(a, 1, 0), np.delete(a, 1), np.flip(a, 1)


def test_windows_of_strides():
    def strided(a):
        n = a.strides[0]
        return np.lib.stride_tricks.as_strided(a, shape=(3, 2), strides=(n, 2 * n))

    check_numpy(strided, np.arange(8.0))
    check_numpy(strided, np.arange(16.0)[::-2])


def test_writing_through_views():
    def written(a):
        np.swapaxes(a, 0, 1)[0] = 7
        a.reshape(-1)[3] = 9
        np.flip(a, 0)[0, 0] = -1
        return a.sum() if False else a

    check_numpy(written, np.arange(12.0).reshape(3, 4))


def test_what_only_run_time_knows_is_refused():
    with pytest.raises(ungil.errors.TypingError, match="squeeze"):
        jit(lambda a: np.squeeze(a))(np.zeros((1, 3)))
    with pytest.raises(ungil.errors.TypingError, match="must be a constant"):
        jit(lambda a, n: np.diff(a, n))(np.zeros((4, 4)), 1)
    with pytest.raises(ungil.errors.TypingError, match="read-only"):
        jit(lambda a: broadcast_written(a))(np.zeros(3))


@jit
def broadcast_written(a):
    b = np.broadcast_to(a, (2, 3))
    b[0, 0] = 1
    return b


def parts_of_flat(a, places):
    part, chosen, end = a.flat[1:3], a.flat[places], a.flat[-1]
    part[:] = 7
    chosen[:] = 8
    part[0] += a.flat[::-1][0]
    a.flat[:2] = 5
    return part, chosen, end


def test_parts_of_flat_are_copies():
    places = np.array([0, 2])
    for a in (np.arange(6.0), np.arange(6.0).reshape(2, 3)):
        check(parts_of_flat, a, places)
    check(lambda a: (a.flat[1:], a.flat[::2]), np.arange(6.0).reshape(2, 3).T)


@pytest.mark.parametrize("shape", [(), (3,), (5000,), (3000, 2), (2, 3000), (0, 4), (4, 0), (700, 3, 4)])
def test_stacks_in_parts(shape):
    # Rows go side by side in parts that stay in the cache.
    a = np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape)
    stack = jit(
        lambda a, b: (np.stack((a, b, a), axis=-1), np.stack((a, b)), np.stack((a, b), dtype=np.complex64))
    )
    check_numpy(stack, a, a.astype(np.int32))
    if a.ndim:
        check_numpy(jit(lambda a, b: np.stack((a, b), axis=1)), np.asfortranarray(a), a[::-1])


def test_a_stack_into_what_it_reads():
    def stack(base):
        out = base.reshape(-1, 2)
        np.stack((base[:1000], base[1000:]), axis=1, out=out)
        return base

    check_numpy(stack, np.arange(2000.0))


SPLITS = {
    "array_split": lambda a, n: np.array_split(a, n),
    "array_split_last": lambda a, n: np.array_split(a, n, axis=-1),
    "split": lambda a, n: np.split(a, n),
    "vsplit": lambda a, n: np.vsplit(a, n),
    "hsplit": lambda a, n: np.hsplit(a, n),
    "dsplit": lambda a, n: np.dsplit(a, n),
    "sums": lambda a, n: [part.sum() for part in np.array_split(a, n)],
    "one": lambda a, n: np.array_split(a, n, axis=-1)[-1],
}


@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (12,), (4, 6), (2, 0), (2, 4, 2)])
def test_splits_into_what_is_known_later(name, shape):
    # A list of pieces, since their number is no constant.
    split = jit(SPLITS[name])
    for a in arrays(shape):
        for n in (2, 3, 1, 20, 0, -1, np.int16(2), 2.0, True):
            check_numpy(split, a, n)
        for places in ([1, 3], [3, 1, -1, 100], [0], [2, 2]):
            check_numpy(split, a, places)
            check_numpy(split, a, np.array(places))
        check_numpy(split, a, np.zeros(0, np.int64))
        check_numpy(split, a, np.array([1.5]))


def test_pieces_in_a_parallel_loop():
    def sums(a, n):
        parts = np.array_split(a, n)
        out = np.empty(n)
        for i in ungil.prange(n):
            out[i] = parts[i].sum()
        return out

    check_numpy(jit(sums), np.arange(1000.0), 7)


def test_iterators_over_nothing():
    def total(a):
        s = 0.0
        for x in np.nditer(a):
            s += x
        return s

    check_numpy(total, np.ones((2, 3)))
    check_numpy(total, np.ones((2, 0)))


@pytest.mark.parametrize("order", ["", "'C'", "'F'", "order='F'"])
def test_bytes_of_arrays(order):
    file, text = (
        f"<bytes {order}>",
        f"def f(a):\n    data = a.tobytes({order})\n    a[...] = 0\n    return data\n",
    )
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    scope = {}
    exec(compile(text, file, "exec"), scope)
    for a in (np.arange(6, dtype="i2").reshape(2, 3), np.arange(6.0).reshape(2, 3).T, np.arange(9) > 4):
        check_numpy(scope["f"], a)
    check_numpy(scope["f"], np.arange(12, dtype=">i4")[::-2])
    check_numpy(scope["f"], np.array(2.5))


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (0, 3), (2, 0), (2, 3, 4)])
def test_unstack(shape):
    a = np.arange(np.prod(shape, dtype=int)).reshape(shape)

    def first(x):
        return [p * 1 for p in np.unstack(x)]

    def last(x):
        total = 0
        for p in np.unstack(x, axis=-1):
            total += p.sum()
        return total

    if shape and shape[0]:
        check(first, a)
    if shape and shape[-1]:
        check_numpy(last, a)
    check_numpy(lambda x: len(np.unstack(x)), a)
    check_numpy(lambda x: len(np.unstack(x, axis=3)), a)


def test_unstack_is_unpacked():
    def f(x):
        p, q = np.unstack(x)
        p[0] = 7.0
        return p + q

    check(f, np.arange(6.0).reshape(2, 3))
    check_numpy(f, np.arange(9.0).reshape(3, 3))


ELEMENTS_IN_ORDER = {
    "number": lambda a: 3,
    "negative": lambda a: -1,
    "outside": lambda a: 12,
    "slice": lambda a: slice(1, None, 2),
    "mask": lambda a: np.arange(a.size) % 2 == 0,
    "places": lambda a: np.array([0, 3, -1]),
}


@pytest.mark.parametrize("name", ELEMENTS_IN_ORDER)
def test_flat_of_arrays_that_are_not_in_order(name):
    def f(a, at):
        a.flat[at] = 9
        return a

    def turned(a, at):
        a.T.flat[at] = 9
        return a

    base = np.arange(12.0).reshape(3, 4)
    for a in (base, base.T, base[::-1], np.arange(24.0)[::2], np.arange(24.0).reshape(2, 3, 4)[:, :, ::2]):
        at = ELEMENTS_IN_ORDER[name](a)
        if isinstance(at, slice):
            check(lambda a: f_slice(a), a)
        else:
            check_numpy(f, a, at)
            check_numpy(turned, a, at)


def f_slice(a):
    a.flat[1::2] = 9
    a.T.flat[2:5] = [1, 2, 3]
    return a


def test_ranges_are_assigned():
    def f(a, n):
        a[0] = range(4)
        a[1:, 1] = range(n, n + 2)
        return a

    check(f, np.zeros((3, 4)), 2)
    check(f, np.zeros((3, 4), "i1"), 2)


def test_results_of_too_many_axes():
    check_numpy(lambda a, out: np.add(a, a, out=out), np.ones((3, 4)), np.zeros(4))
    check_numpy(lambda a, out: a.sum(axis=0, out=out), np.ones((3, 4)), np.zeros(()))


def test_truth_values_say_what_is_repeated():
    a = np.arange(3.0)
    check_numpy(lambda a, m: np.repeat(a, m), a, np.array([True, False, True]))
    check_numpy(lambda a, m: np.repeat(a, m), a, np.array([True]))
    check_numpy(lambda a, m: np.repeat(a, m), a, True)
