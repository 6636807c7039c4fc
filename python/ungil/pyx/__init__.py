"""Modules in the Cython language, compiled without a C compiler.

>>> from ungil import pyx
>>> module = pyx.compile('''
... def total(double[:] a):
...     cdef double s = 0
...     cdef Py_ssize_t i
...     for i in range(a.shape[0]):
...         s += a[i]
...     return s
... ''')
>>> import numpy as np
>>> module.total(np.arange(4.0))
6.0

`docs/cython.md` says what of the language works.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ungil.pyx._hook import install, uninstall
from ungil.pyx._module import compile

__all__ = ["annotate", "compile", "install", "uninstall"]


def annotate(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    level: str = "3",
    profile: Mapping[Any, float] | None = None,
) -> str:
    """Write the annotate report on a ``.pyx`` file, or a ``.py`` file in pure-Python mode; the result is the path of the page.

    Parameters
    ----------
    path : path
        The module.
    output : path, optional
        Where the page goes; by default beside the module, with ``.html``.
    level : {"3", "2", "3str"}
        The language level where the module does not say.
    profile : dict, optional
        Seconds by line number, or by ``(file, line)``: shown as bars.
    """
    from ungil.annotate import of_module

    return of_module(path, output, level=level, profile=profile)
