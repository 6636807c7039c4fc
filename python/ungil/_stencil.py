"""Stencils: functions of an array's neighbouring elements."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ungil import _loops, _ungil
from ungil._stencil_source import EDGE, INDEX, OUT, Kernel
from ungil._ufunc import DTYPES, compiled, find, importable

_MODES = ("constant", "nearest", "reflect", "mirror", "wrap")


def stencil(func_or_mode: Any = "constant", /, **options: Any) -> Any:
    """Make a function of whole arrays from one of a neighbourhood.

    The function reads its arrays at indices relative to the current element and returns one element of the result.

    Parameters
    ----------
    func_or_mode : callable or {"constant", "nearest", "reflect", "mirror", "wrap"}
        The function, when the decorator is used without parentheses; or what happens at the border, where the
        neighbourhood leaves the array. ``"constant"``: the result is `cval` there. The others compute the result from
        elements beyond the border, as in `scipy.ndimage`: the nearest one (``a a | a b c | c c``), mirrored at the edge
        (``b a | a b c | c b``), mirrored at the last element (``c b | a b c | b a``), or the array again
        (``b c | a b c | a b``). ``mode=`` says the same.
    cval : number, default 0
        The result at the border.
    neighborhood : tuple of pairs, optional
        Least and greatest relative index of each axis. Needed where indices are not constants.
    standard_indexing : list of str, optional
        Arrays whose indices are absolute.
    **options
        Those of `jit`; ``parallel=True`` shares the outermost axis among all threads.

    Returns
    -------
    StencilFunc
        Called with the arrays, and optionally ``out=``. Kernels can call it too.

    Examples
    --------
    >>> import numpy as np
    >>> import ungil
    >>> @ungil.stencil
    ... def mean(a):
    ...     return (a[-1] + a[0] + a[1]) / 3
    >>> mean(np.arange(6.0))
    array([0., 1., 2., 3., 4., 0.])
    >>> ungil.stencil("nearest")(mean.py_func)(np.arange(6.0) * 3)
    array([ 1.,  3.,  6.,  9., 12., 14.])
    """
    if isinstance(func_or_mode, str):
        mode = options.pop("mode", func_or_mode)
        return lambda function: StencilFunc(function, mode, options)
    return StencilFunc(func_or_mode, options.pop("mode", "constant"), options)


class StencilFunc:
    """A stencil: called with arrays of any dtypes, compiled at the first call with new types."""

    __name__: str
    __qualname__: str

    def __init__(self, function: Any, mode: str, options: dict[str, Any], kernel: Any = None) -> None:
        if mode not in _MODES:
            raise ValueError(f"Unsupported mode style {mode} (expected one of {', '.join(_MODES)})")
        self.mode = mode
        self.options = dict(options)
        jit_options = dict(options)
        self._cval = jit_options.pop("cval", None)
        self.neighborhood = _checked_neighborhood(jit_options.pop("neighborhood", None))
        standard = jit_options.pop("standard_indexing", ())
        standard = {standard} if isinstance(standard, str) else set(standard)
        self._jit_options = jit_options
        self._kernel = kernel or compiled(function, jit_options)
        self.py_func = self._kernel.py_func
        functools.update_wrapper(self, self.py_func)
        self._source = self._read(standard)
        self._checked: set[Any] = set()

    def _read(self, standard: set[str]) -> Kernel:
        captured = self._kernel._state()[0]
        if captured is None:
            raise ValueError(
                f"stencil: the source of {self.__name__}() is not available: pass its text, `stencil(source=...)`"
            )
        text, self._first_line, _, is_lambda = captured
        kernel = Kernel(self.__name__, text, is_lambda, standard, self.neighborhood)
        if kernel.has_slices and self.mode != "constant":
            raise ValueError(
                f"stencil: {self.__name__}() reads slices, which the mode {self.mode!r} does not take"
            )
        return kernel

    @functools.cached_property
    def _in_kernels(self) -> Any:
        """The compiled function of whole arrays."""
        kernel = self._source
        params = ", ".join(kernel.params)
        first = kernel.params[0]
        lines = [f"def {_name(self.__name__)}({params}, out=None):"]
        for other in kernel.relative:
            if other != first:
                lines += _size_check(first, other, kernel.ndim)
        fill = "_fill(_out)" if self.mode == "constant" else ""
        lines += [
            "    if out is None:",
            f"        _out = _np.empty({first}.shape, _result_dtype(_kernel, {params}))",
            *([f"        {fill}"] if fill else []),
            f"        return _run({params}, _out)",
            f"    if out.shape != {first}.shape:",
            "        raise ValueError('out has another shape than the first array')",
            *(["    out[...] = _cval"] if self.mode == "constant" and self._cval is not None else []),
            f"    return _run({params}, out)",
        ]
        names = {
            "_np": np,
            "_kernel": self._kernel,
            "_result_dtype": _loops._result_dtype,
            "_cval": 0 if self._cval is None else self._cval,
            "_run": self._runner(),
            "_fill": self._filler(),
        }
        text = "\n".join(lines) + "\n"
        return _loops.define(_name(self.__name__), text, names, {"boundscheck": True, **self._jit_options})

    def _filler(self) -> Any:
        """Writes `cval` to the border."""
        lines = ["def _fill(_out):"]
        for axis, (low, high) in enumerate(self._source.neighborhood):
            before = ":, " * axis
            if low < 0:
                lines.append(f"    _out[{before}:{-low}] = _cval")
            if high > 0:
                lines.append(f"    _out[{before}max(_out.shape[{axis}] - {high}, 0):] = _cval")
        lines.append("    return _out")
        cval = 0 if self._cval is None else self._cval
        return _loops.define("_fill", "\n".join(lines) + "\n", {"_cval": cval}, {"boundscheck": True})

    def _runner(self) -> Any:
        """The loops."""
        kernel = self._source
        cells: dict[str, Any] = {
            "_ungil_prange": _prange(),
            "_ungil_parallel": _loops._parallel_requested,
            "_ungil_range": range,
            "_ungil_min": min,
            "_ungil_max": max,
        }
        options = dict(self._jit_options)
        if not kernel.wraps:
            options.setdefault("wraparound", False)
        if not kernel.is_plain:
            text, line = kernel.as_function("_ungil_point", edge=False)
            cells["_ungil_point"] = self._beside("_ungil_point", text, {}, line, options)
        head = [f"def {_name(self.__name__)}({', '.join(kernel.params)}, {OUT}):"]
        for axis, (low, high) in enumerate(kernel.neighborhood):
            n = f"{kernel.params[0]}.shape[{axis}]"
            head.append(f"    _ungil_lo{axis} = _ungil_min({-low}, {n})")
            head.append(f"    _ungil_hi{axis} = _ungil_max(_ungil_lo{axis}, {n} - {high})")
        if self.mode != "constant":
            text, line = kernel.as_function("_ungil_border", edge=True)
            edge = _loops.define(EDGE, _EDGES[self.mode].replace("_edge", EDGE), {}, {})
            cells["_ungil_border"] = self._beside("_ungil_border", text, {EDGE: edge}, line, options)
            head += self._border_loops()
        head.append("    if _ungil_parallel():")
        head += self._loops("_ungil_prange")
        body = self._body("    " * (2 + kernel.ndim))
        middle = ["    else:", *self._loops("_ungil_range")]
        tail = [f"    return {OUT}"]
        # The lines of the serial loop's body are those of the kernel.
        before = "\n".join(head) + "\n" + body + "\n".join(middle) + "\n"
        text = before + body + "\n".join(tail) + "\n"
        line = self._first_line + kernel.first_line - 1 - before.count("\n")
        return _loops.define_beside(self.py_func, _name(self.__name__), text, cells, max(line, 1), options)

    def _beside(self, name: str, text: str, cells: dict[str, Any], line: int, options: dict[str, Any]) -> Any:
        first = max(self._first_line + line - 1, 1)
        return _loops.define_beside(self.py_func, name, text, cells, first, {"inline": "always", **options})

    def _body(self, indent: str) -> str:
        if self._source.is_plain:
            return self._source.as_statements(indent)
        return f"{indent}{OUT}[{self._place()}] = _ungil_point({', '.join(self._source.params)}, {self._place()})\n"

    def _place(self) -> str:
        return ", ".join(f"{INDEX}{k}" for k in range(self._source.ndim))

    def _loops(self, outermost: str) -> list[str]:
        lines = []
        for axis in range(self._source.ndim):
            loop = outermost if axis == 0 else "_ungil_range"
            lines.append(
                f"{'    ' * (2 + axis)}for {INDEX}{axis} in {loop}(_ungil_lo{axis}, _ungil_hi{axis}):"
            )
        return lines

    def _border_loops(self) -> list[str]:
        """Loops over the places whose neighbourhood leaves the array: two slabs for each axis."""
        kernel = self._source
        first = kernel.params[0]
        lines = []
        for axis in range(kernel.ndim):
            for bounds in (f"0, _ungil_lo{axis}", f"_ungil_hi{axis}, {first}.shape[{axis}]"):
                for k in range(kernel.ndim):
                    inner = f"_ungil_lo{k}, _ungil_hi{k}" if k < axis else f"0, {first}.shape[{k}]"
                    lines.append(
                        f"{'    ' * (1 + k)}for {INDEX}{k} in _ungil_range({bounds if k == axis else inner}):"
                    )
                call = f"_ungil_border({', '.join(kernel.params)}, {self._place()})"
                lines.append(f"{'    ' * (1 + kernel.ndim)}{OUT}[{self._place()}] = {call}")
        return lines

    def __call__(self, *args: Any, out: Any = None) -> Any:
        """Apply the stencil to arrays."""
        key = tuple((a.dtype, a.ndim) if isinstance(a, np.ndarray) else type(a) for a in args)
        if key not in self._checked:
            self._check(args)
            self._checked.add(key)
        return self._in_kernels(*args) if out is None else self._in_kernels(*args, out)

    def _check(self, args: tuple[Any, ...]) -> None:
        """Finds mistakes where they can be shown in the kernel's own text."""
        kernel = self._source
        if len(args) != len(kernel.params):
            raise TypeError(f"{self.__name__}() takes {len(kernel.params)} arguments, {len(args)} were given")
        for name, value in zip(kernel.params, args):
            if name not in kernel.relative and name != kernel.params[0]:
                continue
            if not isinstance(value, np.ndarray):
                raise TypeError(
                    f"{self.__name__}() argument '{name}' must be an array, not {type(value).__name__}"
                )
            if value.ndim != kernel.ndim:
                raise ValueError(
                    f"{self.__name__}() reads neighbours along {kernel.ndim} "
                    f"{'dimension' if kernel.ndim == 1 else 'dimensions'}, its argument '{name}' has {value.ndim}"
                )
        params = [_part(value) for value in args]
        if any(p is None for p in params):
            return
        results = _ungil.result_types(self._kernel, params)  # type: ignore[arg-type]
        if len(results) != 1:
            raise TypeError(f"stencil: {self.__name__}() must return one number")
        if self._cval is not None and self.mode == "constant" and not _fits(self._cval, results[0]):
            raise ValueError(
                f"cval type does not match stencil return type: {self._cval!r} is no {results[0]}"
            )

    def __repr__(self) -> str:
        return (
            f"<ungil.stencil {self.__name__}: {self.mode}, neighborhood {tuple(self._source.neighborhood)}>"
        )

    def __reduce__(self) -> Any:
        if importable(self, self.__qualname__, self.__module__):
            return find, (self.__module__, self.__qualname__)
        return StencilFunc, (self._kernel, self.mode, self.options, self._kernel)


def _prange() -> Any:
    from ungil._parallel import prange

    return prange


def _name(name: str) -> str:
    return name if name.isidentifier() else "_stencil"


def _size_check(first: str, other: str, ndim: int) -> list[str]:
    smaller = " or ".join(f"{first}.shape[{k}] > {other}.shape[{k}]" for k in range(ndim))
    message = (
        "Secondary stencil array has some dimension smaller the same dimension in the first stencil input."
    )
    return [f"    if {smaller}:", f"        raise ValueError('{message}')"]


def _checked_neighborhood(given: Any) -> list[tuple[int, int]] | None:
    if given is None:
        return None
    try:
        pairs = [(int(low), int(high)) for low, high in given]
    except (TypeError, ValueError):
        raise ValueError(
            f"neighborhood must be pairs of integers such as ((-1, 1), (0, 2)), not {given!r}"
        ) from None
    if any(low > high for low, high in pairs):
        raise ValueError(f"neighborhood has a least index above the greatest: {given!r}")
    return pairs


def _part(value: Any) -> tuple[str, int] | None:
    """The type of an argument, where it is a number or an array."""
    if isinstance(value, (np.ndarray, np.generic)):
        return (value.dtype.name, value.ndim) if value.dtype.name in DTYPES else None
    names = {bool: "bool", int: "int", float: "float", complex: "complex"}
    return (names[type(value)], 0) if type(value) in names else None


def _fits(value: Any, dtype: str) -> bool:
    """Whether a dtype holds a number exactly, or nearly so if it is inexact."""
    kind = DTYPES[dtype].kind
    if kind in "fc":
        return kind == "c" or not isinstance(value, (complex, np.complexfloating))
    try:
        return bool(DTYPES[dtype].type(value) == value)
    except (OverflowError, ValueError, TypeError):
        return False


_EDGES = {
    "nearest": "def _edge(i, n):\n    return min(max(i, 0), n - 1)\n",
    "reflect": "def _edge(i, n):\n    i %= 2 * n\n    return i if i < n else 2 * n - 1 - i\n",
    "mirror": (
        "def _edge(i, n):\n"
        "    if n == 1:\n"
        "        return 0\n"
        "    i %= 2 * n - 2\n"
        "    return i if i < n else 2 * n - 2 - i\n"
    ),
    "wrap": "def _edge(i, n):\n    return i % n\n",
}
