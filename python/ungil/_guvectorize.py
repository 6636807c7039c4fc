"""Generalised universal functions: `guvectorize`."""

from __future__ import annotations

import functools
import re
import threading
from typing import Any

import numpy

from ungil import _choice, _decorators, _loops, _ungil
from ungil._ufunc import (
    DTYPES,
    Options,
    compiled,
    find,
    importable,
    loop_dtype,
    needs_signature,
    operand_dtypes,
    overridden,
    parameter_count,
    signature_texts,
)

#: Most inputs of a function with several loops that kernels call: the choice among them is a text.
_MOST_CHOSEN = 5


def guvectorize(*args: Any, **options: Any) -> Any:
    """Make a generalised universal function (a `numpy.ufunc`) of a function of arrays.

    ``guvectorize(signatures, layout)`` compiles loops for declared types at once and makes a `numpy.ufunc`.
    ``guvectorize(layout)`` compiles them when they are first needed, for the dtypes of a call, and makes a `GUFunc`.

    Parameters
    ----------
    signatures : str, type or iterable of them
        Types of all parameters, such as ``"void(float64[:], float64, float64[:])"``: inputs first, then results, which are
        arrays that the function writes to. An operand without core dimensions is a number, a result an array of one.
    layout : str
        The core dimensions, such as ``"(m,n),(n,p)->(m,p)"``: names, or numbers for dimensions of fixed size.
    identity : number, "reorderable" or None
        As for `vectorize`.
    target : {"cpu", "parallel"}
        ``"parallel"`` shares the rows of each call among all threads.
    writable_args : tuple of int or str, optional
        Inputs, by number or name, that the function writes to.
    **options
        Those of `jit`.

    Returns
    -------
    numpy.ufunc or GUFunc
        Broadcasts over all axes but the core's.

    Examples
    --------
    >>> import numpy as np
    >>> import ungil
    >>> @ungil.guvectorize(["void(float64[:], float64, float64[:])"], "(n),()->(n)")
    ... def shifted(x, by, out):
    ...     for i in range(x.shape[0]):
    ...         out[i] = x[i] + by
    >>> shifted(np.arange(6.0).reshape(2, 3), [10, 20])
    array([[10., 11., 12.],
           [23., 24., 25.]])
    """
    if len(args) not in (1, 2):
        raise TypeError("guvectorize() takes one or two positional arguments: [signatures,] layout")
    layout = args[-1]
    if not isinstance(layout, str):
        raise TypeError(f"guvectorize: the layout is a text such as '(n),()->(n)', not {layout!r}")
    texts = signature_texts(args[0]) if len(args) == 2 else []

    def decorate(function: Any) -> Any:
        made = GUFunc(function, layout, options)
        for text in texts:
            made.add(text)
        return made._freeze() if texts else made

    return decorate


class Layout:
    """The core dimensions of the operands."""

    def __init__(self, text: str) -> None:
        self.text = "".join(text.split())
        halves = self.text.split("->")
        if len(halves) != 2:
            raise ValueError(f"layout '{text}' must have one '->'")
        self.inputs, self.outputs = (self._operands(half, text) for half in halves)
        if not self.inputs:
            raise ValueError(f"layout '{text}' has no inputs")
        self.operands = self.inputs + self.outputs
        names = list(dict.fromkeys(d for operand in self.operands for d in operand))
        #: Number of each dimension, in the order in which NumPy counts them.
        self.number = {name: k for k, name in enumerate(names)}
        for name in (d for operand in self.outputs for d in operand):
            if not name.isdigit() and not any(name in operand for operand in self.inputs):
                raise ValueError(f"layout '{text}': the size of '{name}' follows from no input")

    @staticmethod
    def _operands(half: str, text: str) -> list[tuple[str, ...]]:
        if not half:
            return []
        if re.fullmatch(r"\([^()]*\)(,\([^()]*\))*", half) is None:
            raise ValueError(f"layout '{text}': expected operands such as '(m,n),()', found '{half}'")
        operands = [tuple(part.split(",")) if part else () for part in re.findall(r"\(([^()]*)\)", half)]
        for dimension in (d for operand in operands for d in operand):
            if re.fullmatch(r"[A-Za-z_]\w*|[1-9]\d*", dimension) is None:
                raise ValueError(f"layout '{text}': '{dimension}' is no name or size of a dimension")
        return operands


class GUFunc:
    """A generalised universal function whose loops are compiled when they are first needed."""

    __name__: str
    __qualname__: str
    nin: int
    nout: int

    def __init__(self, function: Any, layout: str, options: dict[str, Any], kernel: Any = None) -> None:
        self._options = Options(options)
        self._kernel = kernel or compiled(function, self._options.kernel)
        self._layout = Layout(layout)
        self.py_func = self._kernel.py_func
        functools.update_wrapper(self, self.py_func)
        count = parameter_count(self._kernel, "guvectorize")
        self.nin = len(self._layout.inputs)
        self.nout = len(self._layout.outputs)
        if count != self.nin + self.nout:
            raise TypeError(
                f"guvectorize: {self.__name__}() has {count} parameters, layout '{self._layout.text}' {self.nargs} operands"
            )
        self._writable = [self._input(which) for which in self._options.writable]
        self._loops: dict[tuple[str, ...], tuple[tuple[str, ...], _ungil.UfuncLoop, str]] = {}
        #: Inputs without core dimensions that are declared as arrays of one.
        self._views: set[int] = set()
        #: The same by the dtypes of each loop.
        self._loop_views: dict[tuple[str, ...], set[int]] = {}
        #: The `ufunc` that the function for kernels was made for, and that function.
        self._for_kernels: tuple[Any, Any] | None = None
        self._frozen = False
        self._lock = threading.RLock()
        self._rebuild()

    def _input(self, which: int | str) -> int:
        names = self.py_func.__code__.co_varnames[: self.nin]
        if isinstance(which, str) and which in names:
            return int(names.index(which))
        if isinstance(which, int) and 0 <= which < self.nin:
            return which
        raise ValueError(f"guvectorize: writable_args names no input of {self.__name__}(): {which!r}")

    def _rebuild(self) -> None:
        loops = [loop for _, loop, _ in self._loops.values()]
        self.ufunc: Any = _ungil.make_ufunc(
            self.__name__,
            self.__doc__,
            self.nin,
            self.nout,
            self._layout.text,
            self._options.identity,
            loops,
            self,
            self._writable,
        )
        for name in ("__module__", "__qualname__", "py_func"):
            try:
                setattr(self.ufunc, name, getattr(self, name))
            except AttributeError:
                break

    def add(self, signature: Any) -> None:
        """Compile a loop for a signature."""
        for text in _decorators._signature_texts(signature):
            params, results = _ungil.parse_signature(text)
            if results:
                raise TypeError(
                    f"guvectorize: signature `{text}` has a result: results are written to the last parameters (use void)"
                )
            self._check(text, params)
            self._ensure(params, text)

    def _check(self, text: str, params: list[tuple[str, int]]) -> None:
        if len(params) != self.nargs:
            raise TypeError(
                f"guvectorize: signature `{text}` has {len(params)} parameters, layout '{self._layout.text}' "
                f"{self.nargs} operands"
            )
        for k, ((dtype, ndim), core) in enumerate(zip(params, self._layout.operands)):
            declared = f"{dtype}[{', '.join(':' * ndim)}]" if ndim else dtype
            place = f"parameter {k + 1} of signature `{text}` is {declared}"
            if k >= self.nin and ndim == 0:
                raise TypeError(f"guvectorize: {place}: results are arrays (write `{dtype}[:]`)")
            if ndim != len(core) and not (not core and ndim == 1):
                wanted = f"{len(core)} core dimensions" if len(core) != 1 else "1 core dimension"
                raise TypeError(
                    f"guvectorize: {place}, but its operand in '{self._layout.text}' has {wanted}"
                )

    def _ensure(self, params: list[tuple[str, int]], text: str) -> None:
        """Compiles the loop for parameters of these types, if there is none for their dtypes."""
        types = tuple(dtype for dtype, _ in params)
        with self._lock:
            if types in self._loops:
                return
            if self._frozen:
                raise TypeError(f"{self.__name__}() has no loop for operands of dtypes {', '.join(types)}")
            parts, operands = [], []
            for k, ((dtype, ndim), core) in enumerate(zip(params, self._layout.operands)):
                parts.append("[_i:_i + 1]" if ndim and not core else "[_i]")
                readonly = k < self.nin and k not in self._writable
                operands.append((dtype, [self._layout.number[d] for d in core], readonly))
            views = {k for k, part in enumerate(parts[: self.nin]) if ":" in part}
            self._views |= views
            self._loop_views[types] = views
            loop = _loops.row_loop(self._kernel, parts, self._options.loop)
            made = _ungil.UfuncLoop.rows(loop, operands, self._options.parallel)
            self._loops[types] = types, made, text
            self._rebuild()

    def _freeze(self) -> Any:
        self.disable_compile()
        return self.ufunc

    def disable_compile(self) -> None:
        """Take no operands but those there are loops for."""
        if not self._loops:
            raise ValueError(f"{self.__name__}() has no loops yet")
        self._frozen = True

    @property
    def is_dynamic(self) -> bool:
        """Whether loops are compiled when they are needed."""
        return not self._frozen

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = overridden(self, "__call__", args, kwargs)
        if result is not NotImplemented:
            return result
        if self._frozen:
            return self.ufunc(*args, **kwargs)
        if kwargs.get("out") is not None:
            out = kwargs.pop("out")
            args = (*args, *(out if isinstance(out, tuple) else (out,)))
        if len(args) == self.nin and self._only_loop() is None:
            raise TypeError(
                f"{self.__name__}() needs arrays for its results, whose dtypes decide what is compiled: "
                f"call it as {self.__name__}(inputs, ..., out)"
            )
        if len(args) not in (self.nin, self.nargs):
            raise TypeError(f"{self.__name__}() takes {self.nargs} operands, {len(args)} were given")
        operands, dtypes = operand_dtypes(self.__name__, args[: self.nin])
        outputs = args[self.nin :]
        results = [loop_dtype(self.__name__, out.dtype) for out in outputs] or list(self._only_loop() or ())
        types = (*dtypes, *results)
        if types not in self._loops:
            ranks = [len(core) for core in self._layout.inputs]
            ranks += [len(core) or 1 for core in self._layout.outputs]
            self._ensure(
                list(zip(types, ranks)), f"void({', '.join(_declared(*p) for p in zip(types, ranks))})"
            )
        if needs_signature([*operands, *outputs], types[: len(args)]) or self._is_ambiguous(dtypes):
            kwargs = {**kwargs, "signature": tuple(DTYPES[d] for d in types)}
        return self.ufunc(*operands, *outputs, **kwargs)

    def _only_loop(self) -> tuple[str, ...] | None:
        """The dtypes of the results, if all loops have the same."""
        results = {types[self.nin :] for types in self._loops}
        return results.pop() if len(results) == 1 else None

    def _is_ambiguous(self, dtypes: tuple[str, ...]) -> bool:
        """Whether several loops take these inputs."""
        return sum(types[: self.nin] == dtypes for types in self._loops) > 1

    @property
    def _in_kernels(self) -> Any:
        """The function that kernels call: it loops over the axes that the result has beyond its core."""
        known = self._for_kernels
        if known is None or known[0] is not self.ufunc:
            # Other loops may decide otherwise.
            known = self._for_kernels = self.ufunc, self._make_for_kernels()
        return known[1]

    def _make_for_kernels(self) -> Any:
        options = self._options.loop
        if not self._frozen:
            run = _choice.adapting(self._broadcast(self._views), self.nin, self.nout, options)
            return self._making_result(run, self._only_loop())
        loops = []
        for types in self._loops:
            run = self._broadcast(self._loop_views[types])
            loops.append((types, _choice.casting(run, types, self.nin, options)))
        if len(loops) > 1 and self.nin > _MOST_CHOSEN:
            raise TypeError(
                f"kernels do not choose among the {len(loops)} loops of {self.__name__}(): it has {self.nin} inputs"
            )
        given = _choice.choosing(self.__name__, self.ufunc, loops, self.nargs, options)
        made = [(types, self._making_result(given, types[self.nin :])) for types, _ in loops]
        if self.nout != 1 or self._result_sizes() is None:
            return given
        return _loops.with_optional_result(
            self.__name__,
            given,
            _choice.choosing(self.__name__, self.ufunc, made, self.nin, options),
            self.nin,
            options,
        )

    def _broadcast(self, views: set[int]) -> Any:
        """The function over the axes beyond the core. `views`: inputs without a core that it gets as arrays."""
        cores = [len(core) for core in self._layout.operands]
        own = [
            k for k, core in enumerate(self._layout.operands) if not core and (k >= self.nin or k in views)
        ]
        return _loops.broadcast_loop(self._kernel, cores, self.nin, own, self._options.loop)

    def _making_result(self, run: Any, results: tuple[str, ...] | None) -> Any:
        """`run` with a result that may be left out, if it has one whose dtype and size are known."""
        sizes = self._result_sizes() if self.nout == 1 else None
        if results is None or sizes is None:
            return run
        cores = [len(core) for core in self._layout.operands]
        return _loops.allocating(
            self.__name__, run, cores, sizes, numpy.dtype(results[0]), self._options.loop
        )

    def _result_sizes(self) -> list[str] | None:
        """The extents of the result's core in terms of the inputs `_0`, `_1` …; None if no input has one of them."""
        sizes = []
        for dim in self._layout.outputs[0]:
            found = [
                f"_{k}.shape[{axis - len(core)}]"
                for k, core in enumerate(self._layout.inputs)
                for axis, own in enumerate(core)
                if own == dim
            ]
            if not found:
                return None
            sizes.append(found[0])
        return sizes

    @property
    def nargs(self) -> int:
        """Number of operands."""
        return self.nin + self.nout

    @property
    def ntypes(self) -> int:
        """Number of loops."""
        return len(self._loops)

    @property
    def types(self) -> list[str]:
        """Types of the loops, in NumPy's notation."""
        return list(self.ufunc.types)

    @property
    def identity(self) -> Any:
        """What a reduction starts from."""
        return self.ufunc.identity

    @property
    def signature(self) -> str:
        """The layout."""
        return self._layout.text

    @property
    def targetoptions(self) -> dict[str, Any]:
        """The options of the kernel."""
        return dict(self._options.kernel)

    def __repr__(self) -> str:
        types = ", ".join(self.types) or "not compiled yet"
        return f"<ungil.guvectorize {self.__name__}{self._layout.text}: {types}>"

    def __reduce__(self) -> Any:
        if importable(self, self.__qualname__, self.__module__):
            return self.__qualname__
        return _unpickle, (*self._state(), False)

    def _reduce_ufunc(self, ufunc: Any) -> Any:
        """How to pickle the `numpy.ufunc` that stands for this object."""
        if importable(ufunc, self.__qualname__, self.__module__):
            return find, (self.__module__, self.__qualname__)
        return _unpickle, (*self._state(), True)

    def _state(self) -> tuple[Any, ...]:
        texts = [text for _, _, text in self._loops.values()]
        return self._kernel, self._layout.text, self._options.given, texts, self._frozen


def _declared(dtype: str, ndim: int) -> str:
    return f"{dtype}[{', '.join(':' * ndim)}]" if ndim else dtype


def _unpickle(
    kernel: Any, layout: str, options: dict[str, Any], texts: list[str], frozen: bool, as_ufunc: bool
) -> Any:
    made = GUFunc(kernel, layout, options, kernel)
    for text in texts:
        made.add(text)
    if frozen:
        made.disable_compile()
    return made.ufunc if as_ufunc else made
