"""Pickling of functions by value, where cloudpickle is not installed.

Carries functions that no name leads to: code, defaults, cells, and those globals that the code names. Pickles are for
processes of the same Python, as code objects are. Classes that have no importable name need cloudpickle.
"""

from __future__ import annotations

import builtins
import importlib
import marshal
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any


def reduce_function(function: FunctionType) -> Any:
    """How to pickle a function by value; its contents come after it, because they may lead back to it."""
    code = function.__code__
    skeleton = (marshal.dumps(code), function.__module__, len(code.co_freevars))
    names = sorted(_names(code) & function.__globals__.keys())
    state = {
        "globals": {name: function.__globals__[name] for name in names},
        "cells": [_contents(cell) for cell in function.__closure__ or ()],
        "defaults": (function.__defaults__, function.__kwdefaults__),
        "attributes": {
            **function.__dict__,
            "__qualname__": function.__qualname__,
            "__doc__": function.__doc__,
        },
    }
    return make_skeleton, skeleton, state, None, None, fill_skeleton


def make_skeleton(code: bytes, module: str, cells: int) -> FunctionType:
    """A function without contents."""
    namespace = {"__name__": module, "__builtins__": builtins}
    closure = tuple(CellType() for _ in range(cells))
    return FunctionType(marshal.loads(code), namespace, closure=closure)


def fill_skeleton(function: FunctionType, state: dict[str, Any]) -> None:
    """Give a function its contents."""
    function.__globals__.update(state["globals"])
    for cell, contents in zip(function.__closure__ or (), state["cells"]):
        if contents:
            cell.cell_contents = contents[0]
    function.__defaults__, function.__kwdefaults__ = state["defaults"]
    for name, value in state["attributes"].items():
        setattr(function, name, value)


def reduce_module(module: ModuleType) -> Any:
    """How to pickle a module: by its name."""
    return importlib.import_module, (module.__name__,)


def _names(code: CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names


def _contents(cell: CellType) -> tuple[Any, ...]:
    """What a cell holds; empty if it holds nothing yet."""
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()
