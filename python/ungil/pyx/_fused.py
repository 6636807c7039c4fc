"""Functions with fused types: one function for each choice of types, and the choice by the arguments.

A specialisation is compiled when it is first needed. From Python the arguments choose as in Cython: numbers by their
Python class, where the largest type of a kind is preferred, views by the element type and the number of dimensions.
In compiled code the types of the arguments choose.
"""

from __future__ import annotations

import builtins
import inspect
import itertools
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ungil import _ungil

# An alternative of a fused type: the compiler's text and the name in C.
Alternative = tuple[str, str]

_ORDER = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64",
          "complex64", "complex128"]  # fmt: skip
_PYTHON = {"i": int, "u": int, "f": float, "c": complex}


class Parameter:
    """A parameter of a fused type: the fused type's name, and how it stands in the parameter's own type."""

    def __init__(
        self, name: str, position: int, fused: str, ndim: int | None, form: str, not_none: bool
    ) -> None:
        self.name = name
        self.position = position
        self.fused = fused
        self.ndim = ndim
        self.form = form
        self.not_none = not_none


class FusedFunction(_ungil.FusedCall):
    """A function with fused types. Indexing chooses a specialisation: ``f[double]``, ``f["double"]``."""

    def __init__(
        self,
        function: Any,
        types: dict[str, list[Alternative]],
        params: list[Parameter],
        make: Callable[[dict[str, int]], Any],
    ) -> None:
        self.__wrapped__ = function
        self.__name__: str = function.__name__
        self.__qualname__: str = function.__qualname__
        for name in ("__module__", "__doc__"):
            setattr(self, name, getattr(function, name, None))
        self._types = types
        self._params = params
        self._make = make
        self._made: dict[tuple[int, ...], Any] = {}
        self._signature = inspect.signature(function)
        # Of each fused type the first parameter that has it decides.
        self._deciding = [next(p for p in params if p.fused == name) for name in types if _has(params, name)]
        self._decide_by([p.position for p in self._deciding])

    def __repr__(self) -> str:
        return f"<fused function {self.__qualname__}>"

    def _combinations(self) -> Iterator[tuple[int, ...]]:
        return itertools.product(*(range(len(alternatives)) for alternatives in self._types.values()))

    def _text(self, chosen: tuple[int, ...]) -> str:
        parts = (a[i] for a, i in zip(self._types.values(), chosen, strict=True))
        return "|".join(_shown(name + _axes(text)) for text, name in parts)

    @property
    def __signatures__(self) -> Mapping[str, Any]:
        return {self._text(chosen): self._specialisation(chosen) for chosen in self._combinations()}

    def _specialisation(self, chosen: tuple[int, ...]) -> Any:
        made = self._made.get(chosen)
        if made is None:
            made = self._made[chosen] = self._make(dict(zip(self._types, chosen, strict=True)))
        return made

    def __getitem__(self, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        text = "|".join(_shown(_type_name(part)) for part in parts)
        for chosen in self._combinations():
            if self._text(chosen) == text:
                return self._specialisation(chosen)
        raise KeyError(text)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundFused(self, instance)

    def _for(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        chosen: dict[str, int | None] = {}
        for p in self._deciding:
            if p.position < len(args):
                value = args[p.position]
            elif p.name in keywords:
                value = keywords[p.name]
            else:
                default = self._signature.parameters[p.name].default
                if default is inspect.Parameter.empty:
                    self._missing(len(args), p)
                value = default
            chosen[p.fused] = self._match(p, value)
        return self._specialisation(self._one(chosen))

    def _missing(self, given: int, p: Parameter) -> None:
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        parameters = self._signature.parameters.values()
        least = sum(q.default is inspect.Parameter.empty and q.kind in kinds for q in parameters)
        if given >= least:
            raise TypeError(f"Missing keyword-only argument: '{p.name}'")
        raise TypeError(f"Expected at least {least} argument{'' if least == 1 else 's'}, got {given}")

    def _one(self, chosen: dict[str, int | None]) -> tuple[int, ...]:
        known = [chosen.get(name) for name in self._types]
        if len(known) == 1:
            if known[0] is None:
                raise TypeError("No matching signature found")
            return (known[0],)
        fitting = [
            one
            for one in self._combinations()
            if all(k is None or k == i for k, i in zip(known, one, strict=True))
        ]
        if not fitting or all(k is None for k in known) and len(fitting) == 0:
            raise TypeError("No matching signature found")
        if len(fitting) > 1:
            raise TypeError("Function call with ambiguous argument types")
        return fitting[0]

    def _match(self, p: Parameter, value: Any) -> int | None:
        alternatives = self._types[p.fused]
        if p.ndim is not None:
            return _matching_view(alternatives, p, value)
        order = sorted(range(len(alternatives)), key=lambda i: _rank(alternatives[i]), reverse=True)
        for i in order:
            text = alternatives[i][0]
            if text == "bint":
                kind: Any = int
            elif text == "object":
                kind = getattr(builtins, alternatives[i][1], object)
            elif text in _ORDER:
                kind = _PYTHON[np.dtype(text).kind]
            else:
                return _matching_view(alternatives, p, value)
            if isinstance(value, kind):
                return i
        return None

    def _choose(self, types: list[str]) -> Any:
        """The specialisation for the types of a call in compiled code; `=name` names an alternative."""
        if types and types[0].startswith("="):
            return self["|".join(t[1:] for t in types) if len(types) == 1 else tuple(t[1:] for t in types)]
        chosen = []
        for p in self._deciding:
            given = types[p.position] if p.position < len(types) else ""
            found = _best(self._types[p.fused], p, given)
            if found is None:
                raise TypeError(f"no suitable method found for `{self.__name__}({', '.join(types)})`")
            chosen.append(found)
        return self._specialisation(tuple(chosen))


class BoundFused:
    """A function with fused types as a method of an object."""

    def __init__(self, function: FusedFunction, instance: Any) -> None:
        self.__func__ = function
        self.__self__ = instance

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.__func__(self.__self__, *args, **keywords)

    def __getitem__(self, index: Any) -> Any:
        return types.MethodType(self.__func__[index], self.__self__)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__func__, name)


def _has(params: list[Parameter], name: str) -> bool:
    return any(p.fused == name for p in params)


def _axes(text: str) -> str:
    """The axes of a memoryview's type, of others nothing."""
    is_view = "[" in text and not text.startswith(("[", "*", "fn(", "struct ", "union ", "packed "))
    return text[text.index("[") :] if is_view else ""


def _shown(name: str) -> str:
    """A type's name as signatures have it."""
    return name.replace("PY_LONG_LONG", "long long")


def _type_name(part: Any) -> str:
    if isinstance(part, str):
        return part
    name = getattr(part, "c_name", None)
    if name is not None:
        return str(name)
    return str(part.__name__) if isinstance(part, type) else str(part)


def _rank(alternative: Alternative) -> tuple[int, int]:
    text, name = alternative
    rank = _ORDER.index(text) if text in _ORDER else -1
    return rank, int("long" in name.lower()) + int("LONG_LONG" in name)


def _matching_view(alternatives: list[Alternative], p: Parameter, value: Any) -> int | None:
    if value is None and not p.not_none:
        return 0
    if not isinstance(value, np.ndarray):
        try:
            value = np.asarray(memoryview(value))
        except (TypeError, ValueError):
            return None
    for i, (text, _) in enumerate(alternatives):
        element, ndim = text, p.ndim
        if "[" in text:
            element, _, axes = text.removeprefix("const ").removeprefix("buffer ").partition("[")
            ndim = axes.count(":") - 2 * axes.count("::1") + axes.count("::1")
        # Truth values are unsigned bytes, as in Cython.
        kind = value.dtype.kind.replace("b", "u")
        if element in _ORDER and kind in "iufc" and value.ndim == ndim:
            wanted = np.dtype(element)
            if wanted.kind == kind and wanted.itemsize == value.dtype.itemsize:
                return i
    return None


def _best(alternatives: list[Alternative], p: Parameter, given: str) -> int | None:
    """The alternative for the type of an argument in compiled code: the same, else the smallest that holds it."""
    for i, (text, name) in enumerate(alternatives):
        if text.startswith(("struct ", "union ", "packed ")) and given.split("{")[0].split(" ")[-1] == name:
            return i
        is_array = p.form in ("*?", "*const ?") and given.startswith(f"{text}[")
        if (
            is_array
            or p.form.replace("const ", "").replace("?", text) == given
            or (p.ndim is not None and given.startswith(f"{text}["))
        ):
            return i
    if p.ndim is not None or p.form != "?":
        return None
    weak = {
        "int": ["int64", "int32"],
        "float": ["float64"],
        "complex": ["complex128"],
        "bool": ["bint", "int32"],
    }
    for wanted in weak.get(given, []):
        for i, (text, _) in enumerate(alternatives):
            if text == wanted:
                return i
    kinds = [np.dtype(text) if text in _ORDER else None for text, _ in alternatives]
    numpy_name = {"int": "int64", "float": "float64", "complex": "complex128", "bool": "int32"}.get(
        given, given
    )
    if numpy_name not in _ORDER:
        return None
    source = np.dtype(numpy_name)
    fitting = [i for i, k in enumerate(kinds) if k is not None and np.can_cast(source, k)]
    if not fitting:
        fitting = [i for i, k in enumerate(kinds) if k is not None and np.can_cast(source, k, "same_kind")]
        fitting.reverse()
    return fitting[0] if fitting else None
