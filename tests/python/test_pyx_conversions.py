"""Conversions beside objects: views that are assigned, functions inside, classes of Python, order of checks, `cython.view`."""

import sys
from abc import ABCMeta
from array import array
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

A = np.arange(4.0)
G = np.arange(4.0).reshape(2, 2)
CUBE = np.arange(8.0).reshape(2, 2, 2)
CALLS = [
    ("inner_parameter", True), ("inner_parameter", "a"), ("inner_variable", 200), ("inner_variable", 5), ("inner_nonlocal", 3),
    ("view_assigned", A, "x"), ("view_assigned_again", "x", 3), ("view_replaced", A, 1), ("view_shared", A, "x"),
    ("view_shared_out_of_bounds", A, "x"), ("view_shared_written", A, "x"), ("base", A),
    ("power", 1, 3, 2), ("power", 1, 3, -2), ("divisions", -7, 2), ("divisions_beside", 1, -7, 2),
    ("mixed_divisions", -7, 2.0),
    ("classes", "a", [1], {}, ()), ("classes", b"a", [1], {}, ()), ("classes", None, None, None, None),
    ("classes", "a", (1,), {}, ()), ("classes", "a", [1], 3, ()), ("classes", "a", [1], {}, []),
    ("other_classes", set(), frozenset(), b"", bytearray()), ("other_classes", frozenset(), frozenset(), b"", None),
    ("other_classes", set(), set(), b"", None), ("other_classes", set(), None, "", None),
    ("other_classes", set(), None, None, b""),
    *[("class_variable", o) for o in ([1], None, (1,), "a", {})],
    ("class_in_a_loop", ["a", None]), ("class_in_a_loop", ["a", 1]),
    *[(f, G, i, j) for f in ("indices", "indices_beside") for i in (1, 5, -5) for j in (0, 5, -5)],
    *[("stored", CUBE, i, j, k) for i in (1, 5) for j in (1, 5) for k in (1, 5)],
    ("strided", A), ("strided", A[::2]), ("contiguous", A), ("contiguous", A[::2]), ("generic", G.T), ("generic", G),
    ("view_array", 2, 3), ("view_array_mistakes", (2, 3), "c"), ("view_array_mistakes", (), "c"),
    ("view_array_mistakes", (2, -1), "c"), ("view_array_mistakes", (2, 1), "bad"),
    *[(f, o) for f in ("checked_casts", "checked_in_an_expression", "plain_cast") for o in ([1], (1,), {1: 2}, None)],
    ("builtin_classes", int, slice(1), memoryview(b"")), ("builtin_classes", 3, None, memoryview(b"")),
    ("builtin_classes", ABCMeta("A", (), {}), None, memoryview(b"")), ("builtin_classes", None, 3, memoryview(b"")),
    ("builtin_classes", None, None, b""), ("builtin_classes", None, None, None),
    *[("buffers_beside", o, 2) for o in (G, [1.0])], ("read_only_buffer", np.broadcast_to(np.ones(1), 2), {}),
    ("written_buffer", np.broadcast_to(np.ones(1), 2), {}), ("written_buffer", np.zeros(2), {}),
    *[("set_element", np.zeros(3, "i4"), o) for o in (5, 2**31, -(2**31) - 1, "a", 2.5)],
    *[("set_unsigned", np.zeros(3, "u2"), o) for o in (5, 2**16, -1)],
    *[("set_elements", np.zeros(3, "i4"), o) for o in (5, 2**31, "a")],
    ("buffer_of_objects", np.array([1, "a"], dtype=object)), ("buffer_of_objects", [1]),
    ("of_system",), *[("type_variable", o) for o in (int, 3, None)], *[("array_variable", o) for o in (array("d", [1, 2]), [1], 3)],
    ("object_variable", 2), ("object_variable", 2**70),
    *[(f, a, b) for f in ("from_to", "from_down", "from_changed", "from_objects", "from_doubles")
      for a, b in ((0, 4), (9, 0), (9, 6), (3, 3))],
    ("from_objects", 1, 3.5), ("from_objects", "a", 3),
    *[(f, o) for f in ("cast_of_object", "signed_cast_of_object", "cast_of_sum") for o in (7, 300, -1, -2, 2**31, 2**64)],
    ("cast_of_counter", 300), ("cast_of_number", 300), ("roots", np.zeros(500)),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "conversions.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("conversions")), pyx.compile(source)


def test_modules_end_like_those_of_cython(modules):
    wrong = pyx_reference.differences(*modules, CALLS)
    assert not wrong, "\n".join(wrong)


def test_assigned_views_are_compiled_and_given_back(modules):
    module, a = modules[1], np.arange(4.0)
    module.view_assigned(a, 1), module.view_replaced(a, 1)
    assert "objects" in repr(module.view_assigned) and "objects" in repr(module.view_replaced)
    before = sys.getrefcount(a)
    for _ in range(50):
        module.view_assigned(a, 1), module.view_replaced(a, 1), module.view_assigned_again(a, 3)
    assert sys.getrefcount(a) == before


def test_variables_without_a_value_raise():
    module = pyx.compile(
        "import numpy as np\ndef f(n, o):\n    cdef double[:] w\n    if n: w = np.ones(3)\n    return {o: w[0]}\n"
        "def g(n, o):\n    cdef double[:] w\n    if n: w = np.ones(3)\n    return {o: w.shape[0]}\n"
    )
    assert module.f(1, 2) == {2: 1.0} and module.g(1, 2) == {2: 3}
    for function in (module.f, module.g):
        with pytest.raises(UnboundLocalError):
            function(0, 2)


def test_views_through_pointers_are_refused():
    for axes in ("::view.indirect, :", "::view.indirect_contiguous, ::1"):
        with pytest.raises(errors.CompileError, match="through pointers to their rows"):
            pyx.compile(f"from cython cimport view\ndef f(double[{axes}] v):\n    return v[0, 0]\n")
