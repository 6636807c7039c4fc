"""What an extension module made by `cythonize` does when it is imported: its text is compiled and run."""

from __future__ import annotations

import json
import linecache
import os
import types
from typing import Any


def payload(
    text: str,
    file: str,
    level: str,
    directives: dict[str, bool | str],
    files: dict[str, str],
    shims: dict[str, str] | None = None,
) -> str:
    """What an extension module holds, in ASCII. `files` are the texts that it includes or cimports, by relative path, `shims` what
    a C compiler has made for it."""
    held: dict[str, Any] = {
        "text": text,
        "file": file,
        "level": level,
        "directives": directives,
        "files": files,
    }
    if shims:
        held["shims"] = shims
    return json.dumps(held, ensure_ascii=True, separators=(",", ":"))


def execute(module: types.ModuleType, payload: str) -> None:
    """Compile and run the text in a module that Python has made."""
    from ungil.pyx._module import Builder

    held: dict[str, Any] = json.loads(payload)
    folder = os.path.dirname(os.path.abspath(module.__file__ or ""))
    file = os.path.join(folder, os.path.basename(held["file"]))
    text = held["text"]
    if not os.path.exists(file):
        # For tracebacks: the source need not be installed.
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    files = {os.path.normpath(os.path.join(folder, path)): text for path, text in held["files"].items()}
    builder = Builder(module, held["level"], held["directives"], files)
    builder.shims = held.get("shims", {})
    builder.run(text, file)
