"""Texts of C and Python: pointers of Python's C interface by cimport, and characters; compared with Cython."""

from pathlib import Path

import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "c_texts.pyx"
CALLS = [
    ("filled", 0), ("filled", 1), ("filled", 30), ("filled", -1), ("part", b"abcdef", 2, 5), ("part", b"ab\0cd", 0, 5),
    ("part", None, 0, 1), ("of_object", b"a"), ("of_object", "a"), ("of_object", None), ("both", b"abc"), ("both", "a"),
    ("decoded", b"a\xc3\xa9", "latin"), ("decoded", b"a\xc3\xa9", None), ("decoded", b"\xc3", None),
    ("doubled", b"abc"), ("doubled", b""),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return pyx_reference.build(SOURCE, tmp_path_factory.mktemp("cython")), pyx.compile(SOURCE)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_functions_end_like_those_of_cython(modules, name):
    wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)


GENERATED = [
    ("chars", "abc"), ("chars", ["a", "bc"]), ("chars", [1.5]), ("gen", "a1b22"), ("words", "a bc d"), ("words", "a,bc", ","),
    ("words", "a", "ab"), ("compared", "12az!x"), ("numbers", "12az"), ("computed", "12"), ("plus", "ab"),
    ("from_number", 97), ("from_number", -1),
]  # fmt: skip


def test_characters_in_generators_are_those_of_cython(tmp_path):
    source = SOURCE.with_name("plain_characters.pyx")
    reference, module = pyx_reference.build(source, tmp_path), pyx.compile(source)
    for name, *args in GENERATED:
        found = [
            pyx_reference.ending(lambda *a, f=getattr(m, name): list(f(*a)), args)
            for m in (reference, module)
        ]
        assert found[0] == found[1], (name, args)
