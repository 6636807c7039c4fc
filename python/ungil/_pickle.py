"""Pickling of compiled functions.

A function that its module's name leads to is pickled as that name, as Python does. Any other (a notebook's, a
lambda, a nested one) is pickled by value: source, defaults, and the globals and cells that it uses.
"""

from __future__ import annotations

import sys
import types
from typing import Any

from ungil import _decorators


def reduce(dispatcher: Any) -> Any:
    """How to pickle a dispatcher: `object.__reduce__`'s protocol."""
    function = dispatcher.py_func
    if function.__module__ != "__main__" and _lookup(function) is dispatcher:
        return function.__qualname__
    source, options, signatures = dispatcher._state()
    if source is None:
        raise TypeError(f"cannot pickle {dispatcher!r}: its source is not available")
    text, first_line, file, is_lambda = source
    about = (function.__name__, function.__qualname__, function.__module__, function.__doc__)
    names = _global_names(function.__code__)
    namespace = {
        n: _portable(function.__globals__[n], dispatcher) for n in names if n in function.__globals__
    }
    cells = _cells(function, dispatcher)
    defaults = (function.__defaults__, function.__kwdefaults__)
    if dispatcher._state()[2] == [] and (annotated := _decorators._annotated_signature(function)):
        signatures = [annotated]
    place = (first_line, file, is_lambda, function.__code__.co_freevars)
    return _rebuild, (text, place, about, defaults, namespace, cells, options, signatures)


def _lookup(function: types.FunctionType) -> object:
    found: Any = sys.modules.get(function.__module__)
    for part in function.__qualname__.split("."):
        found = getattr(found, part, None)
    return found


def _global_names(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _global_names(constant)
    return names


class _Self:
    """Stands for the function itself, in recursive functions."""


class _Module:
    """Stands for a module."""

    def __init__(self, name: str) -> None:
        self.name = name


def _portable(value: Any, dispatcher: Any) -> Any:
    if value is dispatcher or value is dispatcher.py_func:
        return _Self()
    if isinstance(value, types.ModuleType):
        return _Module(value.__name__)
    if isinstance(value, types.FunctionType) and _lookup(value) is not value:
        return _decorators.jit(value)
    return value


def _cells(function: types.FunctionType, dispatcher: Any) -> list[tuple[bool, Any]]:
    found: list[tuple[bool, Any]] = []
    for cell in function.__closure__ or ():
        try:
            found.append((True, _portable(cell.cell_contents, dispatcher)))
        except ValueError:
            found.append((False, None))
    return found


def _rebuild(
    text: str,
    place: tuple[int, str, bool, tuple[str, ...]],
    about: tuple[str, str, str, str | None],
    defaults: tuple[Any, Any],
    namespace: dict[str, Any],
    cells: list[tuple[bool, Any]],
    options: dict[str, Any],
    signatures: list[str],
) -> Any:
    first_line, file, is_lambda, free = place
    body = (
        f" return (\n{text})" if is_lambda else "".join(f" {line}" for line in text.splitlines(keepends=True))
    )
    wrapped = f"def _({', '.join(free)}):\n{body}\n"
    code = _find(compile(wrapped, file, "exec", dont_inherit=True), about[0])
    code = code.replace(co_firstlineno=first_line, co_qualname=about[1])
    globals_: dict[str, Any] = {"__name__": about[2], "__builtins__": __builtins__}
    closure = tuple(types.CellType(v) if full else types.CellType() for full, v in cells)
    function = types.FunctionType(code, globals_, about[0], defaults[0], closure)
    function.__kwdefaults__ = defaults[1]
    function.__doc__ = about[3]
    dispatcher = _decorators._make(function, [], {**options, "source": text})
    for name, value in namespace.items():
        globals_[name] = _alive(value, dispatcher)
    for cell, (full, value) in zip(closure, cells):
        if full:
            cell.cell_contents = _alive(value, dispatcher)
    for signature in signatures:
        dispatcher.compile(signature)
    return dispatcher


def _alive(value: Any, dispatcher: Any) -> Any:
    if isinstance(value, _Self):
        return dispatcher
    if isinstance(value, _Module):
        __import__(value.name)
        return sys.modules[value.name]
    return value


def _find(code: types.CodeType, name: str) -> types.CodeType:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            if constant.co_name == name:
                return constant
            try:
                return _find(constant, name)
            except LookupError:
                pass
    raise LookupError(name)
