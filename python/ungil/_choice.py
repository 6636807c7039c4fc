"""Loops of generalised functions in kernels: which one operands get, and how they are converted to its types.

The text of a choice asks for the types of its operands only, so that the compiler keeps the one branch that is taken. What a
leaf of it calls is what NumPy itself chooses for operands of these types.
"""

from __future__ import annotations

import numpy

from ungil import _loops
from ungil._ufunc import DTYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: Python's numbers, which adapt to the other operands. A bool does not.
_WEAK = {"_int": int, "_float": float, "_complex": complex}
#: Names that the texts use.
_NAMES: dict[str, Any] = {
    "_np": numpy,
    "_array": numpy.ndarray,
    "_pybool": bool,
    "_False": numpy.False_,
    "__name__": "ungil._loops",
    **_WEAK,
    **{f"_{d.type.__name__}": d.type for d in DTYPES.values()},
}


def casting(run: Any, dtypes: tuple[str, ...], nin: int, options: dict[str, Any]) -> Any:
    """`run` for operands that NumPy converts to these dtypes: inputs before the call, results behind it."""
    scope = {**_NAMES, "_run": run}
    names = [f"_{k}" for k in range(len(dtypes))]
    for k, name in enumerate(dtypes):
        own = numpy.dtype(name).type
        convert = f"_x.astype(_{own.__name__})" if k < nin else "_np.empty(_x.shape, _own)"
        text = (
            f"def _cast{k}(_x):\n"
            f"    if not isinstance(_x, _array):\n"
            f"        return _own(_x)\n"
            f"    elif _x.dtype == _own:\n"
            f"        return _x\n"
            f"    else:\n"
            f"        return {convert}\n"
        )
        scope[f"_cast{k}"] = _loops.define(f"_cast{k}", text, {**_NAMES, "_own": own}, options)
        text = f"def _back{k}(_x, _made):\n    if _x.dtype != _own:\n        _x[...] = _made\n"
        scope[f"_back{k}"] = _loops.define(f"_back{k}", text, {"_own": own}, options)
    lines = [f"def _casting({', '.join(names)}):"]
    lines += [f"    _made{k} = _cast{k}({name})" for k, name in enumerate(names)]
    lines += [f"    _run({', '.join(f'_made{k}' for k in range(len(names)))})"]
    lines += [f"    _back{k}({names[k]}, _made{k})" for k in range(nin, len(names))]
    return _loops.define("_casting", "\n".join(lines) + "\n", scope, {"boundscheck": True, **options})


def choosing(
    name: str, ufunc: Any, loops: list[tuple[tuple[str, ...], Any]], count: int, options: dict[str, Any]
) -> Any:
    """The function of `count` operands that calls the one of `loops`, by their dtypes, that NumPy chooses for them."""
    given = ", ".join(f"_{k}" for k in range(count))
    text = "\n".join([f"def _choice({given}):", *_Choice(name, ufunc, loops, count).lines((), "    ")]) + "\n"
    scope = {**_NAMES, **{f"_loop{number}": run for number, (_, run) in enumerate(loops)}}
    return _loops.define("_choice", text, scope, options)


class _Choice:
    """The text of a choice: for each operand branches over what its type may be, at the end the call of a loop."""

    def __init__(self, name: str, ufunc: Any, loops: list[tuple[tuple[str, ...], Any]], count: int) -> None:
        self.ufunc, self.count = ufunc, count
        self.refusal = f"raise TypeError({f'{name}: no loop for the dtypes of the operands'!r})"
        self.numbers = {dtypes: number for number, (dtypes, _) in enumerate(loops)}
        self.groups = [_groups([dtypes[k] for dtypes, _ in loops], k < ufunc.nin) for k in range(count)]

    def lines(self, chosen: tuple[Any, ...], indent: str) -> list[str]:
        """The statements for operands of which the first are of the chosen types."""
        k = len(chosen)
        if k == self.count:
            return [indent + self._leaf(chosen)]
        inner = indent + "    " * 2
        arrays = [(names, self.lines((*chosen, numpy.dtype(names[0])), inner)) for names in self.groups[k]]
        kinds = _WEAK if k < self.ufunc.nin else {}
        weak = [([test], self.lines((*chosen, kind), inner)) for test, kind in kinds.items()]
        if all(body == arrays[0][1] for _, body in arrays + weak):
            return [line.removeprefix("    " * 2) for line in arrays[0][1]]
        weak += [(["_pybool"], body) for names, body in arrays if "bool" in names]
        tests = self._tests([([f"_{_type(n)}" for n in names], body) for names, body in arrays])
        found = [f"{indent}if isinstance(_{k}, _array):"]
        found += self._branches(tests, lambda names: " or ".join(f"_{k}.dtype == {n}" for n in names), indent)
        if not kinds:
            return [*found, f"{indent}else:", f"{indent}    {self.refusal}"]

        def isinstance_of(names: list[str]) -> str:
            return f"isinstance(_{k}, ({', '.join(names)},))"

        # NumPy's float64 is a float, too.
        found.append(f"{indent}elif {isinstance_of([f'_{_type(n)}' for n in DTYPES])}:")
        found += self._branches(tests, isinstance_of, indent)
        found.append(f"{indent}else:")
        return [*found, *self._branches(self._tests(weak), isinstance_of, indent)]

    def _tests(self, groups: list[tuple[list[str], list[str]]]) -> list[tuple[list[str], list[str]]]:
        """Groups of types with the statements for them, those with the same ones together; refusals are left out."""
        found: dict[tuple[str, ...], list[str]] = {}
        for names, body in groups:
            if [line.strip() for line in body] != [self.refusal]:
                found.setdefault(tuple(body), []).extend(names)
        return [(names, list(body)) for body, names in found.items()]

    def _branches(
        self, tests: list[tuple[list[str], list[str]]], text: Callable[[list[str]], str], indent: str
    ) -> list[str]:
        found = []
        for number, (names, body) in enumerate(tests):
            found += [f"{indent}    {'elif' if number else 'if'} {text(names)}:", *body]
        last = [f"{indent}    else:", f"{indent}        {self.refusal}"]
        return found + (last if tests else [f"{indent}    {self.refusal}"])

    def _leaf(self, chosen: tuple[Any, ...]) -> str:
        asked = (*chosen, *(None,) * (self.ufunc.nargs - self.count))
        try:
            number = self.numbers[tuple(dtype.name for dtype in self.ufunc.resolve_dtypes(asked))]
        except TypeError:
            return self.refusal
        return f"return _loop{number}({', '.join(f'_{k}' for k in range(self.count))})"


def _groups(own: list[str], is_input: bool) -> list[list[str]]:
    """The names of dtypes, in groups that no choice tells apart: each loop takes all of one, or none."""
    groups: dict[Any, list[str]] = {}
    for name in DTYPES:
        takes = [
            numpy.can_cast(name, o, "safe") if is_input else numpy.can_cast(o, name, "same_kind") for o in own
        ]
        groups.setdefault((*takes, *(name == o for o in own)), []).append(name)
    return list(groups.values())


def _type(name: str) -> str:
    return str(DTYPES[name].type.__name__)


def adapting(run: Any, nin: int, nout: int, options: dict[str, Any]) -> Any:
    """`run` with Python's numbers among its inputs as numbers of the dtype that they have beside the other inputs."""
    names = [f"_{k}" for k in range(nin + nout)]
    types = ", ".join(f"_{d.type.__name__}" for d in DTYPES.values())
    head = f"    if isinstance(_x, _array):\n        return _x\n    elif isinstance(_x, ({types},)):\n        return _x\n"
    scope = dict(_NAMES)
    scope["_strong"] = _loops.define(
        "_strong", f"def _strong(_x):\n{head}    else:\n        return _False\n", _NAMES, options
    )
    inputs = [f"_s{k}" for k in range(nin)]
    text = (
        f"def _adapted(_x, {', '.join(inputs)}):\n{head}    else:\n"
        f"        _one = _np.empty(1, _np.result_type({', '.join(inputs)}, _x))\n"
        f"        _one[0] = _x\n"
        f"        return _one[0]\n"
    )
    scope["_adapted"] = _loops.define("_adapted", text, _NAMES, options)
    lines = [f"def _adapting({', '.join(names)}):"]
    lines += [f"    _s{k} = _strong(_{k})" for k in range(nin)]
    given = [f"_adapted(_{k}, {', '.join(inputs)})" for k in range(nin)] + names[nin:]
    lines += [f"    return _run({', '.join(given)})"]
    return _loops.define("_adapting", "\n".join(lines) + "\n", {**scope, "_run": run}, options)
