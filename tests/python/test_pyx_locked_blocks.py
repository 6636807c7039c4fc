"""`with gil` blocks in parallel loops beside Cython's: they run on the loop's threads, with the lock."""

import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

SOURCE = Path(__file__).parent / "pyx" / "locked_blocks.pyx"
A = np.arange(6.0)


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return pyx_reference.build(SOURCE, tmp_path_factory.mktemp("cython")), pyx.compile(SOURCE)


def half(x):
    return x / 2


def picky(x):
    if x == 3:
        raise OSError("three")
    return -x


TEAM = """
from cython.parallel cimport parallel, threadid

def numbers(int n):
    cdef int t
    out = []
    seen = []
    with nogil, parallel(num_threads=n):
        t = threadid()
        with gil:
            seen.append(1)
            out.append(t)
    return sorted(out), len(seen)
"""


def test_lists_of_numbers_lose_nothing_in_a_team():
    module = pyx.compile(TEAM, name="lists_in_a_team")
    for _ in range(2000):
        assert module.numbers(5) == ([0, 1, 2, 3, 4], 5)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_blocks_end_like_those_of_cython(modules, n):
    calls = [
        ("counted", np.array([3, 1, 3, 3, 7, 1]), n), ("counted", np.array([], int), n), ("reduced", [1.5, 2, 3], n),
        ("reduced", [], n), ("taken_back", ["a", "bcd", "ef"], np.zeros(3, np.int32), n),
        ("called", half, A, n), ("failing", {0: 1.0, 1: 2, 2: 3}, 3, n), ("failing", {0: 1.0, 1: 2}, 3, n),
        ("failing", {0: 1.0, 1: "x", 2: 3}, 3, n), ("in_a_team", n), ("shared_in_a_team", A, n), ("twice", A, n),
        ("released_inside", 10, n), ("with_finally", 3, n), ("with_finally", 5, n), ("unsigned_and_small", n),
    ]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error", errors.PerformanceWarning)
        wrong = pyx_reference.differences(*modules, calls)
        assert not wrong, "\n".join(wrong)
        found = [module.appended(A, [], n) for module in modules]
        assert found[0] == found[1]
        with pytest.raises(OSError, match="^three$"):
            modules[1].called(picky, A.copy(), n)


def test_blocks_run_beside_each_other(modules):
    """Both threads are in the loop at once: each waits for the other in Python, which gives up the lock."""
    barrier = threading.Barrier(2, timeout=20)
    threads = set()

    def meet(x):
        threads.add(threading.get_ident())
        barrier.wait()
        return x

    assert modules[1].called(meet, np.arange(2.0), 2)[0] == [0.0, 1.0]
    assert len(threads) == 2


def test_the_lowest_failing_iteration_counts(modules):
    def fails(x):
        time.sleep(0.002 * (x == 2))
        if x in (2, 9, 15):
            raise KeyError(x)
        return x

    for n in (1, 2, 5):
        with pytest.raises(KeyError, match=r"^2\.0$"):
            modules[1].called(fails, np.arange(16.0), n)


def test_loops_in_order_are_told():
    module = pyx.compile("""
from cython.parallel import prange
def f(int n, list out):
    cdef int i
    for i in prange(n, nogil=True):
        with gil:
            out.append(str(i))
            if i == 2:
                break
    return out
""")
    with pytest.warns(errors.PerformanceWarning, match="parallel loops of `f` run in order"):
        assert module.f(5, []) == ["0", "1", "2"]


def test_reports_say_what_becomes_of_loops(tmp_path):
    path = tmp_path / "loops.pyx"
    path.write_text("""from cython.parallel import prange
cdef int kept(int i) except -1 with gil:
    seen = {}
    seen[i] = str(i)
    return len(seen)
def block(dict d, int n):
    cdef int i
    for i in prange(n, nogil=True):
        with gil:
            d[i] = str(i)
def called(int n):
    cdef int i, s = 0
    for i in prange(n, nogil=True):
        s += kept(i)
    return s
""")
    page = Path(pyx.annotate(path)).read_text()
    assert "runs on all threads" in page and "runs in order" in page
    module = pyx.compile(path)
    with pytest.warns(errors.PerformanceWarning, match="`called` run in order"):
        assert module.called(3) == 3


def test_buffers_of_threads_are_merged(tmp_path):
    """A buffer of each thread's own, the pattern of OpenMP: what blocks read and write through it."""
    source = SOURCE.with_name("merged_blocks.pyx")
    modules = pyx_reference.build(source, tmp_path), pyx.compile(source)
    x = np.arange(1000.0)
    names = ("array", "view", "listed", "freed")
    calls = [(name, x, 7, n) for name in names for n in (1, 2, 5)] + [(name, x[:0], 3, 2) for name in names]
    calls += [("divided", np.arange(-4, 1000), n) for n in (1, 2)]
    calls += [("scaled", x, 5.0, 700.5, 9, n) for n in (1, 2)] + [("scaled", x, 3.0, 3.0, 4, 2)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", errors.PerformanceWarning)
        wrong = pyx_reference.differences(*modules, calls)
    assert not wrong, "\n".join(wrong)
    with pytest.warns(errors.PerformanceWarning, match="`p` is a pointer that a `with gil` block sets"):
        assert modules[1].refused(3, {}) == modules[0].refused(3, {})
