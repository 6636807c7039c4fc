"""Collection of what is known about a file: by function, and line by line."""

from __future__ import annotations

import ast
import gc
import inspect
import linecache
import os
import re
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ungil import _ungil, errors
from ungil.annotate import _listing, _score
from ungil.annotate._sample import sample


@dataclass
class Badge:
    """A short remark on a line."""

    #: `good`, `bad`, `info` or `error`.
    kind: str
    label: str
    text: str


@dataclass
class Listing:
    """What a line became in one specialisation."""

    signature: str
    ir: list[str]
    assembly: list[str]


@dataclass
class Line:
    """A line of the file."""

    number: int
    text: str
    #: `compiled`, `python`, `uncalled` or empty.
    state: str = ""
    score: int = 0
    work: str = ""
    badges: list[Badge] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    listings: list[Listing] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Function:
    """A function of the file."""

    name: str
    first: int
    last: int
    state: str
    signatures: list[str]
    why: str = ""
    #: What a `cdef` function does not have: arguments that come from Python.
    is_private: bool = False
    #: What becomes of its parallel loops where no kernel can be made of the whole: "blocks", "order", or nothing.
    loops: str = ""
    #: Whether no kernel can be made of it.
    refused: bool = False


@dataclass
class Report:
    """All that the page shows."""

    file: str
    lines: list[Line]
    functions: list[Function]
    is_cython: bool = False
    message: str = ""


def of_dispatchers(functions: list[Any], profile: Mapping[Any, float] | None = None) -> Report:
    """The report on the functions of one file; the page shows the lines from the first to the last of them."""
    file = functions[0].__code__.co_filename
    source = functions[0]._state()[0]
    text = "".join(linecache.getlines(file))
    if not text and source is not None:
        # A function whose text was given, or that a notebook has forgotten.
        text = "\n" * (source[1] - 1) + source[0]
    report = _blank(file, text)
    tree = _parsed(text)
    spans = _spans(tree)
    first, last = len(report.lines), 1
    for function in functions:
        code = function.__code__
        line, end = spans.get(
            (code.co_name, code.co_firstlineno), (code.co_firstlineno, _last_line(code, source))
        )
        _add(report, function, line, end)
        first, last = min(first, code.co_firstlineno), max(last, end)
    _finish(report, tree, profile)
    report.lines = report.lines[first - 1 : last]
    return report


def of_script(
    path: str, arguments: list[str], profile: Mapping[Any, float] | None = None, sampled: bool = False
) -> Report:
    """Runs a file as a script, and reports on the functions of it that are compiled."""
    import runpy

    path = os.path.abspath(path)
    old, sys.argv = sys.argv, [path, *arguments]
    sys.path.insert(0, os.path.dirname(path))
    keep: Any = None
    try:
        if sampled:
            with sample() as profile:
                keep = runpy.run_path(path, run_name="__main__")
        else:
            keep = runpy.run_path(path, run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
    finally:
        sys.argv = old
        sys.path.remove(os.path.dirname(path))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    report = of_loaded(path, text, profile)
    del keep
    return report


def of_loaded(path: str, text: str, profile: Mapping[Any, float] | None = None) -> Report:
    """The report on a file that has been run: on those of its functions that are compiled."""
    functions = [
        found
        for found in gc.get_objects()
        if type(found) is _ungil.Dispatcher and found.__code__.co_filename == path
    ]
    report = _blank(path, text)
    tree = _parsed(text)
    spans = _spans(tree)
    for function in sorted(functions, key=lambda f: int(f.__code__.co_firstlineno)):
        code = function.__code__
        line, end = spans.get((code.co_name, code.co_firstlineno), (code.co_firstlineno, code.co_firstlineno))
        _add(report, function, line, end)
    _finish(report, tree, profile)
    return report


def of_pyx(
    text: str,
    file: str,
    *,
    level: str = "3",
    profile: Mapping[Any, float] | None = None,
    name: str | None = None,
    directives: Mapping[str, bool | str] | None = None,
) -> Report:
    """Compiles a module in the Cython language, and reports on it."""
    from ungil.pyx._module import Builder

    name = name or os.path.splitext(os.path.basename(file))[0].strip("<>")
    module = types.ModuleType(name)
    module.__package__ = name.rpartition(".")[0]
    module.__file__ = file
    builder = Builder(module, level, dict(directives or {}))
    if not os.path.exists(file):
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    try:
        builder.run(text, file)
    except errors.CompileError as error:
        report = _blank(file, text)
        report.is_cython = True
        _refuse(report, error)
        return report
    return of_builder(builder, text, file, profile)


def of_builder(builder: Any, text: str, file: str, profile: Mapping[Any, float] | None = None) -> Report:
    """The report on a module in the Cython language that has been compiled."""
    report = _blank(file, text)
    report.is_cython = True
    tree = _parsed(builder.text)
    ends = {
        node.lineno: node.end_lineno or node.lineno
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    for fused in builder.fused:
        # To ask for the specialisations makes them, and lists them among the functions.
        _ = fused.__signatures__
    for info, function in builder.functions:
        # Functions of an included file are not of this text.
        if function.__code__.co_filename == file:
            why = _compile_declared(info, function)
            _add(
                report,
                function,
                info["line"],
                ends.get(info["line"], info["line"]),
                why,
                info["kind"] == "cdef",
            )
            loops = "blocks" if info["sections"] else "order" if info["parallel"] else ""
            report.functions[-1].loops = loops
    if tree is not None:
        _tell_inner(report, tree)
    _finish(report, tree, profile)
    return report


def _blank(file: str, text: str) -> Report:
    lines = [Line(i + 1, line) for i, line in enumerate(text.splitlines())]
    return Report(file, lines, [])


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


def _spans(tree: ast.Module | None) -> dict[tuple[str, int], tuple[int, int]]:
    """Line of the `def` and last line of each function, by name and the first line of its code object."""
    found = {}
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            found[node.name, first] = (node.lineno, node.end_lineno or node.lineno)
    return found


def _last_line(code: types.CodeType, source: Any) -> int:
    lines = source[0].count("\n") if source is not None else 0
    return int(code.co_firstlineno + max(lines - 1, 0))


def _compile_declared(info: dict[str, Any], function: Any) -> errors.CompileError | None:
    """Compile a function of the Cython language for what it declares; its error where that fails."""
    if not isinstance(function, _ungil.Dispatcher):
        return None
    parts = [_ahead(ty[0]) if ty else None for _, ty, _ in info["params"]]
    if None in parts or len(parts) != len(info["params"]) or function.signatures:
        return None
    try:
        function.compile(f"({', '.join(str(p) for p in parts)})")
    except errors.CompileError as error:
        return error
    return None


def _ahead(text: str) -> str | None:
    """The type that an argument of a declared type most likely has: a contiguous array, a number of Python."""
    text = re.sub(r"^(buffer |const )+", "", text)
    element, bracket, axes = text.partition("[")
    if bracket:
        if "::1" in axes:
            return text
        return f"{element}[{', '.join([':'] * axes.count(',') + ['::1'])}]"
    kinds = {"i": "int", "u": "int", "f": "float", "c": "complex", "b": "bool"}
    return kinds.get("b" if text == "bint" else text[:1])


def _refuse(report: Report, error: errors.CompileError) -> None:
    """The errors of a module that does not compile, on their lines."""
    report.message = (
        f"{len(error.diagnostics)} error{'s' if len(error.diagnostics) > 1 else ''}: nothing was compiled"
    )
    for found in error.diagnostics:
        text = "\n".join([f"{found.code}: {found.title}", *(f"help: {help}" for help in found.help)])
        if found.line and found.line <= len(report.lines):
            report.lines[found.line - 1].badges.append(Badge("error", found.code, text))
        else:
            report.message += f"\n{text}"


def _add(
    report: Report,
    function: Any,
    first: int,
    last: int,
    why: errors.CompileError | None = None,
    is_private: bool = False,
) -> None:
    if not isinstance(function, _ungil.Dispatcher):
        kind = "coroutines" if function.__code__.co_flags & inspect.CO_COROUTINE else "generators"
        reason = f"{kind} run as plain Python that sees the compiled names"
        name = str(function.__name__)
        report.functions.append(Function(name, first, last, "python", [], reason, is_private))
        return
    facts = function._facts()
    state = "compiled" if facts else "python" if why is not None else "uncalled"
    found = Function(function.__code__.co_name, first, last, state, function.signatures, "", is_private)
    found.refused = why is not None
    report.functions.append(found)
    objects = function._object_facts() if report.is_cython and not facts else None
    if isinstance(objects, dict):
        also = ", and for numbers and arrays when called" if why is None else ""
        found.state, found.why = "objects", f"compiled for any objects{also}"
        facts = [objects]
    elif isinstance(objects, str):
        _tell_reason(report, objects)
        unless = "unless numbers and arrays alone are passed, " if why is None else ""
        found.state, found.why = "python", f"{unless}because of {objects}"
    elif why is not None:
        found.why = "; ".join(f"{d.code}: {d.title}" for d in why.diagnostics)
        _explain(report, why)
    elif not facts:
        found.why = "compiled when it is called, for the types of its arguments"
    for one in facts:
        _facts(report, one)


def _tell_reason(report: Report, reason: str) -> None:
    """What a function cannot be compiled for because of, on its line."""
    match = re.search(r"\(line (\d+)\)$", reason)
    if match and 0 < int(match[1]) <= len(report.lines):
        badge = Badge(
            "bad", "not compiled", f"compiled functions cannot have {reason[: match.start()].rstrip()}"
        )
        if badge not in report.lines[int(match[1]) - 1].badges:
            report.lines[int(match[1]) - 1].badges.append(badge)


def _tell_inner(report: Report, tree: ast.AST, owner: str = "", in_function: bool = False) -> None:
    """Classes with their methods, and generators and coroutines inside of functions, which all run as plain Python."""
    for node in ast.iter_child_nodes(tree):
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if isinstance(node, ast.ClassDef):
            if in_function:
                _tell_plain(report, node.lineno, f"class {node.name} runs as plain Python")
            _tell_inner(report, node, f"{owner}{node.name}.", in_function)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if owner and not in_function:
                last = node.end_lineno or node.lineno
                why = "methods of classes run as plain Python that sees the compiled names"
                report.functions.append(Function(owner + node.name, node.lineno, last, "python", [], why))
            elif in_function and (isinstance(node, ast.AsyncFunctionDef) or _yields(node)):
                kind = "coroutine" if isinstance(node, ast.AsyncFunctionDef) else "generator"
                _tell_plain(report, node.lineno, f"the {kind} {node.name} runs as plain Python")
        if not isinstance(node, ast.ClassDef):
            _tell_inner(report, node, owner, in_function or is_function)


def _yields(function: ast.AST) -> bool:
    """Whether a function is a generator: whether it yields, functions and classes inside apart."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    children = [node for node in ast.iter_child_nodes(function) if not isinstance(node, inner)]
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) or _yields(node) for node in children)


def _tell_plain(report: Report, number: int, text: str) -> None:
    if number <= len(report.lines):
        report.lines[number - 1].badges.append(Badge("bad", "plain Python", text))


def _explain(report: Report, error: errors.CompileError) -> None:
    """Why a function runs as plain Python, on the lines that it is because of."""
    for found in error.diagnostics:
        if found.line and found.file == report.file and found.line <= len(report.lines):
            text = "\n".join([f"{found.code}: {found.title}", *(f"help: {help}" for help in found.help)])
            badge = Badge("bad", "not compiled", text)
            if badge not in report.lines[found.line - 1].badges:
                report.lines[found.line - 1].badges.append(badge)


def _facts(report: Report, facts: dict[str, Any]) -> None:
    """What is known of one specialisation."""

    def at(file: str, number: int) -> Line | None:
        return report.lines[number - 1] if file == report.file and 0 < number <= len(report.lines) else None

    for file, number, kind, _, text in facts["notes"]:
        if line := at(file, number):
            badge = _badge(kind, text)
            if badge not in line.badges:
                line.badges.append(badge)
    for file, number, variables in facts["types"]:
        if line := at(file, number):
            for name, ty in variables:
                known = line.types.get(name)
                line.types[name] = (
                    ty if known in (None, ty) or ty in known.split(" | ") else f"{known} | {ty}"
                )
    ir = _moved(report, _listing.of_ir(facts["ir"], facts["functions"]))
    if "entries" in facts:
        ir = _named(ir, facts["entries"])
    assembly = {(os.path.normpath(f), n): v for (f, n), v in _listing.of_assembly(facts["assembly"]).items()}
    assembly = _moved(report, assembly)
    for file, number in dict.fromkeys(
        [*ir, *((report.file, n) for f, n in assembly if _same(f, report.file))]
    ):
        if line := at(file, number):
            code = next((v for (f, n), v in assembly.items() if n == number and _same(f, report.file)), [])
            listing = Listing(facts["name"] + facts["signature"], ir.get((file, number), []), code)
            if listing.ir or listing.assembly:
                line.listings.append(listing)
                line.state = "compiled"


def _moved(report: Report, listing: _listing.Listing) -> _listing.Listing:
    """A listing where code of blank lines and decorators, such as a function's entry, stands at what follows them."""
    out: _listing.Listing = {}
    for (file, number), code in listing.items():
        if _same(file, report.file):
            while number < len(report.lines) and re.match(r"\s*(@|#|$)", report.lines[number - 1].text):
                number += 1
        out[file, number] = [*out[file, number], "…", *code] if (file, number) in out else code
    return out


def _same(found: str, file: str) -> bool:
    return found == file or os.path.basename(found) == os.path.basename(file)


#: Labels of remarks: a pattern, the label, and its kind where it is not the remark's.
_LABELS: list[tuple[str, str, str | None]] = [
    (r"^parallel:", "parallel", None),
    (r"^runs in lanes: (\d+)", "in lanes ×{}", None),
    (r"^vectorised: (\d+) iterations", "vectorised ×{}", None),
    (r"^vectorised", "vectorised", None),
    (r"^all \d+ checks? hoisted|^\d+ of \d+ checks? hoisted", "checks hoisted", None),
    (r"checks? .*(stay|remain|left|not hoisted)", "checks stay", "bad"),
    (r"^makes an array .* in each iteration", "allocation in the loop", "bad"),
    (r"^makes an array", "allocation", "info"),
    (r"^does not run in lanes", "not in lanes", "bad"),
    (r"^not vectorised", "not vectorised", "bad"),
    (r"^square roots", "square roots", None),
    (r"^search by blocks", "search by blocks", None),
    (r"unrolled", "unrolled", None),
    (r"fused", "fused", None),
    (r"inline", "inlined", None),
]


def _badge(kind: str, text: str) -> Badge:
    shade = {"applied": "good", "missed": "bad"}.get(kind, "info")
    for pattern, label, own in _LABELS:
        if match := re.search(pattern, text):
            return Badge(own or shade, label.format(*match.groups()) if match.groups() else label, text)
    short = re.split(r"[:;,(]", text)[0]
    return Badge(shade, short if len(short) <= 32 else short[:30].rstrip() + "…", text)


def _finish(report: Report, tree: ast.Module | None, profile: Mapping[Any, float] | None) -> None:
    """States and scores of all lines, and their times."""
    counts = _score.operations(tree) if tree is not None else {}
    owner: dict[int, Function] = {}
    for function in report.functions:
        owner |= dict.fromkeys(range(function.first, function.last + 1), function)
    covered = {line.number for line in report.lines if line.state == "compiled"}
    for line in report.lines:
        found = owner.get(line.number)
        if found is not None and found.state == "objects":
            _score_objects(line, counts)
        elif found is not None and found.state == "compiled":
            line.state = "compiled" if counts.get(line.number) or line.number in covered else ""
            if line.number == found.first and not found.is_private:
                line.score, line.work = 4, "converts the arguments of calls from Python"
            elif line.number in counts and counts[line.number]["exception"]:
                line.score, line.work = 2, "raises an exception, which takes the GIL when it happens"
        elif line.number in counts and line.number not in covered:
            line.state = "uncalled" if found is not None and found.state == "uncalled" else "python"
            line.score = _score.score(counts[line.number])
            line.work = _score.words(counts[line.number])
        if re.search(r"\bwith\s+(cython\.)?gil\b", line.text) and line.state == "compiled":
            line.badges.append(Badge("info", "GIL", "takes the interpreter's lock"))
    for function in report.functions:
        if function.loops and (
            function.state == "python"
            or (function.loops == "order" and function.refused)
            or (function.loops == "blocks" and function.state in ("uncalled", "objects"))
        ):
            _loops(report, function)
        if function.state == "python" and function.first <= len(report.lines):
            text = f"{function.name} runs as plain Python: {function.why}"
            report.lines[function.first - 1].badges.insert(0, Badge("bad", "object operations", text))
    _times(report, profile or {})


#: What code for objects asks of the interpreter, reference counts and error paths apart.
_HOST_CALL = re.compile(r"\bcall (?!Release|Retain|Traceback|IsError|Raise|Unbound)([A-Z]\w*)\(")


def _named(ir: _listing.Listing, entries: list[str]) -> _listing.Listing:
    """A listing with the names of what the interpreter is asked for, in place of their numbers."""

    callees: dict[str, str] = {}
    for code in ir.values():
        for value, number in re.findall(r"\b(v\d+) = extern e(\d+)\b", "\n".join(code)):
            if int(number) < len(entries):
                callees[value] = entries[int(number)]

    def name(found: re.Match[str]) -> str:
        return f"call {callees[found[1]]}(" if found[1] in callees else found[0]

    return {at: [re.sub(r"\bcall_c (v\d+)\(", name, text) for text in code] for at, code in ir.items()}


def _score_objects(line: Line, counts: Mapping[int, Any]) -> None:
    """A line of code for objects: what it asks of the interpreter is what its code calls."""
    # What stops LLVM there is told by what is asked of the interpreter.
    line.badges = [badge for badge in line.badges if badge.label != "not vectorised"]
    asked = [name for listing in line.listings for text in listing.ir for name in _HOST_CALL.findall(text)]
    calls = len(asked)
    if line.listings or counts.get(line.number):
        line.state = "compiled"
    if calls:
        line.score = min(4 * calls, 100)
        line.work = f"asks the interpreter {calls} time{'s' if calls > 1 else ''}"
        what = ", ".join(dict.fromkeys(asked))
        line.badges.append(Badge("info", "object operation" + "s" * (calls > 1), f"{line.work}: {what}"))


def _loops(report: Report, function: Function) -> None:
    """Says on parallel loops whether they run on all threads or in order."""
    for line in report.lines[function.first - 1 : function.last]:
        if not re.search(r"\b(prange|parallel)\s*\(", line.text):
            continue
        if function.loops == "blocks":
            text = "runs on all threads; blocks under the lock run as Python, one at a time"
            line.badges.append(Badge("good", "parallel", text))
        else:
            text = "runs in order, with the lock held: what it calls handles Python objects"
            line.badges.append(Badge("bad", "runs in order", text))


def _times(report: Report, profile: Mapping[Any, float]) -> None:
    by_number = {line.number: line for line in report.lines}
    for key, seconds in profile.items():
        file, number = key if isinstance(key, tuple) else (report.file, key)
        if os.path.abspath(file) == os.path.abspath(report.file) and number in by_number:
            by_number[number].seconds += float(seconds)
