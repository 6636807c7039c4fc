"""Functions that handle objects are called through pointers, by the module and by C, as Cython's are."""

import sys
from pathlib import Path

import pytest
import pyx_reference

from ungil import errors, pyx

SOURCE = Path(__file__).parent / "pyx" / "for_c.pyx"


def square(x):
    return x * x


def fail(x):
    raise RuntimeError(f"at {x}")


CALLS = [
    ("from_table", 0, "ab", 3), ("from_table", 1, 5, 3), ("from_table", 1, "a", 3), ("from_table", 2, "a", 3),
    ("local_pointer", True, "x"), ("local_pointer", False, 2), ("applied", [1, "a"]), ("applied", [1], True),
    ("applied", []), ("joined_by", ",", ["a", "b"]), ("joined_by", ",", [1]), ("visited", [1, None, "a"]),
    ("integral", square, 0, 1, 10), ("integral", fail, 0, 1, 10), ("integral", str, 0, 1, 10),
    ("integral", len, 0, 1, 10), ("quietly", square, 3.0), ("quietly_without_lock", square, 3.0),
    ("with_context", square, 2.0), ("sorted_by", [3, 1, 2], lambda a, b: a - b),
    ("sorted_by", [3, 1, 2], lambda a, b: b - a), ("choose", 1, 2.5), ("choose", 2, "a"), ("choose", 1, "a"),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return pyx_reference.build(SOURCE, tmp_path_factory.mktemp("for_c")), pyx.compile(SOURCE)


def test_calls_end_like_those_of_cython(modules):
    wrong = pyx_reference.differences(*modules, CALLS)
    assert not wrong, "\n".join(wrong)


def test_exceptions_that_nobody_looks_for_are_reported(modules, monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: told.append(args.exc_type))
    for module in modules:
        assert module.quietly(fail, 3.0) == 0.0
        assert module.quietly_without_lock(fail, 3.0) == (0.0, "function")
    assert told == [RuntimeError] * 4


def test_references_are_counted_exactly(modules):
    _, module = modules
    x = object()
    before = sys.getrefcount(x), sys.getrefcount(square), sys.getrefcount(fail)
    for _ in range(100):
        module.visited([x, x])
        module.integral(square, 0, 1, 3)
        module.from_table(0, [x], 3)
        with pytest.raises(RuntimeError):
            module.integral(fail, 0, 1, 3)
        with pytest.raises(KeyError):
            module.applied([x], True)
    assert (sys.getrefcount(x), sys.getrefcount(square), sys.getrefcount(fail)) == before


def test_functions_that_run_as_plain_python_are_told():
    module = pyx.compile("def f(int n):\n    cdef double complex z = n\n    return locals() and z.real\n")
    with pytest.warns(errors.PerformanceWarning, match="`f` is not compiled and runs as plain Python"):
        module.f(2)
