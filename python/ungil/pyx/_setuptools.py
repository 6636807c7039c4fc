"""Projects without a `setup.py`: setuptools asks here what to do with extensions that `pyproject.toml` declares."""

from __future__ import annotations

import os
import re
import tomllib
from typing import Any


def finalize(distribution: Any) -> None:
    """Take over extensions whose source is a ``.pyx`` file, where the project's build requires ungil."""
    extensions = list(getattr(distribution, "ext_modules", None) or [])
    own = [n for n, ext in enumerate(extensions) if not hasattr(ext, "_ungil_payload") and _restored(ext)]
    if not own or not _is_required():
        return
    from ungil.pyx._build import cythonize

    for n in own:
        extensions[n].sources[:] = _restored(extensions[n])
        [extensions[n]] = cythonize([extensions[n]], quiet=True)
    distribution.ext_modules = extensions


def _restored(extension: Any) -> list[str]:
    """The sources with a `.pyx` file first; none if there is no such file.

    Where Cython is not installed, setuptools has written `.c` for `.pyx`.
    """
    found = []
    for source in extension.sources:
        pyx = os.path.splitext(source)[0] + ".pyx"
        found.append(pyx if os.path.exists(pyx) else source)
    return found if any(source.endswith(".pyx") for source in found[:1]) else []


def _is_required() -> bool:
    """Whether `[build-system] requires` of the project names ungil."""
    try:
        with open("pyproject.toml", "rb") as file:
            required = tomllib.load(file).get("build-system", {}).get("requires", [])
    except (OSError, tomllib.TOMLDecodeError):
        return False
    return any(re.match(r"ungil(?![\w.-])", requirement) for requirement in required)
