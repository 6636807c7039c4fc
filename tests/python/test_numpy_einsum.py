"""np.einsum against NumPy: explicit and implicit results, diagonals, ellipses, dtypes, broadcasting, errors."""

import numpy as np
import pytest
from checking import check_numpy

ONE = {
    "same": lambda a: np.einsum("ij", a),
    "transpose": lambda a: np.einsum("ba", a),
    "explicit": lambda a: np.einsum("ij->ji", a),
    "spaces": lambda a: np.einsum(" i j -> j i ", a),
    "trace": lambda a: np.einsum("ii", a),
    "diagonal": lambda a: np.einsum("ii->i", a),
    "total": lambda a: np.einsum("ij->", a),
    "rows": lambda a: np.einsum("ij->i", a),
    "columns": lambda a: np.einsum("ij->j", a),
    "ellipsis": lambda a: np.einsum("...i->...", a),
    "ellipsis_front": lambda a: np.einsum("i...->i...", a),
    "ellipsis_moved": lambda a: np.einsum("...i->i...", a),
    "upper": lambda a: np.einsum("bA", a),
    "too_few": lambda a: np.einsum("i", a),
    "too_many": lambda a: np.einsum("ijk", a),
    "unknown": lambda a: np.einsum("ij->k", a),
    "repeated": lambda a: np.einsum("ij->ii", a),
    "digit": lambda a: np.einsum("i1", a),
    "half_arrow": lambda a: np.einsum("ij-", a),
    "dot": lambda a: np.einsum("i.j", a),
    "other_axes": lambda a: np.einsum("...j->j", a),
    "operands": lambda a: np.einsum("ij,jk", a),
}

TWO = {
    "matrices": lambda a, b: np.einsum("ij,jk->ik", a, b),
    "implicit": lambda a, b: np.einsum("ij,jk", a, b),
    "turned": lambda a, b: np.einsum("ij,jk->ki", a, b),
    "second_turned": lambda a, b: np.einsum("ij,kj->ik", a, b),
    "outer": lambda a, b: np.einsum("ij,kl->ikjl", a, b),
    "elements": lambda a, b: np.einsum("ij,ij->ij", a, b),
    "inner": lambda a, b: np.einsum("ij,ij", a, b),
    "row_sums": lambda a, b: np.einsum("ij,ij->i", a, b),
    "number": lambda a, b: np.einsum(",ij", 2, b),
    "ellipses": lambda a, b: np.einsum("...a,...b->...ab", a, b),
    "ellipsis_sum": lambda a, b: np.einsum("...a,...a", a, b),
    "diagonals": lambda a, b: np.einsum("ii,jj->ij", a, b),
    "one_sided": lambda a, b: np.einsum("ij,kl->i", a, b),
    "few": lambda a, b: np.einsum("ij", a, b),
}


@pytest.mark.parametrize("name", ONE)
def test_one_operand(name):
    for a in (np.arange(9.0).reshape(3, 3), np.arange(6.0).reshape(2, 3), np.ones((1, 3)), np.zeros((0, 0))):
        check_numpy(ONE[name], a)
        check_numpy(ONE[name], a.T[::-1])


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize(
    "shapes",
    [((3, 3), (3, 3)), ((2, 3), (3, 4)), ((2, 1), (5, 3)), ((0, 3), (3, 0)), ((3, 0), (0, 2))],
    ids=str,
)
def test_two_operands(name, shapes):
    a, b = ((np.arange(np.prod(s)) % 7 - 2.5).reshape(s) for s in shapes)
    check_numpy(TWO[name], a, b, rtol=1e-12)
    check_numpy(TWO[name], np.asfortranarray(a), b[:, ::-1], rtol=1e-12)


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("codes", ["??", "bb", "bB", "lf", "fd", "FF", "?D"])
def test_dtypes(name, codes):
    a, b = ((np.arange(9) * 5 % 7).reshape(3, 3).astype(c) for c in codes)
    check_numpy(TWO[name], a, b, rtol=1e-6)


def test_stacks_of_matrices():
    def f(a, b):
        return np.einsum("bij,bjk->bik", a, b), np.einsum("bij,bkj->kbi", a, b[:, ::-1, :].transpose(0, 2, 1))

    check_numpy(f, np.arange(24.0).reshape(2, 3, 4), np.arange(40.0).reshape(2, 4, 5), rtol=1e-12)


def test_three_operands():
    def f(a, b, c):
        return np.einsum("ij,jk,kl->il", a, b, c), np.einsum("i,i,i->i", a[0], b[0], c[0])

    check_numpy(f, *(np.arange(9.0).reshape(3, 3) + k for k in range(3)), rtol=1e-12)


def test_one_operand_without_sum_is_a_view():
    def f(a):
        np.einsum("ii->i", a)[:] = -1
        return a

    check_numpy(f, np.ones((3, 3)))


def test_out():
    def f(a, b, out):
        return np.einsum("ij,j->i", a, b, out=out)

    check_numpy(f, np.arange(6.0).reshape(2, 3), np.arange(3.0), np.zeros(2), rtol=1e-12)


def test_numbers_without_axes():
    def f(x):
        return np.einsum("->", x), np.einsum(",", x, x), np.einsum(",->", 2, 3)

    check_numpy(f, np.array(3.5))


def test_numbers_for_letters():
    def f(a, b):
        return (
            np.einsum(a, [0, 1], b, [1, 0]),
            np.einsum(a, [0, 1], b, [1, 2], [0, 2]),
            np.einsum(a, [30, 1]),
            np.einsum(a, [0, ...], [..., 0]),
        )

    check_numpy(f, np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(3, 2), rtol=1e-12)
    check_numpy(lambda a: np.einsum(a, [0, 52]), np.zeros((2, 2)))
