"""Loops of universal functions, written as kernels.

The text of a loop is compiled as any kernel's. It counts as part of the library, so that tracebacks leave it out.
"""

from __future__ import annotations

from ungil import _ungil

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
    return _ungil.make_dispatcher(scope[name], [], None, options, False)


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
