"""Exceptions of functions that are called through pointers, beside Cython's."""

import sys
from pathlib import Path

import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "pointer_errors.pyx"
CALLS = [
    ("run", 2), ("run", 3), ("run", 4), ("run", 9), ("free", 3), ("free", 4), ("ends", 0.0), ("ends", 5.0),
    ("deep", 1.0), ("deep", 2.5), ("of_objects", [0, 2], []), ("of_objects", [0, 1], []), ("of_objects", [3], []),
    ("handled", [1, 5, 2, 7.5, 1]), ("others", 3, 1.0), ("others", -3, 1.0), ("others", 3, 3.0),
    ("chosen", 0, 1.0), ("chosen", 1, 1.0), ("chosen", 2, 3.0), ("chosen", 0, 3.0), ("chosen", 1, 3.0),
    ("either", True, 1.0), ("either", False, 1.0), ("either", True, 3.0), ("either", False, 3.0),
    ("of_module", 0, 1.0), ("of_module", 1, 1.0), ("of_module", 0, 3.0), ("of_module", 1, 3.0),
    ("sorted_by_c", [3, 1, 2]),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return pyx_reference.build(SOURCE, tmp_path_factory.mktemp("cython")), pyx.compile(SOURCE)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_functions_end_like_those_of_cython(modules, name, monkeypatch):
    unraised = []
    monkeypatch.setattr(sys, "unraisablehook", unraised.append)
    wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)
    assert not unraised


IN_TEAM = """
from cython.parallel cimport prange
ctypedef long (*f_t)(long) except? -1
ctypedef long (*quiet_t)(long) noexcept
cdef long picky(long k) except? -1 nogil:
    if k % 5 == 3:
        raise KeyError(k)
    return k
cdef long total(f_t f, int n, int threads) except? -1 nogil:
    cdef long s = 0
    cdef int i
    for i in prange(n, num_threads=threads):
        s += f(i)
    return s
def run(int n, int threads):
    return total(picky, n, threads)
def quiet(long k):
    cdef quiet_t f = <quiet_t>picky
    return f(k)
"""


def test_the_lowest_failing_iteration_counts():
    module = pyx.compile(IN_TEAM, name="pointer_errors_in_team")
    for threads in (1, 2, 5):
        assert module.run(3, threads) == 3
        for _ in range(20):
            with pytest.raises(KeyError, match="^3$"):
                module.run(1000, threads)


def test_pointers_that_raise_nothing_report(monkeypatch):
    module = pyx.compile(IN_TEAM, name="pointer_errors_reported")
    unraised = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: unraised.append(found.exc_type))
    assert module.quiet(3) == 0
    assert unraised == [KeyError]
    assert module.run(3, 2) == 3
