"""Variables with an address in parallel sections, which each thread has for itself, compared with Cython."""

from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "private_memory.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("private_memory")), pyx.compile(source)


@pytest.mark.parametrize("n", [0, 1, 5, 1000, 20000])
def test_private_variables(modules, n):
    a = np.random.default_rng(n).normal(size=n) * 10
    x = np.random.default_rng(n).normal(size=(n, 7))
    cython, own = modules
    np.testing.assert_array_equal(own.whole(a, np.zeros(n)), cython.whole(a, np.zeros(n)))
    np.testing.assert_array_equal(
        own.nested(n, 3, np.zeros((3, n), int)), cython.nested(n, 3, np.zeros((3, n), int))
    )
    np.testing.assert_allclose(own.pointers(a), cython.pointers(a), rtol=1e-12)
    for threads in (1, 2, 5):
        one, other = (m.blas(x, a, np.zeros(n), threads) for m in (cython, own))
        np.testing.assert_allclose(other, one, rtol=1e-13)


LATER = """
from cython.parallel cimport prange
cdef int fill(int *p, int x) noexcept nogil:
    p[0] = x + 1
    return 0
def f(int n):
    cdef int v = 0, i
    for i in prange(n, nogil=True):
        v = i
        fill(&v, i)
    return v
"""


def test_last_values_of_such_variables_are_refused():
    with pytest.raises(errors.CompileError, match="the threads of a parallel loop share `v`"):
        pyx.compile(LATER, "pyxp_later").f(3)
