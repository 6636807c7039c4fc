"""Letters that are cast, functions of C's library as pointers, `div`, arrays of `cpython.array`: compared with Cython."""

import array
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

RECORDS = [
    np.zeros(2), np.zeros(2, "i2"), np.zeros(2, [("a", "i4"), ("b", "f4"), ("c", "u1")]),
    np.zeros(2, [("a", "i4"), ("b", "f8"), ("c", "i1")]), np.zeros(2, [("a", "i4"), ("b", "f8"), ("c", "u1")]),
    np.zeros(2, np.dtype([("x", "f4"), ("y", "u8"), ("t", "i1")], align=True)),
    np.zeros(2, np.dtype([("x", "f4"), ("y", "i8"), ("t", "u1")], align=True)),
    np.zeros(2, np.dtype([("x", "f4"), ("y", "i8"), ("t", "i1")], align=True)),
]  # fmt: skip
CALLS = [
    ("sizes_and_numbers",), ("through_memory", 3), ("through_memory", 200),
    ("letters", "aäx€"), ("letters", ""), ("letters", None), ("digits", "12x34"), ("letters_inside", "abc"),
    ("letters_of_an_object", "ab"), ("letters_of_an_object", [1, 2.5]),
    ("library_pointers", 2.0), ("chosen_pointer", 1.0), ("chosen_pointer", 3.0),
    *[("pointers_in_a_table", i, 0.25) for i in range(3)], ("pointers_beside_objects", 2.0, "o"),
    ("quotients", 17, -5), ("quotients", -17, 5), ("quotient_beside_objects", None, -17, 5),
    ("doubles_of", array.array("d", [1, 2, 3.5])), ("doubles_of", array.array("d")), ("changed_array", array.array("l", [1, 2]), 4),
    ("passed_array", array.array("d", [1, 2])), ("made_array", array.array("d"), 4), ("resized_array", 5), ("resized_array", 1),
    *[(name, a) for name in ("packed", "named") for a in RECORDS],
    *[("filled", {"a": a, "b": 1, "c": c}) for a, c in ((1, 2), (2**31, 2), (1, 256), (1, -1), ("a", 1))],
    ("characters_of_the_module", 0), ("characters_of_the_module", 1), ("view_of_the_module", "o"),
    ("element_of_the_module", [1, -1]), ("element_of_the_module", [5]), ("unset_view_of_the_module", 1),
    ("assigned_view_of_the_module", np.ones(3)), ("assigned_view_of_the_module", [1]),
    ("inferred_numbers", {}, 2000, 2000), ("inferred_numbers", {}, 2**30, 2**30),
    ("layouts_beside_objects", np.ones((3, 4)), 1), ("layouts_beside_objects", np.ones((4, 3)).T, 1),
    ("parts_of_complex", np.array([1j, 2]), 1 + 2j, 2.5), ("parts_of_complex_beside_objects", np.array([1j, 2]), 3),
    ("parts_of_complex_beside_objects", np.array([1j, 2]), "a"),
    *[("extrema_beside_objects", a, x, 200, 7) for a in (-3, 0, 5, 2**31 - 1) for x in (0.5, 3.0, float("nan"))],
    ("extrema_compute_once", 1),
    ("found_in_parallel", np.arange(10.0), 3.0), ("found_in_parallel", np.arange(10.0), 30.0), ("found_in_parallel", np.zeros(0), 3.0),
    ("divisions_in_a_generator", 3, 0, 2.5, 0.0), ("divisions_in_a_generator", -3, 2, -2.5, 0.5),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "library_memory.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("library_memory")), pyx.compile(source)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_functions_end_like_those_of_cython(modules, name):
    wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)
    assert name == "divisions_in_a_generator" or ":" in repr(getattr(modules[1], name)), (
        "it runs as plain Python"
    )
