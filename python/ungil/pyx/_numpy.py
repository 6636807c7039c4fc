"""What modules cimport of NumPy beside types: functions and constants of its C interface.

Functions with pointers of C, and those that are fields of an array, are the extension module's (`ndarray_functions`);
the others are Python here. Macros that need descriptors or the iterators of C are not known.
Source: numpy/__init__.pxd, numpy/_core/include/numpy/ndarraytypes.h.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ungil import _ungil

#: NumPy, where its overloads do not take types that are known at run time.
_open: Any = np

_TYPES = (
    "BOOL BYTE UBYTE SHORT USHORT INT UINT LONG ULONG LONGLONG ULONGLONG FLOAT DOUBLE LONGDOUBLE CFLOAT CDOUBLE "
    "CLONGDOUBLE OBJECT STRING UNICODE VOID DATETIME TIMEDELTA HALF"
).split()
_NAMED = {
    "INT8": 1, "UINT8": 2, "INT16": 3, "UINT16": 4, "INT32": 5, "UINT32": 6, "INT64": 7, "UINT64": 8, "INTP": 7,
    "UINTP": 8, "FLOAT16": 23, "FLOAT32": 11, "FLOAT64": 12, "COMPLEX64": 14, "COMPLEX128": 15, "NOTYPE": 25,
    "USERDEF": 256,
}  # fmt: skip
_FLAGS = {
    "C_CONTIGUOUS": 1, "F_CONTIGUOUS": 2, "OWNDATA": 4, "FORCECAST": 0x10, "ENSURECOPY": 0x20, "ENSUREARRAY": 0x40,
    "ELEMENTSTRIDES": 0x80, "ALIGNED": 0x100, "NOTSWAPPED": 0x200, "WRITEABLE": 0x400, "WRITEBACKIFCOPY": 0x2000,
    "BEHAVED": 0x500, "BEHAVED_NS": 0x700, "CARRAY": 0x501, "CARRAY_RO": 0x101, "FARRAY": 0x502, "FARRAY_RO": 0x102,
    "DEFAULT": 0x501, "IN_ARRAY": 0x101, "OUT_ARRAY": 0x501, "INOUT_ARRAY": 0x501, "UPDATE_ALL": 0x103,
}  # fmt: skip
_ORDERS = {"ANYORDER": -1, "CORDER": 0, "FORTRANORDER": 1, "KEEPORDER": 2}


def constants() -> dict[str, Any]:
    """The `NPY_…` numbers."""
    numbers = {name: number for number, name in enumerate(_TYPES)} | _NAMED | _ORDERS
    numbers["MAXDIMS"] = 64 if int(np.__version__.split(".")[0]) >= 2 else 32
    flags = {f"NPY_ARRAY_{name}": flag for name, flag in _FLAGS.items()}
    return {f"NPY_{name}": number for name, number in numbers.items()} | flags


def _array(x: Any) -> np.ndarray[Any, Any]:
    """An argument that is declared as an array."""
    if not isinstance(x, np.ndarray):
        raise TypeError(f"Cannot convert {type(x).__name__} to numpy.ndarray")
    return x


def _of(give: Callable[..., Any]) -> Callable[..., Any]:
    """A function of an array."""
    return lambda a, *rest: give(_array(a), *rest)


@functools.cache
def _dtype(number: int) -> np.dtype[Any]:
    """The type of one of NumPy's numbers."""
    names = (np.dtype(code) for code in np.typecodes["All"])
    found = next((dtype for dtype in names if dtype.num == number), None)
    if found is None:
        raise TypeError("data type not understood")
    return found


def _made(x: Any, number: int, flags: int = 0) -> Any:
    """An array of an object, of a type and with what flags ask for."""
    asked = [
        name for name, flag in (("C", 1), ("F", 2), ("A", 0x100), ("W", 0x400), ("E", 0x40)) if flags & flag
    ]
    dtype = None if number == _NAMED["NOTYPE"] else _dtype(number)
    made = np.array(x, dtype) if flags & _FLAGS["ENSURECOPY"] else np.asarray(x, dtype)
    return _open.require(made, requirements=[name for name in asked if name != "E"])


def _contiguous(x: Any, number: int, least: int, most: int) -> Any:
    made = _made(x, number, 0x101)
    if made.ndim < least:
        raise ValueError("object of too small depth for desired array")
    if most and made.ndim > most:
        raise ValueError("object too deep for desired array")
    return made


def _fill(a: Any, value: int) -> None:
    a.view(np.uint8)[...] = value


def _kind(kinds: str) -> Callable[[Any], bool]:
    return _of(lambda a: a.dtype.kind in kinds)


_FUNCTIONS: dict[str, Any] = {
    "PyArray_Check": lambda x: isinstance(x, np.ndarray), "PyArray_CheckExact": lambda x: type(x) is np.ndarray,
    "PyArray_DescrCheck": lambda x: isinstance(x, np.dtype),
    "PyArray_IsZeroDim": lambda x: isinstance(x, np.ndarray) and x.ndim == 0,
    "PyArray_CheckScalar": lambda x: isinstance(x, np.generic) or isinstance(x, np.ndarray) and x.ndim == 0,
    "PyArray_ISCONTIGUOUS": _of(lambda a: a.flags.c_contiguous),
    "PyArray_IS_C_CONTIGUOUS": _of(lambda a: a.flags.c_contiguous),
    "PyArray_IS_F_CONTIGUOUS": _of(lambda a: a.flags.f_contiguous),
    "PyArray_ISFORTRAN": _of(lambda a: a.flags.fnc), "PyArray_ISWRITEABLE": _of(lambda a: a.flags.writeable),
    "PyArray_ISALIGNED": _of(lambda a: a.flags.aligned), "PyArray_ISONESEGMENT": _of(lambda a: a.flags.forc),
    "PyArray_ISBEHAVED": _of(lambda a: a.flags.behaved and a.dtype.isnative),
    "PyArray_ISCARRAY": _of(lambda a: a.flags.carray and a.dtype.isnative),
    "PyArray_ISFARRAY": _of(lambda a: a.flags.farray and a.dtype.isnative),
    "PyArray_ISNOTSWAPPED": _of(lambda a: a.dtype.isnative),
    "PyArray_ISBYTESWAPPED": _of(lambda a: not a.dtype.isnative),
    "PyArray_CHKFLAGS": _of(lambda a, flags: a.flags.num & flags == flags),
    "PyArray_ISBOOL": _kind("b"), "PyArray_ISUNSIGNED": _kind("u"), "PyArray_ISSIGNED": _kind("i"),
    "PyArray_ISINTEGER": _kind("iu"), "PyArray_ISFLOAT": _kind("f"), "PyArray_ISCOMPLEX": _kind("c"),
    "PyArray_ISNUMBER": _kind("iufc"), "PyArray_ISSTRING": _kind("SU"), "PyArray_ISOBJECT": _kind("O"),
    "PyArray_ISFLEXIBLE": _kind("SUV"),
    "PyArray_HASFIELDS": _of(lambda a: a.dtype.names is not None),
    "PyArray_ITEMSIZE": _of(lambda a: a.itemsize), "PyArray_NBYTES": _of(lambda a: a.nbytes),
    "PyArray_SAMESHAPE": lambda a, b: _array(a).shape == _array(b).shape,
    "PyArray_EquivArrTypes": lambda a, b: int(_array(a).dtype == _array(b).dtype),
    "PyArray_GETCONTIGUOUS": _of(np.ascontiguousarray), "PyArray_Copy": _of(lambda a: a.copy()),
    "PyArray_NewCopy": _of(lambda a, order: a.copy("CFAK"[order] if order >= 0 else "A")),
    "PyArray_FILLWBYTE": _of(_fill), "PyArray_DescrFromType": _dtype,
    "PyArray_TypeObjectFromType": lambda number: _dtype(number).type,
    "PyArray_FROM_O": np.asarray, "PyArray_FROM_OF": lambda x, flags: _made(x, 25, flags), "PyArray_FROM_OT": _made,
    "PyArray_FROM_OTF": _made, "PyArray_ContiguousFromAny": _contiguous, "PyArray_ContiguousFromObject": _contiguous,
    "PyArray_Cast": _of(lambda a, number: a.astype(_dtype(number))),
    "PyArray_Arange": lambda start, stop, step, number: _open.arange(start, stop, step, _dtype(number)),
    "PyArray_Ravel": _of(lambda a, order: a.ravel("CFAK"[order] if order >= 0 else "A")),
    "PyArray_Squeeze": _of(np.squeeze), "PyArray_Reshape": _of(lambda a, shape: a.reshape(shape)),
    "PyArray_Return": lambda a: a[()] if isinstance(a, np.ndarray) and a.ndim == 0 else a,
    "get_array_base": _of(lambda a: a.base),
}  # fmt: skip


def _nothing() -> None:
    """Start-up functions of C, which have nothing to do here."""


@functools.cache
def names() -> dict[str, Any]:
    """Functions and constants by name."""
    from ungil.pyx._names import Special

    made = {
        name: Special(f"cython.extern:{address}:{name}:{ty}")
        for name, address, ty in _ungil.ndarray_functions()
    }
    start = dict.fromkeys(("import_array", "import_ufunc", "import_umath"), _nothing)
    return start | constants() | _FUNCTIONS | made
