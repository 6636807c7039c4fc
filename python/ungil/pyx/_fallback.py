"""The plain Python that stands for a function which cannot be compiled yet.

Typed variables keep their ranges: each assignment converts, and raises OverflowError where C would wrap or where the
value does not fit, so that a function gives C's result or an error, never a wrong number.
"""

from __future__ import annotations

import ast
import copy
import importlib
import operator
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ungil import _ungil, errors
from ungil.pyx import _enums, _views


def _is_view(text: str) -> bool:
    return "[" in text or text.startswith("view ")


def _as_view(text: str, name: str, value: Any) -> Any:
    """A value as a memoryview: an array that has been compared with the declaration."""
    described = np.zeros(2 + 16, dtype=np.uint64)
    made = _ungil.pyx_view(text, name, described.ctypes.data, value)
    if not text.startswith("view "):
        return made if made is None else _views.number_view(made, value)
    # Structs are handed to compiled code as bytes.
    is_struct = text.startswith("view ") and not text.endswith("|object")
    return np.asarray(value) if is_struct and value is not None else made


#: Types of C whose values are strings of one character to Python.
_CHARACTERS = ("Py_UCS4", "Py_UNICODE")


def _as_character(name: str, value: Any) -> str:
    """A value as a character, which plain Python has as a string."""
    if isinstance(value, str):
        if len(value) != 1:
            title = "only single character unicode strings can be converted to Py_UCS4, got length"
            raise ValueError(f"{title} {len(value)}")
        return value
    if not hasattr(value, "__index__") and not isinstance(value, (float, np.floating)):
        raise TypeError("an integer is required")
    return chr(int(value))


def convert(text: str, name: str, value: Any) -> Any:
    """A value as a declared C type."""
    if name in _CHARACTERS:
        return _as_character(name, value)
    if text == "bint":
        return bool(value)
    if text.startswith("buffer ") or text.endswith("|object") or text == "void":
        return value
    if _is_view(text):
        return _as_view(text, name, value)
    kind = np.dtype(text).kind
    if kind == "f":
        if not hasattr(value, "__float__") and not hasattr(value, "__index__"):
            raise TypeError(f"must be real number, not {type(value).__name__}")
        return float(np.dtype(text).type(value)) if text == "float32" else float(value)
    if kind == "c":
        return complex(value)
    if not hasattr(value, "__index__") and not isinstance(value, (float, np.floating)):
        raise TypeError("an integer is required")
    number = int(value)
    info = np.iinfo(text)
    if info.min <= number <= info.max:
        return _enums.member(name, number) if name.startswith("enum ") else number
    if number < 0 and info.min == 0:
        raise OverflowError(f"can't convert negative value to {name}")
    raise OverflowError(f"value too large to convert to {name}")


def c_divide(a: int, b: int) -> int:
    """`a // b` of integers of C: cut towards zero."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def c_modulo(a: int, b: int) -> int:
    """`a % b` of integers of C, which has the sign of `a`."""
    return a - b * c_divide(a, b)


def _checks(divide: Callable[[Any, Any], Any], is_whole: bool, of_floats: str) -> Callable[[Any, Any], Any]:
    """A division whose divisor is tested as Cython tests it."""

    def checked(a: Any, b: Any) -> Any:
        if b == 0:
            of_integers = is_whole and isinstance(a, int) and isinstance(b, int)
            raise ZeroDivisionError("integer division or modulo by zero" if of_integers else of_floats)
        return divide(a, b)

    return checked


#: What divides numbers of C with a test of the divisor, by the operator, and its names in plain code.
CHECKED = {ast.Div: "__pyx_div__", ast.FloorDiv: "__pyx_floordiv__", ast.Mod: "__pyx_mod__"}
CHECKED_NAMES = {
    "__pyx_div__": _checks(operator.truediv, False, "float division"),
    "__pyx_floordiv__": _checks(operator.floordiv, True, "float division"),
    "__pyx_mod__": _checks(operator.mod, True, "float divmod()"),
}


def c_quotient(a: float, b: float) -> float:
    """`a / b` of numbers of C that are not tested: zero has a quotient."""
    with np.errstate(all="ignore"):
        return float(np.float64(a) / np.float64(b))


#: Classes by the names that declarations have for them.
_CLASSES = {
    "list": list, "tuple": tuple, "dict": dict, "set": set, "frozenset": frozenset, "str": str, "bytes": bytes,
    "bytearray": bytearray, "bool": bool, "type": type, "slice": slice, "memoryview": memoryview,
}  # fmt: skip


def _library_class(name: str) -> Any:
    """A class of a library by its full name."""
    module, _, own = name.rpartition(".")
    return getattr(importlib.import_module(module), own)


def checked(name: str, value: Any) -> Any:
    """`<name?>value`: an instance of the class itself, or of one derived from it where it is no builtin."""
    known = _CLASSES.get(name)
    if known is not None and type(value) is known:
        return value
    found = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    if known is not None:
        raise TypeError(f"Expected {name}, got {found}")
    if not isinstance(value, _library_class(name)):
        raise TypeError(f"Cannot convert {found} to {name}")
    return value


class Typed(ast.NodeTransformer):
    """Makes assignments to declared variables convert."""

    def __init__(self, info: dict[str, Any]) -> None:
        self.info = info
        constructed = ("[", "*", "struct ", "union ", "packed ")
        self.params = [
            (n, t) for n, t, _ in info["params"] if t and not t[0].startswith(("view ", *constructed))
        ]
        declared = [(n, t) for n, t, _ in info["params"] if t] + list(info["locals"])
        self.types = {n: t for n, t in declared if not _is_view(t[0])}
        self.views = {n: t for n, t in declared if _is_view(t[0]) and not t[0].startswith(constructed)}
        self.inner = {(f["name"], f["line"]): f for f in info["inner"]}
        self.ret = info["ret"]
        # Objects divide as Python's do; integers of C do not.
        integers = any(t[0].startswith(("int", "uint")) for t in self.types.values())
        self.c_division = integers and (info["cdivision"] or info["integer_division"])
        self.cuts = bool(info["integer_division"])
        self.checks = not info["cdivision"]
        self.c_power = bool(info.get("cpow"))
        self.depth = 0

    def _convert(self, ty: tuple[str, str], value: ast.expr) -> ast.expr:
        args: list[ast.expr] = [ast.Constant(ty[0]), ast.Constant(ty[1]), value]
        return ast.copy_location(ast.Call(ast.Name("__pyx_convert__", ast.Load()), args, []), value)

    def _again(self, node: ast.AST, at: ast.stmt) -> list[ast.stmt]:
        """Statements that convert the declared variables that a target binds."""
        found: list[ast.stmt] = []
        for name in (n for n in ast.walk(node) if isinstance(n, ast.Name)):
            ty = self.types.get(name.id) or self.views.get(name.id)
            if ty and isinstance(name.ctx, ast.Store):
                value = self._convert(ty, ast.Name(name.id, ast.Load()))
                found.append(ast.copy_location(ast.Assign([ast.Name(name.id, ast.Store())], value), at))
        return found

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if self.depth:
            return self._inside(node)
        self.depth += 1
        first = node.body[0]
        head = [] if not _is_text(first) else [node.body.pop(0)]
        for name in (n for n, t, _ in self.info["params"] if not t and n in self.info.get("classes", {})):
            args: list[ast.expr] = [ast.Name(name, ast.Load()), ast.Constant(name)]
            args.append(ast.Constant(self.info["classes"][name]))
            check = ast.Expr(ast.Call(ast.Name("__pyx_argument__", ast.Load()), args, []))
            head.append(ast.copy_location(check, first))
        for name, ty in self.params:
            value = self._convert(ty, ast.copy_location(ast.Name(name, ast.Load()), first))
            head.append(ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), first))
        body = [s for old in node.body for s in _list(self.visit(old))]
        self.depth -= 1
        if self.info.get("is_plain") and len(head) > _is_text(first) and isinstance(node, ast.FunctionDef):
            node.body = [*head, *_generator(node, body)]
            return node
        node.body = head + body
        if self.ret and self.ret[0] not in ("void",) and not _is_view(self.ret[0]):
            node.body.append(ast.copy_location(ast.Return(ast.Constant(0)), node.body[-1]))
        return node

    def _inside(self, node: ast.FunctionDef) -> ast.AST:
        """A function inside, with its own declarations and those of the variables that it takes from here."""
        settings = {key: self.info[key] for key in ("cdivision", "integer_division")}
        found = self.inner.get(
            (node.name, node.lineno), {"params": [], "locals": [], "ret": None, "inner": []}
        )
        typed = Typed(settings | {"cpow": self.c_power} | found)
        taken = {n for s in ast.walk(node) if isinstance(s, ast.Nonlocal) for n in s.names}
        typed.types |= {name: ty for name, ty in self.types.items() if name in taken}
        typed.views |= {name: ty for name, ty in self.views.items() if name in taken}
        return typed.visit_FunctionDef(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self.visit_FunctionDef(node)  # type: ignore[arg-type]

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            ty = self.types.get(node.targets[0].id) or self.views.get(node.targets[0].id)
            if ty:
                value = node.value if ty[1] in _CHARACTERS else self._number(node.value)
                node.value = self._convert(ty, value)
            return node
        return [node, *(s for t in node.targets for s in self._again(t, node))]

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        if isinstance(node.target, ast.Name):
            left = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
            whole = ast.copy_location(ast.BinOp(left, node.op, node.value), node)
            if self._c_operation(whole):
                return self.visit_Assign(ast.copy_location(ast.Assign([node.target], whole), node))
        self._check_division(node.op)
        self.generic_visit(node)
        return [node, *self._again(node.target, node)]

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        name = self._c_operation(node)
        if name:
            self.generic_visit(node)
            args = [node.left, node.right]
            return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), args, []), node)
        if not self._divides_as_python(node):
            self._check_division(node.op)
        is_power = isinstance(node.op, ast.Pow) and not self.c_power
        is_double = is_power and self._is_integer(node.left) and isinstance(node.right, ast.Name)
        is_double = is_double and self._is_integer(node.right)
        self.generic_visit(node)
        if is_double:
            # Integers of C have a power that is a double, unless the exponent is written out.
            node.left = ast.copy_location(ast.Call(ast.Name("float", ast.Load()), [node.left], []), node.left)
        return node

    def _c_operation(self, node: ast.BinOp) -> str:
        """The function that divides two numbers of C in C's way; empty where Python's way is right or they may be objects."""
        if not self.c_division:
            return self._checked(node)
        if self._is_c_integer(node.left) and self._is_c_integer(node.right):
            if self.checks:
                return "__pyx_floor__" if isinstance(node.op, ast.Div) and self.cuts else self._checked(node)
            if isinstance(node.op, (ast.Div, ast.FloorDiv)):
                return "__pyx_divide__"
            if isinstance(node.op, ast.Mod):
                return "__pyx_modulo__"
        return "__pyx_quotient__" if self._divides_numbers(node) and not self.checks else self._checked(node)

    def _checked(self, node: ast.BinOp) -> str:
        """The function that divides two numbers of C in Python's way, whose errors are Cython's."""
        name = CHECKED.get(type(node.op), "")
        if not name or not self.checks or not all(map(self._is_c_number, (node.left, node.right))):
            return ""
        return name if any(isinstance(n, ast.Name) for n in ast.walk(node)) else ""

    def _divides_as_python(self, node: ast.BinOp) -> bool:
        """Whether a division means what it means in Python, though some of C mean something else."""
        return self.checks and (not isinstance(node.op, ast.Div) or self._divides_numbers(node))

    def _divides_numbers(self, node: ast.BinOp) -> bool:
        """Whether two numbers of C are divided, whose quotient is a double."""
        return isinstance(node.op, ast.Div) and all(map(self._is_c_number, (node.left, node.right)))

    def _is_c_number(self, node: ast.expr) -> bool:
        """Whether an expression is for certain an integer or double that C computes with."""
        if isinstance(node, ast.BinOp):
            plain = isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div))
            return plain and all(map(self._is_c_number, (node.left, node.right)))
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, (ast.USub, ast.UAdd)) and self._is_c_number(node.operand)
        if isinstance(node, ast.Name) and self.types.get(node.id, ("",))[0] == "float64":
            return True
        if isinstance(node, ast.Constant):
            return type(node.value) in (int, float)
        return self._is_c_integer(node)

    def _is_c_integer(self, node: ast.expr) -> bool:
        """Whether an expression is for certain an integer that C computes with."""
        if isinstance(node, ast.BinOp):
            whole = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.BitAnd, ast.BitOr, ast.BitXor)
            return isinstance(node.op, whole) and all(map(self._is_c_integer, (node.left, node.right)))
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, (ast.USub, ast.UAdd, ast.Invert)) and self._is_c_integer(node.operand)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return node.func.id.startswith(("__pyx_int", "__pyx_uint"))
        return self._is_integer(node)

    def _is_integer(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            text: str = self.types.get(node.id, ("",))[0]
            return text.startswith(("int", "uint")) and not self._is_character(node)
        return isinstance(node, ast.Constant) and type(node.value) is int

    def _check_division(self, op: ast.operator) -> None:
        if self.c_division and isinstance(op, (ast.Div, ast.FloorDiv, ast.Mod)):
            raise NotImplementedError(
                "C division of what may be objects, in code that runs as plain Python: "
                "assign both sides to variables of C, or divide in a `cdef` function"
            )

    def visit_For(self, node: ast.For) -> Any:
        self.generic_visit(node)
        node.body = [*self._again(node.target, node), *node.body]
        return node

    def visit_With(self, node: ast.With) -> Any:
        self.generic_visit(node)
        targets = [i.optional_vars for i in node.items if i.optional_vars]
        node.body = [*(s for t in targets for s in self._again(t, node)), *node.body]
        return node

    def _is_character(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and self.types.get(node.id, ("", ""))[1] in _CHARACTERS

    def _number(self, node: ast.expr) -> ast.expr:
        """The number of a character where a number is wanted; others as they are."""
        if not self._is_character(node):
            return node
        return ast.copy_location(ast.Call(ast.Name("ord", ast.Load()), [node], []), node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        sides = [node.left, *node.comparators]
        if any(map(self._is_c_integer, sides)) and any(map(self._is_character, sides)):
            node.left, *node.comparators = map(self._number, sides)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        if self._is_c_integer(node):
            node.args = [self._number(a) for a in node.args]
        return self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Any:
        self.generic_visit(node)
        ty = self.types.get(node.target.id)
        if ty:
            node.value = self._convert(ty, node.value)
        return node

    def visit_Return(self, node: ast.Return) -> Any:
        self.generic_visit(node)
        if self.views and node.value is not None:
            args: list[ast.expr] = [node.value]
            node.value = ast.copy_location(
                ast.Call(ast.Name("__pyx_plain__", ast.Load()), args, []), node.value
            )
        if self.ret and node.value is not None and not _is_view(self.ret[0]):
            node.value = self._convert(self.ret, node.value)
        return node


def argument(value: Any, name: str, class_name: str) -> None:
    """Raises where an argument is no instance of its parameter's class."""
    known = _CLASSES.get(class_name)
    fits = type(value) is known if "." not in class_name else isinstance(value, _library_class(class_name))
    if (known is not None or "." in class_name) and value is not None and not fits:
        found = type(value).__name__
        raise TypeError(f"Argument '{name}' has incorrect type (expected {class_name}, got {found})")


def _generator(node: ast.FunctionDef, body: list[ast.stmt]) -> list[ast.stmt]:
    """The body of a generator in a function of its own, so that arguments are converted when it is made."""
    a = node.args
    every = [*a.posonlyargs, *a.args, *a.kwonlyargs, *(one for one in (a.vararg, a.kwarg) if one is not None)]
    inner = copy.copy(node)
    inner.args = ast.arguments([], [], None, [], [], None, [])
    inner.returns = None
    inner.body = [ast.Nonlocal([one.arg for one in every]), *body]
    made = ast.Return(ast.Call(ast.Name(node.name, ast.Load()), [], []))
    return [ast.copy_location(stmt, node) for stmt in (inner, made)]


def warn(code: types.CodeType, why: str) -> None:
    """Warns that a function which should be compiled runs as plain Python."""
    text = f"`{code.co_name}` is not compiled and runs as plain Python, far more slowly: {why}"
    warnings.warn_explicit(text, errors.PerformanceWarning, code.co_filename, code.co_firstlineno)


def can_run(info: dict[str, Any], node: ast.stmt) -> bool:
    """Whether a statement of a function can run as plain Python."""
    try:
        Typed(info).visit(copy.deepcopy(node))
    except NotImplementedError:
        return False
    return True


def _is_text(stmt: ast.stmt) -> bool:
    """Whether a statement is a documentation string."""
    return isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant)


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]
