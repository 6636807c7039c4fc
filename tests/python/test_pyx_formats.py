"""`PyErr_Format` and `PyUnicode_FromFormat` with every conversion; beside Cython."""

import sys
from pathlib import Path

import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "formats.pyx"
CALLS = [
    ("raised", "é"), ("raised", [1, "x"]), ("raised", None), ("raised_with_numbers", 4), ("raised_with_texts", b"hello", 3),
    ("raised_with_texts", "hello", 3), ("under_the_lock", 1), ("under_the_lock", -2.5), ("named", "n", 4), ("text", "héy"),
    ("text_or", "abc"), ("text_of_numbers",), ("bytes_of",),
]  # fmt: skip


def test_texts_are_those_of_cython(tmp_path):
    reference, module = pyx_reference.build(SOURCE, tmp_path), pyx.compile(SOURCE)
    wrong = pyx_reference.differences(reference, module, CALLS)
    assert not wrong, "\n".join(wrong)
    held = object()
    before = sys.getrefcount(held)
    for _ in range(100):
        pyx_reference.ending(module.raised, (held,))
    assert sys.getrefcount(held) == before
