"""The pages of errors of the Cython language: their examples are compiled."""

import re
from pathlib import Path

import pytest

from ungil import errors, pyx

FOLDER = Path(__file__).parents[2] / "docs" / "errors"
PAGES = sorted(path.stem for path in FOLDER.glob("U08*.md"))


def blocks(code):
    text = (FOLDER / f"{code}.md").read_text()
    assert text.startswith(f"# {code}: ")
    return re.findall(r"```cython( error)?\n(.*?)```", text, re.DOTALL)


def run(source):
    module = pyx.compile(source)
    for name in ("g", "f"):
        if "nogil" in source and hasattr(module, name):
            getattr(module, name)(2.5)


@pytest.mark.parametrize("code", PAGES)
def test_examples_hold(code):
    found = blocks(code)
    assert {bool(error) for error, _ in found} == {True, False}
    for error, source in found:
        if error:
            with pytest.raises(errors.CompileError) as caught:
                run(source)
            assert {d.code for d in caught.value.diagnostics} == {code}
        else:
            run(source)


def test_every_code_has_a_page():
    root = FOLDER.parents[1]
    sources = [
        *root.glob("crates/ungil_sema/src/diagnostics/cython.rs"),
        *root.glob("crates/ungil_driver/src/pyx/**/*.rs"),
    ]
    sources += root.glob("python/ungil/pyx/*.py")
    codes = {code for path in sources for code in re.findall(r'"(U08\d\d)"', path.read_text())}
    assert codes == set(PAGES)
