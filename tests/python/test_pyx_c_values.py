"""Characters, constants, `errno`, the C library's mathematics and reductions of narrow types, compared with Cython's."""

from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

RNG = np.random.default_rng(8)


class Text(str):
    """A string with items and slices of its own."""

    def __getitem__(self, key):
        return ("text", str.__getitem__(self, key))


class Items(list):
    """A list with slices of its own."""

    def __getitem__(self, key):
        return ("items", key if isinstance(key, int) else key.indices(len(self)))


class Words(dict):
    """A dictionary that is none itself."""


CALLS = [
    ("table", 100), ("table", 0),
    ("kinds", b"-1.5e+3, x\t7"), ("kinds", b""), ("kinds", b"\xff\x80"), ("kinds", "a"),
    ("fields", b"1,22,333\n4\n"), ("fields", b""), ("fields", bytearray(b"7,")),
    ("marks", np.array([1, -2, 3], np.int32)), ("pieces", 3), ("words", b"seven words"), ("words", b"ab\0cd"),
    ("suffixes", 2**31 - 1, 123456789), ("suffixes", -(2**31), 0), ("suffixes", 3, 2**32 - 1),
    ("parsed", b"12 apples"), ("parsed", b"9" * 30), ("parsed", b"ff"), ("through_module", 4),
    ("maths", 2.5, 1.5, 3), ("maths", -2.5, 0.75, -2), ("maths", 1e10 + 0.5, -0.5, 0), ("limits",),
    ("reductions", 0), ("reductions", 7), ("reductions", 6000),
    ("narrow", RNG.integers(0, 256, 1000, np.uint8)), ("narrow", np.array([], np.uint8)), ("narrow", b"abc"),
    ("first", "abc"), ("first", "9\u00e9"), ("first", "\U0001f600z"), ("first", ""),
    ("distance", "kitten", "sitting"), ("distance", "", "\u65e5"), ("distance", "a", "b" * 64),
    ("sounds", "The quick b\u00fcrp 4 \u00df"), ("sounds", ["x", "yz"]), ("sounds", [b"x"]), ("sounds", 3),
    ("number", "00127"), ("number", "1x"), ("number", ""), ("same", "\u65e5"), ("same", "ab"), ("same", ""),
    ("same", 97), ("same", None), ("same", b"x"),
    ("enumerators", bytes(range(40)), 4), ("enumerators", b"", 2.5), ("enumerators", b"\x13\xff" * 9, "x"),
    ("escapes", 40, 60), ("escapes", 5, 1), ("windowed", [1, 2.5, 3]), ("windowed", []), ("windowed", ["x"]),
    ("windowed", range(5), 1.5), ("rated", "x"),
    *[
        ("cuts", x, i, j)
        for x in ("abcdef", "", "\u00e9\u20ac\U0001f600x", [1, 2, 3, 4], [], (5, 6, 7), (), b"bytes", range(9), Text("own"),
                  Items([1, 2, 3]), {1: 2}, None)
        for i, j in ((1, 3), (-2, 2), (3, 1), (0, 100), (-100, -1), (2**40, 2**31 - 1), (-(2**63), -(2**31)))
    ],
    *[("cuts_typed", "abcdef", [1, 2, 3], (4, 5), i, j) for i in (-1, 0, 2) for j in (-1, 1, 9)],
    ("cuts_typed", None, [1], (), 0, 1), ("cuts_typed", "s", [1], [2], 0, 1), ("cuts_typed", Text("s"), [], (), 0, 1),
    *[("at", x, i) for x in ("a\u00e9\U0001f600", "", [1, 2], (3,), b"ab", Text("xy"), {0: 1, -1: 2, 5: 6}) for i in (0, -1, 1, 5, -5)],
    *[("at_typed", x, i) for x in ("a\u00e9\U0001f600", "", 5) for i in (0, -1, 2, 3, -4)],
    ("asked", "".join(map(chr, range(400)))), ("asked", "\u01c5\u0660\u2155\u3000\U0001f600\U0001d7d8"), ("told", 2.5, -3), ("told", Text("own"), 7),
    ("classes", {1: 2}), ("classes", None), ("classes", [1]), ("classes", Words(a=1)), ("wants_bytes", bytearray(b"x")),
    ("wants_bytes", None), ("wants_bytes", b"x"), ("wants_bytes", bytearray(), {1}), ("wants_bytes", bytearray(), frozenset((1,))),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "c_values.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("c_values")), pyx.compile(source)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_values_are_those_of_cython(modules, name):
    wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)
