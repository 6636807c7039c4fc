"""`try` statements in typed functions beside Cython's own: every way in and out of them."""

from pathlib import Path

import numpy as np
import pyx_reference

import ungil
from ungil import pyx

A = np.arange(6.0)
CALLS = [
    *[("canonical", n) for n in (0, 1, 10)], *[("through", 8, how) for how in range(6)],
    *[("logs", how) for how in range(6)], *[("kind", how) for how in range(7)],
    *[("replacing", how) for how in range(7)], ("swallow", 0), ("swallow", 1),
    *[("checks", A, i) for i in (0, 5, 6, -6, -7)], ("divides", 7, 2), ("divides", 7, 0),
    ("assigned_before", 0), ("assigned_before", 1), ("search", A.reshape(2, 3), 4.0), ("search", A.reshape(2, 3), 9.0),
    *[("loops", n) for n in (1, 5, 40)],
]  # fmt: skip


def test_try_statements_end_like_those_of_cython(tmp_path):
    source = Path(__file__).parent / "pyx" / "exceptions.pyx"
    start, mark, rest = source.read_text().partition("# Cython has `except`")
    locked = tmp_path / "exceptions.pyx"
    locked.write_text(start + mark + rest.replace("with nogil:", "if 1:").replace(" nogil:", ":"))
    reference, module = pyx_reference.build(locked, tmp_path), pyx.compile(source)
    wrong = pyx_reference.differences(reference, module, CALLS)
    assert not wrong, "\n".join(wrong)


def guarded(a, i):
    n = 0
    try:
        x = a[i]
        if x < 0:
            raise ValueError("negative")
        n += 1
    except IndexError:
        x = -1.0
    except (ValueError, ZeroDivisionError):
        x = -2.0
        raise
    else:
        n += 10
    finally:
        a[0] += 1
    return float(x), n


def test_kernels_have_try_statements():
    compiled = ungil.jit(guarded)
    for i in (0, 2, 3, 7, -9):
        a, b = np.array([0.0, 1, 2, -3]), np.array([0.0, 1, 2, -3])
        assert pyx_reference.ending(compiled, (a, i)) == pyx_reference.ending(guarded, (b, i))
        assert a.tolist() == b.tolist()


def test_arrays_in_try_statements_are_freed():
    import resource

    @ungil.jit
    def kernel(n, how):
        total = 0.0
        for k in range(10):
            try:
                a = np.ones(n)
                if how:
                    raise ValueError("stop")
                total += a.sum()
            except ValueError:
                b = np.zeros(n)
                total += b.sum()
            finally:
                c = np.full(n, 2.0)
                total += c[0]
        return total

    for how in (0, 1):
        kernel(100_000, how)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(200):
        assert kernel(100_000, 0) == 10 * 100_002 and kernel(100_000, 1) == 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_errors_leave_parallel_iterations_through_finally():
    @ungil.jit(parallel=True)
    def kernel(a, limit):
        for i in ungil.prange(a.shape[0]):
            try:
                if i >= limit:
                    raise IndexError(i)
                a[i] = 1
            except IndexError:
                a[i] = 2
                if i > 90:
                    raise
            finally:
                a[i] += 10

    a = np.zeros(91)
    kernel(a, 50)
    assert a.tolist() == [11.0] * 50 + [12.0] * 41
    b = np.zeros(1000)
    try:
        kernel(b, 50)
    except IndexError as error:
        assert str(error) == "91"
    else:
        raise AssertionError("nothing was raised")
