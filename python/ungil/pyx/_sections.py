"""Parallel sections of functions that handle objects, around them or under `with gil`.

A function that no kernel can be made of, because it handles objects beside its parallel loops or in their `with gil` blocks, becomes plain Python
with a kernel for each outermost statement that gives up the lock and has a parallel loop. A block under the lock becomes
a function inside the plain one; the kernel calls it on the thread that comes to it, with the lock taken for as long as it runs.

Numbers that a section assigns are handed to its blocks and taken back. What a block adds to a reduction is what the kernel adds.
A pointer to numbers goes to a block as its address, through which the block reads and writes.
A section that no kernel can be made of runs in order, with a warning that says why.
"""

from __future__ import annotations

import ast
import builtins
import copy
import itertools
import warnings
from collections.abc import Callable
from typing import Any

from ungil import _ungil, errors
from ungil.pyx import _fallback, _names, _variables

# What a reduction starts from in a block, by its operator.
_NEUTRAL = {"Add": 0, "Sub": 0, "Mult": 1, "BitOr": 0, "BitXor": 0, "BitAnd": -1}
_SIGNS = {"Add": "+", "Sub": "-", "Mult": "*", "BitOr": "|", "BitXor": "^", "BitAnd": "&"}
_FLOATS = ("float32", "float64")
_INTEGERS = ("bint", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))

# Sections have names of their own among a module's names.
_KEYS = itertools.count()

Types = dict[str, tuple[str, str]]


class _TooHardError(Exception):
    """A section that cannot be taken apart; says why."""


def _setting(node: ast.AST, name: str) -> bool:
    """Whether a statement is the block that stands for `with gil:` or `with nogil:`."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Call)
        and getattr(node.test.func, "id", "") == "__pyx_with"
        and any(k.arg == name for k in node.test.keywords)
    )


def _parallel(node: ast.AST) -> ast.Call | None:
    """The call of `prange` or of a team that a loop runs over."""
    if isinstance(node, ast.For) and isinstance(node.iter, ast.Call):
        name = ast.unparse(node.iter.func)
        if name.rpartition(".")[2] == "prange" or name == "__pyx_parallel":
            return node.iter
    return None


def _is_section(node: ast.AST) -> bool:
    """Whether a statement gives up the lock and has a parallel loop."""
    call = _parallel(node)
    if call is not None:
        named = any(k.arg == "nogil" for k in call.keywords)
        is_team = ast.unparse(call.func) == "__pyx_parallel"
        return named or is_team or _takes_the_lock(node)
    return _setting(node, "nogil") and any(_parallel(inner) is not None for inner in ast.walk(node))


def _takes_the_lock(node: ast.AST) -> bool:
    """Whether a statement has a block under the lock."""
    return any(_setting(block, "gil") for block in ast.walk(node))


def gives_up_the_lock(node: ast.AST) -> bool:
    """Whether a function has a parallel loop that runs without the lock."""
    calls = [call for inner in ast.walk(node) if (call := _parallel(inner)) is not None]
    named = any(k.arg == "nogil" for call in calls for k in call.keywords)
    team = any(ast.unparse(call.func) == "__pyx_parallel" for call in calls)
    return bool(calls) and (named or team or any(_setting(inner, "nogil") for inner in ast.walk(node)))


def _has_memory_beside(node: ast.AST) -> bool:
    """Whether a function has what only compiled code can do outside of its sections."""
    if isinstance(node, ast.stmt) and _is_section(node):
        return False
    if isinstance(node, ast.Name) and node.id in ("__pyx_addr", "__pyx_view"):
        return True
    return any(map(_has_memory_beside, ast.iter_child_nodes(node)))


def has_sections(node: ast.AST, is_locked: bool) -> bool:
    """Whether a function has parallel loops without the lock; `is_locked`: with a block under the lock in them."""
    if not is_locked and _has_memory_beside(node):
        return False
    sections = (inner for inner in ast.walk(node) if _is_section(inner))
    return any(not is_locked or _takes_the_lock(section) for section in sections)


class _Names(ast.NodeVisitor):
    """Names that statements read, assign and update."""

    def __init__(self, enters_blocks: bool) -> None:
        self.enters_blocks = enters_blocks
        self.read: set[str] = set()
        self.assigned: set[str] = set()
        self.updated: dict[str, set[str]] = {}
        self.blocks: list[ast.If] = []

    def visit_If(self, node: ast.If) -> None:
        if _setting(node, "gil") and not self.enters_blocks:
            self.blocks.append(node)
            return
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        (self.read if isinstance(node.ctx, ast.Load) else self.assigned).add(node.id)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.updated.setdefault(node.target.id, set()).add(type(node.op).__name__)
        else:
            self.visit(node.target)
        self.visit(node.value)


def _names_of(nodes: list[ast.stmt], enters_blocks: bool = True) -> _Names:
    found = _Names(enters_blocks)
    for node in nodes:
        found.visit(node)
    return found


def _leaves(nodes: list[ast.stmt]) -> bool:
    """Whether statements jump out of themselves."""

    def search(node: ast.AST, in_loop: bool) -> bool:
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
            return True
        if isinstance(node, (ast.Break, ast.Continue)):
            return not in_loop
        if isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            return False
        # The block of a team is no loop, though it stands as one.
        is_team = isinstance(node, ast.For) and "__pyx_parallel" in ast.unparse(node.iter)
        is_loop = isinstance(node, (ast.For, ast.While)) and not is_team
        return any(search(child, in_loop or is_loop) for child in ast.iter_child_nodes(node))

    return any(search(node, False) for node in nodes)


def _assigned_first(body: list[ast.stmt]) -> set[str]:
    """Names that statements assign before they are read."""
    first: set[str] = set()
    seen: set[str] = set()
    for stmt in body:
        names = _names_of([stmt])
        if isinstance(stmt, (ast.Assign, ast.AnnAssign)):
            first |= names.assigned - names.read - seen
        seen |= names.read | names.assigned | set(names.updated)
    return first


class Blocks:
    """The blocks of one section in one call, as the kernel asks for them: by number."""

    def __init__(self, *blocks: Callable[..., Any]) -> None:
        self.blocks = blocks

    def __call__(self, number: int, integers: tuple[int, ...], floats: tuple[float, ...]) -> Any:
        return self.blocks[number](integers, floats)


def word(value: Any) -> int:
    """An integer as the kernel takes it back: 64 bits."""
    number = int(value)
    return number - (1 << 64) if number >= 1 << 63 else number


def memory(address: int, text: str) -> Any:
    """A pointer of C in a block, by its address and its type's text; `None` is the null pointer."""
    return _variables._Pointer.to(address, text) if address else None


class Section:
    """The kernel of a section."""

    def __init__(self, function: Any, text: str, info: dict[str, Any], outer: Any) -> None:
        def refuse() -> Any:
            raise TypeError("a section runs as a kernel only")

        self.kernel = _ungil.make_pyx_function(function, text, info, refuse)
        self.outer = outer
        self.must_compile = info["needs_compiler"]
        self.failed = False

    def __call__(self, *args: Any) -> Any:
        """The variables after the section; `None` where it has to run in order."""
        if self.failed:
            return None
        try:
            return self.kernel(*args)
        except errors.ParallelError:
            raise
        except errors.CompileError as error:
            if self.must_compile:
                raise
            self.failed = True
            warn_in_order(self.outer, str(error))
            return None


def warn_in_order(function: Any, why: str) -> None:
    """Warns that the parallel loops of a function run in order."""
    lines = [line for line in why.splitlines() if line.startswith("error")] or why.splitlines() or [why]
    text = f"parallel loops of `{function.__name__}` run in order, with the lock held: {lines[0]}"
    code = function.__code__
    warnings.warn_explicit(text, errors.PerformanceWarning, code.co_filename, code.co_firstlineno)


class Split(ast.NodeTransformer):
    """Takes the sections of a function apart. What its text calls is in `names`."""

    def __init__(self, function: Any, node: ast.FunctionDef, text: str, info: dict[str, Any]) -> None:
        self.function = function
        self.info = info
        self.lines = text.splitlines()
        self.first = node.lineno
        self.types: Types = {n: t for n, t, *_ in info["params"] if t} | {n: t for n, t in info["locals"]}
        everything = _names_of(node.body)
        self.own = everything.assigned | set(everything.updated) | {a.arg for a in _arguments(node)}
        self.globals = {n for s in ast.walk(node) if isinstance(s, ast.Global) for n in s.names}
        self.node = node
        self.names: dict[str, Any] = {
            "__pyx_blocks__": Blocks,
            "__pyx_word__": word,
            "__pyx_memory__": memory,
        }
        self.inner: list[dict[str, Any]] = []
        self.taken: set[str] = set()
        self.why = ""

    def run(self) -> bool:
        """Whether all sections were taken apart; the function is changed."""
        if _has_memory_beside(self.node):
            self.why = "addresses of C are taken or cast beside a parallel section"
            return False
        try:
            self.node.body = [s for old in self.node.body for s in _list(self.visit(old))]
        except _TooHardError as error:
            self.why = str(error)
            return False
        for name in sorted(self.taken - {a.arg for a in _arguments(self.node)}):
            # Names of an inner function's must be this function's too.
            dead = ast.parse(f"if 0: {name} = None").body
            self.node.body.extend(ast.copy_location(_moved(s, self.node), self.node) for s in dead)
        return True

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.stmt) and _is_section(node):
            return self._section(node)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            return node
        return self.generic_visit(node)

    @property
    def has_memory(self) -> bool:
        """Whether the function has variables that only compiled code can handle."""
        return any(self._kind(name) == "memory" for name in self.types)

    def _kind(self, name: str) -> str:
        """What a variable is to a kernel."""
        text = self.types.get(name, ("object", ""))[0]
        if text in _FLOATS or text in _INTEGERS:
            return "number"
        if text in ("complex64", "complex128"):
            return "complex"
        if text.startswith(("buffer ", "view ")) or "[:" in text or ":]" in text:
            return "view"
        return "object" if text == "object" else "memory"

    def _section(self, node: ast.stmt) -> list[ast.stmt]:
        if _leaves([node]):
            raise _TooHardError(
                "a parallel section that handles objects is left by `return`, `break` or `continue`"
            )
        if any(isinstance(n, ast.Try) and n.handlers for n in ast.walk(node)):
            raise _TooHardError("a parallel section that handles objects has `except`")
        number = sum(name.startswith("__pyx_section") for name in self.names)
        head, bounds, from_body = self._head(node)
        body: list[ast.stmt] = node.body  # type: ignore[attr-defined]
        outside = _names_of([node], False)
        if isinstance(node, ast.For):
            outside = _names_of(body, False)
            outside.visit(node.target)
        outside.assigned.discard("__pyx_team")
        everything = _names_of(body)
        inside = [_names_of(block.body) for block in outside.blocks]
        self._check_memory(outside, inside)
        assigned = outside.assigned | set(outside.updated)
        for block in inside:
            assigned |= {n for n in block.assigned | set(block.updated) if self._kind(n) == "number"}
        for name in assigned:
            if self._kind(name) in ("object", "view"):
                raise _TooHardError(f"`{name}` is assigned in a parallel section, and is no number of C")
        deltas = {
            name: next(iter(ops))
            for name, ops in everything.updated.items()
            if name not in everything.assigned | everything.read and len(ops) == 1 and ops <= set(_NEUTRAL)
        }
        params, values, locals_ = [], [], []
        shared = {n for block in inside for n in block.read if self._kind(n) == "memory"}
        # What only the section uses is its own.
        in_blocks = {n for block in inside for n in (*block.read, *block.assigned, *block.updated)}
        private = {
            n
            for n in assigned - in_blocks
            if self._kind(n) in ("number", "complex") and not self._is_elsewhere(n, node)
        }
        for name in sorted((outside.read | assigned | shared) & self.own | assigned):
            kind = self._kind(name)
            if name in private:
                locals_.append((name, self.types[name]))
                continue
            if kind == "memory":
                if self._is_elsewhere(name, node):
                    raise _TooHardError(
                        f"`{name}` is memory of C, and used beside a parallel section with objects"
                    )
                locals_.append((name, self.types[name]))
                continue
            params.append((name, self.types.get(name), False))
            values.append(f"__pyx_now.get({name!r}{', 0' if kind in ('number', 'complex') else ''})")
        for k, bound in enumerate(bounds):
            params.append((f"__pyx_b{k}", ("int64", "Py_ssize_t"), False))
            values.append(bound)
        params.append(("__pyx_owner", ("int64", "Py_ssize_t"), False))
        values.append("id(__pyx_owner)")
        results = sorted(n for n in assigned - private if self._kind(n) in ("number", "complex"))
        text = self._kernel_text(node, (head, from_body), outside.blocks, (params, results), assigned, deltas)
        key = f"__pyx_section_{next(_KEYS)}"
        self._make(key, text, node, params, locals_)
        return self._call(node, (key, number), outside.blocks, (values, results), assigned, deltas)

    def _check_memory(self, outside: _Names, blocks: list[_Names]) -> None:
        """Sections have pointers of their own, not arrays; blocks read those that lead to numbers."""
        for names in (outside, *blocks):
            for name in sorted(n for n in names.read | names.assigned if self._kind(n) == "memory"):
                text = self.types[name][0]
                if not text.startswith("*"):
                    raise _TooHardError(f"`{name}` is no pointer, and used in a section with objects")
                if names is not outside and (name in names.assigned or name in names.updated):
                    raise _TooHardError(f"`{name}` is a pointer that a `with gil` block sets")
                if names is not outside and not _is_row(text):
                    raise _TooHardError(f"`{name}` leads to no numbers, and a `with gil` block uses it")

    def _rows(self, block: ast.If) -> list[str]:
        """The pointers of C that a block uses."""
        return sorted(n for n in _names_of(block.body).read if self._kind(n) == "memory")

    def _is_elsewhere(self, name: str, section: ast.stmt) -> bool:
        count = sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(self.node))
        here = sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(section))
        return count > here or any(a.arg == name for a in _arguments(self.node))

    def _head(self, node: ast.stmt) -> tuple[str, list[str], int]:
        """The header of a section with its bounds as parameters, the bounds, and the line of what follows."""
        body: list[ast.stmt] = node.body  # type: ignore[attr-defined]
        first = body[0].lineno
        call = _parallel(node)
        if call is None or not isinstance(node, ast.For):
            return "if 1:", [], first
        bounds: list[str] = []

        def bound(value: ast.expr) -> str:
            if isinstance(value, ast.Constant):
                return ast.unparse(value)
            bounds.append(ast.unparse(value))
            return f"__pyx_b{len(bounds) - 1}"

        args = [bound(a) for a in call.args] + [f"{k.arg}={bound(k.value)}" for k in call.keywords]
        head = f"for {ast.unparse(node.target)} in {ast.unparse(call.func)}({', '.join(args)}):"
        return head, bounds, first

    def _inputs(self, block: ast.If, assigned: set[str], deltas: dict[str, str]) -> list[str]:
        """The numbers that a block needs from the kernel."""
        names = _names_of(block.body)
        wanted = (names.read | set(names.updated)) & assigned - set(deltas)
        wanted -= _assigned_first(block.body)
        return sorted(name for name in wanted if self._kind(name) == "number")

    def _outputs(self, block: ast.If) -> list[str]:
        names = _names_of(block.body)
        return sorted(n for n in names.assigned | set(names.updated) if self._kind(n) == "number")

    def _word(self, name: str, k: int) -> str:
        """What a block is given for an integer: 64 bits, of which the first may be a sign."""
        is_unsigned = self.types.get(name, ("",))[0] == "uint64"
        return f"__pyx_uint64(__pyx_ints[{k}])" if is_unsigned else f"__pyx_ints[{k}]"

    def _kernel_text(
        self,
        node: ast.stmt,
        head: tuple[str, int],
        blocks: list[ast.If],
        signature: tuple[list[Any], list[str]],
        assigned: set[str],
        deltas: dict[str, str],
    ) -> str:
        """The kernel's text, on the lines of the section."""
        end = node.end_lineno or node.lineno
        lines = self.lines[node.lineno - self.first : end - self.first + 1]
        margin = " " * node.col_offset
        lines[0] = margin + head[0]
        if head[1] == node.lineno:
            # Its block stands on the line of the header.
            lines[0] += " " + "; ".join(map(ast.unparse, node.body))  # type: ignore[attr-defined]
            lines[1:] = [""] * (len(lines) - 1)
        for k in range(1, head[1] - node.lineno):
            lines[k] = ""
        for k, block in enumerate(blocks):
            inputs, outputs = self._inputs(block, assigned, deltas), self._outputs(block)
            dtypes = ",".join("bool" if self.types[n][0] == "bint" else self.types[n][0] for n in outputs)
            targets = [f"__pyx_d{k}_{n}" if n in deltas else n for n in outputs]
            rows = [f"__pyx_int64({n})" for n in self._rows(block)]
            given = ", ".join(["__pyx_owner", str(k), repr(dtypes), *inputs, *rows, *_thread(block)])
            text = f"__pyx_gil_block({given})"
            if targets:
                text = f"({', '.join(targets)},) = {text}"
            for n in outputs:
                if n in deltas:
                    text += f"; {n} {_SIGNS[deltas[n]]}= __pyx_d{k}_{n}"
            at = block.lineno - node.lineno
            lines[at] = " " * block.col_offset + text
            for line in range(at + 1, (block.end_lineno or block.lineno) - node.lineno + 1):
                lines[line] = ""
        names = ", ".join(name for name, *_ in signature[0])
        back = ", ".join(signature[1])
        result = f"{margin}return ({back},)" if back else f"{margin}return ()"
        return "\n".join([f"def __pyx_section({names}):", *lines, result, ""])

    def _make(self, key: str, text: str, node: ast.stmt, params: list[Any], locals_: list[Any]) -> None:
        made: dict[str, Any] = {}
        first = node.lineno - 1
        code = builtins.compile("\n" * (first - 1) + text, self.function.__code__.co_filename, "exec")
        exec(code, self.function.__globals__, made)
        function = made["__pyx_section"]
        function.__name__ = function.__qualname__ = self.info["name"]
        info = dict(self.info, params=params, locals=locals_, ret=None, kind="cdef", fused=[], inner=[])
        info |= {
            "must_compile": True,
            "kernel_only": True,
            "may_hold": False,
            "sections": False,
            "classes": {},
            "data": self.info["data"],
        }
        declared = [t for _, t, *_ in params] + [t for _, t in locals_]
        info["needs_compiler"] = any(_names.needs_compiler(t[0]) for t in declared if t)
        # Where nothing takes the lock nothing is run in order instead: what cannot be compiled is an error.
        info["needs_compiler"] |= not self.info["locked"] or not _fallback.can_run(self.info, node)
        self.names[key] = Section(function, text, info, self.function)

    def _call(
        self,
        node: ast.stmt,
        key: tuple[str, int],
        blocks: list[ast.If],
        signature: tuple[list[str], list[str]],
        assigned: set[str],
        deltas: dict[str, str],
    ) -> list[ast.stmt]:
        """What stands in the place of a section: its blocks as functions, and the call of its kernel."""
        made: list[ast.stmt] = []
        for k, block in enumerate(blocks):
            made.append(self._block(f"__pyx_gil_{key[1]}_{k}", block, assigned, deltas))
        functions = ", ".join(f"__pyx_gil_{key[1]}_{k}" for k in range(len(blocks)))
        values, results = signature
        text = f"__pyx_owner = __pyx_blocks__({functions})\n__pyx_now = locals()\n"
        text += f"__pyx_found = {key[0]}({', '.join(values)})\n"
        back = f"({', '.join(results)},) = __pyx_found" if results else "pass"
        text += f"if __pyx_found is not None:\n    {back}\nelse:\n    pass\n"
        rest = [_moved(s, node) for s in ast.parse(text).body]
        last = rest[-1]
        assert isinstance(last, ast.If)
        if not self.names[key[0]].must_compile:
            last.orelse = [node]
        return [*made, *rest]

    def _block(self, name: str, block: ast.If, assigned: set[str], deltas: dict[str, str]) -> ast.stmt:
        """A block under the lock as a function inside."""
        if _leaves(block.body):
            raise _TooHardError(
                "a `with gil` block in a parallel section is left by `return`, `break` or `continue`"
            )
        inputs, outputs = self._inputs(block, assigned, deltas), self._outputs(block)
        thread = _thread(block)
        rows = self._rows(block)
        whole = [n for n in inputs if self.types[n][0] not in _FLOATS]
        whole += rows + ["__pyx_thread"] * len(thread)
        real = [n for n in inputs if self.types[n][0] in _FLOATS]
        found = _names_of(block.body)
        objects = sorted(
            n
            for n in found.assigned | set(found.updated)
            if self._kind(n) == "object" and n not in self.globals
        )
        self.taken |= set(objects)
        text = f"def {name}(__pyx_ints, __pyx_floats):\n"
        if objects:
            text += f"    nonlocal {', '.join(objects)}\n"
        shared = sorted((found.assigned | set(found.updated)) & self.globals)
        if shared:
            text += f"    global {', '.join(shared)}\n"
        if whole:
            text += f"    ({', '.join(whole)},) = ({', '.join(map(self._word, whole, range(len(whole))))},)\n"
        if real:
            text += f"    ({', '.join(real)},) = __pyx_floats\n"
        for n in rows:
            text += f"    {n} = __pyx_memory__({n}, {self.types[n][0]!r})\n"
        for n in outputs:
            if n in deltas:
                text += f"    {n} = {_NEUTRAL[deltas[n]]}\n"
            elif n not in inputs:
                text += f"    {n} = 0\n"
        text += "    pass\n"
        words = [f"__pyx_word__({_delta(n, deltas)})" for n in outputs if self.types[n][0] not in _FLOATS]
        reals = [f"float({_delta(n, deltas)})" for n in outputs if self.types[n][0] in _FLOATS]
        text += f"    return ([{', '.join(words)}], [{', '.join(reals)}])\n"
        made = _moved(ast.parse(text).body[0], block)
        assert isinstance(made, ast.FunctionDef)
        body = [_ThreadNumber().visit(copy.deepcopy(s)) for s in block.body]
        made.body[-2:-1] = body
        own = [(n, self.types[n]) for n in sorted({*inputs, *outputs})]
        self.inner.append(
            {"name": name, "line": made.lineno, "params": [], "locals": own, "ret": None, "inner": []}
        )
        return made


def _is_row(text: str) -> bool:
    """Whether a type is a pointer to numbers of C."""
    return text.removeprefix("*").removeprefix("const ") in (*_FLOATS, *_INTEGERS)


def _delta(name: str, deltas: dict[str, str]) -> str:
    return f"-{name}" if deltas.get(name) == "Sub" else name


def _is_thread(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "threadid"


def _thread(block: ast.If) -> list[str]:
    """The call of `threadid` in a block, if there is one."""
    calls = [n for s in block.body for n in ast.walk(s) if _is_thread(n)]
    return [ast.unparse(calls[0])] if calls else []


class _ThreadNumber(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        return ast.copy_location(ast.Name("__pyx_thread", ast.Load()), node) if _is_thread(node) else node


def _arguments(node: ast.FunctionDef) -> list[ast.arg]:
    a = node.args
    return [*a.posonlyargs, *a.args, *a.kwonlyargs, *(x for x in (a.vararg, a.kwarg) if x)]


def _moved(node: ast.stmt, to: ast.stmt) -> ast.stmt:
    """Statements that were made, on the line of one of the text."""
    for inner in ast.walk(node):
        if hasattr(inner, "lineno"):
            ast.copy_location(inner, to)
            inner.end_lineno, inner.end_col_offset = to.lineno, to.col_offset  # type: ignore[attr-defined]
    return node


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]
