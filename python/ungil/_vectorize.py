"""Universal functions of elements: `vectorize`."""

from __future__ import annotations

import functools
import threading
from typing import Any

import numpy as np

from ungil import _decorators, _loops, _ungil
from ungil._rewrite import Source, writes_nothing
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


def vectorize(signatures: Any = None, /, **options: Any) -> Any:
    """Make a universal function (a `numpy.ufunc`) of a function of numbers.

    Parameters
    ----------
    signatures : callable, str, type or iterable of them, optional
        The function itself when the decorator is used without parentheses. Otherwise signatures such as
        ``"float64(float64, float64)"``, one for each loop; where one states no result it is found from the function.
        With signatures the loops are compiled at once, and the result is a `numpy.ufunc`. Without, loops are compiled
        when they are first needed, and the result is a `DUFunc`.
    identity : number, "reorderable" or None
        What `reduce` starts from; ``"reorderable"`` lets it reduce several axes at once without a start.
    target : {"cpu", "parallel"}
        ``"parallel"`` shares the elements of each call among all threads.
    **options
        Those of `jit`: ``fastmath``, ``error_model``, ``cache``, ``boundscheck`` ...

    Returns
    -------
    numpy.ufunc or DUFunc
        Both broadcast, and have ``out=``, ``where=``, ``dtype=``, ``reduce``, ``accumulate``, ``reduceat``, ``outer`` and
        ``at``. A function that returns a tuple has several results.

    Examples
    --------
    >>> import numpy as np
    >>> import ungil
    >>> @ungil.vectorize(["float64(float64, float64)"], identity=0)
    ... def add(x, y):
    ...     return x + y
    >>> add(np.arange(3.0), 1)
    array([1., 2., 3.])
    >>> float(add.reduce(np.arange(5.0)))
    10.0
    >>> @ungil.vectorize
    ... def larger(x, y):
    ...     return x if x > y else y
    >>> larger(np.arange(4), 2)
    array([2, 2, 2, 3])
    >>> larger.types
    ['ll->l']
    """
    if signatures is not None and _decorators._is_function(signatures) and not isinstance(signatures, str):
        return DUFunc(signatures, options)
    texts = signature_texts(signatures)

    def decorate(function: Any) -> Any:
        made = DUFunc(function, options)
        for text in texts:
            made.add(text)
        return made._freeze() if texts else made

    return decorate


class DUFunc:
    """A universal function whose loops are compiled when they are first needed.

    ``ufunc`` is the `numpy.ufunc` with the loops so far; another one takes its place when a loop is added. For which types
    there are loops never decides about a result: operands of new dtypes get a loop of their own.
    """

    __name__: str
    __qualname__: str

    def __init__(self, function: Any, options: dict[str, Any], kernel: Any = None) -> None:
        self._options = Options(options)
        self._kernel = kernel or compiled(function, {"inline": "always", **self._options.kernel})
        self.py_func = self._kernel.py_func
        self.nin = parameter_count(self._kernel, "vectorize")
        if self.nin == 0:
            raise TypeError(f"vectorize: {self.py_func.__name__}() must have at least one parameter")
        functools.update_wrapper(self, self.py_func)
        self._nout: int | None = None
        #: Loops by the dtypes of their operands, and the dtypes of all their arguments.
        self._loops: dict[tuple[str, ...], tuple[tuple[str, ...], _ungil.UfuncLoop]] = {}
        self._known: set[tuple[Any, ...]] = set()
        self._frozen = False
        self._lock = threading.RLock()
        self._rebuild()

    def _rebuild(self) -> None:
        loops = [loop for _, loop in self._loops.values()]
        identity = self._options.identity
        self.ufunc: Any = _ungil.make_ufunc(
            self.__name__, self.__doc__, self.nin, self.nout, None, identity, loops, self, []
        )
        for name in ("__module__", "__qualname__", "py_func"):
            try:
                setattr(self.ufunc, name, getattr(self, name))
            except AttributeError:
                # NumPy before 2.4 has no attributes of ufuncs.
                break
        self._known = {tuple(DTYPES[d] for d in operands) for operands in self._loops}

    def add(self, signature: Any) -> None:
        """Compile a loop for a signature."""
        for text in _decorators._signature_texts(signature):
            params, results = _ungil.parse_signature(text)
            if any(ndim for _, ndim in params + (results or [])):
                raise TypeError(
                    f"vectorize: signature `{text}` has arrays: elements are numbers (arrays are for guvectorize)"
                )
            if len(params) != self.nin:
                raise TypeError(
                    f"vectorize: signature `{text}` has {len(params)} parameters, {self.__name__}() has {self.nin}"
                )
            if results == []:
                raise TypeError(f"vectorize: signature `{text}` has no result")
            self._ensure(
                tuple(d for d, _ in params), None if results is None else tuple(d for d, _ in results)
            )

    def _ensure(self, operands: tuple[str, ...], results: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """The dtypes of the results of the loop for operands of these dtypes, which is compiled if there is none."""
        with self._lock:
            if (found := self._loops.get(operands)) is not None:
                return found[0][self.nin :]
            if self._frozen:
                raise TypeError(f"{self.__name__}() has no loop for operands of dtypes {', '.join(operands)}")
            returned = tuple(_ungil.result_types(self._kernel, [(d, 0) for d in operands]))
            if not returned:
                raise TypeError(f"vectorize: {self.__name__}() returns None: it must return its result")
            results = results or returned
            if len(results) != len(returned) or len(results) != (self._nout or len(results)):
                raise TypeError(
                    f"vectorize: {self.__name__}() returns {len(returned)} results where {self._nout or len(results)} are expected"
                )
            _check_results(self.__name__, returned, results)
            types = operands + results
            nout = len(results)
            options = self._options.loop
            loop = self._loop(nout)
            make = _loops.loop_maker(self._kernel, self.nin, nout, options)
            made = _ungil.UfuncLoop.elements(loop, make, list(types), self.nin, self._options.parallel)
            self._nout = nout
            self._loops[operands] = (types, made)
            self._rebuild()
            return results

    def _loop(self, nout: int) -> Any:
        kernel = self._options.kernel
        loop = _loops.inlined_loop(self._kernel, nout, kernel)
        return loop or _loops.element_loop(self._kernel, self.nin, nout, self._options.loop)

    def _freeze(self) -> Any:
        self.disable_compile()
        return self.ufunc

    def disable_compile(self) -> None:
        """Take no operands but those there are loops for."""
        if not self._loops:
            raise ValueError(f"{self.__name__}() has no loops yet")
        self._frozen = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs and len(args) == self.nin:
            key = []
            for operand in args:
                if type(operand) is not np.ndarray:
                    break
                key.append(operand.dtype)
            else:
                if tuple(key) in self._known and not self._has_aliases(args):
                    return self.ufunc(*args)
        result = overridden(self, "__call__", args, kwargs)
        if result is not NotImplemented:
            return result
        if self._frozen or len(args) < self.nin:
            return self.ufunc(*args, **kwargs)
        return self._call(args, kwargs)

    def _has_aliases(self, args: tuple[Any, ...]) -> bool:
        return any(operand.dtype.char in "qQ" for operand in args)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        operands: list[Any] = list(args[: self.nin])
        if (wanted := kwargs.get("signature", kwargs.get("sig"))) is not None:
            self._ensure(self._wanted(wanted))
        elif (dtype := kwargs.get("dtype")) is not None:
            self._ensure((loop_dtype(self.__name__, dtype),) * self.nin)
        else:
            operands, dtypes = operand_dtypes(self.__name__, args[: self.nin])
            self._ensure(dtypes)
            if needs_signature(operands, dtypes):
                kwargs = {**kwargs, "signature": (*(DTYPES[d] for d in dtypes), *(None,) * self.nout)}
        return self.ufunc(*operands, *args[self.nin :], **kwargs)

    def _wanted(self, signature: Any) -> tuple[str, ...]:
        """The dtypes of operands that `signature=` asks for."""
        if isinstance(signature, str):
            signature = tuple(signature.split("->")[0])
        operands = tuple(signature)[: self.nin]
        if len(operands) < self.nin or any(d is None for d in operands):
            raise TypeError(f"{self.__name__}() needs the dtypes of all operands in signature=")
        return tuple(loop_dtype(self.__name__, d) for d in operands)

    def _for_reduction(self, array: Any, dtype: Any, out: Any) -> Any:
        """Compiles what a reduction needs; the dtype that it accumulates in."""
        if self.nin != 2 or self.nout != 1:
            raise ValueError("reductions are for functions of two operands with one result")
        if dtype is None:
            target = out[0] if isinstance(out, tuple) else out
            dtype = target.dtype if target is not None else np.asanyarray(array).dtype
        name = loop_dtype(self.__name__, dtype)
        for _ in range(3):
            (result,) = self._ensure((name, name))
            if result == name:
                return DTYPES[name]
            name = result
        raise TypeError(f"{self.__name__}() does not return the dtype of its operands: it cannot reduce")

    def reduce(self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, **kwargs: Any) -> Any:
        """Combine the elements along axes: `numpy.ufunc.reduce`."""
        given = {"axis": axis, "dtype": dtype, "out": out, **kwargs}
        return self._reduction("reduce", (array,), given)

    def accumulate(self, array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        """Combine the elements up to each one: `numpy.ufunc.accumulate`."""
        return self._reduction("accumulate", (array,), {"axis": axis, "dtype": dtype, "out": out})

    def reduceat(self, array: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        """Combine the elements of slices: `numpy.ufunc.reduceat`."""
        return self._reduction("reduceat", (array, indices), {"axis": axis, "dtype": dtype, "out": out})

    def _reduction(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        kept = ("axis", "initial")
        given = {name: value for name, value in kwargs.items() if value is not None or name in kept}
        result = overridden(self, method, args, given)
        if result is not NotImplemented:
            return result
        if not self._frozen:
            array = np.asanyarray(args[0])
            dtype = given["dtype"] = self._for_reduction(array, given.get("dtype"), given.get("out"))
            # Else loops of mixed dtypes that earlier calls have made would be found.
            args = (array.astype(dtype, copy=False), *args[1:])
        return getattr(self.ufunc, method)(*args, **given)

    def outer(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the function to all pairs of elements: `numpy.ufunc.outer`."""
        result = overridden(self, "outer", args, kwargs)
        if result is not NotImplemented:
            return result
        # Numbers are arrays here and do not adapt, as in NumPy.
        operands = [np.asanyarray(operand) for operand in args]
        if not self._frozen and len(args) == self.nin:
            operands, dtypes = operand_dtypes(self.__name__, tuple(operands))
            self._ensure(dtypes)
            if needs_signature(operands, dtypes):
                kwargs = {**kwargs, "signature": (*(DTYPES[d] for d in dtypes), *(None,) * self.nout)}
        return self.ufunc.outer(*operands, **kwargs)

    def at(self, array: Any, indices: Any, *operands: Any) -> Any:
        """Apply the function in place to the elements at indices, one after the other: `numpy.ufunc.at`."""
        result = overridden(self, "at", (array, indices, *operands), {})
        if result is not NotImplemented:
            return result
        given = list(operands)
        if not self._frozen:
            both, dtypes = operand_dtypes(self.__name__, (np.asanyarray(array), *operands))
            self._ensure(dtypes)
            given = both[1:]
        return self.ufunc.at(array, indices, *given)

    @property
    def nout(self) -> int:
        """Number of results; one until a loop is compiled."""
        return self._nout or 1

    @property
    def nargs(self) -> int:
        """Number of operands and results."""
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
        """What `reduce` starts from."""
        return self.ufunc.identity

    @property
    def signature(self) -> None:
        """None: the elements are numbers."""
        return None

    @property
    def targetoptions(self) -> dict[str, Any]:
        """The options of the kernel."""
        return dict(self._options.kernel)

    def _pure_inputs(self) -> int | None:
        """The number of inputs if the function writes to nothing, so that array expressions may be computed around it."""
        captured = self._kernel._state()[0]
        pure = captured is not None and writes_nothing(Source(captured[0], captured[3]), self.py_func)
        return self.nin if pure else None

    def _declared(self) -> list[tuple[list[str], list[str]]]:
        """The dtypes of the loops where no others are taken, for calls in kernels."""
        if not self._frozen:
            return []
        return [(list(types[: self.nin]), list(types[self.nin :])) for types, _ in self._loops.values()]

    def inspect_llvm(self) -> Any:
        """LLVM IR of the loops, by the types of their arguments."""
        loop = self._loop(self.nout)
        for types, _ in self._loops.values():
            loop.compile(", ".join(f"{d}[::1]" for d in types))
        return loop.inspect_llvm()

    def __repr__(self) -> str:
        return f"<ungil.vectorize {self.__name__}: {', '.join(self.types) or 'not compiled yet'}>"

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
        texts = [_text(types[: self.nin], types[self.nin :]) for types, _ in self._loops.values()]
        return self._kernel, self._options.given, texts, self._frozen


def _check_results(name: str, returned: tuple[str, ...], declared: tuple[str, ...]) -> None:
    for found, wanted in zip(returned, declared):
        if not np.can_cast(DTYPES[found], DTYPES[wanted], "unsafe") or (
            DTYPES[found].kind == "c" and DTYPES[wanted].kind != "c"
        ):
            raise TypeError(f"vectorize: {name}() returns {found}, but the signature declares {wanted}")


def _text(operands: tuple[str, ...], results: tuple[str, ...]) -> str:
    declared = results[0] if len(results) == 1 else f"({', '.join(results)})"
    if len(results) == 1:
        return f"{declared}({', '.join(operands)})"
    return f"({', '.join(operands)})"


def _unpickle(kernel: Any, options: dict[str, Any], texts: list[str], frozen: bool, as_ufunc: bool) -> Any:
    made = DUFunc(kernel, options, kernel)
    for text in texts:
        made.add(text)
    if frozen:
        made.disable_compile()
    return made.ufunc if as_ufunc else made
