"""How much a line of plain Python works with objects.

Each operation of the interpreter on a line counts by what it costs about: a call more than an attribute, that more than
a constant. Compiled lines count nothing.
"""

from __future__ import annotations

import ast
from collections import Counter

#: What an operation counts, and what it is called for people.
_COSTS: dict[type[ast.AST], tuple[int, str]] = {
    ast.Call: (6, "call"),
    ast.Attribute: (3, "attribute"),
    ast.Subscript: (4, "subscript"),
    ast.BinOp: (3, "operator"),
    ast.UnaryOp: (2, "operator"),
    ast.AugAssign: (3, "operator"),
    ast.Compare: (3, "comparison"),
    ast.BoolOp: (1, "truth test"),
    ast.For: (5, "iteration"),
    ast.AsyncFor: (8, "iteration"),
    ast.While: (2, "truth test"),
    ast.If: (2, "truth test"),
    ast.comprehension: (5, "iteration"),
    ast.List: (3, "new object"),
    ast.Tuple: (2, "new object"),
    ast.Dict: (4, "new object"),
    ast.Set: (4, "new object"),
    ast.JoinedStr: (5, "new object"),
    ast.Lambda: (5, "new function"),
    ast.FunctionDef: (3, "new function"),
    ast.AsyncFunctionDef: (3, "new function"),
    ast.ClassDef: (10, "new class"),
    ast.Import: (8, "import"),
    ast.ImportFrom: (8, "import"),
    ast.Try: (2, "exception handler"),
    ast.ExceptHandler: (3, "exception handler"),
    ast.With: (8, "context manager"),
    ast.Raise: (6, "exception"),
    ast.Assert: (4, "assertion"),
    ast.Yield: (5, "suspension"),
    ast.YieldFrom: (8, "suspension"),
    ast.Await: (8, "suspension"),
    ast.Delete: (2, "deletion"),
    ast.Global: (0, ""),
    ast.Return: (1, "result"),
    ast.Assign: (1, "assignment"),
    ast.Name: (1, "name"),
}


def operations(tree: ast.AST) -> dict[int, Counter[str]]:
    """The operations of the interpreter on each line."""
    found: dict[int, Counter[str]] = {}
    for node in ast.walk(tree):
        cost = _COSTS.get(type(node))
        line = getattr(node, "lineno", None) or getattr(getattr(node, "target", None), "lineno", None)
        if cost is not None and cost[1] and line is not None:
            found.setdefault(line, Counter())[cost[1]] += 1
    return found


def score(counts: Counter[str]) -> int:
    """What the operations of a line count together."""
    costs = {name: cost for cost, name in _COSTS.values()}
    return sum(costs[name] * n for name, n in counts.items())


def words(counts: Counter[str]) -> str:
    """The operations for people: `2 calls, 1 subscript`."""
    shown = [(name, n) for name, n in counts.most_common() if name not in ("name", "result", "assignment")]
    return ", ".join(f"{n} {_plural(name) if n > 1 else name}" for name, n in shown)


def _plural(name: str) -> str:
    return name + ("es" if name.endswith("s") else "s")
