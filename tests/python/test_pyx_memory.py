"""Pointers, arrays, structs and functions of C beside Cython's own.

Each file in `pyx/` is compiled by Cython and a C compiler once, and by ungil; each call must end alike.
"""

import array
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

FOLDER = Path(__file__).parent / "pyx"
BODY = {
    "position": {"x": 1, "y": 2.5},
    "velocity": {"x": -3, "y": 4},
    "cell": [1, 2, 3],
    "mass": 1e3,
    "id": -7,
}

POINTERS = [
    ("address_of_variable", 2.0), ("pointer_walk", 5), ("pointer_walk", 0), ("grow", 9), ("nulls",), ("arrays",),
    ("initialised",), ("sums", np.arange(5.0)), ("fill_view", np.zeros((2, 3))), ("view_of_pointer", 2, 3),
    ("view_of_array",), ("strings",), ("bytes_of", 1.5), ("bytes_of", -0.0), ("reinterpret", 4607182418800017413),
    ("sorted_down", np.array([3, 1, 2, 9, -4], dtype="i4")), ("through_pointers", 3.0, True),
    ("through_pointers", 3.0, False), ("swapped", 1, 2), ("find", 3), ("flags", True), ("flags", False), ("matrix",),
    *[("left", n, stop) for n in (0, 1, 5, 6) for stop in (3, 100)], ("typedefs", 1.0), ("absolute", -3, -4), ("augmented", 2), ("recursion", 7),
]  # fmt: skip

STRUCTS = [
    ("by_value", 1.5, -2), ("by_pointer", 3, 4), ("to_dict", 2.5), ("from_dict", {"x": 1, "y": 2}),
    ("from_dict", {"x": 1}), ("from_dict", 3), ("from_dict", {"x": "a", "y": 2}), ("from_dict", None),
    ("round_trip", BODY), ("round_trip", BODY | {"cell": [1, 2]}), ("round_trip", BODY | {"cell": [1, 2, 3, 4]}),
    ("round_trip", BODY | {"id": 2**70}), ("round_trip", BODY | {"cell": [1, 2**40, 3]}),
    ("round_trip", BODY | {"mass": "x"}), ("copies", 1), ("literals", 7), ("arrays_of", 6), ("listed",),
    ("linked", 5), ("punned", -1.5), ("sizes",), ("sizes_of_tuples",), ("enums", 5), ("enums", 6), ("tuples", 1.5, 2),
    ("both", 3, 1), ("take", (1, 2.5)), ("take", [4, 5]), ("take", (1,)), ("take", (1, 2, 3)),
    ("sort_points", np.array([3.0, -1, 2, 8, 0])), ("array_result",), ("array_initial",), ("filled",), ("text", 3),
    ("text", 0), ("table", 1.5), ("parallel_structs", np.arange(4.0)),
]  # fmt: skip

F, D = np.arange(4, dtype="f4"), np.arange(4.0)
FUSED = [
    *[("square", x) for x in (3, 2.5, 1 + 2j, True, np.float32(2), np.int64(3), "x", None, 2**40)],
    *[("kind", x) for x in (3, 2.5, 1j)],
    *[("total", a) for a in (F, D, D[::2], F[::-1], np.arange(3), 1.5, [1.0], D.reshape(2, 2))],
    ("total", array.array("d", [1, 2])), ("total", array.array("f", [1, 2])), ("width", D.reshape(2, 2)),
    ("width", F.reshape(1, 4)), ("width", D), ("axpy", 2.0, D, D.copy()), ("axpy", 2.0, F, F.copy()),
    ("axpy", 2, D, D), ("gather", D, np.array([0, 2])), ("gather", F, np.array([3, 2], dtype="i4")),
    ("gather", D, np.array([1.0])), ("gather", D, np.array([1], dtype="i2")), ("through", 1.5, 2.5, 3),
    ("own_types",), ("numbers_in",), ("views_by_name", D),
    *[("kind_of_view", a) for a in (D, F, D[::2], D.reshape(2, 2), D[:2].reshape(2, 1), np.arange(3))], ("pointers", D, F), ("doubled", 3), ("doubled", 2.5), ("doubled", 2j), ("doubled", "a"), ("typed", F, True),
    ("typed", D, False), ("with_default", D), ("with_default", D, 3), ("with_default", D, 3, 4.0), ("square",),
    ("strides", D), ("strides", F), ("sort_of", 3), ("sort_of", [1, 2]), ("sort_of", "ab"), ("sort_of", 1.5),
    ("bounded", 5), ("bounded", 1.5),
]  # fmt: skip


EXTERNS = [
    ("numbers", 2.5, -4), ("parts", 12.5), ("texts",), ("sort", np.array([3.0, -1, 2])), ("loops", D),
    ("formatted", -5, 2.25, 2**40, 65), ("scanned",), ("many", 0.5), ("constants",),
]  # fmt: skip
ROWS = [
    ("whole_and_row",),
    ("of_three",),
    ("of_module",),
    ("kept_as_object",),
    ("as_pointers", 0),
    ("as_pointers", 1),
]
I, L = np.zeros(8, dtype="i4"), np.arange(1, 30)
TEAMS = [
    ("over_lines", 2, I), *[("ids", n, I) for n in (1, 2, 5, 8)], *[("sizes", n, I) for n in (1, 3, 7)],
    *[("total", np.arange(m, dtype="f8"), n) for m in (1, 2, 10, 100) for n in (1, 2, 3, 7)],
    *[("reductions", L, n) for n in (1, 2, 5)], *[("last", m, n) for m in (1, 10, 12) for n in (1, 4)],
    *[("scratch", np.arange(12.0).reshape(4, 3), np.zeros(4), n) for n in (1, 2, 6)],
    *[("twice", np.arange(20.0), np.zeros(20), n) for n in (1, 3, 8)], ("alone", np.arange(5.0)),
    ("condition", I, True), ("condition", I, False),
    *[(name, n) for name in ("locks", "nested_locks") for n in (1, 2, 5)], ("settings",),
]  # fmt: skip
MODULES = {
    "pointers": POINTERS,
    "structs": STRUCTS,
    "fused": FUSED,
    "externs": EXTERNS,
    "teams": TEAMS,
    "rows": ROWS,
}


@pytest.mark.parametrize(("name", "calls"), MODULES.items())
def test_modules_end_like_those_of_cython(name, calls, tmp_path):
    source = FOLDER / f"{name}.pyx"
    reference, module = pyx_reference.build(source, tmp_path), pyx.compile(source)
    wrong = pyx_reference.differences(reference, module, calls)
    assert not wrong, "\n".join(wrong)


REFUSED = {
    "pointer_to_object": "def f(x):\n    cdef object *p\n    return x\n",
    "returned": "def f(double x):\n    cdef double *p = &x\n    return p\n",
    "wrong_pointer": "def f(double x):\n    cdef int *p = &x\n    return p[0]\n",
    "address_of_value": "def f(double x):\n    cdef double *p = &(x + 1)\n    return p[0]\n",
    "member": "cdef struct s:\n    object x\n",
    "no_field": "cdef struct s:\n    int a\ndef f():\n    cdef s x\n    x.b = 1\n    return x.a\n",
    "huge": "def f():\n    cdef double a[100000000]\n    a[0] = 1\n    return a[0]\n",
    "constant": "def f(double x):\n    cdef const double *p = &x\n    p[0] = 1\n    return x\n",
    "header_struct": "cdef extern from 'x.h':\n    struct s:\n        int a\n",
    "macro": "cdef extern from 'x.h':\n    int NO_SUCH_MACRO\n",
    "no_function": "cdef extern from 'x.h':\n    int no_such_function_of_c(int x)\n",
    "nested_team": "from cython.parallel cimport parallel\ndef f():\n    with nogil, parallel():\n        with parallel():\n            pass\n",
    "team_reduction": "from cython.parallel cimport parallel\ndef f():\n    cdef int x = 0\n    with nogil, parallel():\n        x += 1\n",
    "team_return": "from cython.parallel cimport parallel\ndef f():\n    with nogil, parallel():\n        return 1\n",
    "team_private": """
from cython.parallel cimport parallel, prange
def f():
    cdef int x, i
    with nogil, parallel():
        x = 1
        for i in prange(3):
            x = i
""",
    "private": """
from cython.parallel import prange
def f(int n):
    cdef int i
    cdef double x = 0
    cdef double *p = &x
    for i in prange(n, nogil=True):
        x = i
    return p[0]
""",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_compiled_is_an_error(name):
    with pytest.raises(errors.CompileError):
        pyx.compile(REFUSED[name]).f(*([2] if "(double" in REFUSED[name] or "(int" in REFUSED[name] else []))


def test_specialisations_are_found_by_name():
    module = pyx.compile(FOLDER / "fused.pyx")
    assert module.square["double"](3) == 9.0
    assert module.square["double complex"](3) == 9 + 0j
    assert module.total["float"](np.ones(3, dtype="f4")) == 3.0
    assert list(module.total.__signatures__) == ["float", "double"]
    assert module.gather["double", "int"](D, np.array([1], dtype="i4")) == (1.0, 4)
    assert module.gather["double|long"](D, np.array([1])) == (1.0, 8)
    with pytest.raises(KeyError):
        module.total["int"]


def test_each_call_has_the_specialisation_of_its_own_arguments():
    module = pyx.compile(FOLDER / "fused.pyx")
    single, double = np.ones(3, dtype="f4"), np.ones(4)
    for _ in range(3):
        assert (module.total(single), module.total(double), module.total(memoryview(double))) == (
            3.0,
            4.0,
            4.0,
        )
        assert module.width(np.ones((2, 3), dtype="f4")) == (4, 3) and module.width(a=np.ones((2, 5))) == (
            8,
            5,
        )
        assert module.gather(single, np.array([1])) == (1.0, 8)
        assert module.gather(double, np.array([1], dtype="i4")) == (1.0, 4)
        assert [module.kind(x) for x in (1, True, 2.5, 1j)] == ["integer", "integer", "double", "other"]
        for wrong in (np.ones((2, 2)), np.ones(3, dtype="i8"), "abc", 1.5):
            with pytest.raises(TypeError, match="No matching signature found"):
                module.total(wrong)
        with pytest.raises(TypeError):
            module.total(double, double)


def test_the_threads_of_a_team_are_alive_at_once():
    # Each thread waits for all others, more than there are cores.
    module = pyx.compile(
        """
from cython.parallel cimport parallel, threadid
cdef extern from "sched.h" nogil:
    int sched_yield()
def meet(int n, long[:] there):
    cdef int k, seen
    with nogil, parallel(num_threads=n):
        there[threadid()] = 1
        seen = 0
        while seen < n:
            sched_yield()
            seen = 0
            for k in range(n):
                seen = seen + <int>there[k]
    return 1
def fails(int n, double[:] a):
    cdef double s = 0
    cdef int i
    with nogil, parallel(num_threads=n):
        if threadid() == n - 1:
            raise ValueError("one thread")
        for i in prange(10):
            s += i
    return s
from cython.parallel cimport prange
"""
    )
    assert module.meet(9, np.zeros(9, dtype="i8")) == 1
    with pytest.raises(ValueError, match="one thread"):
        module.fails(4, np.zeros(3))


FRAMES = """
from libc.string cimport memset

cdef long small(long n, long k):
    cdef long room[8000]
    memset(room, n & 255, sizeof(room))
    return 0 if n <= 0 else small(n - 1, k) + room[(n * k) % 1000]

cdef long large(long n, long k):
    cdef long room[60000]
    memset(room, n & 255, sizeof(room))
    return 0 if n <= 0 else large(n - 1, k) + room[(n * k) % 1000]

cdef long leaf(long n, long k):
    cdef long room[60000]
    memset(room, n & 255, sizeof(room))
    return room[(n * k) % 1000]

cdef long deep(long n, long k):
    return leaf(n, k) if n <= 0 else deep(n - 1, k) + 1

def of_small(long n):
    return small(n, n)

def of_large(long n):
    return large(n, n)

def of_leaf(long n):
    return deep(n, n)

def with_objects(n):
    cdef long room[60000]
    memset(room, 1, sizeof(room))
    return [] if n <= 0 else with_objects(n - 1) + [room[n % 1000]]
"""


def test_arrays_in_frames_never_pass_the_end_of_the_stack() -> None:
    module = pyx.compile(FRAMES)
    byte = 0x0101010101010101
    assert module.of_small(3) == module.of_large(3) == 6 * byte
    assert module.of_leaf(3) == 3
    assert module.with_objects(2) == [byte, byte]
    # Every depth up to one that fails: the last frames before the end are those that matter.
    for function in (module.of_small, module.of_large, module.with_objects):
        for n in (*range(10, 200, 7), 10**6):
            try:
                function(n)
            except RecursionError as error:
                assert "recursion depth" in str(error) or "no room" in str(error)
        with pytest.raises(RecursionError):
            function(10**4)
    with pytest.raises(RecursionError):
        module.of_leaf(10**8)
