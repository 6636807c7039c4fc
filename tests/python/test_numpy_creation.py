"""Functions that make arrays, against NumPy."""

import numpy as np
import pytest
from checking import check_numpy

from ungil import jit

MADE = {
    "eye": lambda n, m: (np.eye(n), np.eye(n, m), np.eye(n, m, 1), np.eye(n, m, k=-2, dtype=np.int32)),
    "eye_order": lambda n, m: np.eye(n, m, order="F"),
    "identity": lambda n, m: (np.identity(n), np.identity(m, dtype=np.complex64)),
    "tri": lambda n, m: (np.tri(n), np.tri(n, m), np.tri(n, m, 1), np.tri(n, m, -1, np.uint8)),
    "indices": lambda n, m: np.indices((n, m)),
    "indices_sparse": lambda n, m: np.indices((n, m, 2), sparse=True),
    "indices_dtype": lambda n, m: np.indices((n, m), dtype=np.float32),
    "vander": lambda n, m: (
        np.vander(np.arange(n)),
        np.vander(np.arange(n), m),
        np.vander(np.arange(3.0), n, True),
    ),
    "zeros": lambda n, m: (np.zeros((n, m), order="F"), np.ones(n, bool), np.full((m, n), 2.5)),
}

TRIANGLES = {
    "tril": lambda a: (np.tril(a), np.tril(a, 1), np.tril(a, -1)),
    "triu": lambda a: (np.triu(a), np.triu(a, 1), np.triu(a, k=-1)),
    "diag": lambda a: (np.diag(a), np.diag(a, 1), np.diag(a, k=-2)),
    "diagflat": lambda a: (np.diagflat(a), np.diagflat(a, 1), np.diagflat(a, -2)),
}

GRIDS = {
    "meshgrid": lambda x, y: np.meshgrid(x, y),
    "meshgrid_ij": lambda x, y: np.meshgrid(x, y, indexing="ij"),
    "meshgrid_sparse": lambda x, y: np.meshgrid(x, y, sparse=True),
    "meshgrid_view": lambda x, y: np.meshgrid(x, y, copy=False),
    "meshgrid_three": lambda x, y: np.meshgrid(x, y, 3.0),
    "meshgrid_one": lambda x, y: np.meshgrid(x),
    "meshgrid_wrong": lambda x, y: np.meshgrid(x, y, indexing="yx"),
}

SPACED = {
    "logspace": lambda a, b: (
        np.logspace(a, b),
        np.logspace(a, b, 5),
        np.logspace(a, b, num=4, endpoint=False, base=2),
    ),
    "geomspace": lambda a, b: (np.geomspace(a, b), np.geomspace(a, b, 4), np.geomspace(a, b, num=1)),
    "geomspace_open": lambda a, b: (np.geomspace(a, b, 3, endpoint=False), np.geomspace(a, b, num=0)),
}


@pytest.mark.parametrize("name", MADE)
def test_made(name):
    compiled = jit(MADE[name])
    for n, m in [(0, 0), (1, 1), (3, 3), (2, 5), (5, 2), (0, 3), (-1, 2)]:
        check_numpy(compiled, n, m)


@pytest.mark.parametrize("name", TRIANGLES)
@pytest.mark.parametrize("code", "?bHidfF")
def test_triangles(name, code):
    compiled = jit(TRIANGLES[name])
    for shape in [(), (0,), (3,), (2, 3), (4, 2), (0, 3), (3, 3), (2, 3, 4)]:
        a = (np.arange(np.prod(shape, dtype=int)) % 5 - 1).reshape(shape).astype(code)
        check_numpy(compiled, a)
        check_numpy(compiled, a.T)


@pytest.mark.parametrize("name", GRIDS)
def test_grids(name):
    compiled = jit(GRIDS[name])
    for x, y in [
        (np.arange(3), np.arange(2.0)),
        (np.zeros(0), np.arange(4)),
        (np.arange(6)[::2], np.float32(2)),
    ]:
        check_numpy(compiled, x, y)


@pytest.mark.parametrize("name", SPACED)
def test_spaced(name):
    compiled = jit(SPACED[name])
    for a, b in [(1, 1000), (1.0, 2.5), (-1.0, -8.0), (3, 0.25), (np.float32(2), 4.0), (0, 1), (1.0, 0.0)]:
        single = isinstance(a, np.float32)
        check_numpy(compiled, a, b, rtol=1e-6 if single else 1e-14)


def test_diagonals_are_filled():
    def filled(a, v):
        np.fill_diagonal(a, v)
        return a

    def wrapped(a, v):
        np.fill_diagonal(a, v, wrap=True)
        return a

    for shape in [(3, 3), (2, 4), (5, 2), (7, 2), (0, 2), (3, 3, 3), (2, 3, 2), (4,), ()]:
        for v in (5.0, np.arange(1.0, 3.0)):
            for function in (filled, wrapped):
                check_numpy(function, np.zeros(shape), v)
                check_numpy(function, np.zeros(shape, "i", order="F"), v)


INDICES = {
    "tril_indices": lambda n: (np.tril_indices(n), np.tril_indices(n, -1), np.tril_indices(n, 1, 2)),
    "triu_indices": lambda n: (np.triu_indices(n), np.triu_indices(n, 1), np.triu_indices(n, -1, 5)),
    "diag_indices": lambda n: (np.diag_indices(n), np.diag_indices(n, 3)),
    "unravel_index": lambda n: (np.unravel_index(n, (2, 3)), np.unravel_index([n, 0], (2, 2, 2))),
    "ravel_multi_index": lambda n: np.ravel_multi_index((1, n), (2, 4)),
    "ix_": lambda n: np.ix_([0, n], [True, False, True], np.arange(2)),
    "hanning": lambda n: (np.hanning(n), np.hanning(n + 6)),
    "hamming": lambda n: (np.hamming(n), np.hamming(n + 6)),
    "blackman": lambda n: (np.blackman(n), np.blackman(n + 6)),
    "bartlett": lambda n: (np.bartlett(n), np.bartlett(n + 6)),
    "kaiser": lambda n: np.kaiser(n + 2, 8.5),
    "i0": lambda n: np.i0(np.array([0.0, 0.5, -3.0, 8.0, 8.5, 40.0]) + n),
}


@pytest.mark.parametrize("function", INDICES.values(), ids=INDICES)
@pytest.mark.parametrize("n", [0, 1, 3, 7])
def test_indices_and_windows(function, n):
    check_numpy(function, n, rtol=1e-13)


@pytest.mark.parametrize("code", "bild")
def test_indices_of_a_matrix(code):
    def triangles(a):
        return np.tril_indices_from(a), np.triu_indices_from(a, 1)

    def largest(a):
        return np.unravel_index(np.argmax(a), a.shape)

    def chosen(a):
        return a[np.ix_([2, 0], [1, 2])], a.mT

    def finite(a):
        return np.asarray_chkfinite(a)

    a = (np.arange(12).reshape(3, 4) * 7 % 11).astype(code)
    for function in (triangles, largest, chosen, finite):
        check_numpy(function, a)
        check_numpy(function, a[::-1, ::2][:, [0, 1, 0]])
    check_numpy(triangles, np.arange(3))
    check_numpy(finite, np.array([1.0, np.nan]))
