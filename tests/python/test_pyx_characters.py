"""Characters of strings are numbers of C where Cython has them so."""

import gc
import sys
from pathlib import Path

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
    # The first calls compile, which leaves other objects.
    use(module, text)
    gc.collect()
    before = [sys.getrefcount(o) for o in (text, None)]
    for _ in range(1000):
        use(module, text)
    gc.collect()
    after = [sys.getrefcount(o) for o in (text, None)]
    assert all(abs(a - b) < 50 for a, b in zip(after, before, strict=True)), (before, after)
