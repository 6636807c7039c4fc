"""The annotate report: a source file, line by line, and what the compiler made of it, as one page of HTML.

>>> import numpy as np
>>> import ungil
>>> from ungil import annotate
>>> @ungil.jit
... def total(a):
...     s = 0.0
...     for x in a:
...         s += x
...     return s
>>> total(np.ones(4))
4.0
>>> page = annotate.of_function(total)
>>> page.startswith("<!doctype html>")
True

Lines that run as compiled code are white; lines that work with Python objects are yellow, the more the deeper.
`docs/annotate.md` shows how to read the page.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ungil.annotate._collect import Report, of_dispatchers, of_pyx, of_script
from ungil.annotate._page import render
from ungil.annotate._sample import sample

__all__ = ["of_file", "of_function", "of_module", "of_text", "sample"]


def of_function(
    function: Any,
    output: str | os.PathLike[str] | None = None,
    *,
    profile: Mapping[Any, float] | None = None,
    title: str | None = None,
) -> str:
    """The report on a function made by ``@jit``, for the types it was called with.

    Parameters
    ----------
    function : dispatcher
        The function.
    output : path, optional
        Where to write the page.
    profile : dict, optional
        Seconds by line number, or by ``(file, line)``; `sample` measures them.
    title : str, optional
        What to call the page.

    Returns
    -------
    str
        The page, or the path of the file that it was written to.
    """
    return _write(of_dispatchers([function], profile=profile), output, title)


def of_file(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    profile: Mapping[Any, float] | None = None,
    level: str = "3",
    arguments: list[str] | None = None,
    sampled: bool = False,
) -> str:
    """Write the report on a file; the result is the path of the page, by default the file's with ``.html``.

    A ``.pyx`` file is compiled for the types that it declares. A ``.py`` file is run as a script with `arguments`, and
    its ``@jit`` functions are shown for the types that they were called with; with `sampled`, also for how long they ran.
    """
    path = os.fspath(path)
    if os.path.splitext(path)[1] in (".pyx", ".pyi"):
        return of_module(path, output, level=level, profile=profile)
    report = of_script(path, arguments or [], profile=profile, sampled=sampled)
    return _write(report, output or os.path.splitext(path)[0] + ".html", os.path.basename(path))


def of_module(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    name: str | None = None,
    level: str = "3",
    directives: Mapping[str, bool | str] | None = None,
    profile: Mapping[Any, float] | None = None,
) -> str:
    """Write the report on a module in the Cython language or in pure-Python mode; `name` is the module's, with its packages."""
    from ungil.pyx import _source

    path = os.fspath(path)
    text, file = _source.read(path), os.path.abspath(path)
    report = of_pyx(text, file, level=level, profile=profile, name=name, directives=directives)
    return _write(report, output or os.path.splitext(path)[0] + ".html", os.path.basename(path))


def of_text(
    text: str, name: str = "cell", *, level: str = "3", profile: Mapping[Any, float] | None = None
) -> str:
    """The report on a module in the Cython language, given as text; the result is the page."""
    return _write(of_pyx(text, f"<{name}>.pyx", level=level, profile=profile), None, name)


def _write(report: Report, output: str | os.PathLike[str] | None, title: str | None) -> str:
    page = render(report, title or os.path.basename(report.file))
    if output is None:
        return page
    output = os.fspath(output)
    with open(output, "w", encoding="utf-8") as file:
        file.write(page)
    return output
