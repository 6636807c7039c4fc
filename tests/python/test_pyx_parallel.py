"""Parallel loops beside Cython's own: arguments, ways out beside reductions, `with gil` anywhere."""

from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

A = np.arange(10.0)
CALLS = [
    ("narrow", 10), ("narrow", 0), ("step", 0, 10, 3), ("step", 10, 0, -3), ("step", 0, 0, 1),
    ("chunks", 100, 3, 2), ("chunks", 100, 1000, 1), ("chunks", 0, 1, 3), ("chunks", 50, 7, 0),
    *[("break_beside_reduction", a, x) for a in (A, A[:0]) for x in (3.0, 0.0, 99.0)],
    *[(f"{way}_beside_reduction", A, x) for way in ("return", "raise") for x in (3.0, 99.0)],
    ("objects_in_a_loop", A[:5]), ("objects_in_a_loop", A), ("objects_in_parallel", 4, "a"),
    ("objects_in_parallel", 4, "b"), ("objects_in_parallel", 0, "b"), ("lock_again_and_again", []), ("in_a_team",),
    ("with_gil_function", 3), ("with_gil_function", 5), ("with_the_lock", 3),
    *[("messages", n, 2.5) for n in range(1, 11)],
    *[("with_else", n) for n in (0, 1, 50)],
    # Exact in any order; blocks of one iteration each.
    *[("rows_in_blocks_of_one", np.full((n, m), 2.0)) for n in (0, 1, 2, 31, 33, 100) for m in (0, 1, 3)],
]  # fmt: skip


def test_modules_end_like_those_of_cython(tmp_path):
    source = Path(__file__).parent / "pyx" / "parallel.pyx"
    reference, module = pyx_reference.build(source, tmp_path), pyx.compile(source)
    wrong = []
    for name, *args in CALLS:
        given = [list(a) if isinstance(a, list) else a for a in args]
        expected = pyx_reference.outcome(getattr(reference, name), args)
        result = pyx_reference.outcome(getattr(module, name), given)
        if expected != result:
            wrong.append(f"{name}{tuple(args)!r}: Cython {expected}, ungil {result}")
        args[:] = given
    assert not wrong, "\n".join(wrong)


def test_a_loop_that_carries_values_is_refused_in_spite_of_the_lock():
    module = pyx.compile("""
from cython.parallel import prange
def f(double[:] a):
    cdef Py_ssize_t i
    for i in prange(1, a.shape[0], nogil=True):
        a[i] = a[i - 1] + 1
        if a[i] < 0:
            with gil:
                raise ValueError("negative")
""")
    for _ in range(2):
        with pytest.raises(errors.ParallelError):
            module.f(A.copy())


def test_zero_steps_raise():
    module = pyx.compile(
        "from cython.parallel import prange\ndef f(int n, int k):\n    cdef int i, s = 0\n"
        "    for i in prange(0, n, k, nogil=True):\n        s += i\n    return s\n"
    )
    with pytest.raises(ValueError, match="must not be zero"):
        module.f(3, 0)


LOCKED = """
from cython.parallel cimport prange
cimport openmp

def total(int n, int[:] c):
    cdef openmp.omp_lock_t lock
    cdef int i
    openmp.omp_init_lock(&lock)
    for i in prange(n, nogil=True):
        openmp.omp_set_lock(&lock)
        c[0] = c[0] + i
        if i % 2: c[1] = c[0]
        openmp.omp_unset_lock(&lock)
    openmp.omp_destroy_lock(&lock)

def outside(int n, int[:] c):
    cdef openmp.omp_lock_t lock
    cdef int i
    openmp.omp_init_lock(&lock)
    for i in prange(n, nogil=True):
        openmp.omp_set_lock(&lock)
        c[0] = c[0] + i
        openmp.omp_unset_lock(&lock)
        c[0] = i
"""


def test_writes_under_a_lock_are_accepted():
    module, c = pyx.compile(LOCKED), np.zeros(2, np.int32)
    module.total(100, c)
    assert c.tolist() == [4950, 4950]
    with pytest.raises(errors.ParallelError):
        module.outside(100, c)
