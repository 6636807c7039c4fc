"""Characters of strings are numbers of C where Cython has them so."""

import array
import gc
import sys
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "characters.pyx"


class Whole:
    def __int__(self):
        return 98


CHARACTERS = ("a", "b", "x", "1", "\x00", "ä", "\u1234", "\U0001f600")
WRONG = ("", "ab", 5, -1, 2**40, 2**70, -(2**70), 0x10FFFF, 0x110000, 1.5, None, b"a", [], Whole())
STRINGS = ("", "abcab", "a b x", "xäyzä", "a\u1234b", "\U0001f600ab", "a" * 100 + "b", "q")
CALLS = [
    *[(f, c) for f in ("convert", "parameter") for c in (*CHARACTERS, *WRONG)],
    *[(f, c) for f in ("arithmetic", "bad_arithmetic", "numbers", "comparisons", "branches", "methods", "texts", "own", "as_text")
      for c in CHARACTERS],
    *[("back", n) for n in (5, 97, 0x10FFFF, -1, 0x110000)],
    *[(f, s) for f in ("loop", "count", "kinds", "find", "reassigned", "other_uses", "after", "by_index")
      for s in STRINGS],
    *[(f, s) for f in ("loop", "count", "find", "reassigned", "by_index") for s in (None, b"a", 3)],
    *[("loop_over_anything", s) for s in ("", "ab", ["a", "b"], ["ab"], [98], None, b"ab")],
    *[("at", "abc", i) for i in (0, 2, -1, -3, 3, -4)], ("literal",), ("of_literal",),
    *[("in_try", s, o) for s in ("ab", "aa", "") for o in ([1], 3)],
    *[("twice", s, t) for s in ("aab", "") for t in ("a", "ä", None)],
    *[("nested", s, t) for s in ("aab", "") for t in ("abc", "")],
    *[("beyond", "abc", i) for i in (0, 1, 2, 3, -1, -3, -4)],
]  # fmt: skip


@pytest.fixture(scope="module")
def module():
    return pyx.compile(str(SOURCE))


def test_calls_end_as_in_cython(module, tmp_path_factory):
    reference = pyx_reference.build(SOURCE, tmp_path_factory.mktemp("characters"))
    assert not pyx_reference.differences(reference, module, CALLS)


def test_none_has_no_characters(module):
    # Cython reads behind the object.
    with pytest.raises(TypeError, match="'NoneType' object is not subscriptable"):
        module.none_beyond(None)


def use(module, text):
    module.count(text), module.find(text), module.reassigned(text), module.twice(text, text)
    module.by_index(text), module.in_try(text, 3), module.beyond(text, 1)
    for f, *args in (("count", None), ("beyond", text, 99), ("parameter", None)):
        with pytest.raises((TypeError, ValueError, IndexError)):
            getattr(module, f)(*args)


def test_counts_of_references_are_exact(module):
    text = "a key that is no constant"
    # The first calls compile, and the interpreter adapts itself to those after them, which leaves or takes other objects.
    for _ in range(200):
        use(module, text)
    gc.collect()
    before = [sys.getrefcount(o) for o in (text, None)]
    for _ in range(1000):
        use(module, text)
    gc.collect()
    after = [sys.getrefcount(o) for o in (text, None)]
    assert all(abs(a - b) < 50 for a, b in zip(after, before, strict=True)), (before, after)


OBJECTS = Path(__file__).parent / "pyx" / "buffers_as_objects.pyx"
MEMORY = (
    b"ab",
    bytearray(b"ab"),
    memoryview(b"ab"),
    b"",
    np.frombuffer(b"ab", np.uint8),
    array.array("B", b"ab"),
)
UNTYPED = ("rest", "twice", "inside", "total", "unchanged", "same")
TYPED = ("own_rest", "own_same", "own_sum", "own_array", "of_fused")


def test_memory_that_is_no_array_is_an_object(tmp_path_factory):
    reference = pyx_reference.build(OBJECTS, tmp_path_factory.mktemp("buffers"))
    module = pyx.compile(OBJECTS)
    wrong = []
    # Backwards too: what arguments of one kind were compiled for is not what others mean.
    for values in (MEMORY, MEMORY[::-1]):
        calls = [(name, value) for name in UNTYPED for value in values]
        calls += [(name, value) for name in TYPED for value in (*values, "ab", 3)]
        calls += [("own_item", value, i) for value in values if len(value) for i in (0, -1)]
        calls += [("less", b"a", b"b"), ("less", bytearray(b"a"), b"b"), ("beside", b"ab", np.ones(1))]
        calls += [("module_class", value) for value in ([1], None, (1,), 3)]
        calls += [("generated", 300), ("generated", 3, 4), ("generated", "a")]
        wrong += pyx_reference.differences(reference, module, calls)
    assert not wrong, "\n".join(map(str, wrong))
    assert list(module.generated(3)) == [3, "x"]


def test_functions_of_libraries_in_tables_of_the_module():
    module = pyx.compile("""
from libc.math cimport sin
cdef extern from "math.h" nogil:
    double fabs(double)
ctypedef double (*function)(double) noexcept nogil
cdef double square(double x) noexcept nogil: return x * x
cdef function table[3]
table[0] = sin
table[1] = square
table[2] = fabs
def at(int i, double x): return table[i](x)
""")
    assert [module.at(i, -2.0) for i in range(3)] == [np.sin(-2.0), 4.0, 2.0]
