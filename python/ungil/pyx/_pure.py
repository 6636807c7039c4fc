"""Pure-Python mode: a `.py` file with Cython's decorators, types and annotations, read as the Cython language.

The text is rewritten line by line (`@cython.cfunc def f(x: cython.int)` becomes `cdef f(int x)`), so that every line keeps its
number. Declarations that cannot stand where they are in the Cython language (in branches, `@cython.locals`) are handed on beside the
text. A `.pxd` file of the same name says which functions are C functions and what their parameters are.
Limits: what is in classes beside their methods runs as plain Python. Source: Cython's manual, "Pure Python mode".
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field
from typing import Any

_NAMES = {
    "char": "char", "schar": "signed char", "uchar": "unsigned char", "short": "short", "sshort": "short",
    "ushort": "unsigned short", "int": "int", "sint": "int", "uint": "unsigned int", "long": "long", "slong": "long",
    "ulong": "unsigned long", "longlong": "long long", "slonglong": "long long", "ulonglong": "unsigned long long",
    "Py_ssize_t": "Py_ssize_t", "size_t": "size_t", "ssize_t": "ssize_t", "bint": "bint", "float": "float",
    "double": "double", "longdouble": "long double", "complex": "double complex", "floatcomplex": "float complex",
    "doublecomplex": "double complex", "void": "void", "Py_hash_t": "Py_hash_t", "p_void": "void*",
    "object": "object",
}  # fmt: skip
_PYTHON_CLASSES = {"list", "tuple", "dict", "set", "frozenset", "str", "bytes", "bytearray"}
_FLAGS = {"cfunc", "ccall", "inline", "nogil", "with_gil", "returns", "exceptval", "locals", "noexcept"}
_CLASSES = {"cclass", "final", "internal", "freelist", "auto_pickle", "no_gc", "no_gc_clear", "dataclasses"}


@dataclass
class Pure:
    """A text in the Cython language, and what could not stand in it."""

    text: str
    #: Type definitions, as of a `.pxd` file.
    declarations: str = ""
    #: Types of local variables by the line of their function's `def`.
    locals: dict[int, dict[str, str]] = field(default_factory=dict)


@dataclass
class _Signature:
    """A function as a `.pxd` file declares it."""

    head: str
    params: dict[str, str]
    suffix: str
    locals: dict[str, str]


def read(text: str, file: str, pxd: str | None) -> Pure:
    """Rewrite a text; `pxd` is the text of the `.pxd` file beside it. Raises SyntaxError."""
    return _Reader(text, ast.parse(text, file), pxd).run()


class _Reader:
    """The state of rewriting one text."""

    def __init__(self, text: str, tree: ast.Module, pxd: str | None) -> None:
        self.text = text
        self.tree = tree
        self.starts = [0]
        for line in text.splitlines(True):
            self.starts.append(self.starts[-1] + len(line))
        self.lines = text.splitlines(True)
        self.edits: list[tuple[int, int, str]] = []
        self.modules = {"cython"}
        self.names: dict[str, str] = {}
        self.typedefs: set[str] = set(
            re.findall(r"(?:^|\n)\s*ctypedef\s+(?:fused\s+)?[^\n]*?(\w+)\s*:?\s*(?=\n|$)", pxd or "")
        )
        self.signatures = _signatures(pxd or "")
        self.out = Pure("")

    def run(self) -> Pure:
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
        self._body(self.tree.body, None)
        text = self.text
        for start, end, new in sorted(self.edits, reverse=True):
            lost = text[start:end].count("\n") - new.count("\n")
            # Lines keep their numbers: what is cut out leaves its line ends, which stand in brackets or alone.
            text = text[:start] + new + "\n" * max(lost, 0) + text[end:]
        self.out.text = text
        return self.out

    # --- places -----------------------------------------------------------------------------------------------

    def _at(self, line: int, column: int) -> int:
        # Columns of `ast` count bytes.
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def _start(self, node: Any) -> int:
        return self._at(node.lineno, node.col_offset)

    def _end(self, node: Any) -> int:
        return self._at(node.end_lineno, node.end_col_offset)

    def _edit(self, start: int, end: int, new: str) -> None:
        self.edits.append((start, end, new))

    def _source(self, node: Any) -> str:
        return self.text[self._start(node) : self._end(node)]

    # --- names ------------------------------------------------------------------------------------------------

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        start, end = self._start(node), self._end(node)
        if isinstance(node, ast.Import):
            own = [
                a for a in node.names if a.name in ("cython", "ungil.cython") or a.name.startswith("cython.")
            ]
            if not own:
                return
            for alias in own:
                name = alias.name.removeprefix("ungil.")
                if name == "cython":
                    self.modules.add(alias.asname or "cython")
                elif alias.asname is None:
                    self.modules.add("cython")
            names = [a.name.removeprefix("ungil.").replace("cython.cimports.", "") for a in own]
            cimports = ", ".join(n + (f" as {a.asname}" if a.asname else "") for n, a in zip(names, own))
            rest = [a for a in node.names if a not in own]
            others = ", ".join(a.name + (f" as {a.asname}" if a.asname else "") for a in rest)
            self._edit(start, end, f"cimport {cimports}" + (f"; import {others}" if others else ""))
            return
        module = node.module or ""
        if module == "ungil" and any(a.name == "cython" for a in node.names):
            alias = next(a for a in node.names if a.name == "cython")
            self.modules.add(alias.asname or "cython")
            others = ", ".join(
                a.name + (f" as {a.asname}" if a.asname else "") for a in node.names if a is not alias
            )
            new = "cimport cython" + (f" as {alias.asname}" if alias.asname else "")
            self._edit(start, end, new + (f"; from ungil import {others}" if others else ""))
        elif module == "cython" or module.startswith("cython."):
            target = re.sub(r"^cython\.cimports\.?", "", module)
            cimported = ", ".join(a.name + (f" as {a.asname}" if a.asname else "") for a in node.names)
            if module == "cython":
                self.names |= {a.asname or a.name: a.name for a in node.names}
                known = [a for a in node.names if a.name in ("parallel", "view", "operator")]
                cimported = ", ".join(a.name + (f" as {a.asname}" if a.asname else "") for a in known)
                self._edit(start, end, f"from cython cimport {cimported}" if cimported else "pass")
            elif target:
                self.typedefs |= {a.asname or a.name for a in node.names}
                self._edit(start, end, f"from {target} cimport {cimported}")
            else:
                self._edit(start, end, f"cimport {cimported}")

    def _own(self, node: ast.AST) -> str | None:
        """The name in `cython` that an expression means."""
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in self.modules
        ):
            return node.attr
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        return None

    # --- types ------------------------------------------------------------------------------------------------

    def _type(self, node: ast.AST) -> str | None:
        """The text of a type in the Cython language; `None` for objects of Python. Arrays end in `[n]`."""
        # Annotations in quotes are not types of C, as in Cython.
        name = self._own(node)
        if name is not None:
            return _c_name(name)
        if isinstance(node, ast.Name):
            return "double" if node.id == "float" else node.id if node.id in self.typedefs else None
        if isinstance(node, ast.Attribute):
            return ast.unparse(node) if ast.unparse(node).split(".")[0] in self.typedefs else None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._type(node.left) or self._type(node.right)
        if isinstance(node, ast.Call):
            return self._made(self._own(node.func), node.args)
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        return None

    def _type_argument(self, node: ast.expr) -> str | None:
        """The text of a type that is an argument: in quotes too, and a class of Python's."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return _c_name(node.value) or node.value
        if isinstance(node, ast.Name) and node.id in _PYTHON_CLASSES:
            return node.id
        return self._type(node)

    def _made(self, maker: str | None, args: list[ast.expr]) -> str | None:
        inner = self._type(args[0]) if args else None
        if inner is None:
            return None
        if maker == "pointer":
            return f"{inner}*"
        if maker == "const":
            return f"const {inner}"
        if maker == "array" and len(args) == 2:
            return f"{inner}[{ast.unparse(args[1])}]"
        return None

    def _subscript(self, node: ast.Subscript) -> str | None:
        maker = self._own(node.value)
        if maker in ("pointer", "const", "volatile"):
            return self._made(maker, [node.slice])
        if maker == "Optional" or ast.unparse(node.value) in ("Optional", "typing.Optional"):
            return self._type(node.slice)
        inner = self._type(node.value)
        return None if inner is None else f"{inner}[{ast.unparse(node.slice).strip('()')}]"

    # --- statements -------------------------------------------------------------------------------------------

    def _body(self, body: list[ast.stmt], function: ast.FunctionDef | None, nested: bool = False) -> None:
        for stmt in body:
            if isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if function is None and isinstance(stmt, ast.FunctionDef):
                    self._function(stmt)
                continue
            if isinstance(stmt, ast.ClassDef):
                if function is None:
                    self._methods(stmt)
                continue
            self._stmt(stmt, function, nested)
            for name in ("body", "orelse", "finalbody"):
                self._body(getattr(stmt, name, []), function, True)
            for handler in getattr(stmt, "handlers", []):
                self._body(handler.body, function, True)

    def _methods(self, node: ast.ClassDef) -> None:
        """The functions of a class; what else is in it runs as plain Python."""
        for stmt in node.body:
            if isinstance(stmt, ast.FunctionDef):
                self._function(stmt, is_method=True)
            elif isinstance(stmt, ast.ClassDef):
                self._methods(stmt)

    def _stmt(self, stmt: ast.stmt, function: ast.FunctionDef | None, nested: bool) -> None:
        if isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name):
            ty = self._type(stmt.annotation)
            if ty is not None:
                self._declare(stmt, stmt.target.id, ty, stmt.value, function, nested)
                return
            if function is not None and not _is_class(stmt.annotation):
                self._edit(self._end(stmt.target), self._end(stmt.annotation), "")
                if stmt.value is None:
                    self._edit(self._start(stmt), self._end(stmt.target), "pass")
        elif (
            isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name)
        ):
            if self._definition(stmt, stmt.targets[0].id, stmt.value, function, nested):
                return
        elif (
            isinstance(stmt, ast.Expr)
            and isinstance(stmt.value, ast.Call)
            and self._own(stmt.value.func) == "declare"
        ):
            types = {k.arg: self._type_argument(k.value) for k in stmt.value.keywords if k.arg}
            if function is not None:
                self._local(function, {name: ty for name, ty in types.items() if ty})
            self._edit(self._start(stmt), self._end(stmt), "pass")
            return
        elif isinstance(stmt, ast.With):
            for item in stmt.items:
                target = (
                    item.context_expr.func if isinstance(item.context_expr, ast.Call) else item.context_expr
                )
                if self._own(target) in ("nogil", "gil"):
                    self._edit(self._start(target), self._end(target), str(self._own(target)))
        self._expressions(stmt)

    def _definition(
        self, stmt: ast.Assign, name: str, value: ast.expr, function: ast.FunctionDef | None, nested: bool
    ) -> bool:
        """`x = cython.declare(…)`, `T = cython.typedef(…)` and their like."""
        if not isinstance(value, ast.Call):
            return False
        maker = self._own(value.func)
        types = [self._type(arg) for arg in value.args]
        if maker == "declare" and value.args and types[0] is not None:
            self._declare(
                stmt, name, types[0], value.args[1] if len(value.args) > 1 else None, function, nested
            )
            return True
        if function is not None or not types and not value.keywords:
            return False
        known = [ty for ty in types if ty is not None]
        if maker == "typedef" and known:
            self.out.declarations += f"ctypedef {declaration(known[0], name)}\n"
        elif maker == "fused_type" and len(known) == len(types):
            self.out.declarations += f"ctypedef fused {name}:\n" + "".join(f"    {ty}\n" for ty in known)
        elif maker in ("struct", "union"):
            members = [(k.arg, self._type(k.value)) for k in value.keywords]
            body = "".join(f"    {declaration(ty, str(arg))}\n" for arg, ty in members if ty)
            self.out.declarations += f"ctypedef {maker} {name}:\n{body}"
        else:
            return False
        self.typedefs.add(name)
        self._edit(self._start(stmt), self._end(stmt), "pass")
        return True

    def _declare(
        self,
        stmt: ast.stmt,
        name: str,
        ty: str,
        value: ast.expr | None,
        function: ast.FunctionDef | None,
        nested: bool,
    ) -> None:
        if value is not None:
            self._expressions(value)
        start = self._start(stmt)
        stop = self._end(stmt) if value is None else self._start(value)
        if nested or _is_scalar(ty) and function is not None:
            if function is not None:
                self._local(function, {name: ty})
            self._edit(start, stop, "pass" if value is None else f"{name} = ")
        else:
            self._edit(start, stop, f"cdef {declaration(ty, name)}" + ("" if value is None else " = "))
        if value is not None and self._end(value) < self._end(stmt):
            self._edit(self._end(value), self._end(stmt), "")

    def _local(self, function: ast.FunctionDef, types: dict[str, str]) -> None:
        params = {a.arg for a in _arguments(function)}
        known = self.out.locals.setdefault(function.lineno, {})
        known |= {name: ty for name, ty in types.items() if name not in params}

    # --- expressions ------------------------------------------------------------------------------------------

    def _expressions(self, root: ast.AST) -> None:
        """Rewrite what the expressions of a statement ask of `cython`; not those of statements inside."""
        left: list[ast.AST] = [root]
        while left:
            node = left.pop()
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, (ast.Attribute, ast.Name)) and self._own(node) in ("compiled", "NULL"):
                self._edit(
                    self._start(node), self._end(node), "True" if self._own(node) == "compiled" else "NULL"
                )
            left += [
                n
                for n in ast.iter_child_nodes(node)
                if not isinstance(n, (ast.stmt, ast.ExceptHandler, ast.match_case))
            ]

    def _call(self, node: ast.Call) -> None:
        name = self._own(node.func)
        if name == "cast" and len(node.args) == 2:
            ty = self._type_argument(node.args[0])
            if ty is not None:
                check = "?" if any(k.arg == "typecheck" for k in node.keywords) else ""
                self._edit(self._start(node), self._start(node.args[1]), f"(<{ty}{check}>(")
                self._edit(self._end(node.args[1]), self._end(node), "))")
        elif name == "address" and len(node.args) == 1:
            self._edit(self._start(node), self._start(node.args[0]), "(&(")
            self._edit(self._end(node.args[0]), self._end(node), "))")
        elif name == "sizeof" and len(node.args) == 1:
            ty = self._type_argument(node.args[0])
            self._edit(self._start(node), self._end(node), f"sizeof({ty or self._source(node.args[0])})")
        elif name in ("likely", "unlikely") and len(node.args) == 1:
            self._edit(self._start(node), self._start(node.args[0]), "(")
        elif name is not None and len(node.args) == 1 and (ty := _c_name(name)) and not node.keywords:
            # `cython.int(x)` converts.
            self._edit(self._start(node), self._start(node.args[0]), f"(<{ty}>(")
            self._edit(self._end(node.args[0]), self._end(node), "))")

    # --- functions --------------------------------------------------------------------------------------------

    def _function(self, node: ast.FunctionDef, is_method: bool = False) -> None:
        flags, locals_ = self._decorators(node)
        declared = None if is_method else self.signatures.get(node.name)
        # Python's classes have Python's functions alone.
        kind = "def" if is_method else "cdef" if "cfunc" in flags else "cpdef" if "ccall" in flags else "def"
        types: dict[str, str] = {}
        for argument in _arguments(node):
            ty = locals_.get(argument.arg) or (
                self._type(argument.annotation) if argument.annotation else None
            )
            if declared is not None and declared.params.get(argument.arg):
                ty = declared.params[argument.arg]
            if ty:
                types[argument.arg] = ty
            end = self._end(argument)
            if ty or argument.annotation is not None and not _is_class(argument.annotation):
                self._edit(self._start(argument), end, declaration(ty, argument.arg) if ty else argument.arg)
        for default in [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]:
            self._expressions(default)
        ret = flags.get("returns") or (self._type(node.returns) if node.returns is not None else None)
        head, suffix = kind, ""
        if declared is not None and kind == "def":
            head, suffix = declared.head, declared.suffix
            locals_ = declared.locals | locals_
        elif kind != "def":
            head += (" inline" if "inline" in flags else "") + (f" {ret}" if ret else "")
            suffix = _suffix(flags)
        self._local(node, locals_)
        start = self._start(node)
        self._edit(start, start + 3, head)
        close = self._close(node)
        stop = close if node.returns is None else self._end(node.returns)
        if suffix or node.returns is not None:
            self._edit(close, stop, suffix)
        self._body(node.body, node)

    def _decorators(self, node: ast.FunctionDef) -> tuple[dict[str, Any], dict[str, str]]:
        """What decorators say of a function; those that the language has no place for are taken out."""
        flags: dict[str, Any] = {}
        types: dict[str, str] = {}
        for decorator in node.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = self._own(target)
            if name not in _FLAGS:
                if name == "compile" or name in _CLASSES:
                    self._remove(decorator)
                elif isinstance(target, ast.Name) and name is not None:
                    self._edit(self._start(target), self._end(target), f"cython.{name}")
                continue
            args = decorator.args if isinstance(decorator, ast.Call) else []
            keywords = {k.arg: k.value for k in decorator.keywords} if isinstance(decorator, ast.Call) else {}
            if name == "locals":
                types |= {str(k): ty for k, v in keywords.items() if (ty := self._type(v))}
            elif name == "returns":
                flags["returns"] = self._type(args[0]) if args else None
            elif name == "exceptval":
                checked = keywords.get("check")
                is_checked = not (isinstance(checked, ast.Constant) and checked.value is False)
                flags["exceptval"] = (ast.unparse(args[0]) if args else None, is_checked)
            elif not (args and isinstance(args[0], ast.Constant) and args[0].value is False):
                flags[name] = True
            self._remove(decorator)
        return flags, types

    def _remove(self, decorator: ast.expr) -> None:
        start = self.text.rindex("@", 0, self._start(decorator))
        self._edit(start, self._end(decorator), "")

    def _close(self, node: ast.FunctionDef) -> int:
        """The place behind the closing parenthesis of a function's parameters."""
        start = self._start(node)
        depth = 0
        tokens = tokenize.generate_tokens(io.StringIO(self.text[start:]).readline)
        for token in tokens:
            if token.type == tokenize.OP and token.string in "([{":
                depth += 1
            elif token.type == tokenize.OP and token.string in ")]}":
                depth -= 1
                if depth == 0:
                    line, column = token.end
                    rest = self.text[start:].splitlines(True)
                    return start + sum(map(len, rest[: line - 1])) + column
        return start


def _is_class(node: ast.expr) -> bool:
    """Whether an annotation is a class of Python's that declares: `list`, `list[int]`, `Optional[list]`, `list | None`."""
    if isinstance(node, ast.Name):
        return node.id in _PYTHON_CLASSES
    if isinstance(node, ast.Subscript):
        is_optional = ast.unparse(node.value) in ("Optional", "typing.Optional")
        return _is_class(node.slice if is_optional else node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = (node.left, node.right)
        return any(map(_is_none, sides)) and any(map(_is_class, sides))
    return False


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _c_name(name: str) -> str | None:
    """The type in C that a name in `cython` means."""
    if name in _NAMES:
        return _NAMES[name]
    match = re.fullmatch(r"(p+)_(\w+)", name)
    if match and match[2] in _NAMES:
        return _NAMES[match[2]] + "*" * len(match[1])
    return name if name in ("integral", "floating", "numeric") else None


def _is_scalar(ty: str) -> bool:
    return not re.search(r"[\[*]", ty)


def declaration(ty: str, name: str) -> str:
    """A declaration: `double* p`, `double a[10]`, `double[:] v`."""
    match = re.fullmatch(r"(.*?)((?:\[\w+\])+)", ty)
    if match and not match[1].endswith("]"):
        return f"{match[1]} {name}{match[2]}"
    return f"{ty} {name}"


def _arguments(node: ast.FunctionDef) -> list[ast.arg]:
    a = node.args
    return [*a.posonlyargs, *a.args, *a.kwonlyargs]


def _suffix(flags: dict[str, Any]) -> str:
    out = ""
    if "exceptval" in flags:
        value, checked = flags["exceptval"]
        if value is None:
            out += " except *" if checked else " noexcept"
        else:
            out += f" except? {value}" if checked else f" except {value}"
    elif "noexcept" in flags:
        out += " noexcept"
    if "with_gil" in flags:
        out += " with gil"
    elif "nogil" in flags:
        out += " nogil"
    return out


_PXD_FUNCTION = re.compile(r"^(cdef|cpdef)\s+([^=\n(]*?)(\w+)\s*\(([^)]*)\)([^\n:]*)$", re.MULTILINE)
_PXD_LOCALS = re.compile(r"@cython\.locals\(([^)]*)\)")


def _signatures(pxd: str) -> dict[str, _Signature]:
    """The functions that a `.pxd` text declares."""
    found: dict[str, _Signature] = {}
    clean = re.sub(r"#[^\n]*", "", pxd)
    for match in _PXD_FUNCTION.finditer(clean):
        kind, ret, name, params, suffix = match.groups()
        before = clean[: match.start()].rstrip("\n")
        locals_: dict[str, str] = {}
        while before.rsplit("\n", 1)[-1].lstrip().startswith("@"):
            line = before.rsplit("\n", 1)[-1]
            if inside := _PXD_LOCALS.search(line):
                for part in _split(inside[1]):
                    key, _, value = part.partition("=")
                    ty = _c_name(value.strip().removeprefix("cython.")) or _view(value.strip())
                    if ty:
                        locals_[key.strip()] = ty
            before = before[: len(before) - len(line)].rstrip("\n")
        types = {}
        for part in _split(params):
            part = part.split("=")[0].strip()
            inner = re.fullmatch(r"(.+?[\s*\]])(\w+)((?:\[\d+\])*)(\s+not\s+None)?", part)
            if inner:
                types[inner[2]] = inner[1].strip() + inner[3]
        head = f"{kind} {ret.strip()}".strip()
        found[name] = _Signature(head, types, f" {suffix.strip()}".rstrip(), locals_)
    return found


def _view(text: str) -> str | None:
    match = re.fullmatch(r"cython\.(\w+)(\[[^\]]*\])", text)
    name = _c_name(match[1]) if match else None
    return f"{name}{match[2]}" if match and name else None


def _split(text: str) -> list[str]:
    """The parts between commas that are not in brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "[(") - (c in "])")
        if c == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [part for part in [*parts, text[start:]] if part.strip()]
