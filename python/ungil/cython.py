"""Stands for `cython` in modules that ungil compiles: types, directives, `cython.parallel`.

>>> from ungil import cython
>>> cython.compiled
False
"""

from __future__ import annotations

import types as _types
from collections.abc import Callable
from typing import Any

import ungil as _ungil

compiled = False


class _Directive:
    """A directive: a decorator and a context manager that changes nothing in plain Python."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __call__(self, function: Any) -> Any:
        return function

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        return None


boundscheck = wraparound = cdivision = cpow = nonecheck = initializedcheck = overflowcheck = _Directive
infer_types = binding = embedsignature = profile = linetrace = annotation_typing = language_level = _Directive
locals = returns = exceptval = _Directive


def cfunc(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function as one of C."""
    return function


ccall = inline = cfunc


def nogil(*args: Any) -> Any:
    """Mark a function that runs without the lock."""
    return args[0] if args and callable(args[0]) else _Directive()


gil = nogil


def declare(type: Any = None, value: Any = None, **names: Any) -> Any:
    """Declare a variable; its value is returned."""
    return value


def cast(type: Any, value: Any) -> Any:
    """Convert a value to a C type."""
    return type(value) if callable(type) else value


parallel = _types.SimpleNamespace(prange=_ungil.prange, threadid=_ungil.get_thread_id)


def _types_of_c() -> dict[str, Any]:
    from ungil.pyx._names import Cast

    names = {
        "char": "int8", "schar": "int8", "uchar": "uint8", "short": "int16", "ushort": "uint16",
        "int": "int32", "uint": "uint32", "long": "int64", "ulong": "uint64", "longlong": "int64",
        "ulonglong": "uint64", "Py_ssize_t": "int64", "size_t": "uint64", "float": "float32",
        "double": "float64", "doublecomplex": "complex128", "floatcomplex": "complex64",
    }  # fmt: skip
    return {name: Cast(dtype) for name, dtype in names.items()} | {"bint": bool}


globals().update(_types_of_c())
