"""What Cython refuses or checks as a whole: numbers that lose their fraction, subscripts one behind the other, names of C."""

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

HEAD = "# cython: language_level=3\n"
NARROW = {
    "declared": "def f(double x):\n    cdef int y = x\n    return y\n",
    "assigned": "def f(double x):\n    cdef int y\n    y = x * 2\n    return y\n",
    "added": "def f(double x):\n    cdef int s = 0\n    s += x\n    return s\n",
    "literal": "def f(double x):\n    cdef int y = 2.5\n    return y\n",
    "single": "def f(float x):\n    cdef long y = x\n    return y\n",
}


@pytest.mark.parametrize("name", NARROW)
def test_fractions_are_cut_off_by_casts_only(name):
    with pytest.raises(errors.CompileError, match="Cannot assign type '(double|float)' to '(int|long)'"):
        pyx.compile(HEAD + NARROW[name]).f(2.5)


CHAINS = """
def two(double[:, :] v, int i, int j):
    return v[i][j]

def three(double[:, :, :] v, int i, int j, int k):
    return v[i][j][k]

def mixed(double[:, :, :] v, int i, int j, int k):
    return v[i, j][k]

def stored(double[:, :, :] v, int i, int j, int k):
    v[i][j, k] = 2
    v[i][j][k] += 1
    return v[i][j, k]

def sliced(double[:, :] v, int i, int j):
    return v[i:][j, 0]
"""


def test_subscripts_one_behind_the_other_are_checked_together(tmp_path):
    source = tmp_path / "chains.pyx"
    source.write_text(HEAD + CHAINS)
    modules = pyx_reference.build(source, tmp_path), pyx.compile(source)
    cube, square = np.arange(64.0).reshape(4, 4, 4), np.arange(16.0).reshape(4, 4)
    places = [(0, 1, 2), (9, 1, 2), (0, 9, 2), (0, 1, 9), (9, 9, 2), (-9, 0, 0), (0, 9, 9), (-1, -1, -1)]
    calls = [(name, cube, *place) for name in ("three", "mixed", "stored") for place in places]
    calls += [(name, square, i, j) for name in ("two", "sliced") for i, j, _ in places]
    wrong = pyx_reference.differences(*modules, calls)
    assert not wrong, "\n".join(wrong)
