"""The pages of the error codes: programs marked `error` are refused with the page's code, the others compile."""

import linecache
import re
from pathlib import Path

import numpy as np
import pytest

import ungil

# The pages about syntax (U01) are tested with the parser, those about the Cython language (U08) with its modules.
PAGES = sorted((Path(__file__).resolve().parents[2] / "docs" / "errors").glob("U0[2-7]*.md"))
BLOCK = re.compile(r"^```python( error)?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks():
    for page in PAGES:
        for number, match in enumerate(BLOCK.finditer(page.read_text())):
            refused, source = match.groups()
            yield pytest.param(page.stem, source, bool(refused), id=f"{page.stem}-{number}")


def run(name, source):
    """Runs a program; functions that are not decorated are compiled for their annotations."""
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    namespace = {n: getattr(ungil, n) for n in ungil.__all__ if hasattr(ungil, n)}
    namespace.update(np=np, __name__="page")
    import math

    namespace["math"] = math
    exec(compile(source, name, "exec"), namespace)
    for value in list(namespace.values()):
        code = getattr(value, "__code__", None)
        if type(value).__name__ == "function" and code is not None and code.co_filename == name:
            names = code.co_varnames[: code.co_argcount]
            if all(name in value.__annotations__ for name in names):
                types = [value.__annotations__[name] for name in names]
                texts = [t.__name__ if isinstance(t, type) else repr(t) for t in types]
                ungil.jit(value).compile(f"({', '.join(texts)})")


@pytest.mark.parametrize(("code", "source", "refused"), list(blocks()))
def test_page(code, source, refused):
    if not refused:
        return run(f"<{code}>", source)
    with pytest.raises(ungil.errors.CompileError) as caught:
        run(f"<{code}>", source)
    assert caught.value.code == code, str(caught.value)


def test_pages_have_programs():
    for page in PAGES:
        text = page.read_text()
        assert BLOCK.search(text) or "no program that is known to cause it" in text, page.name
