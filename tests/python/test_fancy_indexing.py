"""Masks and integer arrays as indices against NumPy: reading, writing, `op=`, overlap, errors."""

import numpy as np
import pytest
from checking import check
from hypothesis import given, settings
from hypothesis import strategies as st

from ungil import jit
from ungil.errors import TypingError

CODES = "?bhilBHILfdFD"


@jit
def read(a, i):
    return a[i]


@jit
def read_in_formula(a, i, b):
    return a[i] * 2 + b


@jit
def read_two(a, i, j):
    return a[i, j]


@jit
def write(a, i, v):
    a[i] = v


@jit
def write_two(a, i, j, v):
    a[i, j] = v


@jit
def add(a, i, v):
    a[i] += v


@jit
def columns(a, i):
    return a[:, i], a[..., i], a[1:, i], a[::-1, i], a[None, :, i], a[:, i, None]


@jit
def mixed(a, i, j):
    return (
        a[i, :, j],
        a[:, i, j],
        a[i, 1:, ..., j],
        a[0, :, i],
        a[:, 1, i],
        a[i, 0],
        a[i, None, j],
        a[..., i, j],
    )


@jit
def mixed_write(a, i, j):
    a[i, :, j] = 1
    a[:, i, j] += 2
    a[0, :, i] *= 3
    a[1:, i] -= a[:-1, i]


@jit
def masked_parts(a, rows, columns, i):
    return (
        a[rows],
        a[:, columns],
        a[rows, 1:],
        a[rows, 0],
        a[1, columns],
        a[i, columns],
        a[rows, None],
        a[..., columns],
    )


@jit
def masked_formula(a, b):
    a[a > b] = 0
    a[a < 2] += 10
    a[b == 1] = b[b == 1] * 5
    a[b > 1] *= b[b > 1]
    return a[a > 5], a[(a > 5) & (b > 0)] + 1


@jit
def listed(a):
    return a[[0, 2]], a[(0, 1), :], a[[0, 1], [1, 0]], a[[True, False, True]], a[[-1]]


@jit
def listed_write(a):
    a[[0, 2]] = 5
    a[[0, 1], [1, 0]] = [7, 8]
    a[1] = [1, 2, 3]
    return a


@jit
def permuted(a, i):
    a[:] = a[i]
    a[i] = a
    a += a[i]
    return a


@jit
def self_indexed(a):
    a[a] = a[::-1]
    return a


def layouts(a):
    yield a
    yield np.asfortranarray(a)
    wide = np.repeat(a, 2, axis=-1)
    yield wide[..., ::2]
    yield a[::-1]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("index", "bhilBHIL")
def test_integer_arrays(code, index):
    a = np.arange(5).astype(code)
    check(read, a, np.array([[0, 4], [2, 2]], index))
    check(read, a, np.zeros((0, 3), index))
    check(read, a, np.array(3, index))
    check(write, a, np.array([0, 4, 2], index), np.array([1, 0, 1]).astype(code))
    check(write, a, np.array([[0, 4], [1, 2]], index), 1)


@pytest.mark.parametrize("i", [[5], [-6], [0, 1, -5], [4, 100, -100]])
def test_bounds(i):
    i = np.array(i)
    check(read, np.arange(5.0), i)
    check(write, np.arange(5.0), i, 1.0)
    check(add, np.arange(5.0), i, 1.0)
    check(read_two, np.ones((9, 5)), np.array(0), i)
    check(columns, np.arange(15.0).reshape(3, 5), i)


@pytest.mark.parametrize("shape", [(5,), (5, 3), (5, 2, 2), (5, 0)])
def test_first_axis(shape):
    for a in layouts(np.arange(np.prod(shape, dtype=int)).reshape(shape) * 1.0):
        for i in (np.array([0, -1, 3, 3]), np.array([[1], [2]]), np.zeros(0, int), np.array([[[4]]])):
            check(read, a, i)
            check(read_in_formula, a, i, 3)
            check(write, a, i, 7)
            check(write, a, i, np.arange(np.prod(shape[1:], dtype=int)).reshape(shape[1:]))
            check(add, a, i, 1.5)


def test_repeated_places():
    i = np.array([1, 1, 1, 0])
    check(add, np.zeros(3), i, np.array([1.0, 2.0, 3.0, 4.0]))
    check(write, np.zeros(3), i, np.array([1.0, 2.0, 3.0, 4.0]))
    check(add, np.zeros(3, int), i, 1)
    check(add, np.zeros(3, int), i, 1.5)


def test_broadcast_indices():
    a = np.arange(20).reshape(4, 5)
    for i, j in [
        ((0, 1), (2, 3)),
        ((0,), (1, 2)),
        ([[0], [1]], (1, 2, 3)),
        (((0, 1),), ((1,), (2,))),
        (0, (1, 2)),
    ]:
        i, j = np.array(i), np.array(j)
        check(read_two, a, i, j)
        check(write_two, a, i, j, 5)
        check(write_two, a, i, j, np.arange(np.broadcast(i, j).size).reshape(np.broadcast(i, j).shape))
    check(read_two, a, np.array([0, 1]), np.array([0, 1, 2]))
    check(write, a, np.array([0, 1]), np.ones((3, 5), int))
    check(write, a, np.array([0, 1]), np.ones(4, int))


def test_columns_and_mixed():
    for a in layouts(np.arange(60.0).reshape(5, 4, 3)[:, :, 0]):
        check(columns, a, np.array([0, 3, 1]))
        check(columns, a, np.array([[0, -1], [1, 1]]))
    for a in layouts(np.arange(120.0).reshape(4, 5, 6)):
        check(mixed, a, np.array([0, 3, 1]), np.array([1, 0, 2]))
        check(mixed, a, np.array([[0], [2]]), np.array([1, 0, 2]))
        check(mixed_write, a, np.array([0, 3, 1]), np.array([1, 0, 2]))


@pytest.mark.parametrize("code", CODES)
def test_masks(code):
    a = np.arange(12).astype(code).reshape(3, 4)
    m = np.array([[0, 1, 0, 1], [1, 1, 1, 1], [0, 0, 0, 0]], bool)
    for view in layouts(a):
        check(read, view, m)
        check(read, view, m.T.copy().T)
        check(write, view, m, 1)
        check(write, view, m, np.arange(6).astype(code))
        check(write, view, m, np.ones(1, code))
        check(write, view, m, np.ones(5, code))
        check(read, view, m[:, 0])
        check(write, view, m[:, 0], np.arange(4).astype(code))


def test_mask_shapes():
    a = np.arange(12.0).reshape(3, 4)
    check(read, a, np.ones((3, 3), bool))
    check(read, a, np.ones(4, bool))
    check(write, a, np.ones((2, 4), bool), 1.0)
    check(read, a, np.zeros((3, 4), bool))
    check(read, np.zeros((0, 4)), np.zeros((0, 4), bool))
    check(read, np.zeros(0), np.zeros(0, bool))


def test_mask_parts():
    for a in layouts(np.arange(12.0).reshape(3, 4)):
        check(
            masked_parts,
            a,
            np.array([True, False, True]),
            np.array([True, True, False, True]),
            np.array([0, 2, 2]),
        )
        check(
            masked_parts,
            a,
            np.array([True, False, True]),
            np.array([True, True, False, True]),
            np.array([0, 2]),
        )


def test_masked_formula():
    rng = np.random.default_rng(3)
    check(masked_formula, rng.integers(0, 9, 1000), rng.integers(0, 4, 1000))
    check(masked_formula, rng.normal(size=(30, 7)), rng.integers(0, 4, (30, 7)))
    check(masked_formula, np.arange(5.0), np.arange(4.0))


def test_lists():
    check(listed, np.arange(12.0).reshape(3, 4))
    check(listed_write, np.arange(9).reshape(3, 3))


def test_overlap():
    check(permuted, np.arange(6.0), np.array([5, 0, 1, 2, 3, 4]))
    check(self_indexed, np.array([3, 2, 0, 1]))
    base = np.arange(20)
    check(write, base[2:8], base[3:9] % 6, base[:6])


def test_wrong_kinds_of_index():
    for call in (
        lambda: read(np.arange(3.0), np.array([0.0])),
        lambda: read(np.ones((3, 4)), np.ones((3, 4, 1), bool)),
        lambda: read_two(np.arange(3.0), np.array([0]), np.array([0])),
    ):
        with pytest.raises(TypingError, match="must be an integer|too many indices"):
            call()


indices = st.lists(st.integers(-5, 5), max_size=6).map(lambda i: np.array(i, np.int64))


@settings(max_examples=60, deadline=None)
@given(indices, indices, st.booleans())
def test_random_indices(i, j, column):
    a = np.arange(20.0).reshape(4, 5)
    check(read_two, a, i[:, None] if column else i, j)
    check(write_two, a, i[:, None] if column else i, j, 3.0)
    check(mixed, np.arange(120.0).reshape(4, 5, 6), i % 4, j[: len(i)] % 4)


@pytest.mark.parametrize("flag", [True, False, np.True_, np.bool_(False), np.array(True)])
def test_truth_values_are_masks_without_axes(flag):
    def read_all(a, t, x):
        return a[t], a[t, 1], a[None, t], a[..., t], a[t, t], a[t, ::-1], x[t]

    def write_all(a, t, v):
        a[t] = v
        a[1:][t] += 1
        a[t, 0] *= 2

    a = np.arange(6.0).reshape(2, 3)
    check(read_all, a, flag, np.array(2.5))
    check(write_all, a, flag, 3.0)
    check(write_all, a, flag, np.arange(3.0))


def test_constant_truth_values():
    check(lambda a: (a[True], a[False], a[np.True_, [0, 1]], a[a[0, 0] == 0]), np.arange(6.0).reshape(2, 3))
    check(lambda a: a[False, [0, 1]], np.arange(6.0).reshape(2, 3))


def test_values_with_axes_of_one_element_in_front():
    def assign(a, v, i):
        a[1] = v
        a[i, 1:] = v[..., 1:]
        a[:, 0] = v[..., :1, 0]
        return a

    a, i = np.zeros((2, 3)), np.array([1, 0])
    check(assign, a, np.arange(3.0).reshape(1, 3), i)
    check(assign, a, np.arange(3.0).reshape(1, 1, 3), i)

    def row(a, v):
        a[0] = v

    with pytest.raises(ValueError, match="axis 0 has 2 elements"):
        jit(row)(a, np.ones((2, 3)))
