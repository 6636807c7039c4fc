"""The text of a function, rewritten into the statements of a loop.

Each ``return`` becomes an assignment and leaves the iteration. Lines stay what they are, so that tracebacks show the
function's own. Functions for which that is not exact are called from the loop instead.
"""

from __future__ import annotations

import ast
import types
from typing import Any

import numpy

_SIMPLE = (
    ast.Assign,
    ast.AugAssign,
    ast.AnnAssign,
    ast.Expr,
    ast.Assert,
    ast.Pass,
    ast.Raise,
    ast.Break,
    ast.Continue,
)


class Source:
    """A function's text and tree."""

    def __init__(self, text: str, is_lambda: bool) -> None:
        if is_lambda:
            # The text of a lambda is padded to its column.
            function: Any = ast.parse(text.strip(), mode="eval").body
            inner = text.strip().encode().splitlines(keepends=True)
            body = _cut(inner, function.body).decode()
            text = f"def _():\n    return ({body})\n"
            self.body: list[Any] = ast.parse(text).body[0].body  # type: ignore[attr-defined]
        else:
            function = ast.parse(text).body[0]
            self.body = function.body
        self.lines = text.splitlines(keepends=True)
        arguments = function.args
        self.only_positional = not (
            arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults
        )
        self.params = [a.arg for a in arguments.posonlyargs + arguments.args]
        self.nodes = [node for statement in self.body for node in ast.walk(statement)]
        self._returns = _plan(self.body, self.params)

    @property
    def is_plain(self) -> bool:
        """Whether its statements can stand in a loop."""
        return self._returns is not None

    @property
    def first_line(self) -> int:
        """The body's first line."""
        return int(self.body[0].lineno)

    def statements(self, indent: str, edits: Edits, target: str) -> str:
        """The body in a loop: what it returns is assigned to `target`."""
        for node, leave in (self._returns or {}).items():
            start = "else: " if leave == "else" else ""
            edits.replace(node.lineno, node.col_offset, "return", f"{start}{target} =")
            if leave in ("break", "continue"):
                edits.insert(node.end_lineno, node.end_col_offset, f"; {leave}", closes=True)
        return self.edited(indent, edits)

    def edited(self, indent: str, edits: Edits) -> str:
        """The body with edits, indented."""
        lines = edits.apply([line.encode() for line in self.lines])
        first, last = self.body[0], self.body[-1]
        text = lines[first.lineno - 1 : last.end_lineno]
        if text[0][: first.col_offset].strip():
            # It stands behind the colon.
            text[0] = b" " * first.col_offset + text[0][first.col_offset :]
        return "".join(_moved(line.decode(), first.col_offset, indent) for line in text)


class Edits:
    """Changes of a text at places in its lines, which are counted from one, columns in bytes."""

    def __init__(self) -> None:
        self._edits: list[tuple[int, int, int, int, bytes]] = []

    def insert(self, line: int | None, column: int | None, text: str, closes: bool = False) -> None:
        """Inserts text; what `closes` an expression comes before what opens one at the same place."""
        assert line is not None and column is not None
        self._edits.append((line, column, 0 if closes else 1, 0, text.encode()))

    def replace(self, line: int, column: int, old: str, new: str) -> None:
        """Replaces text."""
        self._edits.append((line, column, 2, len(old), new.encode()))

    def apply(self, lines: list[bytes]) -> list[bytes]:
        """The lines with all changes."""
        for line, column, _, length, text in sorted(self._edits, key=lambda e: e[:3], reverse=True):
            whole = lines[line - 1]
            lines[line - 1] = whole[:column] + text + whole[column + length :]
        return lines


def _moved(line: str, width: int, indent: str) -> str:
    """A line with another indentation. Lines within brackets may have less than the block."""
    own = len(line) - len(line.lstrip(" \t"))
    return indent + line[min(own, width) :].rstrip("\n") + "\n"


def _cut(lines: list[bytes], node: Any) -> bytes:
    """The text of a node."""
    if node.lineno == node.end_lineno:
        return bytes(lines[node.lineno - 1][node.col_offset : node.end_col_offset])
    inner = lines[node.lineno : node.end_lineno - 1]
    return b"".join(
        [lines[node.lineno - 1][node.col_offset :], *inner, lines[node.end_lineno - 1][: node.end_col_offset]]
    )


def _plan(body: list[Any], params: list[str]) -> dict[Any, str] | None:
    """How each return leaves the iteration; None if the statements cannot stand in a loop."""
    names = {
        n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)
    }
    known = _assigned(body, set(params), names | set(params))
    returns: dict[Any, str] = {}
    nested = (ast.Lambda, ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)
    inside = any(isinstance(n, nested) for s in body for n in ast.walk(s))
    fits = known is not None and not inside and _ends(body) and _leave(body, True, returns)
    return returns if fits and all(node.value is not None for node in returns) else None


def _leave(body: list[Any], is_last: bool, returns: dict[Any, str]) -> bool:
    """Enters how the returns of a block leave. `is_last`: nothing comes after the block."""
    for k, statement in enumerate(body):
        ends = is_last and k == len(body) - 1
        if isinstance(statement, ast.Return):
            returns[statement] = "" if ends else "continue"
        elif isinstance(statement, ast.If):
            if not _leave(statement.body, ends, returns) or not _leave(statement.orelse, ends, returns):
                return False
        elif isinstance(statement, (ast.For, ast.While)):
            inner = [n for n in ast.walk(statement) if isinstance(n, ast.Return)]
            if not inner:
                continue
            # The loop is left by `break`; the return behind it becomes its `else`.
            behind = body[k + 1 :]
            if not (
                is_last
                and len(behind) == 1
                and isinstance(behind[0], ast.Return)
                and _only_returns(statement)
            ):
                return False
            returns.update({n: "break" for n in inner} | {behind[0]: "else"})
            return bool(behind[0].lineno > (statement.end_lineno or 0))
    return True


def _only_returns(loop: Any) -> bool:
    """Whether a loop is left early by returns alone, none of them in a loop inside it."""
    if loop.orelse:
        return False
    for node in (n for s in loop.body for n in ast.walk(s)):
        if isinstance(node, ast.Break):
            return False
        if isinstance(node, (ast.For, ast.While)) and any(isinstance(n, ast.Return) for n in ast.walk(node)):
            return False
    return True


def _ends(body: list[Any]) -> bool:
    """Whether each path through a block returns a value or raises."""
    last = body[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _ends(last.body) and _ends(last.orelse)
    return isinstance(last, ast.Raise) or isinstance(last, ast.Return) and last.value is not None


def _assigned(body: list[Any], known: set[str], local: set[str]) -> set[str] | None:
    """The local variables that a block leaves with values; None if it may read one that has none."""
    for statement in body:
        if isinstance(statement, ast.If):
            if not _reads(statement.test, known, local):
                return None
            branches = [_assigned(b, set(known), local) for b in (statement.body, statement.orelse)]
            if branches[0] is None or branches[1] is None:
                return None
            gone = [_leaves(b) for b in (statement.body, statement.orelse)]
            if gone[0] or gone[1]:
                known |= set() if all(gone) else branches[1] if gone[0] else branches[0]
            else:
                known |= branches[0] & branches[1]
        elif isinstance(statement, (ast.For, ast.While)):
            head = statement.iter if isinstance(statement, ast.For) else statement.test
            if not _reads(head, known, local):
                return None
            inside = known | _targets(statement.target) if isinstance(statement, ast.For) else set(known)
            if (
                _assigned(statement.body, inside, local) is None
                or _assigned(statement.orelse, set(known), local) is None
            ):
                return None
        elif isinstance(statement, (*_SIMPLE, ast.Return)):
            if isinstance(statement, ast.AugAssign) and not _targets(statement.target) <= known:
                return None
            if not _reads(statement, known, local):
                return None
            if isinstance(statement, ast.Assign):
                known |= {name for target in statement.targets for name in _targets(target)}
            elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
                known |= _targets(statement.target)
        else:
            return None
    return known


def _reads(node: Any, known: set[str], local: set[str]) -> bool:
    """Whether the local variables that an expression reads have values; those of comprehensions are their own."""
    own: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.comprehension):
            own |= _targets(inner.target)
    loads = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return not (loads & local) - known - own


def _targets(node: Any) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _leaves(body: list[Any]) -> bool:
    return bool(body) and isinstance(body[-1], (ast.Return, ast.Raise, ast.Break, ast.Continue))


_PURE_BUILTINS = {
    "abs",
    "bool",
    "complex",
    "divmod",
    "float",
    "int",
    "len",
    "max",
    "min",
    "pow",
    "range",
    "round",
    "sum",
}
_PURE_MODULES = ("math", "cmath", "numpy")


def writes_nothing(source: Source, function: Any) -> bool:
    """Whether a function of numbers assigns to its own variables only, raises nothing, and calls only known functions of numbers."""
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            return False
        if isinstance(
            node,
            (ast.Global, ast.Nonlocal, ast.FunctionDef, ast.Lambda, ast.Raise, ast.Assert, ast.Subscript),
        ):
            return False
        if isinstance(node, ast.Call) and not _is_pure_call(node, source, function):
            return False
    return True


def _is_pure_call(call: ast.Call, source: Source, function: Any) -> bool:
    callee = call.func
    if isinstance(callee, ast.Name):
        hidden = callee.id in function.__globals__ or callee.id in function.__code__.co_freevars + tuple(
            source.params
        )
        return callee.id in _PURE_BUILTINS and not hidden
    if not (isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.Name)):
        return False
    module = function.__globals__.get(callee.value.id)
    known = isinstance(module, types.ModuleType) and module.__name__ in _PURE_MODULES
    numbers = isinstance(getattr(module, callee.attr, None), numpy.ufunc) or module is not numpy
    # More arguments may be arrays to write to.
    return (
        known
        and numbers
        and not call.keywords
        and len(call.args) <= getattr(getattr(module, callee.attr, None), "nin", 9)
    )
