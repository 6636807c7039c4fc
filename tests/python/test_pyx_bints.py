"""`bint` in arrays, structs, memoryviews and behind pointers: an `int` to C, a truth value to Python; compared with Cython."""

from pathlib import Path

import numpy as np
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "bints.pyx"
V = np.array([1, 0, 3], np.int32)
D = {"x": 1, "ok": "yes", "many": [0, 3]}
CALLS = [
    ("elements", V), ("elements", V.astype(bool)), ("elements", V.astype("i8")), ("elements", V.astype("f8")), ("element", V, 2),
    ("element", V, 1), ("element_by_object", V, 2), ("element_by_object", V, 7), ("count", V), ("array", 1), ("array", 2),
    ("array_and_pointer", 1), ("array_and_pointer", 2), ("struct", 5), ("struct", 0), ("member", 5), ("member", 1),
    ("from_dict", D), ("from_dict", D | {"ok": []}), ("from_dict", {"x": 1}), ("through_pointer", 2, True),
    ("through_pointer", 3, 5), ("through_pointer", 4, 5), ("of_module", []), ("of_module", 7), ("pair", 1), ("pair", 3),
]  # fmt: skip


def test_values_are_those_of_cython(tmp_path):
    wrong = pyx_reference.differences(pyx_reference.build(SOURCE, tmp_path), pyx.compile(SOURCE), CALLS)
    assert not wrong, "\n".join(wrong)
