"""What modules cimport: types, functions and constants of the libraries that come with the language.

The compiler knows casts and functions of C by the classes here: `dtype_name` says which type a cast converts to,
`canonical` which function of C it is.
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ungil import _ungil
from ungil.pyx import _cpython, _enums, _libc, _memory, _numpy


class Cast:
    """A conversion to a C number, as `<type>x`: integers wrap, floats are cut towards zero."""

    def __init__(self, dtype_name: str) -> None:
        self.dtype_name = dtype_name
        self._dtype = np.dtype(dtype_name)

    def __call__(self, value: Any) -> Any:
        kind = self._dtype.kind
        if kind == "f":
            return float(self._dtype.type(value))
        if kind == "c":
            return complex(value)
        bits = 8 * self._dtype.itemsize
        number = int(value) & ((1 << bits) - 1)
        return number - (1 << bits) if kind == "i" and number >> (bits - 1) else number


class CFunction:
    """A function of a C library, as plain Python calls it."""

    def __init__(self, canonical: str, function: Callable[..., Any]) -> None:
        self.canonical = canonical
        self._function = function

    @property
    def address(self) -> int | None:
        """Where C finds it."""
        return _libc.address(self.canonical.rpartition(".")[2], ())

    def __call__(self, *args: Any) -> Any:
        with np.errstate(all="ignore"):
            result = self._function(*(float(a) for a in args))
        return result.item() if isinstance(result, np.generic) else result


#: Names of Python 2 that the language knows at every level.
OLD_NAMES: dict[str, Any] = {"xrange": range, "unicode": str, "basestring": str, "long": int, "unichr": chr}


class Special:
    """What only compiled code can do."""

    def __init__(self, canonical: str) -> None:
        self.canonical = canonical

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        raise TypeError("pointers, addresses and structs of C work in compiled functions only")


_PLAIN_TYPES: dict[str, Any] = {
    "int8": ctypes.c_byte, "uint8": ctypes.c_ubyte, "int16": ctypes.c_short, "uint16": ctypes.c_ushort,
    "int32": ctypes.c_int, "uint32": ctypes.c_uint, "int64": ctypes.c_long, "uint64": ctypes.c_ulong,
    "float32": ctypes.c_float, "float64": ctypes.c_double, "bint": ctypes.c_int,
    "*int8": ctypes.c_char_p, "*const int8": ctypes.c_char_p,
}  # fmt: skip


class Foreign(Special):
    """A function of C. Plain Python calls it too where it takes and gives numbers and texts."""

    def __init__(self, address: int, name: str, text: str) -> None:
        super().__init__(f"cython.extern:{address}:{name}:{text}")
        self._address, self._text = address, text

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        params, _, result = self._text.removeprefix("fn(").partition(")")
        texts = params.split(",") if params else []
        if not {*texts, result} <= {"void", *_PLAIN_TYPES} or keywords or len(args) != len(texts):
            return super().__call__()
        kinds = [_PLAIN_TYPES[text] for text in texts]
        values = [_given(text, value) for text, value in zip(texts, args, strict=True)]
        return ctypes.CFUNCTYPE(_PLAIN_TYPES.get(result), *kinds)(self._address)(*values)


def _given(text: str, value: Any) -> Any:
    """A value for a parameter of C."""
    from ungil.pyx import _fallback

    if not text.startswith("*"):
        return _fallback.convert(text, text, value)
    if not isinstance(value, bytes):
        raise TypeError(f"expected bytes, {type(value).__name__} found")
    return value


class Struct(Special):
    """A struct of C. Code of a module itself gives variables their first values with it, as dictionaries."""

    def __init__(self, text: str, c_name: str) -> None:
        super().__init__(f"cython.struct.{text}")
        self._text, self._c_name = text, c_name

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        if sys._getframe(1).f_code.co_name != "<module>":
            return super().__call__()
        names = _members(self._text)
        if len(args) > len(names) or not names.keys() >= keywords.keys():
            raise TypeError(f"{self._c_name} has the members {', '.join(names)}")
        values = [_plain(value) for value in args]
        return dict(zip(names, values, strict=False)) | {k: _plain(v) for k, v in keywords.items()}


def _plain(value: Any) -> Any:
    """A value that a member is given; dictionaries of the module's own structs write through, and are copied."""
    return dict(value) if isinstance(value, dict) else value


def _members(text: str) -> dict[str, str]:
    """The members of a struct by its text, with the texts of their types: `struct P{x int32;}`."""
    found, depth, start = {}, 0, text.index("{") + 1
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if text[at] == ";" and depth == 0:
            name, _, ty = text[start:at].partition(" ")
            found[name], start = ty.partition("=")[0] if "{" not in ty else ty, at + 1
    return found


class Address(Special):
    """`&x`. Code of a module itself takes the addresses of functions with it, which these are."""

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        if len(args) == 1 and callable(args[0]):
            return args[0]
        return super().__call__()


class Replaced(Special):
    """What compiled code has a meaning of its own for, with what it is in plain Python."""

    def __init__(self, canonical: str, function: Callable[..., Any]) -> None:
        super().__init__(canonical)
        self._function = function

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._function(*args, **keywords)


def alternatives(text: str) -> list[tuple[str, str]]:
    """The alternatives in the text of a fused type: texts, and names in C."""
    found = []
    for part in text.split("|")[1:]:
        type_text, _, name = part.rpartition("=")
        found.append((type_text, name))
    return found


_FUSED = {
    "integral": "fused integral|int16=short|int32=int|int64=long",
    "floating": "fused floating|float32=float|float64=double",
    "numeric": "fused numeric|int16=short|int32=int|int64=long|float32=float|float64=double"
    "|complex64=float complex|complex128=double complex",
}

# How the texts of types begin that are neither numbers nor views.
AGGREGATES = ("struct ", "union ", "packed ")
CONSTRUCTED = ("*", "[", "@", "(", "fn(", *AGGREGATES)


def needs_compiler(text: str) -> bool:
    """Whether only compiled code can handle values of a type."""
    return text.startswith(CONSTRUCTED) or (text.startswith("view ") and not text.endswith("|object"))


def _size_of(text: str) -> int:
    """The size of a number, in plain Python."""
    if text.startswith(CONSTRUCTED):
        return int(_ungil.pyx_size(text, ""))
    return 4 if text == "bint" else int(np.dtype(text).itemsize)


def _character(value: Any) -> str:
    """A number or a string of one character as a character, in plain Python."""
    return value if isinstance(value, str) else chr(int(value))


def _cast(text: str, name: str, value: Any) -> Any:
    """A cast in plain Python: to an enumeration only."""
    if not name.startswith("enum "):
        return Special("")()
    return _enums.member(name, Cast(text)(value))


def operators() -> dict[str, Any]:
    """Operators of C by the names that plain text calls them."""
    return {
        "__pyx_addr": Address("cython.addressof"),
        "__pyx_cast": Replaced("cython.cast", _cast),
        "__pyx_sizeof": Replaced("cython.sizeof", _size_of),
        "__pyx_view": Special("cython.view"),
        "__pyx_ndarray_data": _numpy.names()["PyArray_BYTES"],
        "__pyx_array_data": Special(f"cython.extern:{_ungil.array_data_address()}:data:fn(@object)*void"),
        "__pyx_object": Replaced("cython.object", lambda value: value),
        "__pyx_char": Replaced("cython.character", _character),
        "__pyx_from": Replaced("cython.forfrom", range),
        "__pyx_gil_block": Special("cython.gil_block"),
        "__pyx_with": Replaced("cython.directives", lambda **settings: True),
        "__pyx_parallel": Replaced("cython.parallel.region", lambda **settings: range(1)),
    }


_MATH: dict[str, Callable[..., Any]] = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "atan2": np.arctan2, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh,
    "acosh": np.arccosh, "atanh": np.arctanh, "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1,
    "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "sqrt": np.sqrt, "cbrt": np.cbrt,
    "pow": np.power, "hypot": np.hypot, "fabs": np.absolute, "floor": np.floor, "ceil": np.ceil,
    "trunc": np.trunc, "rint": np.rint, "nearbyint": np.rint, "fmod": np.fmod, "copysign": np.copysign,
    "nextafter": np.nextafter, "fmin": np.fmin, "fmax": np.fmax, "isnan": np.isnan, "isinf": lambda x: int(np.copysign(np.isinf(x), x)),
    "isfinite": np.isfinite, "signbit": np.signbit, "erf": math.erf, "erfc": math.erfc,
}  # fmt: skip
_SINGLE = [name for name in _MATH if name not in ("isnan", "isinf", "isfinite", "signbit", "erf", "erfc")]

CONSTANTS: dict[str, dict[str, Any]] = {
    "libc.math": {
        "pi": math.pi, "e": math.e, "M_PI": math.pi, "M_E": math.e, "M_PI_2": math.pi / 2, "M_PI_4": math.pi / 4, "M_1_PI": 1 / math.pi,
        "M_2_PI": 2 / math.pi, "M_SQRT2": math.sqrt(2), "M_SQRT1_2": math.sqrt(0.5), "M_LN2": math.log(2),
        "M_LN10": math.log(10), "M_LOG2E": math.log2(math.e), "M_LOG10E": math.log10(math.e),
        "M_2_SQRTPI": 2 / math.sqrt(math.pi), "INFINITY": math.inf, "NAN": math.nan, "HUGE_VAL": math.inf,
        "HUGE_VALF": math.inf, "FP_NAN": 0, "FP_INFINITE": 1, "FP_ZERO": 2, "FP_SUBNORMAL": 3, "FP_NORMAL": 4,
    },
    "libc.limits": {
        "CHAR_BIT": 8, "SCHAR_MIN": -128, "SCHAR_MAX": 127, "UCHAR_MAX": 255, "CHAR_MIN": -128, "CHAR_MAX": 127,
        "SHRT_MIN": -(2**15), "SHRT_MAX": 2**15 - 1, "USHRT_MAX": 2**16 - 1, "INT_MIN": -(2**31),
        "INT_MAX": 2**31 - 1, "UINT_MAX": 2**32 - 1, "LONG_MIN": -(2**63), "LONG_MAX": 2**63 - 1,
        "LLONG_MIN": -(2**63), "LLONG_MAX": 2**63 - 1, "ULONG_MAX": 2**64 - 1, "ULLONG_MAX": 2**64 - 1,
        "MB_LEN_MAX": 16,
    },
    "libc.stdint": {
        "INTMAX_MIN": -(2**63), "INTMAX_MAX": 2**63 - 1, "UINTMAX_MAX": 2**64 - 1, "INTPTR_MIN": -(2**63),
        "INTPTR_MAX": 2**63 - 1, "UINTPTR_MAX": 2**64 - 1, "PTRDIFF_MIN": -(2**63), "PTRDIFF_MAX": 2**63 - 1,
        "SIZE_MAX": 2**64 - 1, "SIG_ATOMIC_MIN": -(2**31), "SIG_ATOMIC_MAX": 2**31 - 1,
        "WCHAR_MIN": -(2**31), "WCHAR_MAX": 2**31 - 1, "WINT_MIN": 0, "WINT_MAX": 2**32 - 1,
    }
    | {f"INT{n}_MAX": 2 ** (n - 1) - 1 for n in (8, 16, 32, 64)}
    | {f"INT{n}_MIN": -(2 ** (n - 1)) for n in (8, 16, 32, 64)}
    | {f"UINT{n}_MAX": 2**n - 1 for n in (8, 16, 32, 64)},
    "libc.float": {
        "DBL_EPSILON": 2.0**-52, "DBL_MAX": float(np.finfo(np.float64).max),
        "DBL_MIN": float(np.finfo(np.float64).tiny), "FLT_EPSILON": 2.0**-23,
        "FLT_MAX": float(np.finfo(np.float32).max), "FLT_MIN": float(np.finfo(np.float32).tiny),
        "DBL_DIG": 15, "FLT_DIG": 6, "FLT_RADIX": 2, "DECIMAL_DIG": 21, "DBL_MANT_DIG": 53, "FLT_MANT_DIG": 24,
        "DBL_MIN_EXP": -1021, "DBL_MAX_EXP": 1024, "DBL_MIN_10_EXP": -307, "DBL_MAX_10_EXP": 308,
        "FLT_MIN_EXP": -125, "FLT_MAX_EXP": 128, "FLT_MIN_10_EXP": -37, "FLT_MAX_10_EXP": 38,
    },
}  # fmt: skip


def _integers(prefix: str = "") -> dict[str, tuple[str, str]]:
    types = {}
    for bits in (8, 16, 32, 64):
        for sign in ("int", "uint"):
            types[f"{prefix}{sign}{bits}_t"] = (f"{sign}{bits}", f"{sign}{bits}_t")
    return types


_FAST = {8: 8, 16: 64, 32: 64, 64: 64}
_STDINT = (
    _integers()
    | {
        f"{sign}_{kind}{bits}_t": (f"{sign}{width}", f"{sign}_{kind}{bits}_t")
        for sign in ("int", "uint")
        for kind, widths in (("least", {bits: bits for bits in _FAST}), ("fast", _FAST))
        for bits, width in widths.items()
    }
    | {
        "intptr_t": ("int64", "intptr_t"),
        "uintptr_t": ("uint64", "uintptr_t"),
        "intmax_t": ("int64", "intmax_t"),
        "uintmax_t": ("uint64", "uintmax_t"),
    }
)
_NUMPY = {
    "float32_t": "float32", "float64_t": "float64", "float_t": "float64", "double_t": "float64",
    "int_t": "int64", "uint_t": "uint64", "long_t": "int64", "ulong_t": "uint64", "longlong_t": "int64",
    "ulonglong_t": "uint64", "intp_t": "int64", "uintp_t": "uint64", "complex64_t": "complex64",
    "complex128_t": "complex128", "cfloat_t": "complex64", "cdouble_t": "complex128", "npy_intp": "int64",
    "npy_uintp": "uint64", "npy_int": "int32", "npy_uint": "uint32", "npy_long": "int64", "npy_ulong": "uint64",
    "npy_bool": "uint8", "npy_short": "int16", "npy_ushort": "uint16", "npy_byte": "int8", "npy_ubyte": "uint8",
    "npy_float": "float32", "npy_double": "float64", "npy_float32": "float32", "npy_float64": "float64",
    "npy_int8": "int8", "npy_int16": "int16", "npy_int32": "int32", "npy_int64": "int64", "npy_uint8": "uint8",
    "npy_uint16": "uint16", "npy_uint32": "uint32", "npy_uint64": "uint64",
}  # fmt: skip
# The members are the runtime's own.
_LOCK = "omp_lock_t{state uint32;count int32;owner int32;unused uint32;}"
_COMPLEX = {"complex64": "float complex", "complex128": "double complex"}
_LIBRARY_TYPES: dict[str, dict[str, tuple[str, str]]] = {
    "libc.stdint": _STDINT,
    "libc.stdbool": {"bool": ("bint", "bint")},
    "libc.stddef": {"ptrdiff_t": ("int64", "ptrdiff_t"), "size_t": ("uint64", "size_t"), "wchar_t": ("int32", "wchar_t")},
    "numpy": _integers()
    | {name: (text, _COMPLEX.get(text, name)) for name, text in _NUMPY.items()}
    | {name: ("object", f"numpy.{name}") for name in ("dtype", "broadcast", "flatiter", "ufunc")}
    | {"ndarray": ("object", "numpy.ndarray")},
    "libc.stdlib": {f"{name}_t": (text, f"{name}_t") for name, text in _libc.QUOTIENTS.items()},
    "libc.string": {},
    "cython.view": {"array": ("object", "cython.view.array")},
    "libc.errno": {},
    "openmp": {
        "omp_lock_t": (f"struct {_LOCK}", "omp_lock_t"),
        "omp_nest_lock_t": (f"struct {_LOCK}", "omp_nest_lock_t"),
        "omp_sched_t": ("int32", "omp_sched_t"),
    },
    "libc.stdio": {"FILE": ("@FILE", "FILE")},
    "libc.time": {
        "time_t": ("int64", "time_t"), "clock_t": ("int64", "clock_t"),
        "tm": (_libc.TM, "tm"), "timespec": (_libc.TIMESPEC, "timespec"),
    },
    "libc.math": {"float_t": ("float32", "float"), "double_t": ("float64", "double")},
    "cython": {name: (text, name) for name, text in _FUSED.items()}
    | {
        "schar": ("int8", "signed char"), "uchar": ("uint8", "unsigned char"), "ushort": ("uint16", "unsigned short"),
        "uint": ("uint32", "unsigned int"), "ulong": ("uint64", "unsigned long"), "longlong": ("int64", "PY_LONG_LONG"),
        "ulonglong": ("uint64", "unsigned PY_LONG_LONG"), "floatcomplex": ("complex64", "float complex"),
        "doublecomplex": ("complex128", "double complex"), "complex": ("complex128", "double complex"),
        "sshort": ("int16", "signed short"), "sint": ("int32", "signed int"), "slong": ("int64", "signed long"),
        "slonglong": ("int64", "signed PY_LONG_LONG"),
    }
    | {
        name: (text, name)
        for name, text in {
            "char": "int8", "short": "int16", "int": "int32", "long": "int64", "Py_ssize_t": "int64",
            "Py_hash_t": "int64", "ssize_t": "int64", "size_t": "uint64", "ptrdiff_t": "int64",
            "float": "float32", "double": "float64", "bint": "bint", "void": "void",
        }.items()
    },
}  # fmt: skip


_OPENMP_SCHEDULES = {
    "omp_sched_static": 1,
    "omp_sched_dynamic": 2,
    "omp_sched_guided": 3,
    "omp_sched_auto": 4,
}
# Types of functions that are not `void (omp_lock_t *)`.
_OPENMP_TYPES = {
    "omp_test_lock": f"fn(*struct {_LOCK})int32",
    "omp_test_nest_lock": f"fn(*struct {_LOCK})int32",
    "omp_set_dynamic": "fn(int32)void",
    "omp_get_dynamic": "fn()int32",
    "omp_set_nested": "fn(int32)void",
    "omp_get_nested": "fn()int32",
    "omp_set_max_active_levels": "fn(int32)void",
    "omp_get_max_active_levels": "fn()int32",
    "omp_set_schedule": "fn(int32,int32)void",
    "omp_get_schedule": "fn(*int32,*int32)void",
    "omp_get_thread_limit": "fn()int32",
    "omp_get_wtick": "fn()float64",
}
_OPENMP = [
    "omp_get_thread_num",
    "omp_get_max_threads",
    "omp_get_num_threads",
    "omp_get_num_procs",
    "omp_in_parallel",
    "omp_get_wtime",
]


#: Constants of NumPy's mathematical library, whose functions are those of C.
_NUMPY_MATH = {
    "NAN": math.nan, "INFINITY": math.inf, "PZERO": 0.0, "NZERO": -0.0, "E": math.e, "PI": math.pi,
    "LOG2E": 1 / math.log(2), "LOG10E": 1 / math.log(10), "LOGE2": math.log(2), "LOGE10": math.log(10),
    "PI_2": math.pi / 2, "PI_4": math.pi / 4, "NPY_1_PI": 1 / math.pi, "NPY_2_PI": 2 / math.pi,
    "EULER": 0.5772156649015329,
}  # fmt: skip


def library_types(module: str) -> dict[str, tuple[str, str]] | None:
    """The types that a library declares: texts for the compiler and names in C."""
    return _cpython.types(module) if module.startswith("cpython") else _LIBRARY_TYPES.get(module)


def library_names(module: str) -> dict[str, Any] | None:
    """Functions and constants that a library declares; `None` for a library that is not known."""
    if module == "libc.math":
        names = dict(CONSTANTS[module])
        names |= {name: CFunction(f"libc.math.{name}", f) for name, f in _MATH.items()}
        names |= {f"{name}f": CFunction(f"libc.math.{name}f", _MATH[name]) for name in _SINGLE}
        return names | _libc.functions(module)
    if module == "numpy.math":
        return {**(library_names("libc.math") or {}), **_NUMPY_MATH}
    if module in CONSTANTS:
        return dict(CONSTANTS[module])
    if module == "openmp":
        from ungil import set_num_threads

        functions: dict[str, Any] = {name: Special(f"cython.openmp.{name}") for name in _OPENMP}
        for name, place in _ungil.openmp_functions():
            ty = _OPENMP_TYPES.get(name, f"fn(*struct {_LOCK})void")
            functions[name] = Special(f"cython.extern:{place}:{name}:{ty}")
        return functions | _OPENMP_SCHEDULES | {"omp_set_num_threads": set_num_threads}
    if module in _libc.PROTOTYPES:
        return _libc.functions(module)
    if module in ("libc.stdbool", "libc.stddef"):
        return {}
    if module.startswith("cpython"):
        return _cpython.names(module)
    if module == "numpy":
        return _numpy.names()
    if module == "cython.view":
        return dict(_memory.NAMES)
    if module in ("cython", "cython.parallel"):
        from ungil import cython

        if module == "cython":
            return dict(vars(cython))
        names = {key: value for key, value in vars(cython.parallel).items() if not key.startswith("__")}
        return names | {"parallel": Special("cython.parallel.region")}
    return None


def library_module(module: str) -> Any:
    """The object that a cimported library is in plain Python."""
    if module == "numpy":
        return np
    if module == "cython" or module.startswith("cython."):
        from ungil import cython

        return cython
    if module == "openmp":
        import types

        root = types.ModuleType(module)
        vars(root).update(library_names(module) or {})
        return root
    root_name, _, part = module.partition(".")
    if root_name in ("libc", "cpython") or module == "numpy.math":
        import types

        names = library_names(module)
        if names is None:
            return None
        root, leaf = types.ModuleType(root_name), types.ModuleType(module)
        vars(leaf).update(names)
        if root_name == "numpy":
            vars(root).update(vars(np))
        if part:
            setattr(root, part, leaf)
        return root if part else leaf
    return None


def casts() -> dict[str, Any]:
    """Casts by the names that plain text calls them."""
    names = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
    return {f"__pyx_{name}": Cast(name) for name in [*names, "complex64", "complex128"]}
