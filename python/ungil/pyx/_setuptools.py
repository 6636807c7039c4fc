"""Projects without a `setup.py`: setuptools asks here what to do with extensions that `pyproject.toml` declares."""

from __future__ import annotations

import os
import re
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
        with open("pyproject.toml", encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return False
    section = re.search(r"^\[build-system\](.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    listed = (
        re.search(r"^requires\s*=\s*\[(.*?)\]", section[1], re.MULTILINE | re.DOTALL) if section else None
    )
    return listed is not None and re.search(r"""["']\s*ungil\b""", listed[1]) is not None
