"""NumPy's objects that are subscripted, `mgrid ogrid r_ c_ s_ index_exp`, against NumPy."""

import numpy as np
import pytest
from checking import check_numpy

from ungil import jit
from ungil.errors import CompileError

A, I4, M, L = np.array([1.0, 2.0, 3.0]), np.array([4, 5], "i4"), np.arange(6.0).reshape(2, 3), [1, 2]


def _same(*functions):
    for function in functions:
        check_numpy(function, A, I4, M, L, 4, 2.5)


def test_dense_grids():
    _same(
        lambda a, i, m, l, n, x: (
            np.mgrid[0:3],
            np.mgrid[0:n],
            np.mgrid[n:0:-1],
            np.mgrid[-1:x:0.25],
            np.mgrid[5:0],
        ),
        lambda a, i, m, l, n, x: (
            np.mgrid[0:3, 0:4],
            np.mgrid[:n, 1:9:3],
            np.mgrid[n:0:-1, 0:2],
            np.mgrid[0:3,],
        ),
        lambda a, i, m, l, n, x: (
            np.mgrid[0:1:5j],
            np.mgrid[0 : a[2] : 1j * n, 0:2:3j],
            np.mgrid[0:3:1j, 0:x],
        ),
        lambda a, i, m, l, n, x: np.mgrid[0:2, 0:2, 0:x],
        lambda a, i, m, l, n, x: (
            np.mgrid[0 : np.int32(3), 0 : np.int32(2)],
            np.mgrid[0 : np.float32(3), 0:2],
        ),
        lambda a, i, m, l, n, x: np.mgrid[5:0, 0:2],
        lambda a, i, m, l, n, x: np.mgrid[0:n:0, 0:2],
    )


def test_open_grids():
    _same(
        lambda a, i, m, l, n, x: (np.ogrid[0:3], np.ogrid[0:3, 0:4], np.ogrid[0:n, 1:2:4j]),
        lambda a, i, m, l, n, x: (np.ogrid[0:3,], np.ogrid[0:1:0.1, 0:2], np.ogrid[:n, :n, :2]),
    )

    def disc(a, i, m, l, n, x):
        u, v = np.ogrid[-n : n + 1, -n : n + 1]
        return u * u + v * v <= n * n

    _same(disc)


def test_rows():
    _same(
        lambda a, i, m, l, n, x: (np.r_[a, 1, 2], np.r_[0, a[1:] * 2], np.r_[a, 0, 0, a[:2]], np.r_[a]),
        lambda a, i, m, l, n, x: (np.r_[1, 2, 3], np.r_[1.5, 2], np.r_[True, 2], np.r_[5], np.r_[1j, a]),
        lambda a, i, m, l, n, x: (np.r_[0:n, 7, a], np.r_[-1:1:5j], np.r_[0:10:2, a], np.r_[:n], np.r_[0:0]),
        lambda a, i, m, l, n, x: (
            np.r_[i, 1.5],
            np.r_[i, 1],
            np.r_[i[0], 1],
            np.r_[i.astype(np.float32), 1.5],
        ),
        lambda a, i, m, l, n, x: (np.r_[[1, 2], 3], np.r_[(1, 2), 3.0], np.r_[l], np.r_[l, x], np.r_[m, m]),
        lambda a, i, m, l, n, x: (
            np.r_["0,2", a, a],
            np.r_["1,2,0", a, a],
            np.r_["-1", m, m],
            np.r_["0,3,1", a, a],
        ),
        lambda a, i, m, l, n, x: np.r_[m, a],
    )


def test_columns():
    _same(
        lambda a, i, m, l, n, x: (
            np.c_[a, a],
            np.c_[a, m.T],
            np.c_[m, m],
            np.c_[a],
            np.c_[1, 2],
            np.c_[0:3, a],
        ),
        lambda a, i, m, l, n, x: (np.c_[m, np.ones(2)], np.c_[[1, 2], [3, 4]], np.c_[a * 2, np.sqrt(a)]),
        lambda a, i, m, l, n, x: (np.c_[np.array([[1, 2]]), 0, 0], np.c_["0", a, a], np.c_[m, i]),
        lambda a, i, m, l, n, x: np.c_[m, a],
    )


def test_indices_as_values():
    _same(
        lambda a, i, m, l, n, x: (
            a[np.s_[1:]],
            m[np.s_[:, 1]],
            m[np.s_[0, ::-1]],
            m[np.s_[..., None]],
            a[np.s_[0]],
        ),
        lambda a, i, m, l, n, x: (a[np.index_exp[1:n]], m[np.index_exp[1, ::2]]),
    )


def test_refused():
    for function in (
        lambda a: np.mgrid[a],
        lambda a: np.mgrid[1:],
        lambda a: np.r_["r", a],
        lambda a: np.mgrid[0:a],
    ):
        with pytest.raises(CompileError):
            jit(function)(A)
