"""The code of functions inside a function, by their places in the source."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from typing import Any

# Whose code lies in that of what is around them, though they are no functions.
_COMPREHENSIONS = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            if constant.co_name in _COMPREHENSIONS:
                yield from _codes(constant)


def find(code: types.CodeType, name: str, span: tuple[int, int, int, int]) -> types.CodeType | None:
    """The code of a name in another. `span` is line, last line, column and last column: of the expression that a lambda or
    generator gives, or from the first decorator of a function or class to its name."""
    found = [inner for inner in _codes(code) if inner.co_name == name]
    if name not in ("<lambda>", "<genexpr>"):
        found = [inner for inner in found if span[0] <= inner.co_firstlineno <= span[1]]
        return found[0] if found else None
    exact = [inner for inner in found if span in inner.co_positions()]
    if not exact:
        exact = [inner for inner in found if inner.co_firstlineno == span[0]]
    return exact[0] if len(exact) == 1 else None


def named(function: Any) -> Any:
    """A function for decorators, which may give it attributes: `functools.wraps` does. Those that are builtins take none."""
    if not isinstance(function, types.BuiltinFunctionType):
        return function
    made: Any = functools.partial(function)
    made.__name__ = made.__qualname__ = function.__name__
    made.__doc__, made.__module__ = function.__doc__, function.__module__
    return made
