"""Functions in the classes of a module, which are compiled as other functions are.

Compiled code is of the module, not of a class's body. So its text says what the body means: private names with the
class in them (`_A__x`; names of arguments in calls stay, as in Cython), and `super()` and `__class__` by the cell in which Python keeps the class. Classes inside
functions run as plain Python.
"""

from __future__ import annotations

import ast
import builtins
import functools
import types
import warnings
from collections.abc import Iterator
from typing import Any

from ungil import errors

Function = ast.FunctionDef | ast.AsyncFunctionDef

#: What stands for a class's cell in a text.
CELL = "__pyx_class__"

#: Methods that Python makes static or of the class where they are functions of its own.
_IMPLICIT = {"__new__": staticmethod, "__init_subclass__": classmethod, "__class_getitem__": classmethod}


class TooHardError(Exception):
    """Why a method's text cannot stand outside of its class."""


def owners(tree: ast.Module) -> dict[Function, str]:
    """The functions that stand in classes of a module, with their classes' names."""
    return dict(_owners(tree.body, None))


def _owners(body: list[ast.stmt], name: str | None) -> Iterator[tuple[Function, str]]:
    for stmt in body:
        if isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if name is not None:
                yield stmt, name
        elif isinstance(stmt, ast.ClassDef):
            yield from _owners(stmt.body, stmt.name)
        else:
            for inner in ("body", "orelse", "finalbody"):
                yield from _owners(getattr(stmt, inner, []), name)
            for handler in [*getattr(stmt, "handlers", []), *getattr(stmt, "cases", [])]:
                yield from _owners(handler.body, name)


def unhide(tree: ast.Module, names: dict[str, Any]) -> None:
    """Names of the compiler in classes: Python would make them private ones of the class."""
    for owner in ast.walk(tree):
        if isinstance(owner, ast.ClassDef):
            for node in ast.walk(owner):
                if isinstance(node, ast.Name) and node.id.startswith("__pyx_") and not node.id.endswith("__"):
                    own = f"{node.id}__"
                    names.setdefault(own, names.get(node.id))
                    node.id = own


def outside(node: Function, text: str, owner: str) -> str:
    """The text of a method as that of a function of the module."""
    edits = _Edits(node, text.splitlines(True), owner)
    edits.walk(node, False)
    return edits.apply()


def parsed(text: str, first: int) -> Function:
    """The tree of a text that is indented, whose first line has a number."""
    body = ast.parse(f"if 1:\n{text}").body[0]
    assert isinstance(body, ast.If)
    node = body.body[0]
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ast.increment_lineno(node, first - 2)
    return node


def cell_of(function: Any) -> Any:
    """The cell with the class of a function, if it asks for it."""
    free = function.__code__.co_freevars
    return function.__closure__[free.index("__class__")] if "__class__" in free else None


def without_class(function: Any, tree: Function) -> Any:
    """A function as its text outside of the class makes it: it has no cells."""
    body = ast.fix_missing_locations(ast.Module([tree], []))
    code = builtins.compile(body, function.__code__.co_filename, "exec")
    inner = next(c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == tree.name)
    made = types.FunctionType(inner, function.__globals__, function.__name__, function.__defaults__)
    return functools.update_wrapper(made, function, (*functools.WRAPPER_ASSIGNMENTS, "__kwdefaults__"))


def implicit(name: str, made: Any) -> Any:
    """A method with the decorator that Python adds to functions of its own."""
    wrap = _IMPLICIT.get(name)
    return made if wrap is None or isinstance(made, types.FunctionType) else wrap(made)


def warn_plain(node: Function, owner: str, why: str, file: str) -> None:
    """Warns of a method that runs as plain Python."""
    text = f"`{owner}.{node.name}` is not compiled and runs as plain Python, far more slowly: {why}"
    warnings.warn_explicit(text, errors.PerformanceWarning, file, node.lineno)


def _is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__") and not name.startswith("__pyx_")


class _Edits:
    """Collects what changes in a method's text."""

    def __init__(self, node: Function, lines: list[str], owner: str) -> None:
        self.lines = [line.encode() for line in lines]
        self.first = node.lineno
        self.prefix = "_" + owner.lstrip("_") if owner.strip("_") else ""
        self.own = _bound(node)
        self.self = next((a.arg for a in [*node.args.posonlyargs, *node.args.args]), None)
        #: Places in the text with what stands there and what shall.
        self.edits: list[tuple[int, int, bytes, bytes]] = []
        if any(_is_private(name) for name in _parameters(node)):
            raise TooHardError("a parameter has a private name")

    def walk(self, node: ast.AST, nested: bool) -> None:
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, ast.ClassDef):
                # It has private names of its own.
                for base in [*inner.bases, *inner.keywords, *inner.decorator_list]:
                    self.walk(base, nested)
                continue
            if isinstance(inner, ast.expr) and inner in getattr(node, "decorator_list", ()) and not nested:
                if node is not inner and getattr(node, "lineno", 0) == self.first:
                    continue
            scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)
            self.look(inner, nested)
            self.walk(inner, nested or isinstance(inner, scopes))

    def look(self, node: ast.AST, nested: bool) -> None:
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            size = len(node.attr.encode())
            assert node.end_lineno is not None and node.end_col_offset is not None
            self.edit(node.end_lineno, node.end_col_offset - size, node.attr, self.prefix + node.attr)
        elif isinstance(node, ast.Name) and node.id == "__class__":
            self.edit(node.lineno, node.col_offset, node.id, f"{CELL}.cell_contents")
        elif isinstance(node, ast.Name) and _is_private(node.id) and node.id not in self.own:
            self.edit(node.lineno, node.col_offset, node.id, self.prefix + node.id)
        elif isinstance(node, (ast.Global, ast.Nonlocal)) and any(map(_is_private, node.names)):
            raise TooHardError("`global` names a private variable")
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and any(
            _is_private(a.name) or _is_private(a.asname or "") for a in node.names
        ):
            raise TooHardError("a private name is imported")
        elif _is_super(node):
            if nested or self.self is None:
                raise TooHardError("`super()` stands in a function inside")
            assert isinstance(node, ast.Call) and node.end_lineno is not None
            assert node.func.end_lineno is not None and node.func.end_col_offset is not None
            at = node.func.end_col_offset
            self.edit(node.func.end_lineno, at, "()", f"({CELL}.cell_contents, {self.self})")

    def edit(self, line: int, at: int, old: str, new: str) -> None:
        self.edits.append((line - self.first, at, old.encode(), new.encode()))

    def apply(self) -> str:
        for line, at, old, new in sorted(self.edits, reverse=True):
            text = self.lines[line]
            if text[at : at + len(old)] != old:
                # Python tells no places of what stands in texts with expressions.
                raise TooHardError(f"`{old.decode()}` stands in an f-string")
            self.lines[line] = text[:at] + new + text[at + len(old) :]
        return b"".join(self.lines).decode()


def _is_super(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or node.args or node.keywords:
        return False
    return isinstance(node.func, ast.Name) and node.func.id == "super"


def _parameters(node: Function | ast.Lambda) -> list[str]:
    a = node.args
    more = [one for one in (a.vararg, a.kwarg) if one is not None]
    return [one.arg for one in [*a.posonlyargs, *a.args, *a.kwonlyargs, *more]]


def _bound(node: Function) -> set[str]:
    """Names that a function and those inside it bind."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            found.add(inner.id)
        elif isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            found |= set(_parameters(inner))
            if not isinstance(inner, ast.Lambda) and inner is not node:
                found.add(inner.name)
        elif isinstance(inner, ast.ExceptHandler) and inner.name:
            found.add(inner.name)
    return found
