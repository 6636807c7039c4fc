"""Further modules of `cpython`: buffers, capsules, slices, weak references and memoryviews, and the rest of the common protocols."""

from __future__ import annotations

import operator
import time
import types
import weakref
from collections.abc import Callable
from typing import Any

from ungil.pyx._predicates import is_of as _is
from ungil.pyx._predicates import name as _name

#: `Py_buffer`, as the interpreter lays it out.
PY_BUFFER = (
    "struct Py_buffer{buf *void;obj *@PyObject;len int64;itemsize int64;readonly bint;ndim int32;format *int8;"
    "shape *int64;strides *int64;suboffsets *int64;internal *void;}"
)

#: Functions with pointers of C: by their entry in the interpreter, parameters and result.
POINTERS: dict[str, dict[str, str]] = {
    "buffer": {
        "PyObject_GetBuffer": f"PyObject_GetBuffer(@object,*{PY_BUFFER},int32)int32",
        "PyBuffer_Release": f"PyBuffer_Release(*{PY_BUFFER})void",
        "PyBuffer_IsContiguous": f"PyBuffer_IsContiguous(*const {PY_BUFFER},int8)bint",
    },
    "pycapsule": {
        "PyCapsule_New": "PyCapsule_New(*void,*const int8,*void)@object",
        "PyCapsule_GetPointer": "PyCapsule_GetPointer(@object,*const int8)*void",
        "PyCapsule_GetName": "PyCapsule_GetName(@object)*const int8",
        "PyCapsule_IsValid": "PyCapsule_IsValid(@object,*const int8)bint",
    },
    "slice": {
        "PySlice_Unpack": "PySlice_Unpack(@object,*int64,*int64,*int64)int32",
        "PySlice_GetIndicesEx": "PySlice_GetIndicesEx(@object,int64,*int64,*int64,*int64,*int64)int32",
        "PySlice_AdjustIndices": "PySlice_AdjustIndices(int64,*int64,*int64,int64)int64",
    },
    "memoryview": {
        "PyMemoryView_FromMemory": "PyMemoryView_FromMemory(*int8,int64,int32)@object",
    },
    "object": {
        "PyObject_AsFileDescriptor": "PyObject_AsFileDescriptor(@object)int32",
    },
    "number": {
        "PyNumber_AsSsize_t": "PyNumber_AsSsize_t(@object,*void)int64",
    },
    "long": {
        "PyLong_AsVoidPtr": "PyLong_AsVoidPtr(@object)*void",
    },
}

_FLAGS = {
    "PyBUF_SIMPLE": 0, "PyBUF_WRITABLE": 1, "PyBUF_WRITEABLE": 1, "PyBUF_FORMAT": 4, "PyBUF_ND": 8,
    "PyBUF_STRIDES": 0x18, "PyBUF_C_CONTIGUOUS": 0x38, "PyBUF_F_CONTIGUOUS": 0x58, "PyBUF_ANY_CONTIGUOUS": 0x98,
    "PyBUF_INDIRECT": 0x118, "PyBUF_CONTIG": 9, "PyBUF_CONTIG_RO": 8, "PyBUF_STRIDED": 0x19, "PyBUF_STRIDED_RO": 0x18,
    "PyBUF_RECORDS": 0x1D, "PyBUF_RECORDS_RO": 0x1C, "PyBUF_FULL": 0x11D, "PyBUF_FULL_RO": 0x11C,
    "PyBUF_READ": 0x100, "PyBUF_WRITE": 0x200,
}  # fmt: skip


def _done(call: Callable[..., Any]) -> Callable[..., int]:
    def run(*args: Any) -> int:
        call(*args)
        return 0

    return run


def _exports(x: Any) -> bool:
    try:
        memoryview(x)
    except TypeError:
        return False
    return True


def _merge(target: Any, other: Any, override: int) -> None:
    for key in other.keys():
        if override or key not in target:
            target[key] = other[key]


def _is_capsule(x: Any) -> bool:
    return type(x).__name__ == "PyCapsule"


def _unsigned(x: Any) -> int:
    value = operator.index(x)
    if value < 0:
        raise OverflowError("can't convert negative value to unsigned int")
    if value >= 1 << 64:
        raise OverflowError("Python int too large to convert to C unsigned long")
    return value


def _in_place_power(a: Any, b: Any, modulus: Any = None) -> Any:
    if modulus is not None:
        return pow(a, b, modulus)
    a **= b
    return a


_IN_PLACE = {
    f"PyNumber_InPlace{name}": function
    for name, function in {
        "Add": operator.iadd, "Subtract": operator.isub, "Multiply": operator.imul, "TrueDivide": operator.itruediv,
        "FloorDivide": operator.ifloordiv, "Remainder": operator.imod, "Lshift": operator.ilshift,
        "Rshift": operator.irshift, "And": operator.iand, "Or": operator.ior, "Xor": operator.ixor,
        "MatrixMultiply": operator.imatmul,
    }.items()
}  # fmt: skip

#: Functions on objects, in plain Python.
MODULES: dict[str, dict[str, Any]] = {
    "buffer": {"PyObject_CheckBuffer": _exports, **_FLAGS},
    "pycapsule": {"PyCapsule_CheckExact": _is_capsule},
    "slice": {
        "PySlice_Check": _is(slice), "PySlice_New": slice,
    },
    "memoryview": {
        "PyMemoryView_Check": _is(memoryview), "PyMemoryView_FromObject": memoryview,
    },
    "weakref": {
        "PyWeakref_Check": lambda x: isinstance(x, (weakref.ref, *weakref.ProxyTypes)),
        "PyWeakref_CheckRef": _is(weakref.ref), "PyWeakref_CheckProxy": lambda x: isinstance(x, weakref.ProxyTypes),
        "PyWeakref_NewRef": weakref.ref, "PyWeakref_NewProxy": weakref.proxy,
    },
    "function": {
        "PyFunction_Check": _is(types.FunctionType), "PyFunction_GetCode": lambda f: f.__code__,
        "PyFunction_GetGlobals": lambda f: f.__globals__, "PyFunction_GetDefaults": lambda f: f.__defaults__,
    },
    "method": {
        "PyMethod_Check": _is(types.MethodType), "PyMethod_New": types.MethodType,
        "PyMethod_Function": lambda m: m.__func__, "PyMethod_Self": lambda m: m.__self__,
        "PyMethod_GET_FUNCTION": lambda m: m.__func__, "PyMethod_GET_SELF": lambda m: m.__self__,
    },
    "time": {
        "time": time.time, "time_ns": time.time_ns, "perf_counter": time.perf_counter,
        "perf_counter_ns": time.perf_counter_ns, "monotonic": time.monotonic, "monotonic_ns": time.monotonic_ns,
        "localtime": time.localtime,
    },
    "object": {
        "PyObject_SetAttrString": _done(lambda x, name, value: setattr(x, _name(name), value)),
        "PyObject_DelAttrString": _done(lambda x, name: delattr(x, _name(name))),
        "PyObject_CallMethodObjArgs": lambda x, name, *args: getattr(x, name)(*args),
        "PyObject_Bytes": bytes, "PyObject_Format": format, "PyObject_LengthHint": operator.length_hint,
        "PyObject_TypeCheck": isinstance, "PyObject_GenericGetAttr": object.__getattribute__,
        "PyObject_GenericSetAttr": _done(object.__setattr__),
    },
    "mapping": {
        "PyMapping_Check": lambda x: hasattr(type(x), "__getitem__"),
        "PyMapping_GetItemString": lambda m, key: m[_name(key)],
        "PyMapping_SetItemString": _done(lambda m, key, value: operator.setitem(m, _name(key), value)),
        "PyMapping_HasKeyString": lambda m, key: _name(key) in m,
        "PyMapping_DelItem": _done(operator.delitem),
        "PyMapping_DelItemString": _done(lambda m, key: operator.delitem(m, _name(key))),
    },
    "sequence": {
        "PySequence_ITEM": operator.getitem, "PySequence_InPlaceConcat": operator.iconcat,
        "PySequence_InPlaceRepeat": operator.imul, "PySequence_Fast_GET_ITEM": operator.getitem,
        "PySequence_SetSlice": _done(lambda x, low, high, items: operator.setitem(x, slice(low, high), items)),
        "PySequence_DelSlice": _done(lambda x, low, high: operator.delitem(x, slice(low, high))),
    },
    "number": {
        "PyIndex_Check": lambda x: hasattr(type(x), "__index__"), "PyNumber_MatrixMultiply": operator.matmul,
        "PyNumber_InPlacePower": _in_place_power,
        **_IN_PLACE,
    },
    "long": {
        "PyLong_AsUnsignedLong": _unsigned, "PyLong_AsUnsignedLongLong": _unsigned,
        "PyLong_AsUnsignedLongMask": lambda x: operator.index(x) & (1 << 64) - 1,
    },
    "dict": {
        "PyDict_SetItemString": _done(lambda d, key, value: operator.setitem(d, _name(key), value)),
        "PyDict_DelItemString": _done(lambda d, key: operator.delitem(d, _name(key))),
        "PyDict_Merge": _done(_merge), "PyDictProxy_New": types.MappingProxyType,
        "PyDict_MergeFromSeq2": _done(lambda d, pairs, override: _merge(d, dict(pairs), override)),
    },
    "set": {
        "PySet_Discard": lambda s, x: x in s and s.discard(x) is None,
        "PyAnySet_CheckExact": lambda x: type(x) in (set, frozenset),
        "PyFrozenSet_CheckExact": lambda x: type(x) is frozenset,
    },
    "list": {
        "PyList_SetSlice": _done(lambda x, low, high, items: operator.setitem(x, slice(low, high), items or ())),
    },
    "type": {
        "PyType_IsSubtype": issubclass, "PyType_CheckExact": lambda x: type(x) is type, "PyType_Modified": lambda t: None,
    },
}  # fmt: skip

#: Types that modules declare.
TYPES: dict[str, dict[str, tuple[str, str]]] = {
    "buffer": {"Py_buffer": (PY_BUFFER, "Py_buffer")},
    "pycapsule": {"PyCapsule_Destructor": ("*void", "PyCapsule_Destructor")},
}
