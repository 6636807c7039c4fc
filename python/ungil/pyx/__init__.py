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

from ungil.pyx._hook import install, uninstall
from ungil.pyx._module import compile

__all__ = ["compile", "install", "uninstall"]
