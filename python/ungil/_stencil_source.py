"""Stencil kernels as loops: the text of a kernel, rewritten.

Relative indices of the arrays become absolute ones.
"""

from __future__ import annotations

import ast
from typing import Any

from ungil._rewrite import Edits, Source

#: What a rewritten kernel calls the index of an axis, the result, and the border's rule.
INDEX, OUT, EDGE = "_ungil_i", "_ungil_out", "_ungil_edge"


class Kernel:
    """A kernel's text: what it reads, and how it is rewritten."""

    def __init__(self, name: str, text: str, is_lambda: bool, standard: set[str], neighborhood: Any) -> None:
        self.name = name
        self.source = Source(text, is_lambda)
        self.params = self.source.params
        if not self.source.only_positional:
            raise TypeError(f"stencil: {name}() must have positional parameters without defaults")
        unknown = standard - set(self.params)
        if unknown:
            raise ValueError(
                f"stencil: standard_indexing names no parameter of {name}(): {', '.join(sorted(unknown))}"
            )
        if not self.params:
            raise TypeError(f"stencil: {name}() must have an array as its first parameter")
        if self.params[0] in standard:
            raise ValueError(
                f"stencil: {self.params[0]}, the first parameter of {name}(), must use relative indices"
            )
        self.accesses: list[tuple[str, list[ast.expr]]] = []
        self._other_subscripts = False
        self._find_accesses(standard)
        #: Arrays with relative indices; their number of axes.
        self.relative = list(dict.fromkeys(array for array, _ in self.accesses))
        self._given = neighborhood
        self.ndim = self._rank()
        self.is_dynamic = any(_offsets(part) is None for _, parts in self.accesses for part in parts)
        self.has_slices = any(isinstance(part, ast.Slice) for _, parts in self.accesses for part in parts)
        self.neighborhood = self._neighborhood()
        self.wraps = self._other_subscripts or not self.is_dynamic

    def _find_accesses(self, standard: set[str]) -> None:
        reserved = ("out", OUT, EDGE)
        for node in self.source.nodes:
            names = [node.id] if isinstance(node, ast.Name) else []
            if any(n in reserved or n.startswith(INDEX) for n in names + self.params):
                raise ValueError(f"stencil: {self.name}() must not use the reserved name 'out'")
            if isinstance(node, ast.Name) and node.id in self.params and not isinstance(node.ctx, ast.Load):
                raise ValueError(f"stencil: {self.name}() assigns to its parameter {node.id}")
            if not isinstance(node, ast.Subscript):
                continue
            array = node.value.id if isinstance(node.value, ast.Name) else None
            if array in self.params and not isinstance(node.ctx, ast.Load):
                raise ValueError(
                    f"stencil: {self.name}() assigns to the array {array}: a stencil returns its result"
                )
            if array is None or array not in self.params or array in standard:
                self._other_subscripts = True
                continue
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            self.accesses.append((array, list(parts)))
        if not self.accesses:
            raise ValueError(f"stencil: {self.name}() reads no array at relative indices")

    def _rank(self) -> int:
        ranks = {len(parts) for _, parts in self.accesses}
        if len(ranks) > 1:
            raise ValueError(
                f"stencil: {self.name}() uses indices of {min(ranks)} and of {max(ranks)} dimensions; "
                "arrays with other indices belong into standard_indexing"
            )
        rank = ranks.pop()
        if self._given is not None and len(self._given) != rank:
            raise ValueError(
                f"stencil: {len(self._given)} dimensional neighborhood specified for {rank} dimensional indices in {self.name}()"
            )
        return rank

    def _neighborhood(self) -> list[tuple[int, int]]:
        """For each axis the least and the greatest offset."""
        found = [(0, 0)] * self.ndim
        for array, parts in self.accesses:
            for axis, part in enumerate(parts):
                self._check_slice(array, part)
                offsets = _offsets(part)
                if offsets is None:
                    if self._given is None:
                        raise ValueError(
                            f"stencil: index `{ast.unparse(part)}` of {array} in {self.name}() is not a constant: "
                            "the neighborhood option is required"
                        )
                    continue
                low, high = offsets
                if self._given is not None and (low < self._given[axis][0] or high > self._given[axis][1]):
                    raise ValueError(
                        f"stencil: index `{ast.unparse(part)}` of {array} in {self.name}() lies outside the "
                        f"neighborhood {tuple(self._given[axis])}"
                    )
                found[axis] = min(found[axis][0], low), max(found[axis][1], high)
        return found if self._given is None else [(min(0, low), max(0, high)) for low, high in self._given]

    def _check_slice(self, array: str, part: ast.expr) -> None:
        if isinstance(part, ast.Slice) and (
            part.lower is None or part.upper is None or part.step is not None
        ):
            raise ValueError(
                f"stencil: slice `{ast.unparse(part)}` of {array} in {self.name}() needs a start and a stop, and no step"
            )

    @property
    def is_plain(self) -> bool:
        """Whether its statements can stand in a loop."""
        return self.source.is_plain

    def as_function(self, name: str, edge: bool) -> tuple[str, int]:
        """The kernel as a function of the place too, and the line that its first one is. `edge`: at the border."""
        head = f"def {name}({', '.join(self.params + [f'{INDEX}{k}' for k in range(self.ndim)])}):\n"
        return head + self.source.edited("    ", self._edits(edge)), self.first_line - 1

    def as_statements(self, indent: str) -> str:
        """The kernel's statements in a loop over places."""
        place = ", ".join(f"{INDEX}{k}" for k in range(self.ndim))
        return self.source.statements(indent, self._edits(edge=False), f"{OUT}[{place}]")

    @property
    def first_line(self) -> int:
        """The body's first line."""
        return self.source.first_line

    def _edits(self, edge: bool) -> Edits:
        """Makes indices absolute."""
        edits = Edits()
        for array, parts in self.accesses:
            for axis, part in enumerate(parts):
                for bound in (part.lower, part.upper) if isinstance(part, ast.Slice) else (part,):
                    assert bound is not None
                    opening, closing = f"{INDEX}{axis} + (", ")"
                    if edge:
                        opening, closing = f"{EDGE}({opening}", f"), {array}.shape[{axis}])"
                    edits.insert(bound.lineno, bound.col_offset, opening)
                    edits.insert(bound.end_lineno, bound.end_col_offset, closing, closes=True)
        return edits


def _constant(node: ast.expr | None) -> int | None:
    """The value of an expression of integer literals."""
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            negated = _constant(inner)
            return None if negated is None else -negated
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
            a, b = _constant(left), _constant(right)
            if a is None or b is None:
                return None
            return a + b if isinstance(op, ast.Add) else a - b if isinstance(op, ast.Sub) else a * b
    return None


def _offsets(part: ast.expr) -> tuple[int, int] | None:
    """The least and the greatest offset of an index, if they are constants."""
    if isinstance(part, ast.Slice):
        low, high = _constant(part.lower), _constant(part.upper)
        return None if low is None or high is None else (low, max(low, high - 1))
    value = _constant(part)
    return None if value is None else (value, value)
