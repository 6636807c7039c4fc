"""Parameters declared `bytes`, `bytearray` or as buffers: which of them a function only takes characters or elements from.

Kernels have these alone, as an array of numbers; what is done with the whole object is done with Python's.
"""

from __future__ import annotations

import ast
from typing import Any


def used_whole(node: ast.AST, info: dict[str, Any]) -> list[str]:
    """The parameters of a function that are used otherwise than by their characters, their length and their address."""
    names = {n for n, ty, _ in info["params"] if not ty and info["classes"].get(n) in ("bytes", "bytearray")}
    pointers = {n for n, (text, _) in info["locals"] if text.startswith("*")}
    buffers = {n for n, ty, _ in info["params"] if ty and ty[0].startswith("buffer ")}
    if not names and not buffers:
        return []
    allowed = set()
    for parent in ast.walk(node):
        for child in _of_characters(parent, pointers):
            if isinstance(child, ast.Name):
                allowed.add(id(child))
        if (found := _of_elements(parent, buffers)) is not None:
            allowed.add(id(found))
    uses = (n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in names | buffers)
    return sorted({use.id for use in uses if id(use) not in allowed})


def _of_characters(node: ast.AST, pointers: set[str]) -> list[ast.expr]:
    """What a part of a function takes characters, a length or an address from."""
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, (ast.Slice, ast.Tuple)):
        return [node.value] if isinstance(node.ctx, ast.Load) else []
    if isinstance(node, (ast.For, ast.comprehension)):
        return [node.iter]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        is_known = node.func.id == "len" or node.func.id.startswith("__pyx_")
        return node.args if is_known else []
    if isinstance(node, ast.Compare) and all(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
        return [node.left, *node.comparators]
    if isinstance(node, ast.Assign) and all(
        isinstance(target, ast.Name) and target.id in pointers for target in node.targets
    ):
        return [node.value]
    return []


def _of_elements(node: ast.AST, buffers: set[str]) -> ast.expr | None:
    """The buffer whose element or extent a part of a function is."""
    if isinstance(node, ast.Attribute) and node.attr in ("shape", "ndim", "size", "strides"):
        return node.value
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in buffers:
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return None if any(isinstance(part, ast.Slice) for part in parts) else node.value
    return None
