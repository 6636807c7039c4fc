"""The less common modules of `cpython`: imports, codecs, threads, iterators, files, context variables and the like."""

from __future__ import annotations

import _thread
import contextvars
import marshal
import re
import sys
import types
import unicodedata
import warnings
from collections.abc import Callable
from typing import Any

from ungil.pyx._cpython_more import PY_BUFFER
from ungil.pyx._predicates import exactly as _exactly
from ungil.pyx._predicates import is_of as _is
from ungil.pyx._predicates import name as _name

_TSS = "struct Py_tss_t{_is_initialized int32;_key uint32;}"
#: What stands for the types of some parameters below.
_SHORT = {
    "T": "*const int8",
    "U": "*const uint8",
    "B": f"*{PY_BUFFER}",
    "C": f"*const {PY_BUFFER}",
    "K": f"*{_TSS}",
}

#: Functions with pointers of C: by their entry in the interpreter, parameters and result.
_ENTRIES: dict[str, str] = {
    "buffer": """
        PyBuffer_FillInfo(B,@object,*void,int64,int32,int32)int32 PyObject_CopyData(@object,@object)int32
        PyBuffer_ToContiguous(*void,C,int64,int8)int32 PyBuffer_GetPointer(C,*int64)*void
        PyBuffer_FillContiguousStrides(int32,*int64,*int64,int32,int8)void
    """,
    "cellobject": "PyCell_New(*@PyObject)@object PyCell_Get(@object)@object PyCell_Set(@object,*@PyObject)int32",
    "codecs": """
        PyCodec_Register(@object)int32 PyCodec_KnownEncoding(T)int32 PyCodec_Encode(@object,T,T)@object
        PyCodec_Decode(@object,T,T)@object PyCodec_Encoder(T)@object PyCodec_Decoder(T)@object
        PyCodec_IncrementalEncoder(T,T)@object PyCodec_IncrementalDecoder(T,T)@object PyCodec_StreamReader(T,@object,T)@object
        PyCodec_StreamWriter(T,@object,T)@object PyCodec_RegisterError(T,@object)int32 PyCodec_LookupError(T)@object
        PyCodec_StrictErrors(@object)@object PyCodec_IgnoreErrors(@object)@object PyCodec_ReplaceErrors(@object)@object
        PyCodec_XMLCharRefReplaceErrors(@object)@object PyCodec_BackslashReplaceErrors(@object)@object
        PyCodec_NameReplaceErrors(@object)@object
    """,
    "conversion": """
        PyOS_snprintf(*int8,uint64,T,@...)int32 PyOS_mystricmp(T,T)int32 PyOS_mystrnicmp(T,T,int64)int32
        PyOS_double_to_string(float64,int8,int32,int32,*int32)*int8
    """,
    "exc": """
        PyErr_SetFromErrno(@object)@object PyErr_SetFromErrnoWithFilename(@object,T)@object
        PyErr_SetFromErrnoWithFilenameObject(@object,@object)@object
    """,
    "fileobject": """
        PyFile_FromFd(int32,T,T,int32,T,T,T,int32)@object PyFile_GetLine(@object,int32)@object
        PyFile_WriteObject(@object,@object,int32)int32 PyFile_WriteString(T,@object)int32
    """,
    "float": """
        PyFloat_Pack2(float64,*uint8,int32)int32 PyFloat_Pack4(float64,*uint8,int32)int32 PyFloat_Pack8(float64,*uint8,int32)int32
        PyFloat_Unpack2(U,int32)float64 PyFloat_Unpack4(U,int32)float64 PyFloat_Unpack8(U,int32)float64
    """,
    "iterobject": "PySeqIter_New(@object)@object PyCallIter_New(@object,@object)@object",
    "marshal": """
        PyMarshal_WriteObjectToString(@object,int32)@object PyMarshal_ReadObjectFromString(T,int64)@object
        PyMarshal_ReadObjectFromFile(*@FILE)@object PyMarshal_ReadLastObjectFromFile(*@FILE)@object
    """,
    "memoryview": "PyMemoryView_FromBuffer(C)@object PyMemoryView_GetContiguous(@object,int32,int8)@object",
    "module": """
        PyImport_ImportModule(T)@object PyImport_ImportModuleLevel(T,@object,@object,@object,int32)@object
        PyImport_Import(@object)@object PyImport_ReloadModule(@object)@object PyImport_AddModule(T)*@PyObject
        PyImport_ExecCodeModule(T,@object)@object PyImport_GetMagicNumber()int64 PyImport_GetModuleDict()*@PyObject
        PyModule_NewObject(@object)@object PyModule_New(T)@object PyModule_GetDict(@object)*@PyObject
        PyModule_GetNameObject(@object)@object PyModule_GetName(@object)T PyModule_GetFilenameObject(@object)@object
        PyModule_GetFilename(@object)T PyModule_AddObject(@object,T,@object)int32
        PyModule_AddIntConstant(@object,T,int64)int32 PyModule_AddStringConstant(@object,T,T)int32
    """,
    "object": """
        PyObject_Print(@object,*@FILE,int32)int32 PyObject_CallFunction(@object,T,@...)@object
        PyObject_CallMethod(@object,T,T,@...)@object PyObject_GenericGetDict(@object,*void)@object
    """,
    "pycapsule": """
        PyCapsule_SetPointer(@object,*void)int32 PyCapsule_SetName(@object,T)int32 PyCapsule_SetContext(@object,*void)int32
        PyCapsule_SetDestructor(@object,*void)int32
    """,
    "pylifecycle": """
        Py_GetVersion()T Py_GetPlatform()T Py_GetCopyright()T Py_GetCompiler()T Py_GetBuildInfo()T Py_IsInitialized()int32
    """,
    "pystate": """
        PyThreadState_Get()*@PyThreadState PyThreadState_GetDict()*@PyObject PyThreadState_SetAsyncExc(int64,*@PyObject)int32
        PyGILState_Ensure()int32 PyGILState_Release(int32)void PyGILState_Check()int32
        PyInterpreterState_Head()*@PyInterpreterState PyInterpreterState_Next(*@PyInterpreterState)*@PyInterpreterState
        PyInterpreterState_ThreadHead(*@PyInterpreterState)*@PyThreadState PyThreadState_Next(*@PyThreadState)*@PyThreadState
        PyInterpreterState_GetID(*@PyInterpreterState)int64
    """,
    "pythread": """
        PyThread_get_thread_ident()int64 PyThread_allocate_lock()*void PyThread_free_lock(*void)void
        PyThread_acquire_lock(*void,int32)int32 PyThread_release_lock(*void)void PyThread_get_stacksize()uint64
        PyThread_set_stacksize(uint64)int32 PyThread_tss_alloc()K PyThread_tss_free(K)void
        PyThread_tss_is_created(K)int32 PyThread_tss_create(K)int32 PyThread_tss_delete(K)void
        PyThread_tss_set(K,*void)int32 PyThread_tss_get(K)*void
    """,
    "tuple": "PyTuple_Pack(int64,@...)@object",
    "unicode": """
        PyUnicode_AsEncodedString(@object,T,T)@object PyUnicode_Decode(T,int64,T,T)@object PyUnicode_AsUTF16String(@object)@object
        PyUnicode_AsUTF32String(@object)@object PyUnicode_DecodeUTF16(T,int64,T,*int32)@object
        PyUnicode_DecodeUTF32(T,int64,T,*int32)@object PyUnicode_DecodeUnicodeEscape(T,int64,T)@object
        PyUnicode_DecodeRawUnicodeEscape(T,int64,T)@object PyUnicode_AsUnicodeEscapeString(@object)@object
        PyUnicode_AsRawUnicodeEscapeString(@object)@object PyUnicode_InternFromString(T)@object
        PyUnicode_FromObject(@object)@object PyUnicode_FromEncodedObject(@object,T,T)@object
    """,
    "weakref": "PyWeakref_GetObject(@object)*@PyObject",
}


def _written_out(entry: str) -> str:
    name, _, types = entry.partition("(")
    return name + "(" + re.sub(r"\b[TUBCK]\b", lambda found: _SHORT[found[0]], types)


POINTERS: dict[str, dict[str, str]] = {
    part: {entry.partition("(")[0].replace("_my", "_"): _written_out(entry) for entry in entries.split()}
    for part, entries in _ENTRIES.items()
}


def _character(x: Any) -> str:
    return x if isinstance(x, str) else chr(x)


def _asked(question: str) -> Callable[[Any], bool]:
    """A question about a character."""
    return lambda x: bool(getattr(_character(x), question)())


def _mapped(change: str) -> Callable[[Any], str]:
    """A character in another case, where that is one."""

    def mapped(x: Any) -> str:
        c = _character(x)
        made: str = getattr(c, change)()
        return made if len(made) == 1 else c

    return mapped


def _compare(a: str, b: Any) -> int:
    other = _name(b)
    return (a > other) - (a < other)


def _find(text: str, part: str, start: int, end: int, direction: int) -> int:
    return text.find(part, start, end) if direction > 0 else text.rfind(part, start, end)


def _tail(text: str, part: str, start: int, end: int, direction: int) -> int:
    cut = text[start:end]
    return int(cut.endswith(part) if direction > 0 else cut.startswith(part))


def _bad_argument() -> None:
    raise TypeError("bad argument type for built-in operation")


def _bad_call() -> None:
    raise SystemError("bad argument to internal function")


def _exception(name: Any, base: Any = None, namespace: Any = None) -> type:
    module, _, own = _name(name).rpartition(".")
    bases = base if isinstance(base, tuple) else (base or Exception,)
    return type(own, bases, {"__module__": module, **(namespace or {})})


def _warn_explicit(kind: Any, text: Any, file: Any, line: int, module: Any, registry: Any) -> int:
    warnings.warn_explicit(_name(text), kind, _name(file), line, module and _name(module), registry)
    return 0


def _variable(name: Any, *default: Any) -> contextvars.ContextVar[Any]:
    given = {"default": default[0]} if default else {}
    return contextvars.ContextVar(_name(name), **given)


def _value(variable: contextvars.ContextVar[Any], default: Any = None) -> Any:
    try:
        return variable.get()
    except LookupError:
        return default


def _reset(variable: contextvars.ContextVar[Any], token: Any) -> int:
    variable.reset(token)
    return 0


#: Functions on objects and constants, in plain Python.
MODULES: dict[str, dict[str, Any]] = {
    "bytes": {"PyBytes_Format": lambda form, values: form % values},
    "cellobject": {"PyCell_Check": _is(types.CellType), "PyCell_GET": lambda cell: cell.cell_contents},
    "complex": {"PyComplex_CheckExact": _exactly(complex)},
    "contextvars": {
        "PyContext_CheckExact": _exactly(contextvars.Context), "PyContextVar_CheckExact": _exactly(contextvars.ContextVar),
        "PyContextToken_CheckExact": _exactly(contextvars.Token), "PyContext_New": contextvars.Context,
        "PyContext_Copy": lambda context: context.copy(), "PyContext_CopyCurrent": contextvars.copy_context,
        "PyContextVar_New_with_default": _variable, "PyContextVar_Set": lambda variable, value: variable.set(value),
        "PyContextVar_Reset": _reset, "get_value": _value,
        "get_value_no_default": lambda variable, default=None: variable.get(default),
    },
    "conversion": {"Py_DTSF_SIGN": 1, "Py_DTSF_ADD_DOT_0": 2, "Py_DTSF_ALT": 4},
    "descr": {"PyDescr_IsData": lambda x: hasattr(type(x), "__set__")},
    "exc": {
        "PyErr_BadArgument": _bad_argument, "PyErr_BadInternalCall": _bad_call, "PyErr_NewException": _exception,
        "PyErr_WarnExplicit": _warn_explicit, "PyErr_SetInterrupt": _thread.interrupt_main,
    },
    "fileobject": {"Py_PRINT_RAW": 1},
    "function": {"PyFunction_GetModule": lambda f: f.__module__, "PyFunction_GetClosure": lambda f: f.__closure__},
    "genobject": {"PyGen_Check": _is(types.GeneratorType), "PyGen_CheckExact": _exactly(types.GeneratorType)},
    "iterobject": {
        "PySeqIter_Check": _is(type(iter(type("S", (), {"__getitem__": None})()))),
        "PyCallIter_Check": _is(type(iter(int, 1))),
    },
    "long": {
        "PyLong_AsUnsignedLongLongMask": lambda x: int(x) & (1 << 64) - 1, "PyLong_FromUnsignedLongLong": int,
        "PyLong_FromUnicode": lambda text, length, base: int(text, base),
    },
    "longintrepr": {
        "PyLong_SHIFT": sys.int_info.bits_per_digit, "PyLong_BASE": 1 << sys.int_info.bits_per_digit,
        "PyLong_MASK": (1 << sys.int_info.bits_per_digit) - 1,
    },
    "marshal": {"Py_MARSHAL_VERSION": marshal.version},
    "module": {"PyModule_Check": _is(types.ModuleType), "PyModule_CheckExact": _exactly(types.ModuleType)},
    "pylifecycle": {},
    "pyport": {"PY_SSIZE_T_MAX": sys.maxsize, "PY_SSIZE_T_MIN": -sys.maxsize - 1},
    "pystate": {
        "PyTrace_CALL": 0, "PyTrace_EXCEPTION": 1, "PyTrace_LINE": 2, "PyTrace_RETURN": 3, "PyTrace_C_CALL": 4,
        "PyTrace_C_EXCEPTION": 5, "PyTrace_C_RETURN": 6,
    },
    "pythread": {
        "WAIT_LOCK": 1, "NOWAIT_LOCK": 0, "PY_LOCK_FAILURE": 0, "PY_LOCK_ACQUIRED": 1, "PY_LOCK_INTR": 2,
    },
    "codecs": {},
    "type": {
        "PyType_HasFeature": lambda kind, flag: bool(kind.__flags__ & flag),
        "PyType_IS_GC": lambda kind: bool(kind.__flags__ & 1 << 14),
    },
    "unicode": {
        **{f"Py_UNICODE_IS{name.upper()}": _asked(f"is{name}")
           for name in ("space", "lower", "upper", "title", "decimal", "digit", "numeric", "alpha", "alnum", "printable")},
        "Py_UNICODE_ISLINEBREAK": lambda x: len(f"{_character(x)}.".splitlines()) == 2,
        "Py_UNICODE_TOLOWER": _mapped("lower"), "Py_UNICODE_TOUPPER": _mapped("upper"), "Py_UNICODE_TOTITLE": _mapped("title"),
        "Py_UNICODE_TODECIMAL": lambda x: unicodedata.decimal(_character(x), -1),
        "Py_UNICODE_TODIGIT": lambda x: unicodedata.digit(_character(x), -1),
        "Py_UNICODE_TONUMERIC": lambda x: unicodedata.numeric(_character(x), -1.0),
        "PyUnicode_Compare": _compare, "PyUnicode_CompareWithASCIIString": _compare, "PyUnicode_Find": _find,
        "PyUnicode_Tailmatch": _tail, "PyUnicode_Count": lambda text, part, start, end: text.count(part, start, end),
        "PyUnicode_Replace": lambda text, old, new, most: text.replace(old, new, most),
        "PyUnicode_Splitlines": lambda text, keep: text.splitlines(bool(keep)),
        "PyUnicode_Partition": lambda text, part: text.partition(part),
        "PyUnicode_RPartition": lambda text, part: text.rpartition(part),
        "PyUnicode_Substring": lambda text, start, end: text[start:end], "PyUnicode_READ_CHAR": lambda text, k: text[k],
        "PyUnicode_ReadChar": lambda text, k: text[k], "PyUnicode_FromOrdinal": chr,
        "PyUnicode_IsIdentifier": lambda text: text.isidentifier(),
        "PyUnicode_GET_SIZE": len, "PyUnicode_GetSize": len, "PyUnicode_READY": lambda text: 0,
        "PyUnicode_MAX_CHAR_VALUE": lambda text: next(k for k in (127, 255, 65535, 1114111) if not text or ord(max(text)) <= k),
    },
    "version": {"PY_RELEASE_LEVEL": sys.hexversion >> 4 & 15, "PY_RELEASE_SERIAL": sys.hexversion & 15},
}  # fmt: skip

#: Types that modules declare.
TYPES: dict[str, dict[str, tuple[str, str]]] = {
    "longintrepr": {"digit": ("uint32", "digit"), "sdigit": ("int32", "sdigit")},
    "pyport": {f"{sign}{n}_t": (f"{sign}{n}", f"{sign}{n}_t") for sign in ("int", "uint") for n in (32, 64)},
    "pystate": {
        **{name: (f"@{name}", name) for name in ("PyThreadState", "PyInterpreterState", "PyFrameObject")},
        "PyGILState_STATE": ("int32", "PyGILState_STATE"),
    },
    "pythread": {
        "PyThread_type_lock": ("*void", "PyThread_type_lock"), "PyLockStatus": ("int32", "PyLockStatus"),
        "Py_tss_t": (_TSS, "Py_tss_t"),
    },
}  # fmt: skip

#: What `cpython` itself does not have.
APART = (
    "cellobject", "codecs", "contextvars", "conversion", "datetime", "descr", "fileobject", "genobject", "iterobject", "longintrepr",
    "marshal", "pylifecycle", "pyport",
)  # fmt: skip
