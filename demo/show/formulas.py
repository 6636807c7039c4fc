"""The array formulas: which scripts, under which tools, their times and the memory they need."""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from show import memory, timing
from show.timing import Entry

THREADS = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Formula:
    """One script and the function in it that is the formula."""

    script: str
    function: str
    title: str
    size: str

    @property
    def module(self) -> Any:
        return importlib.import_module(self.script)

    def tools(self) -> dict[str, Callable[..., Any]]:
        """What computes the formula, by name."""
        module = self.module
        compiled = getattr(module, self.function)
        # The same function without the compiler is the formula in NumPy.
        plain = getattr(module, "with_numpy", None) or compiled.py_func
        found = {"numpy": plain, "ungil": compiled}
        if hasattr(module, "FORMULA"):
            import numexpr

            found["numexpr"] = lambda x, y: numexpr.evaluate(module.FORMULA)
        return found


FORMULAS = [
    Formula("farthest_pair", "farthest_pair", "Farthest pair", "2000 points"),
    Formula("pairwise_distances", "pairwise_distances", "Pairwise distances", "2000 points"),
    Formula("finite_differences", "derivative", "Finite differences", "4,000,000 points"),
    Formula("formula_picture", "picture", "A picture by one formula", "1440 × 810, evaluate()"),
]


def measured(formula: Formula) -> dict[str, Any]:
    """One formula under all its tools: checked, timed, its memory measured."""
    import ungil

    ungil.set_num_threads(THREADS)
    arguments = formula.module.load()
    tools = formula.tools()
    result = tools["ungil"](*arguments)
    found = {"title": formula.title, "size": formula.size, "script": formula.script}
    found["check"] = formula.module.check(result, *arguments)

    def inspect(entry: Entry, other: Any) -> None:
        assert np.allclose(other, result, rtol=1e-9, atol=1e-12), f"{entry.name}: another result"

    entries = [Entry(name, lambda call=call: call(*arguments)) for name, call in tools.items()]
    timing.measure(entries, inspect)
    found["times"] = {entry.name: entry.median for entry in entries}
    found["memory"] = {name: memory.of_call(formula.script, name) for name in tools}
    found["result"] = result
    return found


def everything(say: Any) -> list[dict[str, Any]]:
    """All formulas as data."""
    rows = []
    for formula in FORMULAS:
        rows.append(measured(formula))
        needed = rows[-1]["memory"]
        say(
            f"{formula.title}: {rows[-1]['check']}; {needed['ungil'] / 1e6:.0f} MB instead of {needed['numpy'] / 1e6:.0f}"
        )
    return rows
