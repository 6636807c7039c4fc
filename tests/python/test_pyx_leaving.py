"""Ways out of parallel loops, directives of blocks and methods of memoryviews beside Cython's own."""

from pathlib import Path

import numpy as np
import pyx_reference

import ungil
from ungil import errors, pyx

A = np.arange(500.0)
R = np.arange(60.0).reshape(20, 3)
CALLS = [
    *[("find_returning", A, x) for x in (0.0, 7.0, 499.0, -1.0)],
    ("squares", A, 248_500.0), ("squares", A, 1e9), ("cleared", A),
    ("failing", A, 3.0, -1.0), ("failing", A, -1.0, 3.0), ("failing", A, -1.0, -1.0), ("skipping", A),
    ("directives", A, 3, -7, 2), ("directives", A, -1, 7, -2), ("packed", R), ("packed", R.T), ("packed", R[::2, ::2]),
    ("packed", R[:1]),
]  # fmt: skip


def test_modules_end_like_those_of_cython(tmp_path):
    source = Path(__file__).parent / "pyx" / "leaving.pyx"
    reference, module = pyx_reference.build(source, tmp_path), pyx.compile(source)
    wrong = pyx_reference.differences(reference, module, CALLS)
    assert not wrong, "\n".join(wrong)
    # Which thread's variables a `break` leaves is chance in Cython.
    assert [module.find(A, x) for x in (0.0, 7.0, 499.0, -1.0)] == [0, 7, 499, -1]
    assert [module.rows(R, x) for x in (170.0, 1e9)] == [(19, 174.0), (-1, 0.5)] and module.rows(
        R[:0], 1.0
    ) == (-1, 0.5)


def test_the_lowest_iteration_wins():
    @ungil.jit(parallel=True)
    def first(a, x):
        at = -1
        value = 0.0
        for i in ungil.prange(a.size):
            if a[i] >= x:
                at = i
                value = a[i] * 2
                break
            if a[i] == -7:
                raise ValueError(i)
        return at, value

    @ungil.jit(parallel=True)
    def returned(a, x):
        for i in ungil.prange(a.shape[0]):
            for j in ungil.prange(a.shape[1]):
                if a[i, j] >= x:
                    return i * 1000 + j
        return -1

    rng = np.random.default_rng(5)
    for _ in range(300):
        a = rng.random(2000)
        x = rng.random() * 0.19 + 0.8
        assert first(a, x)[0] == np.argmax(a >= x)
        assert returned(a.reshape(40, 50), x) == np.argmax(a >= x) // 50 * 1000 + np.argmax(a >= x) % 50
    assert first(a, 2.0) == (-1, 0.0)
    a[:] = 0
    a[100], a[200] = -7, 1
    try:
        first(a, 1.0)
    except ValueError as error:
        assert str(error) == "100"
    else:
        raise AssertionError("the lower iteration raises")
    a[50] = 1
    assert first(a, 1.0) == (50, 2.0)


def test_exits_run_finally_and_are_not_caught():
    @ungil.jit(parallel=True)
    def kernel(a, b):
        for i in ungil.prange(a.size):
            try:
                if a[i] > 0:
                    return i
            except:  # noqa: E722
                b[i] = 100
            finally:
                b[i] += 1
        return -1

    a, b = np.zeros(50), np.zeros(50)
    a[30] = 1
    assert kernel(a, b) == 30 and b[:31].tolist() == [1.0] * 31 and b.max() == 1


def test_break_beside_a_reduction_is_refused():
    @ungil.jit(parallel=True)
    def kernel(a):
        t = 0.0
        for i in ungil.prange(a.size):
            t += a[i]
            if a[i] > 3:
                break
        return t

    try:
        kernel(A)
    except errors.CompileError as error:
        assert "reduction" in str(error)
    else:
        raise AssertionError("not refused")


def test_unknown_directives_are_errors():
    for text in (
        "@cython.bondscheck(False)\ndef f(): pass\n",
        "def f():\n    with cython.foo(True):\n        pass\n",
    ):
        try:
            pyx.compile("cimport cython\n" + text)
        except errors.CompileError as error:
            assert "no compiler directive" in str(error)
        else:
            raise AssertionError("no error")


def test_views_of_memory_of_c_are_results():
    module = pyx.compile(
        "from libc.stdlib cimport malloc\n"
        "def make(int n):\n    cdef int i\n    cdef double *p = <double *> malloc(n * sizeof(double))\n"
        "    for i in range(n):\n        p[i] = i\n    return <double[:n]> p\n"
    )
    assert module.make(4).tolist() == [0, 1, 2, 3]
