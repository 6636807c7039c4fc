"""Memoryviews of structs beside Cython's own: results, exceptions and their words, and what is written to the arrays."""

from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

SOURCE = Path(__file__).parent / "pyx" / "struct_views.pyx"
POINT = np.dtype([("x", "f8"), ("y", "i4")], align=True)
TIGHT = np.dtype([("c", "i1"), ("d", "f8"), ("s", "i2")])
OUTER = np.dtype(
    [("id", "i8"), ("inner", [("u", "f4"), ("v", "f4")]), ("cells", "i4", (2, 3)), ("z", "c16")], align=True
)


def array(*shape, dtype=POINT):
    made = np.zeros(shape, dtype)
    for k, name in enumerate(dtype.names):
        if dtype[name].kind in "fi":
            made[name] = np.arange(made.size).reshape(shape) + k
    return made


READONLY = array(3)
READONLY.flags.writeable = False
V = array(5)
#: Arrays that are no `P[:]`, for one reason each.
OTHERS = [
    array(2, 2), array(3, dtype=np.dtype([("x", "f8"), ("y", "i4")])), array(3, dtype=np.dtype([("x", "f4"), ("y", "i4")])),
    array(3, dtype=np.dtype([("x", "f8"), ("y", "u4")])), array(3, dtype=np.dtype([("x", "f8"), ("y", "i4"), ("z", "i4")])),
    READONLY, np.arange(3.0), np.arange(3, dtype="c16"), 3, b"ab", [1], np.zeros(3, "O"), np.zeros(3, "S4"),
    np.zeros(3, [("x", ">f8"), ("y", "i4")]), np.zeros(3, "M8[s]"), np.zeros(3, [("x", "f8")]), np.zeros(3, "V16"),
]  # fmt: skip
COMPLEX = np.array([1 + 2j, 3 + 4j])
CALLS = [
    ("parts", COMPLEX), ("parts", COMPLEX.astype("c8")), ("parts", np.zeros(2)), ("parts", COMPLEX[::-1]), ("set_part", COMPLEX),
    ("parts", np.zeros(2, [("re", "f8"), ("im", "f8")])), ("single", COMPLEX.astype("c8")), ("single", COMPLEX),
    ("whole", np.zeros(2, [("re", "f8"), ("im", "f8")])), ("whole", COMPLEX), ("whole", np.zeros(2)),
    *[("total", a) for a in (V, V[::2], V[::-1], array(0), array(1), *OTHERS)],
    *[("total_const", a) for a in (READONLY, V, V[::2])],
    ("set_fields", V, 2.0), ("set_whole", V), ("grid", array(3, 2)), ("grid", array(3, 4)[:, :2]), ("grid", array(2, 3).T),
    ("fortran", np.asfortranarray(array(2, 2))), ("fortran", array(2, 2)), ("tight", array(2, dtype=TIGHT)),
    ("nested", np.zeros(2, OUTER)), ("pointer", V, 1), ("slices", V, 1, 3), ("slices", V, 4, 2), ("fill", V), ("filled_beside", V, {}),
    *[("filled_by_object", V, o) for o in ({"x": 1, "y": 2}, {"x": 1}, 3)],
    ("fill_all", array(2, 3)), ("assign", V, array(5)), ("assign", V, V[::-1]), ("assign", V, array(3)),
    ("assign", V, array(1)), ("overlap", V), ("copied", V), ("copied", V[::-1]), ("copied_fortran", array(2, 3)),
    ("transposed", array(2, 3)), ("cast", 4), ("cast", 0), ("of_array",), ("without_gil", V), ("parallel", array(100), 1.5),
    ("none", None), ("none", V), ("not_none", None), ("not_none", V), *[("bounds", V, i) for i in (-1, 5, -6)],
]  # fmt: skip


def copied(array):
    """A copy with the strides and flags of an array."""
    if array.dtype.hasobject:
        return array.copy()
    base = array
    while base.base is not None:
        base = base.base
    offset = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    made = np.ndarray(array.shape, array.dtype, base.copy(), offset, array.strides)
    made.flags.writeable = array.flags.writeable
    return made


def outcome(function, args):
    args = [copied(a) if isinstance(a, np.ndarray) else a for a in args]
    ending = pyx_reference.ending(function, args)
    return ending, [repr(a.tolist()) for a in args if isinstance(a, np.ndarray)]


def test_views_of_structs_end_like_those_of_cython(tmp_path):
    reference, module = pyx_reference.build(SOURCE, tmp_path), pyx.compile(SOURCE)
    for name, *args in CALLS:
        expected, found = outcome(getattr(reference, name), args), outcome(getattr(module, name), args)
        assert found == expected, (name, args)


def test_views_are_returned_as_arrays_of_structs():
    module = pyx.compile("""
cdef struct P:
    double x
    int y
    short z[2]
def part(P[:] v):
    return v[1:]
def fresh(P[:, :] v):
    return v.copy()
""")
    dtype = np.dtype([("x", "f8"), ("y", "i4"), ("z", "i2", (2,))], align=True)
    given = np.zeros(4, dtype)
    given["x"] = range(4)
    part = module.part(given)
    assert part.dtype == dtype
    part["x"][0] = 9.0
    assert given["x"].tolist() == [0.0, 9.0, 2.0, 3.0]
    fresh = module.fresh(given[::-1].reshape(2, 2))
    assert fresh["x"].tolist() == [[3.0, 2.0], [9.0, 0.0]]
    fresh["x"][0] = 5
    assert given["x"].tolist() == [0.0, 9.0, 2.0, 3.0]


@pytest.mark.parametrize("body", ["v[0].x = 1", "v[0] = v[1]", "cdef P[:] w = v\n    w[0].x = 1"])
def test_views_of_constant_structs_are_not_written(body):
    source = f"cdef struct P:\n    double x\ndef f(const P[:] v):\n    {body}\n"
    given = np.zeros(2, [("x", "f8")])
    with pytest.raises(errors.CompileError):
        pyx.compile(source).f(given)
    assert given["x"].tolist() == [0.0, 0.0]
