"""What elementwise and generalised functions have in common: dtypes of operands, options, overriding, pickling."""

from __future__ import annotations

import copyreg
import sys
from typing import Any

import numpy as np

from ungil import _decorators, _ungil

#: The dtypes of loops by name, in NumPy's order.
DTYPES = {
    name: np.dtype(name)
    for name in (
        "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64 complex64 complex128".split()
    )
}
_WEAK = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}
_ARRAY_UFUNC = np.ndarray.__array_ufunc__


def loop_dtype(name: str, dtype: Any) -> str:
    """The name of the dtype that loops compute with for operands of a dtype."""
    dtype = np.dtype(dtype)
    found = "float32" if dtype.name == "float16" else dtype.name
    if found not in DTYPES:
        raise TypeError(f"{name}() does not take operands of dtype {dtype}")
    return found


def operand_dtypes(name: str, operands: tuple[Any, ...]) -> tuple[list[Any], tuple[str, ...]]:
    """The operands as NumPy takes them, and the dtypes of their loop. Python's numbers adapt to the other operands."""
    given: list[Any] = []
    dtypes: list[str | None] = []
    for operand in operands:
        if type(operand) in _WEAK:
            given.append(operand)
            dtypes.append(None)
            continue
        dtype = getattr(operand, "dtype", None)
        if not isinstance(dtype, np.dtype):
            array = np.asarray(operand)
            dtype = array.dtype
            if not hasattr(type(operand), "__array_wrap__"):
                operand = array
        given.append(operand)
        dtypes.append(loop_dtype(name, dtype))
    strong = [DTYPES[d] for d in dtypes if d is not None]
    for k, value in enumerate(given):
        if dtypes[k] is None:
            dtype = np.result_type(*strong, value) if strong else np.asarray(value).dtype
            found = dtypes[k] = loop_dtype(name, dtype)
            given[k] = DTYPES[found].type(value)
    return given, tuple(dtypes)  # type: ignore[arg-type]


def needs_signature(operands: list[Any], dtypes: tuple[str, ...]) -> bool:
    """Whether NumPy would choose a loop by casting: then it is told which one."""
    found = (getattr(operand, "dtype", None) for operand in operands)
    # Operands without a dtype are kept for their `__array_wrap__`.
    return any(not isinstance(f, np.dtype) or DTYPES[d].num != f.num for f, d in zip(found, dtypes))


def overridden(function: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What an operand's own `__array_ufunc__` returns, or NotImplemented if none has one."""
    out = kwargs.get("out")
    operands = list(args) + list(out if isinstance(out, tuple) else (out,))
    overriding: list[Any] = []
    for operand in operands:
        kind = type(operand)
        if getattr(kind, "__array_ufunc__", _ARRAY_UFUNC) is _ARRAY_UFUNC or kind is np.ndarray:
            continue
        if any(type(o) is kind for o in overriding):
            continue
        # Subclasses come before their bases.
        place = next((i for i, o in enumerate(overriding) if issubclass(kind, type(o))), len(overriding))
        overriding.insert(place, operand)
    if not overriding:
        return NotImplemented
    if method == "__call__" and len(args) > function.nin:
        kwargs = {**kwargs, "out": tuple(args[function.nin :])}
        args = args[: function.nin]
    elif "out" in kwargs and not isinstance(out, tuple):
        kwargs = {**kwargs, "out": (out,)}
    for operand in overriding:
        override = type(operand).__array_ufunc__
        if override is None:
            raise TypeError(
                f"operand '{type(operand).__name__}' does not support ufuncs (__array_ufunc__=None)"
            )
        result = override(operand, function, method, *args, **kwargs)
        if result is not NotImplemented:
            return result
    kinds = ", ".join(repr(type(o).__name__) for o in args)
    raise TypeError(
        f"operand type(s) all returned NotImplemented from __array_ufunc__({function!r}, {method!r}): {kinds}"
    )


def signature_texts(signatures: Any) -> list[str]:
    """Signatures as a decorator takes them: one, or an iterable of them."""
    if signatures is None:
        return []
    if isinstance(signatures, str) or hasattr(signatures, "_ungil_type"):
        return [str(signatures)]
    return [text for s in signatures for text in _decorators._signature_texts(s)]


class Options:
    """The keywords of a decorator: those of the function, and the kernel's."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = dict(given)
        kernel = dict(given)
        self.identity = kernel.pop("identity", None)
        if self.identity not in (None, "reorderable") and not isinstance(
            self.identity, (int, float, complex, np.generic)
        ):
            raise ValueError(f"identity must be None, a number or 'reorderable', not {self.identity!r}")
        target = kernel.pop("target", "cpu")
        if target not in ("cpu", "parallel"):
            raise ValueError(f"Unsupported target: {target} (expected 'cpu' or 'parallel')")
        self.parallel = target == "parallel"
        self.writable = kernel.pop("writable_args", ())
        kernel.pop("is_dynamic", None)
        self.kernel = kernel
        #: Options of the generated loops.
        self.loop: dict[str, Any] = {k: kernel[k] for k in ("cache", "debug") if k in kernel}


def compiled(function: Any, options: dict[str, Any]) -> Any:
    """The kernel of a function that may have been decorated before."""
    if isinstance(function, _ungil.Dispatcher) and not options:
        return function
    kernel = _decorators._make(function, [], options)
    if not isinstance(kernel, _ungil.Dispatcher):
        raise TypeError(f"expected a function, not {type(function).__name__}")
    return kernel


def parameter_count(kernel: Any, decorator: str) -> int:
    """Number of parameters of a kernel, which must all be positional."""
    code = kernel.__code__
    if code.co_flags & 0xC or code.co_kwonlyargcount:
        raise TypeError(f"{decorator}: {kernel.__name__}() must have positional parameters only")
    return int(code.co_argcount)


def importable(function: Any, name: str, module: str | None) -> bool:
    """Whether a module's name leads to an object."""
    if module is None or module == "__main__":
        return False
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is function


def find(module: str, name: str) -> Any:
    """What a module's name leads to."""
    __import__(module)
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _reduce_ufunc(ufunc: Any) -> Any:
    owner = _ungil.ufunc_owner(ufunc)
    return _reduce_others(ufunc) if owner is None else owner._reduce_ufunc(ufunc)


_reduce_others: Any = copyreg.dispatch_table[np.ufunc]
copyreg.pickle(np.ufunc, _reduce_ufunc)
