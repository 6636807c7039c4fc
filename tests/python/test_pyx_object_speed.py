"""Short ways of the code for objects: small integers, items, inferred numbers, compared with Cython."""

import gc
import itertools
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "object_speed.pyx"
BIG = 2**30
NUMBERS = (
    0,
    1,
    -1,
    2,
    -7,
    31,
    33,
    BIG - 1,
    BIG,
    -BIG,
    2**62,
    -(2**63),
    10**30,
    True,
    2.5,
    -0.0,
    float("nan"),
)
OTHERS = ("a", "ab", "", "ä", None, [1], (1, 2), {1})


class Number(int):
    """An int whose operators are its own."""

    def __add__(self, other):
        return "added"

    def __eq__(self, other):
        return "equal"

    def __bool__(self):
        raise ValueError("neither")

    __hash__ = int.__hash__


class Sequence(list):
    def __getitem__(self, i):
        return ("item", i)

    def __setitem__(self, i, v):
        super().__setitem__(i, (v, v))


class Bag(set):
    def add(self, x):
        super().add((x, x))
        return "mine"


PAIRS = [*itertools.product(NUMBERS, NUMBERS), *itertools.product(OTHERS, (1, "a", "b", "ä", None, [1]))]
CALLS = [
    *[("arithmetic", a, b) for a, b in PAIRS], *[("comparisons", a, b) for a, b in PAIRS],
    *[("quotients", a, b) for a, b in PAIRS], *[("in_place", a, b) for a, b in PAIRS],
    *[("shifts", a, b) for a in NUMBERS for b in (0, 1, 29, 30, 32, 33, 63, 64, 200, -1, "a")],
    *[("branches", a, b) for a, b in PAIRS], ("branches", Number(1), 1), ("arithmetic", Number(3), 1),
    ("arithmetic", 1, Number(3)), ("comparisons", Number(3), 4),
    *[("item", xs, i) for xs in ([1, 2, 3], (4, 5), "abc", {1: 2}, {-1: 3}, Sequence([1]), None, b"ab", range(4))
      for i in (0, 1, -1, -2, 2, 3, -4, 2**40, 2**70, True, 1.5, None, slice(0, 1))],
    *[("put", xs, i, "v") for xs in ([1, 2, 3], (4, 5), {1: 2}, Sequence([1, 2]), None)
      for i in (0, 1, -1, 3, -4, 2**70, True, 1.5, slice(0, 1))],
    *[(f, a) for f in ("converted", "to_int", "to_float")
      for a in (0, 1.5, "12", " 3 ", "x", b"7", None, True, Number(4), 10**400, float("inf"), [1])],
    *[("added", o, v) for o in (set(), {1}, Bag(), [], None) for v in (1, "a", [1])],
    *[("appended", o, v) for o in ([], Sequence([1]), set(), None) for v in (1, "a")],
    *[("got", o, 1, 5) for o in ({}, {1: 2}, [], None)], ("got", {}, [1], 5),
    ("texts", [1, 1.5, "a", "ä", "漢", "😀", None, Number(3)]),
    *[("typed_list", xs, v) for xs in ([], [1], [1, 2.5], [1, "a"], Sequence([1, 2]), None) for v in (0, None)],
    *[("offsets", list(range(n))) for n in range(6)], ("offsets", ["a", 2, "c"]),
    *[("backwards", xs) for xs in ([], [1], list("abc"))], *[("doubled", list(range(n))) for n in (0, 1, 8, 12)],
    ("behind", [1, 2, 3]), *[("counted", a, b) for a, b in ((0, 4), (3, 3), (-2, 3), (5, 2))],
    ("wide", 2**62, 2**62 + 3), ("wide", -(2**63), -(2**63) + 2),
    *[("mean", xs) for xs in ([1, 2], [1.5, 2], [], [1, "a"], [2**53 + 1, 1])],
    ("unbound_double", 1), ("whole_or_not", [1, 2]),
    *[("share", n) for n in (0, 1, 3)], ("first_of", [[1, 2.5], [3]]), ("first_of", [[2.5, 1]]), ("first_of", [[]]),
    *[("kinds", flag, [1]) for flag in (0, 1)], *[("indices", list("abcdef"), n) for n in (1, 2, 5)],
    ("swapped", 1, "b"), ("swapped", [1], [2]), *[("rotated", list(range(n))) for n in (0, 1, 2, 5)],
    ("too_many", [1, 2, 3]), *[("half_done", xs) for xs in ([], [1], [1, 2])],
    *[("grown", parts, start) for parts in (["a", "bc", "", "d" * 600], ["ä", "漢", "a"], [], ["a", 1], [b"a"], [[1]], [1, 2.5])
      for start in ("", "x", "ä", "漢😀", 1, None, [])],
    *[(f, parts) for f in ("grown_and_kept", "grown_in_words", "grown_until") for parts in (["b", "cd", "e" * 1000], ["b", "ä", "c"], ["b", None], ["b", b"c", "d"])],
    *[(f, s) for f in ("grown_by_itself", "grown_inside") for s in ("", "a", "ab", "ä漢", "z" * 300)],
    *[("grown_from_nothing", s, flag) for s in ("ab", 1) for flag in (0, 1)],
    *[("joined_in_place", a, b) for a, b in (([1], [2]), ([1], (2,)), ("a", "b"), (1, 2), (Sequence([1]), [2]), ((1,), (2,)), (Number(1), 2), ("a", 1))],
    *[("extremes", *v) for v in ((1, 2, 3), (3, 2, 1), (2, 2.0, True), ("b", "a", "ab"), (1.5, float("nan"), 0), (1, "a", 2), ([2], [1], [3]),
                                 (2**70, 2**71, 1), ("ä", "a", "漢"))],
    *[("constants", x) for x in (1, "a", -2.5, (1, 2), None)],
    *[("extremes", np.ones(2), np.zeros(2), 1)],
    *[("ordered", a, b) for a, b in itertools.product(("a", "b", "Z", "", "ab", "ac", "ä", "漢", "a" * 50, None, 1), ("a", "ab", "ä", "漢", "a" * 50, 2, 1.5))],
    *[("ordered", a, b) for a, b in itertools.product((1, True, 2**40, -(2**70), 1.5, float("nan")), (1, 2**40, -(2**70), 1.5, False))],
    *[("questions", x) for x in (*map(chr, range(300)), "", "ab", "A1", "漢", "²", "½", "ǅ", "\u2028", "\ud800", b"a", b"", None, 1)],
    *[("kinds_of", x) for x in (1, True, Number(2), [1], Sequence([1]), (1,), "a", 1.5, {1}, Bag(), 1j, None, int, b"a", np.float64(1), np.int64(1))],
    *[("parts", xs, a, b) for xs in ([1, 2, 3, 4], (1, 2, 3), "abcd", "äb漢", b"abc", Sequence([1, 2]), range(5), 5, None, np.arange(4), {1: 2})
      for a, b in ((0, 2), (-2, 9), (1, -1), (2**70, -(2**70)), (3, 1), (True, 2))],
    ("parts", [1, 2], None, 1), ("parts", "ab", "a", 1), ("parts", [1, 2], 1.5, 2),
    *[("links", a, b) for a, b in itertools.product(NUMBERS, (0, 3, 4, 2.5, True, BIG, 2**70))], ("links", "a", 1), ("links", Number(3), 3),
    *[("written_out", x) for x in (0, 10**6, 2**40, 1.5, "a")],
    *[("walked", *v) for v in ((0, 3, 1), (3, 0, -1), (5, 5, 1), (0, 4, 0), (0, 3, True), (-3, 4, 3), (0, 2**70, 2**69), (0, 4, -2), (2, 9, 2**63 - 1),
                               (1.5, 2, 1), ("a", 1, 1), (0, 3, None), (Number(0), 3, 1), (np.int64(0), 3, 1), (0, 4, 2**64))],
    *[("items_of", d, grows) for d in ({}, {1: 2}, {"a": 1, "b": "c", 3: 4}) for grows in (0, 1)], ("items_of", [], 0),
    *[("pairs_of", xs) for xs in ([(1, 2)], [[1, 2], "ab"], ((1, 2), (3, 4)), [(1, 2, 3)], [(1,)], [1], {(1, 2)}, {"ab": 1}.keys(), {1: 2}.items(), 5)],
    *[("missing", {1: 2, (1, 2): 3}, k) for k in (1, 2, (1, 2), (3, 4), (), "a", [1])],
    *[("letters", text, part) for text in ("", "abc", "äb", "a漢") for part in ("a", "", "ab", "ä", "漢", 1, None)],
    *[("letters", {"a": 1}, "a"), ("letters", ["a"], "a"), ("letters", ("a", {1}), {1}), ("letters", {0: 1}, [])],
    *[("codes", n, k) for n, k in ((0, 97), (255, 256), (0x10FFFF - 1, 0x10FFFF), (0x10FFFF, 1), (-1, 1), (1, -1), (1, 2**31), (1, -(2**31) - 1), (1, 2**62))],
    *[("found_at", s, p, a, b) for s in ("abcabc", "", "äbäb", None) for p in ("b", "", "abc", "ä", None, 1) for a, b in ((0, 3), (2, -1), (-3, 9))],
    *[("quotient_and_rest", a, b) for a, b in itertools.product(NUMBERS, NUMBERS[:9])], ("quotient_and_rest", "a", 1),
    *[("counted_up", n, step) for n, step in ((0, 1), (3, 2), (2, 2**40), (2, "a"), (3, 1.5))],
    *[("flat", xs) for xs in ([], [1, [2, [3, []]]], [[[1]], Sequence([2])], 5, ["ab", ["c"]])],
    *[("depth_of", t) for t in (None, (None, None), ((None, (None, None)), None), (1, None), ([None, None], None))],
    *[(f, x) for f in ("with_numbers", "shown_in_text") for x in (*NUMBERS, *OTHERS, Number(5), -(10**400), np.int64(3))],
    *[("failing", n) for n in (0, 1, 5)],
    ("counting", [1, 1, 2, "a", 1.0]), *[("characters", s) for s in ("", "abcab", "äab", "漢b漢", "\U0001f600b\ud800b")],
]  # fmt: skip


@pytest.fixture(scope="module")
def module():
    return pyx.compile(str(SOURCE))


def test_calls_end_as_in_cython(module, tmp_path_factory):
    reference = pyx_reference.build(SOURCE, tmp_path_factory.mktemp("speed"))
    assert not pyx_reference.differences(reference, module, CALLS)


def test_what_is_read_behind_an_empty_loop_has_no_value(module):
    for call in (lambda: module.behind([]), lambda: module.unbound_double(0)):
        with pytest.raises(UnboundLocalError):
            call()


def test_sums_of_integers_stay_integers(module):
    # Cython makes `s` a double here, and returns 0.0.
    assert repr(module.whole_or_not([])) == "0"


def test_lists_after_arrays_are_objects_all_the_same():
    source = "def first(xs):\n    for i in range(1):\n        for j in range(1):\n            return xs[i]\n"
    module = pyx.compile(source, name="lists_after_arrays")
    assert module.first(np.array([1.5, 2])) == 1.5
    for xs in ([1, 2.5], (3, 4.5), ["a"], [[1], 2]):
        assert module.first(xs) is xs[0]
    assert module.first(np.array([3, 2])) == 3


BIG_NUMBERS = """
def factorial(n):
    r = 1
    for i in range(1, n + 1):
        r *= i
    return r

def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a

def power(x, n):
    return x * power(x, n - 1) if n else 1

cdef long twice(long x):
    return x * 2

def calls(n):
    return twice(n) * n + factorial(n // 2**36)

def quotient(a, b):
    return a // b, a << 3

def effects(out, n):
    out[0] += 1
    return n * n
"""


def test_integers_beyond_64_bits_are_pythons():
    module = pyx.compile(BIG_NUMBERS, name="big_numbers")
    for n in (5, 20, 21, 40, 100, 3):
        assert module.factorial(n) == math.factorial(n)
        a, b = 0, 1
        for _ in range(n):
            a, b = b, a + b
        assert module.fibonacci(n) == a
        assert module.power(3, n) == 3**n and module.power(1.5, n) == pytest.approx(1.5**n)
    assert module.calls(2**40) == 2**81 + math.factorial(16) and module.calls(3) == 19
    assert module.quotient(-(2**63), -1) == (2**63, -(2**66)) and module.quotient(-8, -1) == (8, -64)


def test_a_result_beyond_64_bits_says_nothing_of_the_next_one():
    module = pyx.compile(BIG_NUMBERS, name="big_numbers_in_turns")
    for n in (30, 3, 25, 26, 4, 5, 40, 2):
        assert module.factorial(n) == math.factorial(n) and type(module.factorial(n)) is int
    assert module.factorial(30) and module.factorial(n=30) == math.factorial(30)
    with pytest.raises(TypeError):
        module.factorial("a")
    with pytest.raises(TypeError):
        module.factorial(3, 4)


def test_calls_of_itself_mean_the_name():
    text = "def f(n, seen):\n    seen.append(n)\n    return seen if n == 0 else f(n - 1, seen)\n"
    module = pyx.compile(text, name="calls_of_itself")
    assert module.f(3, []) == [3, 2, 1, 0]
    first, module.f = module.f, lambda n, seen: "other"
    assert first(3, []) == "other" and first(0, []) == [0]
    module.f = first
    assert first(2, []) == [2, 1, 0]
    with pytest.raises(RecursionError):
        pyx.compile("def f(x):\n    return f([x])\n", name="endless").f(1)


def test_calls_with_effects_are_not_made_again():
    module = pyx.compile(BIG_NUMBERS, name="big_numbers_and_effects")
    out = np.zeros(1)
    assert module.effects(out, 3) == 9 and out[0] == 1
    with pytest.raises(OverflowError, match="integer overflow"):
        module.effects(out, 2**62)
    assert out[0] == 2


def test_counts_of_references_are_exact(module):
    value, key = object(), "a key that is no constant"
    xs = [value] * 4
    gc.collect()
    before = [sys.getrefcount(o) for o in (value, key, None, xs)]
    for _ in range(1000):
        module.typed_list([3, 4], value)
        module.counting([key, key, value])
        module.item(xs, -1), module.put([1, 2], 0, value)
        module.added({1}, key), module.appended([], value), module.got({key: value}, key, value)
        module.swapped(value, key), module.rotated(xs), module.half_done([value])
        module.texts([1, key]), module.characters(key), module.backwards(xs)
        (
            module.grown([key, key], key),
            module.grown_and_kept([key, "b"]),
            module.grown_by_itself(key),
            module.grown_inside(key),
        )
        (
            module.grown_until([key, value]),
            module.joined_in_place(xs[:], [value]),
            module.extremes(key, key, "a"),
            module.questions(key[:1]),
        )
        module.kinds_of(value), module.parts(xs, 1, 3), module.links(5, 7), module.walked(0, 3, 1)
        module.items_of({key: value}, 0), module.pairs_of([(key, value)] * 2), module.missing({}, key)
        module.letters(key, "k"), module.found_at(key, "k", 0, 3), module.quotient_and_rest(7, 3)
        module.counted_up(3, 1), module.flat([key, [value]]), module.depth_of((None, None))
        for f, *args in (
            ("item", xs, 9),
            ("failing", 4),
            ("pairs_of", [(key, value, 1)]),
            ("missing", key, 1),
            ("walked", key, 1, 1),
            ("put", xs, 9, value),
            ("to_int", key),
            ("branches", value, 1),
        ):
            with pytest.raises((IndexError, TypeError, ValueError)):
                getattr(module, f)(*args)
    gc.collect()
    after = [sys.getrefcount(o) for o in (value, key, None, xs)]
    assert all(abs(a - b) < 50 for a, b in zip(after, before, strict=True)), (before, after)


def test_a_builtin_is_the_one_at_the_first_call():
    module = pyx.compile("def f(x):\n    return str(x), abs(x), sorted([x, 0])\n", name="builtins_once")
    assert module.f(-1) == ("-1", 1, [-1, 0])
    module.str = module.abs = None
    assert module.f(-2) == ("-2", 2, [-2, 0])


def test_globals_may_change():
    text = "x = 1\ny = 0\ndef f(x0):\n    return x, y\ndef g():\n    global x\n    x += 1\n    return x\n"
    module, other = (pyx.compile(text, name=name) for name in ("globals_here", "globals_there"))
    module.y, other.y = 5, 6
    assert (module.f("a"), other.f("a")) == ((1, 5), (1, 6))
    module.x = "new"
    assert (module.f("a"), other.f("a")) == (("new", 5), (1, 6))
    assert (other.g(), other.g(), other.f("a")) == (2, 3, (3, 6))
    del module.y
    with pytest.raises(NameError, match="y"):
        module.f("a")
    module.y = []
    for k in range(100):
        module.y = [k]
        assert module.f("a") == ("new", [k])
