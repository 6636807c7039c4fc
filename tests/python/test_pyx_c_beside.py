"""Memory of C beside Python objects, feature by feature, compared with Cython."""

import re
import resource
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

POINT = {"x": 1, "y": 2}
SEVERAL = (1, 2.5, -3, True, None, "a", 2**31, [1], 1j)
CALLS = [
    ("characters", b"abc", 1), ("characters", None, 1), ("characters", "abc", 1),
    ("loop_of_characters", b"a\xe9c", 1), ("loop_of_characters", b"", 1),
    *[("slice_of_characters", b"abcdef", m, n) for m, n in ((0, 3), (2, 6), (3, 3), (4, 2))],
    ("slice_of_characters", b"ab\xff", 0, 3),
    *[("objects_as_characters", o) for o in (b"abc", bytearray(b"xy"), "abc", None, 3)],
    *[("character_parameter", o, 1) for o in (b"abc", bytearray(b"xy"), "abc", None, 3)],
    ("characters_in_arrays",), ("literals", "o"),
    ("arrays", 2), ("arrays", 2.0), ("arrays", None), ("arrays", "a"),
    *[(f, o) for f in ("list_to_array", "list_to_slice") for o in
      ([1, 2, 3], (1, 2, 3), [1, 2], [1, 2, 3, 4], 3, None, [1, "a", 3], [1, 2, 2**31], [1.5, 2, 3])],
    ("array_of_arrays", [[1, 2, 3], (4, 5, 6)]), ("array_of_arrays", [[1, 2, 3]]), ("array_of_arrays", [[1, 2], [3, 4]]),
    ("array_loop", 1), ("array_loop", 100), ("array_loop", "a"),
    *[("struct_of", o) for o in (POINT, {"x": 1}, {}, 3, None, {"x": "a", "y": 1}, {"x": 1, "y": 2.5}, {"x": 1, "y": 2**31}, [1, 2])],
    *[(f, o) for f in ("structs", "made_structs", "swapped_structs", "struct_pointers", "unions", "complex_objects", "addresses")
      for o in SEVERAL],
    *[("tuples", o) for o in ((1, 2), [1, 2.5], (1,), (1, 2, 3), 3, ("a", 2), None)],
    ("complex_numbers", 1 + 2j, 3), ("complex_numbers", 1.5, 1j), ("complex_numbers", "a", 1), ("complex_numbers", 1j, "a"),
    ("division_of_complex", 1j, 2, 1), ("division_of_complex", 1j, 0, 1),
    ("pointers", [1, 2.5, 3]), ("pointers", [4]), ("pointers", ["a"]), ("pointers", None),
    ("inferred", [1, 2]), ("inferred", [1, "a"]), ("casts", 300), ("casts", -1), ("casts", "a"),
    ("function_pointers", 3), ("function_pointers", "a"),
    ("direct_calls", [1, 2, 3], 4), ("direct_calls", [1], 4), ("direct_calls", [1, 2, 3, 4, 5], 1), ("direct_calls", [1, "a"], 1),
    ("direct_calls", [1, 2], "a"), ("direct_calls", [1, 2], -1), ("direct_calls", [-1, -2], 1), ("direct_calls", 3, 1),
    ("recursion", 5), ("recursion", 21), ("recursion", "a"),
    *[("wide_numbers", o) for o in (0, 2**63, 2**64 - 1, 2**64, -1, "a")],
    ("module_data", 3), ("module_data", 5), ("module_data", "a"),
    *[("mathematics", o) for o in (0.5, 3, float("nan"), "a")],
    ("chained", 1, 2, 3), ("chained", 0, 2, 1.5), ("chained", 1, 2, "a"),
    *[("errors_free", o, n) for o in ([1, 2, 3], [1, 4, 5], [1, 9, 3], [9], [1, "a"], [3, 3], 3) for n in (1, 2, 3, 4)],
    ("typed_inside", 3), ("typed_inside", "a"), ("typed_inside_called", 1, 3), ("typed_inside_called", 1, "a"),
    ("conditional_pointers", 0, 1), ("conditional_pointers", 1, 1),
    ("nogil_inside", [1, 4, 9]), ("nogil_inside", [1, "a"]),
    *[("roots", v) for v in ([1, 4, 0, 9], [4, -1], [4, 200, 9], [], [1, "a"])],
    *[("lock_and_back", v, d) for v in ([1, 7, 8, 20], [7], [8], [], [7, "a"], [3, 4]) for d in (3, 1, 0, 2)],
    ("returned_from_nogil", [1, 2, 3, 4], 2), ("returned_from_nogil", [1, 2, 3, 4], 9), ("returned_from_nogil", [1], 0),
    ("chosen_text", 0), ("chosen_text", 1), ("named", b"abc"), ("named", None),
    *[("pointers_to_pointers", rows) for rows in ([[1, 2], (3, 4)], [[1]], [[1, 2, 3]], [[1, "a"]], [])],
    *[("variable_arguments", "o", n, 2.5, 1.25, 66, []) for n in (-3, 2**31 - 1, "a")], ("many_arguments", 1, 0.5, 3),
    ("scanned", "o", b"12 3.5 word"), ("scanned", "o", b"12 x"), ("scanned", "o", b"x"),
    ("typed_variable", -5, 2.345), ("no_more_arguments", 3),
    ("array_index", "o", 0), ("array_index", "o", 2), ("uninterrupted", 2), ("uninterrupted", "a"),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "c_beside.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("c_beside")), pyx.compile(source)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_functions_end_like_those_of_cython(modules, name):
    wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)
    assert ":" in repr(getattr(modules[1], name)), "it runs as plain Python"


def ended(function, args):
    try:
        function(*args)
    except Exception as error:
        return type(error)


def test_memory_is_given_back_after_results_and_errors(modules):
    calls = [(getattr(modules[1], name), args) for name, *args in CALLS]
    counts = lambda: [sys.getrefcount(a) for _, args in calls for a in args if isinstance(a, (list, dict))]
    for function, args in calls * 3:
        ended(function, args)
    before, held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, counts()
    shared = [None, True, (), b"", ""]
    numbers = [sys.getrefcount(o) for o in shared]
    for _ in range(600):
        for function, args in calls:
            ended(function, args)
    assert counts() == held
    assert all(abs(sys.getrefcount(o) - n) < 200 for o, n in zip(shared, numbers, strict=True))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 3_000


def test_indices_of_arrays_are_checked(modules):
    for i in (3, -1, 2**31 - 1):
        with pytest.raises(IndexError, match="out of bounds"):
            modules[1].array_index("o", i)


def test_other_threads_run_during_a_block_without_the_lock(modules):
    for module in modules:
        flag, log = np.zeros(1, np.int64), []
        thread = threading.Timer(0.05, flag.__setitem__, (0, 1))
        thread.start()
        assert module.waits(flag.ctypes.data, log) == [1, True] and log == ["begins", "ends"]
        thread.join()


MISTAKES = [
    ("cdef double *p = o", "Cannot convert Python object to 'double \\*'"),
    ("cdef double *p = NULL\n    return [p]", "a value of type `double \\*` as a Python object"),
    (
        "cdef double *p = NULL\n    cdef int *q = p\n    return {o: 1}",
        "Cannot assign type 'double \\*' to 'int \\*'",
    ),
    ("cdef char *p = o + b'a'\n    return {o: p}", "nobody holds"),
    ("cdef const int *p = NULL\n    p[0] = o\n    return {o: 1}", "const"),
    ("cdef void *p = NULL\n    return {o: p[0]}", "void"),
    ("printf(b'%d', o)", "Python object cannot be passed as a varargs parameter"),
]


PRINTF = 'cdef extern from "stdio.h":\n    int printf(const char *format, ...)\n'


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_mistakes_are_told(text, message):
    with pytest.raises(errors.CompileError) as raised:
        pyx.compile(f"{PRINTF}def f(o):\n    {text}\n").f(b"a")
    told = "\n".join([str(raised.value), *getattr(raised.value, "__notes__", [])])
    assert re.search(message, told), told
