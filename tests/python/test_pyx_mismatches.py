"""Arguments that do not fit a memoryview or buffer: the errors are Cython's, word for word."""

import array
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "mismatches.pyx"


def readonly(a):
    a.flags.writeable = False
    return a


D1, D2, D3 = np.arange(6.0), np.arange(6.0).reshape(2, 3), np.arange(24.0).reshape(2, 3, 4)
# Structs of several members are left out: Cython's check crashes on some.
VALUES = {
    "1-d": D1, "2-d": D2, "3-d": D3, "0-d": np.array(1.0), "strided": D1[::2], "negative": D1[::-1], "empty": D1[:0],
    "one": D1[:1:2], "fortran": np.asfortranarray(D2), "rows": D2[:, ::2], "columns": D2[::2], "one row": D2[:1, ::2],
    "transposed": D3.T, "readonly": readonly(D1.copy()), "readonly 2-d": readonly(D2.copy()),
    "float32": D1.astype("f4"), "int32": D1.astype("i4"), "int64": D1.astype("i8"), "int16": D1.astype("i2"),
    "int8": D1.astype("i1"), "uint8": D1.astype("u1"), "uint16": D1.astype("u2"), "uint32": D1.astype("u4"),
    "uint64": D1.astype("u8"), "bool": D1 > 2, "complex": D1.astype("c16"), "complex64": D1.astype("c8"),
    "half": D1.astype("f2"), "long double": D1.astype("g"), "big": D1.astype(">f8"), "big int": D1.astype(">i4"),
    "objects": D1.astype(object), "text": np.array(["a", "b"]), "bytes array": np.array([b"ab", b"c"]),
    "times": np.array([1, 2], "M8[s]"),
    "one member": np.zeros(3, [("a", "f8")]), "sub-array": np.zeros(3, [("a", "f8", 2)]), "void": np.zeros(3, "V8"),
    "longlong": D1.astype("q"), "bytes": b"abcd", "bytearray": bytearray(b"abcd"),
    "memoryview": memoryview(D1), "array": array.array("d", [1, 2]), "array of ints": array.array("i", [1, 2]),
    "array of chars": array.array("B", [1, 2]), "list": [1.0, 2.0], "number": 3.5, "str": "abc", "None": None,
    "numpy number": np.float64(2), "object": type("Thing", (), {})(), "matrix": np.matrix([[1.0, 2], [3, 4]]),
}  # fmt: skip


EXPORTERS = {"bytearray", "memoryview", "array", "array of ints", "array of chars"}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return pyx_reference.build(SOURCE, tmp_path_factory.mktemp("cython")), pyx.compile(SOURCE)


def names():
    return [line[4 : line.index("(")] for line in SOURCE.read_text().splitlines() if line.startswith("def ")]


@pytest.mark.parametrize("name", names())
def test_errors_are_those_of_cython(modules, name):
    wrong = []
    # A last axis that is contiguous behind others is not checked, nor, after arrays, what else exports a buffer: docs/cython.md.
    is_array = name.startswith("n") and name != "nn" or name == "written_array"
    left_out = EXPORTERS if is_array else {"fortran", "rows", "one row"} if name == "sc2" else ()
    for what, value in VALUES.items():
        if what in left_out:
            continue
        expected, found = (pyx_reference.ending(getattr(m, name), [value]) for m in modules)
        if expected != found:
            wrong.append(f"{name}({what}): Cython {expected}, ungil {found}")
    assert not wrong, "\n".join(wrong)


def test_elements_of_another_type(tmp_path):
    source = Path(__file__).parent / "pyx" / "buffer_casts.pyx"
    truths = np.array([True, False, True])
    arrays = [truths, np.arange(3, dtype=np.uint8), np.arange(3, dtype=np.int8), np.arange(3), truths[::-1], np.array([[True]]), 3,
              np.zeros(2, "S1"), np.zeros(2, [("a", "u1")]), np.array(["2020-01-01"], "M8[D]"), np.array([1.5]),
              np.array([1, 2], np.uint64), np.array([1, 2], np.longlong)]  # fmt: skip
    names = "weighed changed whole first dtype_of object_first bits not_cast".split()
    # Twice, in turns: what was compiled for one does not answer for another.
    calls = [(name, a) for name in names for a in arrays * 2]
    calls += [(name, a) for name in ("parts", "variable") for a in arrays[:3]]
    calls += [
        ("rows", a)
        for a in (
            np.eye(2, dtype=bool),
            np.eye(2, dtype=np.int8),
            np.eye(2),
            np.eye(2, dtype=bool).T[:, ::-1],
        )
    ]
    wrong = pyx_reference.differences(pyx_reference.build(source, tmp_path), pyx.compile(source), calls)
    assert not wrong, "\n".join(wrong)
