"""Formulas made with Python's operators, for `NumExpr`.

>>> import numpy as np, ungil
>>> from ungil.expressions import E
>>> f = ungil.NumExpr(2.0 * E.a + 3.0 * E.b, [("a", np.double), ("b", np.double)])
>>> f(np.array([1.0, 2.0]), np.array([4.0, 5.0]))
array([14., 19.])
"""

from __future__ import annotations

from typing import Any

__all__ = ["ConstantNode", "E", "ExpressionNode", "VariableNode"]


class ExpressionNode:
    """An expression: the text of a formula."""

    def __init__(self, formula: str) -> None:
        self.formula = formula

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.formula})"

    def __bool__(self) -> bool:
        raise TypeError(
            "You can't use Python's standard boolean operators in formulas. Use '&' instead of 'and', "
            "'|' instead of 'or', and '~' instead of 'not'."
        )

    @property
    def real(self) -> ExpressionNode:
        return ExpressionNode(f"({self.formula}).real")

    @property
    def imag(self) -> ExpressionNode:
        return ExpressionNode(f"({self.formula}).imag")

    def __neg__(self) -> ExpressionNode:
        return ExpressionNode(f"(-{self.formula})")

    def __pos__(self) -> ExpressionNode:
        return self

    def __invert__(self) -> ExpressionNode:
        return ExpressionNode(f"(~{self.formula})")

    __hash__ = object.__hash__


def _operand(value: Any) -> str:
    return value.formula if isinstance(value, ExpressionNode) else ConstantNode(value).formula


def _add_operators() -> None:
    def forward(symbol: str) -> Any:
        return lambda self, other: ExpressionNode(f"({self.formula} {symbol} {_operand(other)})")

    def reflected(symbol: str) -> Any:
        return lambda self, other: ExpressionNode(f"({_operand(other)} {symbol} {self.formula})")

    operators = {
        "add": "+",
        "sub": "-",
        "mul": "*",
        "truediv": "/",
        "floordiv": "//",
        "mod": "%",
        "pow": "**",
        "lshift": "<<",
        "rshift": ">>",
        "and": "&",
        "or": "|",
        "xor": "^",
    }
    for name, symbol in operators.items():
        setattr(ExpressionNode, f"__{name}__", forward(symbol))
        setattr(ExpressionNode, f"__r{name}__", reflected(symbol))
    for name, symbol in {"lt": "<", "le": "<=", "eq": "==", "ne": "!=", "gt": ">", "ge": ">="}.items():
        setattr(ExpressionNode, f"__{name}__", forward(symbol))


_add_operators()


class VariableNode(ExpressionNode):
    """A variable."""


class ConstantNode(ExpressionNode):
    """A number or a string. `astKind` is its kind: a float32 is a ``float``, a Python float a ``double``."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.astKind = _kind(value)
        super().__init__(_literal(value, self.astKind))


def _kind(value: Any) -> str:
    import numpy

    if isinstance(value, bytes | str):
        return "bytes"
    if isinstance(value, bool | numpy.bool_):
        return "bool"
    if isinstance(value, numpy.int64):
        return "long"
    if isinstance(value, numpy.float32):
        return "float"
    if isinstance(value, int | numpy.integer):
        return "int" if -(2**31) <= int(value) < 2**31 else "long"
    if isinstance(value, float):
        return "double"
    if isinstance(value, complex):
        return "complex"
    raise TypeError(f"unsupported object type: {type(value)}")


def _literal(value: Any, kind: str) -> str:
    """The text that stands for a constant in a formula; calls of ``_long`` and ``_float`` say what literals cannot."""
    if kind == "bytes":
        return repr(value if isinstance(value, bytes) else value.encode("ascii"))
    if kind == "bool":
        return str(bool(value))
    if kind == "int":
        return f"({int(value)})"
    if kind == "long":
        return f"_long({int(value)})"
    if kind == "complex":
        return f"complex({_float(value.real)}, {_float(value.imag)})"
    return f"_float({_float(float(value))})" if kind == "float" else _float(float(value))


def _float(value: float) -> str:
    if value != value:
        return "(1e999 - 1e999)"
    if value in (float("inf"), float("-inf")):
        return "(1e999)" if value > 0 else "(-1e999)"
    return f"({value!r})"


class Expression:
    """Makes variables: ``E.a`` is the variable ``a``."""

    def __getattr__(self, name: str) -> VariableNode:
        if name.startswith("_"):
            raise AttributeError(name)
        return VariableNode(name)


E = Expression()
