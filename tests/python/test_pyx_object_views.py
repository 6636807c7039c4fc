"""Memoryviews of Python objects beside Cython's own."""

import contextlib
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

SOURCE = Path(__file__).parent / "pyx" / "object_views.pyx"


def objects(*items):
    return np.array((*items, None), dtype=object)[:-1]


TABLE = np.array([[1, "a", None], [2.5, (), []]], dtype=object)
CALLS = [
    *[("read", objects(1, "a"), i) for i in (1, -1, 2, -3)], ("read", np.arange(3.0), 0), ("read", TABLE, 0), ("read", 3, 0),
    ("write", objects(1, 2), 0, "x"), ("write", objects(1, 2), 5, "x"), ("total", objects(1, 2.5, 3)),
    ("total", objects("a", 1)), ("total", objects()), ("two", TABLE), ("two", TABLE.T), ("part", objects(1, 2, 3), 1, 3),
    ("part", objects(1, 2, 3), 2, 2), ("fill", objects(1, 2), "z"), ("fill", objects(1, 2), [1]),
    ("fill", objects(1, 2), [1, 2]), ("copied", objects(1, 2)), ("call", objects(abs)), ("call", objects(1)),
    ("assign", objects(1, 2), objects(3, 4)), ("assign", objects(1, 2), objects(3, 4, 5)), ("none", None),
    ("none", objects(1)), ("notnone", None), ("notnone", objects(1)), ("turned", TABLE), ("length", objects(1, 2)),
]  # fmt: skip


def test_views_of_objects_end_like_those_of_cython(tmp_path):
    reference, module = pyx_reference.build(SOURCE, tmp_path), pyx.compile(SOURCE)
    wrong = pyx_reference.differences(reference, module, CALLS)
    assert not wrong, "\n".join(wrong)


def test_references_are_counted_exactly():
    module = pyx.compile(SOURCE)
    x = object()
    array = np.array([x, x, None], dtype=object)
    before = sys.getrefcount(x), sys.getrefcount(array)
    for _ in range(100):
        module.read(array, 0)
        module.write(array, 1, x)
        module.copied(array)
        module.assign(array, array[::-1].copy())
        with pytest.raises(IndexError):
            module.read(array, 9)
    assert sorted(array.tolist(), key=repr) == sorted([x, x, None], key=repr)
    assert (sys.getrefcount(x), sys.getrefcount(array)) == before


def test_without_the_lock_they_are_an_error():
    with pytest.raises(errors.CompileError):
        pyx.compile("def f(object[:] v):\n    cdef Py_ssize_t i\n    with nogil:\n        v[0] = v[1]\n").f(
            objects(1, 2)
        )


def test_views_in_functions_of_objects_are_compared_with_what_they_are_given():
    module = pyx.compile("""
import numpy as np
def wrong(int n):
    cdef double[:] v = np.zeros(n, dtype=np.int32)
    return v[0]
""")
    with pytest.raises(ValueError, match="expected 'double' but got 'int'"):
        module.wrong(2)


def test_they_are_compiled():
    module = pyx.compile(SOURCE)
    with warnings.catch_warnings():
        warnings.simplefilter("error", errors.PerformanceWarning)
        for name, *args in CALLS:
            with contextlib.suppress(IndexError, ValueError, TypeError):
                getattr(module, name)(*args)
    assert "objects" in repr(module.read)
