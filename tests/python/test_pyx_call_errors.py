"""Errors of calls whose arguments do not fit, and questions that are asked of characters: compared with Cython."""

from pathlib import Path

import pytest
import pyx_reference

from ungil import pyx

FUNCTIONS = (
    "two default rest keyword keywords_only collected by_position nothing flagged visible mixed viewed"
).split()
POSITIONAL = [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)]
KEYWORDS = [
    {}, {"x": 1}, {"y": 1}, {"k": 1}, {"z": 9}, {"x": 1, "y": 2}, {"k": 1, "m": 2}, {"flag": True, "l": []}, {"n": 2},
]  # fmt: skip
TEXT = "aZ9 \t_é²½ǅ٣\x00\u2028€😀"
CALLS = [
    ("questions", TEXT), ("questions", ""), ("counted", None), ("counted", TEXT), ("counted", b"a"),
    *[("items", "abc", i, o) for i in (0, 2, -1, 3, -4) for o in (0, "a")], ("items", "é😀", 1, 1),
    ("words", " ab  c\nd "), ("words", ""), ("words", None),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "call_errors.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("call_errors")), pyx.compile(source)


def ended(function, args, keywords):
    try:
        return repr(function(*args, **keywords))
    except TypeError as error:
        return str(error)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_calls_that_do_not_fit_say_what_cython_says(modules, name):
    reference, module = (getattr(m, name) for m in modules)
    for args in POSITIONAL:
        for keywords in KEYWORDS:
            assert ended(module, args, keywords) == ended(reference, args, keywords), (args, keywords)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_characters_are_those_of_cython(modules, name):
    wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)
