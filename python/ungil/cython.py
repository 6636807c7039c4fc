"""Stands for `cython` in modules that ungil compiles, and in pure-Python mode: types, decorators, directives.

A file that ungil compiles may write `import cython` or `from ungil import cython`: both mean this module. Where such a file
is not compiled, all names are there and change nothing.

>>> from ungil import cython
>>> cython.compiled
False
"""

from __future__ import annotations

import builtins as _builtins
import types as _types
from collections.abc import Callable
from typing import Any

import ungil as _ungil
from ungil.pyx import _memory
from ungil.pyx._names import Cast as _Cast

compiled = False


class _Directive:
    """A directive: a decorator and a context manager that changes nothing in plain Python."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __call__(self, function: Any) -> Any:
        return function

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        return None


boundscheck = wraparound = cdivision = cpow = nonecheck = initializedcheck = overflowcheck = _Directive
infer_types = binding = embedsignature = profile = linetrace = annotation_typing = language_level = _Directive
auto_pickle = c_string_encoding = c_string_type = cdivision_warnings = emit_code_comments = freelist = (
    _Directive
)
locals = returns = exceptval = _Directive


def cfunc(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function as one of C."""
    return function


def _mark(found: Any) -> Any:
    return found


ccall = inline = noexcept = cfunc
cclass = final = internal = no_gc = no_gc_clear = total_ordering = test = _mark


class _Lock(_Directive):
    """`nogil` and `gil`: decorators with and without arguments, and context managers."""

    def __call__(self, *args: Any) -> Any:
        return args[0] if args and callable(args[0]) else self


nogil = gil = with_gil = _Lock()


def compile(function: Callable[..., Any]) -> Any:
    """Compile a function in pure-Python mode, from its source.

    >>> from ungil import cython
    >>> cython.compiled
    False
    """
    from ungil.pyx._module import compile_function

    return compile_function(function)


class _Type(_Cast):
    """A number of C: converts, and is the element of views, arrays and pointers."""

    # The compiler knows casts by the module of their class.
    __module__ = "ungil.pyx._names"

    def __init__(self, name: str, dtype_name: str) -> None:
        super().__init__(dtype_name)
        self.name = name

    def __call__(self, value: Any = 0) -> Any:
        return super().__call__(value)

    def __getitem__(self, shape: Any) -> _Derived:
        return _Derived(self, shape)

    def __repr__(self) -> str:
        return f"cython.{self.name}"


class _Derived:
    """A view, an array or a pointer of a type: an annotation, which plain Python does not look into."""

    def __init__(self, inner: Any, shape: Any = None) -> None:
        self.inner = inner
        self.shape = shape

    def __call__(self, value: Any = None) -> Any:
        return [0] * self.shape if value is None and isinstance(self.shape, _builtins.int) else value

    def __getitem__(self, shape: Any) -> _Derived:
        return _Derived(self, shape)


class _Maker:
    """`pointer`, `const`, `volatile`: by call or by subscript."""

    def __call__(self, inner: Any) -> _Derived:
        return _Derived(inner)

    __getitem__ = __call__


pointer = const = volatile = _Maker()


def array(inner: Any, size: int) -> _Derived:
    """The type of a C array."""
    return _Derived(inner, size)


def declare(type: Any = None, value: Any = None, **names: Any) -> Any:
    """Declare a variable; its value is returned."""
    if type is None or not callable(type):
        return value
    return type() if value is None else type(value)


def cast(type: Any, value: Any, *, typecheck: bool = False) -> Any:
    """Convert a value to a C type."""
    return type(value) if callable(type) else value


def typedef(type: Any) -> Any:
    """Another name of a type."""
    return type


def fused_type(*types: Any) -> Any:
    """A type that stands for several."""
    return _Derived(types)


def struct(**members: Any) -> Any:
    """A C structure: in plain Python an object with these attributes."""

    def make(**values: Any) -> Any:
        return _types.SimpleNamespace(**{n: declare(t) for n, t in members.items()} | values)

    return make


union = struct


def sizeof(type: Any) -> int:
    """Size of a type in bytes; 1 for what plain Python does not know."""
    return _builtins.int(type._dtype.itemsize) if isinstance(type, _Cast) else 1


_NAMES_OF_TYPES: dict[type, str] = {
    _builtins.float: "double",
    _builtins.int: "long",
    _builtins.complex: "double complex",
} | {kind: f"{kind.__name__} object" for kind in (str, bytes, bytearray, list, tuple, dict, set, frozenset)}


def typeof(value: Any) -> str:
    """Name of a value's type; compiled functions know what is declared."""
    return _NAMES_OF_TYPES.get(type(value), "Python object")


def address(value: Any) -> Any:
    """Address of a value: a list of it in plain Python."""
    return [value]


def likely(condition: Any) -> Any:
    """A condition that holds most often."""
    return condition


unlikely = likely
NULL = None
view = _types.ModuleType("cython.view")
vars(view).update(_memory.NAMES)
parallel = _types.ModuleType("cython.parallel")
vars(parallel).update(prange=_ungil.prange, threadid=_ungil.get_thread_id)


def _types_of_c() -> dict[str, Any]:
    names = {
        "char": "int8", "schar": "int8", "uchar": "uint8", "short": "int16", "sshort": "int16", "ushort": "uint16",
        "int": "int32", "sint": "int32", "uint": "uint32", "long": "int64", "slong": "int64", "ulong": "uint64",
        "longlong": "int64", "slonglong": "int64", "ulonglong": "uint64", "Py_ssize_t": "int64", "ssize_t": "int64",
        "size_t": "uint64", "Py_hash_t": "int64", "float": "float32", "double": "float64", "longdouble": "float64",
        "complex": "complex128", "doublecomplex": "complex128", "floatcomplex": "complex64",
    }  # fmt: skip
    found: dict[str, Any] = {name: _Type(name, dtype) for name, dtype in names.items()}
    pointers = {f"{'p' * n}_{name}": _Derived(found[name]) for name in names for n in (1, 2, 3)}
    found |= pointers | {"void": _Derived(None), "p_void": _Derived(None), "bint": bool}
    return found | {name: _Derived(name) for name in ("integral", "floating", "numeric")}


globals().update(_types_of_c())
