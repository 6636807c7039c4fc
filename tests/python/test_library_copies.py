"""Functions whose elements the library takes, counts, copies and interpolates, against NumPy."""

import numpy as np
import pytest
from checking import check_numpy

from ungil import jit

CODES = "?bhilBHILfdFD"
#: Around the numbers of elements at which the library changes its ways.
LENGTHS = (0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 300)
PART = 1 << 16


def numbers(n, code="d"):
    a = np.arange(n) * 7919 % 61 - 30
    if code in "FD":
        return (a + 1j * a[::-1]).astype(code)
    return a.astype(code)


def layouts(a):
    """The elements of a vector as they may lie: neighbours, spread, reversed, misaligned, read-only."""
    spread = np.repeat(a, 3)[1::3]
    misaligned = np.frombuffer(b"\0" + a.tobytes(), np.uint8)[1:].view(a.dtype) if a.size else a
    frozen = a.copy()
    frozen.flags.writeable = False
    return a, spread, a[::-1], misaligned, frozen


@pytest.mark.parametrize("code", CODES)
def test_taken_elements(code):
    kernel = jit(lambda a, i: (a[i], np.take(a, i), a[i, None], np.take(a, i, mode="wrap")))
    for n in LENGTHS[1:]:
        index = np.arange(n) * 31 % (2 * n) - n
        for a in layouts(numbers(n, code)):
            for i in (index, index[::2], index[::-1], index.astype("i4"), index[:0], index.astype(">i8")):
                check_numpy(kernel, a, i)
    check_numpy(kernel, numbers(9, code), np.array([[1, -9], [8, 0]]))
    swapped = numbers(9, code)
    check_numpy(lambda a, i: a[i] == 20, swapped.astype(swapped.dtype.newbyteorder(">")), np.array([1, -1]))


def test_indices_outside_are_named():
    taken = jit(lambda a, i: a[i])
    for n in (1, 5, 40, PART + 3, 3 * PART):
        a = np.zeros(n)
        for place in {0, n // 2, n - 1}:
            for bad in (n, -n - 1, 2**62, -(2**63)):
                index = np.arange(n)
                index[place] = bad
                with pytest.raises(
                    IndexError, match=f"index {bad} is out of bounds for axis 0 with size {n}$"
                ):
                    taken(a, index)
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 1 with size 3"):
        jit(lambda a, i: a[:, i])(np.zeros((2, 3)), np.array([0, 3]))
    with pytest.raises(IndexError, match="index 0 is out of bounds for axis 0 with size 0"):
        taken(np.zeros(0), np.array([0]))


def test_without_wraparound_negative_indices_are_outside():
    taken = jit(lambda a, i: a[i], wraparound=False)
    assert taken(np.arange(5.0), np.array([4, 0])).tolist() == [4, 0]
    with pytest.raises(IndexError, match="index -1 is out of bounds"):
        taken(np.arange(5.0), np.array([4, -1]))


@pytest.mark.parametrize("code", CODES)
def test_true_elements(code):
    kernel = jit(
        lambda a: (np.count_nonzero(a), np.nonzero(a)[0], np.argwhere(a), np.flatnonzero(a), a[a != 0])
    )
    for n in LENGTHS:
        a = numbers(n, code)
        a[::3] = 0
        if code in "fdFD":
            a[1::7], a[2::9] = np.nan, -0.0
        for x in layouts(a):
            check_numpy(kernel, x)
    grid = (np.arange(24) % 5 - 2).reshape(4, 6).astype(code)
    check_numpy(lambda a: (np.count_nonzero(a), np.argwhere(a), np.nonzero(a)[1]), grid)
    check_numpy(lambda a: (np.count_nonzero(a), np.argwhere(a)), grid.T[::-1])
    assert jit(lambda a: np.count_nonzero(a))(np.ones(5 * PART + 7, code)) == 5 * PART + 7


@pytest.mark.parametrize("code", CODES)
def test_triangles_and_grids(code):
    def triangles(a, k):
        return np.triu(a, k), np.tril(a, k), np.triu(a), np.tril(a)

    whole = numbers(35, code).reshape(5, 7)
    for a in (
        whole,
        whole.T,
        whole[::-1, ::-2],
        whole[:0],
        whole[:, :0],
        whole[:, :1],
        np.broadcast_to(whole[0], (3, 7)),
    ):
        for k in (0, 1, -1, 6, -6, 2**40, -(2**40)):
            check_numpy(triangles, a, k)
    for n in LENGTHS:
        for a in layouts(numbers(n, code)):
            check_numpy(lambda a, b: np.meshgrid(a, b), a, whole[0])
            check_numpy(lambda a, b: np.hstack((a, b, a[::-1])), a, whole[:, 0])


def test_interpolation():
    def kernel(x, xp, fp):
        return np.interp(x, xp, fp), np.interp(x, xp, fp, left=-7.5, right=9)

    points = np.array([-2.0, -2.0, 0.5, 0.5, 0.5, 3.0, 8.0])
    values = np.array([1.0, 4.0, -3.0, np.inf, 2.0, 2.5, np.nan])
    wanted = np.array([-np.inf, -3, -2, -1.9, 0.5, 0.4999, 2.9, 3, 8, 8.5, np.inf, np.nan, -0.0])
    for x in (
        wanted,
        wanted[::-2],
        wanted[:0],
        np.repeat(wanted, 300),
        wanted.astype("f"),
        np.array([-2, 0, 3, 100]),
    ):
        check_numpy(kernel, x, points, values)
        check_numpy(kernel, x, points[::-1][::-1], values[::-1])
        check_numpy(kernel, x, np.repeat(points, 2)[::2], np.repeat(values, 2)[::2])
        check_numpy(kernel, x, points[-1:], values[:1])
    check_numpy(kernel, wanted, np.array([1, 2, 4]), np.array([3, 1, 2]))
    check_numpy(lambda x, xp, fp: np.interp(x, xp, fp), wanted, points, values + 1j)
    with pytest.raises(ValueError, match="array of sample points is empty"):
        jit(kernel)(wanted, points[:0], values[:0])


@pytest.mark.parametrize("code", "bhilBHI?")
def test_counts_of_integers(code):
    for n in LENGTHS:
        a = np.abs(numbers(n)).astype(code)
        for x in layouts(a):
            check_numpy(lambda a: (np.bincount(a), np.bincount(a, minlength=50)), x)
            if n:
                check_numpy(lambda a, w: np.bincount(a, weights=w), x, np.linspace(-1, 1, n))
    if code in "bhil":
        with pytest.raises(ValueError, match="must have no negative elements"):
            jit(lambda a: np.bincount(a))(np.array([3, -1, 2], code))


def test_differences_of_views():
    for n in (2, 3, 5, 17, 40):
        a = numbers(n) / 7
        for x in layouts(a):
            check_numpy(lambda a: (np.gradient(a), np.gradient(a, 0.5), np.diff(a), np.ediff1d(a)), x)
    grid = numbers(60).reshape(5, 12)
    check_numpy(lambda a: np.gradient(a), grid)
    check_numpy(lambda a: (np.gradient(a, axis=1), np.gradient(a, axis=0)), grid[::-1].T)
