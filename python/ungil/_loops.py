"""Loops of universal functions, written as kernels.

The text of a loop is compiled as any kernel's. It counts as part of the library, so that tracebacks leave it out.
"""

from __future__ import annotations

import types

import numpy

from ungil import _ungil
from ungil._rewrite import Edits, Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: Frames of this file are not shown.
LIBRARY_FILE = "<prelude>"


def define(name: str, text: str, names: dict[str, Any], options: dict[str, Any]) -> Any:
    """A compiled function made from text; `names` are its globals."""
    scope: dict[str, Any] = {"__name__": "ungil._loops", **names}
    exec(compile(text, LIBRARY_FILE, "exec"), scope)
    options = {"boundscheck": False, "wraparound": False, **options, "source": text}
    # Under its own name the text finds the compiled function.
    scope[name] = _ungil.make_dispatcher(scope[name], [], None, options, False)
    return scope[name]


def inlined_loop(kernel: Any, nout: int, options: dict[str, Any]) -> Any | None:
    """A loop around the statements of an elementwise function, if they can stand in one."""
    captured = kernel._state()[0]
    if captured is None:
        return None
    text, first_line, _, is_lambda = captured
    source = Source(text, is_lambda)
    code = kernel.py_func.__code__
    calls_itself = kernel.__name__ in code.co_names + code.co_freevars
    if not source.is_plain or calls_itself or any(n.startswith("_ungil_") for n in code.co_varnames):
        return None
    inputs = [f"_ungil_{k}" for k in range(len(source.params))]
    outputs = [f"_ungil_out{k}" for k in range(nout)]
    target = ", ".join(f"{name}[_ungil_i]" for name in outputs)
    name = kernel.__name__ if kernel.__name__.isidentifier() else "_loop"
    head = f"def {name}({', '.join(inputs + outputs)}):\n"
    head += "    for _ungil_i in _ungil_range(_ungil_out0.shape[0]):\n"
    loads = "; ".join(f"{param} = {array}[_ungil_i]" for param, array in zip(source.params, inputs))
    head += f"        {loads}\n"
    # The lines of the body are those of the function.
    line = first_line + source.first_line - 1 - head.count("\n")
    body = source.statements("        ", Edits(), target)
    cells = {"_ungil_range": range}
    return define_beside(kernel.py_func, name, head + body, cells, max(line, 1), options)


def element_loop(function: Any, nin: int, nout: int, options: dict[str, Any]) -> Any:
    """A loop that applies a function to the elements of arrays."""
    inputs = [f"_{k}" for k in range(nin)]
    outputs = [f"_out{k}" for k in range(nout)]
    values = ", ".join(f"{name}[_i]" for name in inputs)
    targets = ", ".join(f"{name}[_i]" for name in outputs)
    text = (
        f"def _loop({', '.join(inputs + outputs)}):\n"
        f"    for _i in range(_out0.shape[0]):\n"
        f"        {targets} = _function({values})\n"
    )
    return define("_loop", text, {"_function": function}, options)


def fold_loop(function: Any, options: dict[str, Any]) -> Any:
    """A loop that combines the elements of an array with what stands in another's only element."""
    text = (
        "def _fold(_out, _items):\n"
        "    for _i in range(_items.shape[0]):\n"
        "        _out[0] = _function(_out[0], _items[_i])\n"
    )
    return define("_fold", text, {"_function": function}, options)


def loop_maker(function: Any, nin: int, nout: int, options: dict[str, Any]) -> Callable[[str], Any]:
    """What makes the loops that run in order, when one is needed."""

    def make(name: str) -> Any:
        if name == "fold":
            return fold_loop(function, options)
        return element_loop(function, nin, nout, options)

    return make


def row_loop(function: Any, operands: list[str], options: dict[str, Any]) -> Any:
    """A loop over the first axis of arrays. `operands`: how the function gets each, ``"[_i]"`` or ``"[_i:_i + 1]"``."""
    names = [f"_{k}" for k in range(len(operands))]
    values = ", ".join(name + part for name, part in zip(names, operands))
    text = f"def _loop({', '.join(names)}):\n    for _i in range(_0.shape[0]):\n        _function({values})\n"
    return define("_loop", text, {"_function": function}, options)


def broadcast_loop(
    function: Any, cores: list[int], nin: int, views: list[int], options: dict[str, Any]
) -> Any:
    """A function that applies another one to the cores of arrays, for all places of the first result's other axes.

    ``cores``: the core's dimensions of each operand; ``views``: numbers that are passed as arrays of one.
    """
    names = [f"_{k}" for k in range(len(cores))]
    lead, depth = f"_{nin}", cores[nin]
    rows = [f"_row{k}({name}, {lead}, _i)" for k, name in enumerate(names)]
    scope: dict[str, Any] = {"_function": function, "_array": numpy.ndarray, "__name__": "ungil._loops"}
    for k, core in enumerate(cores):
        for name, part in (("_row", "_x[_i]"), ("_one", "_x[_i:_i + 1]")):
            text = (
                f"def {name}{k}(_x, _lead, _i):\n"
                f"    if not isinstance(_x, _array):\n"
                f"        return _x\n"
                f"    elif _x.ndim - {core} != _lead.ndim - {depth}:\n"
                f"        return _x\n"
                f"    elif _x.shape[0] != _lead.shape[0]:\n"
                f"        if _x.shape[0] != 1:\n"
                f"            raise ValueError('operands could not be broadcast together')\n"
                f"        _i = 0\n"
                f"    return {part}\n"
            )
            scope[f"{name}{k}"] = define(f"{name}{k}", text, {"_array": numpy.ndarray}, options)
    last = [
        f"_one{k}({name}, {lead}, _i)" if k in views else row
        for k, (name, row) in enumerate(zip(names, rows))
    ]
    text = (
        f"def _broadcast({', '.join(names)}):\n"
        f"    if {lead}.ndim == {depth}:\n"
        f"        _function({', '.join(names)})\n"
        f"    elif {lead}.ndim == {depth + 1}:\n"
        f"        for _i in range({lead}.shape[0]):\n"
        f"            _function({', '.join(last)})\n"
        f"    else:\n"
        f"        for _i in range({lead}.shape[0]):\n"
        f"            _broadcast({', '.join(rows)})\n"
    )
    return define("_broadcast", text, scope, {"boundscheck": True, **options})


def allocating(
    name: str, run: Any, cores: list[int], sizes: list[str], dtype: numpy.dtype[Any], options: dict[str, Any]
) -> Any:
    """`run` with a last argument, the result, that may be left out; `sizes`: the extents of the result's core."""
    *names, last = [f"_{k}" for k in range(len(cores))]
    given = ", ".join(names)
    leads = [f"{x}.shape[:-{core}]" if core else f"_np.shape({x})" for x, core in zip(names, cores)]
    core = f"({''.join(f'{size}, ' for size in sizes)})"
    lines = [
        f"def {name}({given}, {last}=None):",
        f"    if {last} is None:",
        f"        _out = _np.empty(_np.broadcast_shapes({', '.join(leads)}) + {core}, _dtype)",
        "        if _out.ndim == 0:",
        "            _one = _np.empty(1, _dtype)",
        f"            _run({given}, _one)",
        "            return _one[0]",
        f"        _run({given}, _out)",
        "        return _out",
        f"    _run({given}, {last})",
        f"    return {last}",
    ]
    scope = {"_np": numpy, "_dtype": dtype.type, "_run": run, "__name__": "ungil._loops"}
    return define(name, "\n".join(lines) + "\n", scope, {"boundscheck": True, **options})


def with_optional_result(name: str, given: Any, made: Any, nin: int, options: dict[str, Any]) -> Any:
    """`made`, which makes its result, or `given`, where the last argument is to receive it."""
    inputs = ", ".join(f"_{k}" for k in range(nin))
    text = (
        f"def {name}({inputs}, _out=None):\n"
        f"    if _out is None:\n"
        f"        return _made({inputs})\n"
        f"    _given({inputs}, _out)\n"
        f"    return _out\n"
    )
    scope = {"_given": given, "_made": made, "__name__": "ungil._loops"}
    return define(name, text, scope, {"boundscheck": True, **options})


def define_beside(
    function: Any, name: str, text: str, cells: dict[str, Any], first_line: int, options: dict[str, Any]
) -> Any:
    """A compiled function that sees the globals and cells of another, and `cells`.

    ``first_line``: line of the file that counts as the text's first.
    """
    closure = {
        **dict(zip(function.__code__.co_freevars, function.__closure__ or ())),
        **{k: types.CellType(v) for k, v in cells.items()},
    }
    body = "".join(f" {line}" for line in text.splitlines(keepends=True))
    code = compile(
        f"def _({', '.join(closure)}):\n{body}", function.__code__.co_filename, "exec", dont_inherit=True
    )
    for wanted in ("_", name):
        code = next(c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == wanted)
    code = code.replace(co_firstlineno=first_line)
    made = types.FunctionType(
        code, function.__globals__, name, None, tuple(closure[free] for free in code.co_freevars)
    )
    made.__kwdefaults__ = None
    return _ungil.make_dispatcher(made, [], None, {**options, "source": text}, False)


def _result_dtype(function: Any, *args: Any) -> Any:
    """In kernels: the dtype of what a function returns for these arguments. It is not called."""
    raise NotImplementedError("only kernels know the types of results")


def _parallel_requested() -> bool:
    """In kernels: whether whole arrays are computed on all threads."""
    return False
