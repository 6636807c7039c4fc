"""Functions of extension modules that Cython made, which these show to others in `__pyx_capi__`."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

from ungil.pyx import _names

_api = ctypes.pythonapi
_api.PyCapsule_GetName.restype = ctypes.c_char_p
_api.PyCapsule_GetName.argtypes = [ctypes.py_object]
_api.PyCapsule_GetPointer.restype = ctypes.c_void_p
_api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


def functions(module: Any, promised: Mapping[str, str | None]) -> dict[str, Any]:
    """Those of the functions that declarations promise which the module shows, as functions of C.

    Left out are those whose types are not of C alone, and those with hidden parameters: defaults, and the one that tells
    a `cpdef` function who calls it.
    """
    shown = getattr(module, "__pyx_capi__", None)
    found: dict[str, Any] = {}
    for name, text in promised.items():
        capsule = shown.get(name) if isinstance(shown, dict) else None
        if capsule is None or text is None:
            continue
        signature = _api.PyCapsule_GetName(capsule)
        if signature is None or b"__pyx_skip_dispatch" in signature or b"__pyx_opt_args" in signature:
            continue
        address = _api.PyCapsule_GetPointer(capsule, signature)
        found[name] = _names.Special(f"cython.extern:{address}:{name}:{text}")
    return found
