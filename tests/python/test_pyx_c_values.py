"""Characters, constants, `errno`, the C library's mathematics and reductions of narrow types, compared with Cython's."""

from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

RNG = np.random.default_rng(8)
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
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "c_values.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("c_values")), pyx.compile(source)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_values_are_those_of_cython(modules, name):
    wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)
