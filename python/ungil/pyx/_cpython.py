"""`cpython`: the parts of Python's C interface that modules cimport, as functions on Python objects.

Each does what its prototype in Cython's `cpython` package says, reference counts included: functions that steal a
reference take one. Memory comes from the raw allocator, which needs no lock.
"""

from __future__ import annotations

import array as _array
import ctypes
import functools
import math
import operator
import re
import sys
import warnings
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from ungil._c import extern
from ungil.pyx import _cpython_datetime, _cpython_more, _cpython_rest
from ungil.pyx._predicates import exactly as _exactly
from ungil.pyx._predicates import is_of as _is

_api = ctypes.pythonapi
_object = ctypes.py_object


def _entry(name: str, result: Any, *parameters: Any) -> Any:
    """A function of the interpreter itself."""
    function = getattr(_api, name)
    function.restype, function.argtypes = result, parameters
    return function


_increase = _entry("Py_IncRef", None, _object)
_decrease = _entry("Py_DecRef", None, _object)
_check = _entry("PyErr_CheckSignals", ctypes.c_int)
_set_list_item = _entry("PyList_SetItem", ctypes.c_int, _object, ctypes.c_ssize_t, _object)


def _check_signals() -> int:
    """`PyErr_CheckSignals`: runs the handlers of signals, which raise."""
    status: int = _check()
    return status


def _raise(kind: Any, *what: Any) -> None:
    """`PyErr_SetObject`, `PyErr_SetNone`: the exception, which is raised at once."""
    if what and isinstance(what[0], BaseException):
        raise what[0]
    raise kind(*(what[0] if what and isinstance(what[0], tuple) else what))


def _raise_text(kind: Any, text: Any) -> None:
    """`PyErr_SetString`"""
    raise kind(text.decode() if isinstance(text, bytes) else text)


def _formatted(text: Any, *values: Any) -> str:
    """`PyUnicode_FromFormat` in plain Python, of numbers and texts."""
    given = iter(values)

    def shown(match: re.Match[str]) -> str:
        flags, directive = match.groups()
        if directive == "%":
            return "%"
        value = next(given)
        if directive == "c":
            return chr(value)
        if isinstance(value, bytes):
            value = value.decode(errors="replace")
        directive = {"R": "r", "S": "s", "U": "s", "A": "a", "i": "d", "u": "d"}.get(directive, directive)
        return f"%{flags}{directive}" % (value,)

    pattern = r"%([-0-9.]*)(?:hh|h|ll|l|z|j|t)?([diuxXcsRSUA%])"
    return re.sub(pattern, shown, text.decode() if isinstance(text, bytes) else text)


def _raise_formatted(kind: Any, text: Any, *values: Any) -> None:
    """`PyErr_Format` in plain Python."""
    raise kind(_formatted(text, *values))


# What some functions with pointers of C are in plain Python.
_PLAIN: dict[str, Callable[..., Any]] = {
    "PyErr_Format": _raise_formatted,
    "PyUnicode_FromFormat": _formatted,
    "PyBytes_FromFormat": lambda text, *values: _formatted(text, *values).encode(),
}


def _raise_memory() -> None:
    """`PyErr_NoMemory`"""
    raise MemoryError


def _matches(given: Any, kind: Any) -> bool:
    """`PyErr_GivenExceptionMatches`"""
    return issubclass(given if isinstance(given, type) else type(given), kind)


def _warn(kind: Any, text: Any, level: int) -> int:
    """`PyErr_WarnEx`"""
    warnings.warn(
        text.decode() if isinstance(text, bytes) else text, kind or RuntimeWarning, stacklevel=level + 1
    )
    return 0


def _done(call: Callable[..., Any]) -> Callable[..., int]:
    """A function of C that tells success by 0."""

    @functools.wraps(call)
    def run(*args: Any) -> int:
        call(*args)
        return 0

    return run


def _fits(error: str) -> Callable[[Any], int]:
    """A conversion to 64 bits with a sign."""

    def converted(x: Any) -> int:
        value = operator.index(x)
        if not -(1 << 63) <= value < 1 << 63:
            raise OverflowError(error)
        return value

    return converted


def _as_size(x: Any) -> int:
    if not isinstance(x, int):
        raise TypeError("an integer is required")
    return _fits("Python int too large to convert to C ssize_t")(x)


def _as_double(x: Any) -> float:
    # Of what is no number it says what the interpreter's own conversion does.
    return math.ldexp(x, 0)


def _int_as_double(x: Any) -> float:
    if not isinstance(x, int):
        raise TypeError("an integer is required")
    return float(x)


def _steal_list_item(items: Any, k: int, x: Any) -> int:
    """`PyList_SET_ITEM`: the reference that the caller has counted is taken over."""
    status: int = _set_list_item(items, k, x)
    return status


def _steal_tuple_item(items: Any, k: int, x: Any) -> int:
    """`PyTuple_SET_ITEM`, for a tuple that has just been made: the interpreter's own refuses what others hold."""
    if not isinstance(items, tuple) or not 0 <= k < len(items):
        raise IndexError("tuple assignment index out of range")
    slot = ctypes.c_void_p.from_address(id(items) + tuple.__basicsize__ + k * ctypes.sizeof(ctypes.c_void_p))
    before = items[k]
    slot.value = id(x)
    _decrease(before)
    return 0


def _new_list(n: int) -> list[Any]:
    """`PyList_New`, with elements: what is empty in C until it is set would bring the process down."""
    if n < 0:
        raise SystemError("bad argument to internal function")
    return [None] * n


def _new_tuple(n: int) -> tuple[Any, ...]:
    """`PyTuple_New`, a fresh one that may be filled."""
    return tuple(_new_list(n))


def _contains(items: Any, x: Any) -> int:
    return int(x in items)


def _compare(a: Any, b: Any, op: int) -> Any:
    return (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)[op](a, b)


def both(cimported: ModuleType, imported: ModuleType) -> ModuleType:
    """A module with what was cimported under its name as well, which comes first as in Cython."""
    module = ModuleType(imported.__name__, imported.__doc__)
    vars(module).update(vars(imported))
    own = {name: value for name, value in vars(cimported).items() if not name.startswith("__")}
    vars(module).update(own)
    return module


def _clone(template: Any, length: int, zero: bool = True) -> Any:
    """`array.clone`: an array of the template's type; its elements are zero, asked for or not."""
    return _array.array(template.typecode, bytes(length * template.itemsize))


def _resize(a: Any, n: int) -> int:
    if n < len(a):
        del a[n:]
    else:
        a.frombytes(bytes((n - len(a)) * a.itemsize))
    return 0


def _zero(a: Any) -> None:
    memoryview(a).cast("B")[:] = bytes(len(a) * a.itemsize)


_LIST: dict[str, Any] = {
    "PyList_New": _new_list,
    "PyList_Check": _is(list), "PyList_CheckExact": _exactly(list), "PyList_Size": len, "PyList_GET_SIZE": len,
    "PyList_SetItem": _steal_list_item, "PyList_SET_ITEM": _steal_list_item, "PyList_Insert": _done(list.insert),
    "PyList_Append": _done(list.append), "PyList_Sort": _done(list.sort), "PyList_Reverse": _done(list.reverse),
    "PyList_GetItemRef": operator.getitem, "PyList_AsTuple": tuple, "PyList_Extend": _done(list.extend),
    "PyList_Clear": _done(list.clear), "PyList_GetSlice": lambda x, low, high: x[low:high],
}  # fmt: skip
_TUPLE: dict[str, Any] = {
    "PyTuple_New": _new_tuple, "PyTuple_Check": _is(tuple), "PyTuple_CheckExact": _exactly(tuple),
    "PyTuple_Size": len, "PyTuple_GET_SIZE": len, "PyTuple_SET_ITEM": _steal_tuple_item,
    "PyTuple_SetItem": _steal_tuple_item, "PyTuple_GetSlice": lambda x, low, high: x[low:high],
}  # fmt: skip
_DICT: dict[str, Any] = {
    "PyDict_New": dict, "PyDict_Check": _is(dict), "PyDict_CheckExact": _exactly(dict), "PyDict_Size": len,
    "PyDict_Clear": dict.clear, "PyDict_Contains": _contains, "PyDict_Copy": dict.copy,
    "PyDict_SetItem": _done(operator.setitem), "PyDict_DelItem": _done(operator.delitem),
    "PyDict_Items": lambda d: list(d.items()), "PyDict_Keys": lambda d: list(d.keys()),
    "PyDict_Values": lambda d: list(d.values()), "PyDict_Update": _done(dict.update),
}  # fmt: skip
_SET: dict[str, Any] = {
    "PySet_New": lambda items=(): set(items), "PyFrozenSet_New": lambda items=(): frozenset(items),
    "PySet_Size": len, "PySet_GET_SIZE": len, "PySet_Contains": _contains, "PySet_Add": _done(set.add),
    "PySet_Pop": set.pop, "PySet_Clear": _done(set.clear), "PyAnySet_Check": _is(set, frozenset),
    "PySet_Check": _is(set), "PyFrozenSet_Check": _is(frozenset),
}  # fmt: skip
_OBJECT: dict[str, Any] = {
    "Py_LT": 0, "Py_LE": 1, "Py_EQ": 2, "Py_NE": 3, "Py_GT": 4, "Py_GE": 5,
    "PyObject_GetAttr": getattr, "PyObject_GetAttrString": getattr, "PyObject_HasAttr": hasattr,
    "PyObject_HasAttrString": hasattr, "PyObject_SetAttr": _done(setattr), "PyObject_DelAttr": _done(delattr),
    "PyObject_RichCompare": _compare, "PyObject_RichCompareBool": lambda a, b, op: bool(_compare(a, b, op)),
    "PyObject_Repr": repr, "PyObject_Str": str, "PyObject_IsInstance": isinstance, "PyObject_IsSubclass": issubclass,
    "PyCallable_Check": callable, "PyObject_Call": lambda f, args, keywords=None: f(*args, **(keywords or {})),
    "PyObject_CallObject": lambda f, args=(): f(*args), "PyObject_CallFunctionObjArgs": lambda f, *args: f(*args),
    "PyObject_Hash": hash, "PyObject_IsTrue": bool, "PyObject_Not": operator.not_, "PyObject_Type": type,
    "PyObject_Length": len, "PyObject_Size": len, "PyObject_GetItem": operator.getitem,
    "PyObject_SetItem": _done(operator.setitem), "PyObject_DelItem": _done(operator.delitem),
    "PyObject_Dir": dir, "PyObject_GetIter": iter,
}  # fmt: skip
_SEQUENCE: dict[str, Any] = {
    "PySequence_Check": lambda x: hasattr(type(x), "__getitem__") and not isinstance(x, dict),
    "PySequence_Size": len, "PySequence_Length": len, "PySequence_Concat": operator.add,
    "PySequence_Repeat": operator.mul, "PySequence_GetItem": operator.getitem,
    "PySequence_GetSlice": lambda x, low, high: x[low:high], "PySequence_SetItem": _done(operator.setitem),
    "PySequence_DelItem": _done(operator.delitem), "PySequence_Count": operator.countOf,
    "PySequence_Contains": _contains, "PySequence_Index": operator.indexOf, "PySequence_List": list,
    "PySequence_Tuple": tuple, "PySequence_Fast": lambda x, text: x if isinstance(x, (list, tuple)) else list(x),
    "PySequence_Fast_GET_SIZE": len, "PyMapping_Size": len, "PyMapping_Length": len,
    "PyMapping_Keys": lambda m: list(m.keys()), "PyMapping_Values": lambda m: list(m.values()),
    "PyMapping_Items": lambda m: list(m.items()), "PyMapping_HasKey": _contains,
    "PyIter_Check": lambda x: hasattr(type(x), "__next__"), "PyIter_Next": next,
}  # fmt: skip
_NUMBER: dict[str, Any] = {
    "PyNumber_Check": lambda x: hasattr(type(x), "__int__") or hasattr(type(x), "__float__"),
    "PyNumber_Add": operator.add, "PyNumber_Subtract": operator.sub, "PyNumber_Multiply": operator.mul,
    "PyNumber_TrueDivide": operator.truediv, "PyNumber_FloorDivide": operator.floordiv,
    "PyNumber_Remainder": operator.mod, "PyNumber_Divmod": divmod, "PyNumber_Negative": operator.neg,
    "PyNumber_Positive": operator.pos, "PyNumber_Absolute": abs, "PyNumber_Invert": operator.invert,
    "PyNumber_Lshift": operator.lshift, "PyNumber_Rshift": operator.rshift, "PyNumber_And": operator.and_,
    "PyNumber_Xor": operator.xor, "PyNumber_Or": operator.or_, "PyNumber_Int": int, "PyNumber_Long": int,
    "PyNumber_Float": float, "PyNumber_Index": operator.index,
    "PyNumber_Power": lambda a, b, c=None: pow(a, b) if c is None else pow(a, b, c),
    "PyLong_Check": _is(int), "PyLong_CheckExact": _exactly(int), "PyLong_FromLong": int,
    "PyLong_FromLongLong": int, "PyLong_FromUnsignedLong": int, "PyLong_FromSsize_t": int, "PyLong_FromSize_t": int,
    "PyLong_FromDouble": int, "PyLong_AsLong": _fits("Python int too large to convert to C long"),
    "PyLong_AsLongLong": _fits("int too big to convert"), "PyLong_AsSsize_t": _as_size, "PyLong_AsDouble": _int_as_double,
    "PyFloat_Check": _is(float),
    "PyFloat_CheckExact": _exactly(float), "PyFloat_FromDouble": float, "PyFloat_FromString": float,
    "PyFloat_AsDouble": _as_double, "PyFloat_AS_DOUBLE": float, "PyComplex_Check": _is(complex),
    "PyComplex_FromDoubles": complex, "PyComplex_RealAsDouble": lambda z: complex(z).real,
    "PyComplex_ImagAsDouble": lambda z: complex(z).imag, "PyBool_Check": _is(bool), "PyBool_FromLong": bool,
}  # fmt: skip
_TEXT: dict[str, Any] = {
    "PyBytes_Check": _is(bytes), "PyBytes_CheckExact": _exactly(bytes), "PyBytes_Size": len,
    "PyBytes_GET_SIZE": len, "PyBytes_FromObject": bytes, "PyUnicode_Check": _is(str),
    "PyUnicode_CheckExact": _exactly(str), "PyUnicode_GET_LENGTH": len, "PyUnicode_GetLength": len,
    "PyUnicode_Concat": operator.add, "PyUnicode_Split": lambda s, sep, most=-1: s.split(sep, most),
    "PyUnicode_Join": lambda sep, items: sep.join(items), "PyUnicode_Contains": _contains,
    "PyUnicode_AsUTF8String": lambda s: s.encode("utf-8"), "PyUnicode_AsASCIIString": lambda s: s.encode("ascii"),
    "PyUnicode_AsLatin1String": lambda s: s.encode("latin-1"), "PyUnicode_Format": operator.mod,
}  # fmt: skip
_BYTEARRAY: dict[str, Any] = {
    "PyByteArray_Check": _is(bytearray), "PyByteArray_CheckExact": _exactly(bytearray), "PyByteArray_Size": len,
    "PyByteArray_GET_SIZE": len, "PyByteArray_FromObject": bytearray, "PyByteArray_Concat": lambda a, b: bytearray(a) + b,
}  # fmt: skip

# Functions with pointers of C, as compiled code calls them: by their entry in the interpreter, parameters and result.
_POINTERS = {
    "list": {
        "PyList_GetItem": "PyList_GetItem(@object,int64)*@PyObject",
        "PyList_GET_ITEM": "PyList_GetItem(@object,int64)*@PyObject",
    },
    "tuple": {
        "PyTuple_GetItem": "PyTuple_GetItem(@object,int64)*@PyObject",
        "PyTuple_GET_ITEM": "PyTuple_GetItem(@object,int64)*@PyObject",
    },
    "dict": {
        "PyDict_GetItem": "PyDict_GetItem(@object,@object)*@PyObject",
        "PyDict_GetItemWithError": "PyDict_GetItemWithError(@object,@object)*@PyObject",
        "PyDict_GetItemString": "PyDict_GetItemString(@object,*const int8)*@PyObject",
        "PyDict_SetDefault": "PyDict_SetDefault(@object,@object,@object)*@PyObject",
        "PyDict_Next": "PyDict_Next(@object,*int64,**@PyObject,**@PyObject)int32",
    },
    "bytes": {
        "PyBytes_FromFormat": "PyBytes_FromFormat(*const int8,@...)@object",
        "PyBytes_FromString": "PyBytes_FromString(*const int8)@object",
        "PyBytes_FromStringAndSize": "PyBytes_FromStringAndSize(*const int8,int64)@object",
        "PyBytes_AsString": "PyBytes_AsString(@object)*int8",
        "PyBytes_AS_STRING": "PyBytes_AsString(@object)*int8",
        "PyBytes_AsStringAndSize": "PyBytes_AsStringAndSize(@object,**int8,*int64)int32",
    },
    "bytearray": {
        "PyByteArray_FromStringAndSize": "PyByteArray_FromStringAndSize(*const int8,int64)@object",
        "PyByteArray_AsString": "PyByteArray_AsString(@object)*int8",
        "PyByteArray_AS_STRING": "PyByteArray_AsString(@object)*int8",
        "PyByteArray_Resize": "PyByteArray_Resize(@object,int64)int32",
    },
    "unicode": {
        "PyUnicode_FromFormat": "PyUnicode_FromFormat(*const int8,@...)@object",
        "PyUnicode_FromString": "PyUnicode_FromString(*const int8)@object",
        "PyUnicode_FromStringAndSize": "PyUnicode_FromStringAndSize(*const int8,int64)@object",
        "PyUnicode_DecodeUTF8": "PyUnicode_DecodeUTF8(*const int8,int64,*const int8)@object",
        "PyUnicode_DecodeASCII": "PyUnicode_DecodeASCII(*const int8,int64,*const int8)@object",
        "PyUnicode_DecodeLatin1": "PyUnicode_DecodeLatin1(*const int8,int64,*const int8)@object",
        "PyUnicode_AsUTF8": "PyUnicode_AsUTF8(@object)*const int8",
        "PyUnicode_AsUTF8AndSize": "PyUnicode_AsUTF8AndSize(@object,*int64)*const int8",
    },
    "exc": {
        "PyErr_Occurred": "PyErr_Occurred()*@PyObject",
        "PyErr_Format": "PyErr_Format(@object,*const int8,@...)@object",
    },
    "long": {
        "PyLong_FromString": "PyLong_FromString(*const int8,**int8,int32)@object",
        "PyLong_FromVoidPtr": "PyLong_FromVoidPtr(*void)@object",
    },
}  # fmt: skip


@functools.cache
def _pointers(part: str) -> dict[str, Any]:
    """The functions of a module that have pointers of C."""
    from ungil.pyx._names import Replaced, Special

    made: dict[str, Any] = {}
    texts = (
        _POINTERS.get(part, {}) | _cpython_more.POINTERS.get(part, {}) | _cpython_rest.POINTERS.get(part, {})
    )
    for name, text in texts.items():
        entry, _, types = text.partition("(")
        if not hasattr(_api, entry):
            # Another version of Python has it.
            continue
        address = ctypes.cast(getattr(_api, entry), ctypes.c_void_p).value
        canonical = f"cython.extern:{address}:{name}:fn({types}"
        plain = _PLAIN.get(name)
        made[name] = Special(canonical) if plain is None else Replaced(canonical, plain)
    return made


_REFERENCES: dict[str, Any] = {
    "Py_INCREF": _increase, "Py_XINCREF": _increase, "Py_DECREF": _decrease, "Py_XDECREF": _decrease,
    "Py_REFCNT": lambda x: sys.getrefcount(x) - 2,
}  # fmt: skip
_EXCEPTIONS: dict[str, Any] = {
    "PyErr_CheckSignals": _check_signals, "PyErr_SetString": _raise_text, "PyErr_SetObject": _raise,
    "PyErr_SetNone": _raise, "PyErr_NoMemory": _raise_memory, "PyErr_GivenExceptionMatches": _matches,
    "PyErr_ExceptionMatches": lambda kind: False, "PyErr_Clear": lambda: None, "PyErr_WarnEx": _warn,
    "PyExceptionClass_Check": lambda x: isinstance(x, type) and issubclass(x, BaseException),
    "PyExceptionInstance_Check": _is(BaseException),
}  # fmt: skip
_VERSION: dict[str, Any] = {
    "PY_VERSION_HEX": sys.hexversion, "PY_MAJOR_VERSION": sys.version_info.major,
    "PY_MINOR_VERSION": sys.version_info.minor, "PY_MICRO_VERSION": sys.version_info.micro,
    "PY_VERSION": sys.version.split()[0],
}  # fmt: skip

_MODULES: dict[str, dict[str, Any]] = {
    "list": _LIST, "tuple": _TUPLE, "dict": _DICT, "set": _SET, "object": _OBJECT, "sequence": _SEQUENCE,
    "mapping": _SEQUENCE, "iterator": _SEQUENCE, "number": _NUMBER, "long": _NUMBER, "float": _NUMBER,
    "complex": _NUMBER, "bool": _NUMBER | {"bool": bool}, "bytes": _TEXT, "unicode": _TEXT, "bytearray": _BYTEARRAY, "ref": _REFERENCES,
    "exc": _EXCEPTIONS, "version": _VERSION, "type": {"PyType_Check": _is(type)},
}  # fmt: skip
for _part, _table in (*_cpython_more.MODULES.items(), *_cpython_rest.MODULES.items()):
    _MODULES[_part] = _MODULES.get(_part, {}) | _table
_ARRAY: dict[str, Any] = {
    "array": _array.array, "clone": _clone, "copy": lambda a: a[:], "resize": _resize, "resize_smart": _resize,
    "extend": _done(lambda a, other: a.extend(other)), "zero": _zero,
}  # fmt: skip
_MEMORY = ("void *{}Malloc(size_t n)", "void *{}Calloc(size_t n, size_t size)", "void *{}Realloc(void *p, size_t n)", "void {}Free(void *p)")  # fmt: skip


@functools.cache
def _memory() -> dict[str, Any]:
    """`PyMem_…` and `PyObject_…`: the raw allocator under each of their names."""
    raw = {name: extern(text.format("PyMem_Raw")) for name, text in zip(_OPERATIONS, _MEMORY, strict=True)}
    prefixes: Iterable[str] = ("PyMem_", "PyMem_Raw", "PyObject_")
    named = {prefix + name: function for prefix in prefixes for name, function in raw.items()}
    return named | {"PyMem_Del": raw["Free"]}


_OPERATIONS = ("Malloc", "Calloc", "Realloc", "Free")


def names(module: str) -> dict[str, Any] | None:
    """Functions and constants of `cpython` or one of its modules; `None` for a module that is not known."""
    root, _, part = module.partition(".")
    if root != "cpython":
        return None
    if part == "array":
        return dict(_ARRAY)
    if part == "mem":
        return dict(_memory())
    if part == "object":
        return (
            _MODULES[part]
            | _pointers(part)
            | {k: v for k, v in _memory().items() if k.startswith("PyObject_")}
        )
    if part == "datetime":
        return dict(_cpython_datetime.NAMES)
    if part:
        return _MODULES[part] | _pointers(part) if part in _MODULES else None
    own = {"bool": ("bool",), "time": _cpython_more.MODULES["time"]}
    every = {
        name: value
        for part, table in _MODULES.items()
        for name, value in table.items()
        if part not in _cpython_rest.APART and name not in own.get(part, ())
    }
    parts = {*_POINTERS, *_cpython_more.POINTERS, *_cpython_rest.POINTERS} - {*_cpython_rest.APART}
    with_pointers = {name: value for part in parts for name, value in _pointers(part).items()}
    return every | with_pointers | _memory()


def types(module: str) -> dict[str, tuple[str, str]] | None:
    """Types of such a module."""
    if module == "cpython.array":
        return {"array": ("object", "array.array")}
    if module == "cpython.datetime":
        return dict(_cpython_datetime.TYPES)
    found = {"PyObject": ("@PyObject", "PyObject"), "Py_hash_t": ("int64", "Py_hash_t")}
    if module == "cpython":
        tables = (
            *_cpython_more.TYPES.values(),
            _cpython_rest.TYPES["pystate"],
            _cpython_rest.TYPES["pythread"],
        )
        return {**found, **{name: ty for table in tables for name, ty in table.items()}}
    if module in ("cpython.object", "cpython.ref"):
        return found
    part = module.removeprefix("cpython.")
    if (own := _cpython_more.TYPES.get(part, _cpython_rest.TYPES.get(part))) is not None:
        return dict(own)
    if module == "cpython.bool":
        return {"bool": ("object", "bool")}
    return {} if names(module) is not None else None
