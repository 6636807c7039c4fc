"""The cell magics of IPython and Jupyter: ``%%ungil`` and ``%%ungil_pyx``."""

from __future__ import annotations

import ast
import importlib
import itertools
import linecache
import shlex
import types
from typing import Any

_count = itertools.count(1)


def register(shell: Any) -> None:
    """Give a shell the magics."""

    def ungil(line: str, cell: str) -> None:
        """Compile the functions of a cell with ``@jit``; options are those of ``jit``, as ``fastmath=True``, and ``-a``."""
        __tracebackhide__ = True
        options, annotates = _options(line)
        file = f"<ungil cell {next(_count)}>"
        try:
            result = run_cell(cell, file, options, shell.user_ns)
        except Exception as error:
            raise error.with_traceback(_within(error, file)) from error.__cause__
        if result is not None and not cell.rstrip().endswith(";"):
            _display(shell, result)
        if annotates:
            from ungil.annotate import _collect, _page

            _show(_page.render(_collect.of_loaded(file, cell), "cell"))

    def ungil_pyx(line: str, cell: str) -> None:
        """Compile a cell in the Cython language; what it defines is then there by name. ``-a`` shows the report."""
        __tracebackhide__ = True
        words = line.split()
        unknown = [word for word in words if word not in ("-2", "-3", "-a", "--annotate")]
        if unknown:
            raise ValueError(f"%%ungil_pyx has no option {unknown[0]!r}; it takes -2, -3 and -a")
        file = f"<ungil_pyx_{next(_count)}>.pyx"
        try:
            names, page = run_pyx(
                cell, file, "2" if "-2" in words else "3", not {"-a", "--annotate"}.isdisjoint(words)
            )
        except Exception as error:
            raise error.with_traceback(_within(error, file)) from error.__cause__
        shell.push(names)
        if page is not None:
            _show(page)

    shell.register_magic_function(ungil, "cell")
    shell.register_magic_function(ungil_pyx, "cell")


def run_cell(cell: str, file: str, options: dict[str, Any], namespace: dict[str, Any]) -> Any:
    """Run a cell whose functions become compiled ones; returns the value of an expression at its end."""
    import ungil

    linecache.cache[file] = (len(cell), None, cell.splitlines(True), file)
    tree = ast.parse(cell, file)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not _is_compiled(node):
            decorator = ast.copy_location(ast.Name("__ungil_jit__", ast.Load()), node)
            # Decorators that the cell gives are applied to the compiled function.
            node.decorator_list.append(decorator)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    namespace["__ungil_jit__"] = ungil.jit(**options)
    try:
        exec(compile(ast.fix_missing_locations(tree), file, "exec"), namespace)
        if isinstance(last, ast.Expr):
            return eval(compile(ast.Expression(last.value), file, "eval"), namespace)
    finally:
        namespace.pop("__ungil_jit__", None)
    return None


def run_pyx(cell: str, file: str, level: str, annotates: bool) -> tuple[dict[str, Any], str | None]:
    """Compile a cell in the Cython language: the names that it defines, and the report if it is wanted."""
    from ungil.pyx._module import Builder

    name = file.removeprefix("<").removesuffix(">.pyx")
    text = cell + "\n"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    module = types.ModuleType(name)
    module.__file__ = file
    builder = Builder(module, level)
    builder.run(text, file)
    names = {k: v for k, v in vars(module).items() if not k.startswith("__")}
    if not annotates:
        return names, None
    from ungil.annotate import _collect, _page

    return names, _page.render(_collect.of_builder(builder, cell, file), "cell")


def _options(line: str) -> tuple[dict[str, Any], bool]:
    options, annotates = {}, False
    for word in shlex.split(line):
        name, equals, value = word.partition("=")
        if word in ("-a", "--annotate"):
            annotates = True
        elif equals and name.isidentifier():
            options[name] = _value(name, value)
        else:
            raise ValueError(
                f"%%ungil has no option {word!r}; it takes -a and options of jit, as fastmath=True"
            )
    return options, annotates


def _value(name: str, text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise ValueError(
            f"the option {name} of %%ungil is {text!r}; write True, False, a number or a text in quotes"
        ) from None


def _within(error: BaseException, file: str) -> types.TracebackType | None:
    """The part of a traceback that lies in a cell; what compiles the cell is left out."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    return trace


def _is_compiled(node: ast.FunctionDef) -> bool:
    """Whether a decorator of the function compiles it already."""
    names = {"jit", "njit", "vectorize", "guvectorize", "stencil", "cfunc"}
    found = (d.func if isinstance(d, ast.Call) else d for d in node.decorator_list)
    return any((d.attr if isinstance(d, ast.Attribute) else getattr(d, "id", "")) in names for d in found)


def _display(shell: Any, value: Any) -> None:
    hook = getattr(shell, "displayhook", None)
    (hook or print)(value)


def _show(page: str) -> None:
    """Show a page in a frame of its own, so that its style stays there."""
    from html import escape

    shown: Any = importlib.import_module("IPython.display")
    frame = (
        f'<div><iframe srcdoc="{escape(page)}" style="width: 100%; height: 32em; border: 0"></iframe></div>'
    )
    shown.display(shown.HTML(frame))
