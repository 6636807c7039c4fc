"""What the compiler asks about objects of ctypes, cffi and C libraries.

`describe` says what an object means to a kernel, `argument` what to hand over for one that is passed to a kernel. Both
answer in tuples that the extension module reads; a C type is a tuple too:
``("void",)``, ``("scalar", "float64")``, ``("pointer", type, is_constant)``, ``("struct", name, size, fields)``,
``("opaque", name)``, ``("ndpointer", dtype, ndim, shape, flags)``.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_VOID = ("void",)
# Keys of types stay alive, because compiled code is found by their identity.
_KEYS: dict[int, object] = {}


class _Refused(Exception):
    """An object that kernels cannot use: what is wrong, and what to do."""


def _ctypes() -> Any:
    import ctypes

    return ctypes


def describe(obj: Any) -> tuple[Any, ...] | None:
    """What an object means to a kernel; ``None`` if it has nothing to do with C."""
    try:
        return _describe(obj)
    except _Refused as refused:
        return ("refused", *refused.args)


def _describe(obj: Any) -> tuple[Any, ...] | None:
    own = getattr(obj, "_ungil_foreign", None)
    if own is not None and not isinstance(obj, type):
        return tuple(own())
    ctypes = sys.modules.get("ctypes")
    if ctypes is not None:
        found = _describe_ctypes(obj, ctypes)
        if found is not None:
            return found
    if type(obj).__name__ == "PyCapsule":
        return _capsule(obj)
    if type(obj).__name__ == "fortran":
        raise _Refused(
            f"`{getattr(obj, '__name__', 'this routine')}` of f2py has no prototype of its C function",
            "declare it: `f = ungil.extern('void f_(const int *n, double *x)', pointer=routine)`",
        )
    if "_cffi_backend" in sys.modules:
        from ungil import _cffi

        return _cffi.describe(obj)
    return None


def is_variable(library: Any, name: str) -> bool:
    """Whether a name of a library is a variable, whose value may change while a kernel runs."""
    if "_cffi_backend" not in sys.modules:
        return False
    from ungil import _cffi

    return _cffi.is_variable(library, name)


def argument(obj: Any) -> tuple[Any, ...] | None:
    """How an object is passed to a kernel: by identity, as a pointer, or as memory."""
    found = describe(obj)
    if found is None or found[0] == "refused":
        return found
    if found[0] in ("pointer", "memory"):
        _KEYS.setdefault(id(key := _type_key(obj)), key)
        if found[0] == "memory" and found[1][0] == "scalar":
            import numpy

            return ("box", id(key), found[1][1], numpy.frombuffer(obj, dtype=found[1][1]))
        return ("pointer", id(key), found[2])
    return ("identity",)


def _type_key(obj: Any) -> object:
    if "_cffi_backend" in sys.modules:
        from ungil import _cffi

        if _cffi.is_cdata(obj):
            return _cffi.type_of(obj)
    return type(obj)


def capsule_name(capsule: Any) -> str | None:
    """The name of a capsule, which is the prototype where Cython made it."""
    ctypes = _ctypes()
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    text = name(capsule)
    return None if text is None else text.decode()


def capsule_address(capsule: Any) -> int:
    """The pointer in a capsule."""
    ctypes = _ctypes()
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    name = capsule_name(capsule)
    return int(get(capsule, None if name is None else name.encode()))


def prototype_of_capsule(text: str, name: str = "f") -> tuple[str, bool]:
    """Cython's signature as a prototype, and whether the function takes Cython's hidden last parameter."""
    ret, _, params = text.partition("(")
    params = params.rpartition(")")[0]
    hidden = params.endswith("int __pyx_skip_dispatch")
    if hidden:
        params = params[: -len("int __pyx_skip_dispatch")].rstrip().rstrip(",")
    return f"{ret.strip()} {name}({params})", hidden


def _capsule(capsule: Any) -> tuple[Any, ...]:
    from ungil import _ungil

    text = capsule_name(capsule)
    if text is not None and "(" in text:
        prototype, hidden = prototype_of_capsule(text)
        try:
            name, ret, params, _ = _ungil.parse_prototype(prototype)
        except ValueError as error:
            raise _Refused(
                str(error), "give its prototype: `ungil.extern(prototype, pointer=capsule)`"
            ) from None
        return ("function", name, capsule_address(capsule), params, ret, "ctypes", False, hidden)
    raise _Refused(
        "a capsule holds an address without a prototype",
        "declare it: `f = ungil.extern('double f(double)', pointer=capsule)`",
    )


# ctypes


def _describe_ctypes(obj: Any, ctypes: Any) -> tuple[Any, ...] | None:
    if isinstance(obj, ctypes.CDLL):
        if isinstance(obj, ctypes.PyDLL):
            raise _Refused(
                "functions of a PyDLL need the interpreter lock, which kernels do not hold",
                "load the library with `ctypes.CDLL`",
            )
        return ("namespace", obj._name or "the process")
    if isinstance(obj, type):
        if issubclass(obj, (ctypes._SimpleCData, ctypes._Pointer, ctypes.Structure)):
            return ("type", c_type(obj))
        return None
    if isinstance(obj, ctypes._CFuncPtr):
        return _ctypes_function(obj, ctypes)
    if isinstance(obj, ctypes._Pointer):
        return ("pointer", c_type(type(obj)), ctypes.cast(obj, ctypes.c_void_p).value or 0)
    if isinstance(obj, ctypes._SimpleCData):
        kind = c_type(type(obj))
        if kind[0] == "pointer":
            return ("pointer", kind, ctypes.cast(obj, ctypes.c_void_p).value or 0)
        return ("memory", kind, ctypes.addressof(obj))
    if isinstance(obj, ctypes.Structure):
        return ("memory", c_type(type(obj)), ctypes.addressof(obj))
    if isinstance(obj, ctypes.Array) and issubclass(obj._type_, ctypes.Structure):
        # Arrays of numbers are arrays of NumPy to kernels.
        return ("pointer", c_type(type(obj)), ctypes.addressof(obj))
    return None


def _ctypes_function(f: Any, ctypes: Any) -> tuple[Any, ...]:
    name = getattr(f, "__name__", None) or "callback"
    if f._flags_ & 0x4:
        raise _Refused(
            f"`{name}` needs the interpreter lock (it comes from a PyDLL), which kernels do not hold",
            "load the library with `ctypes.CDLL`",
        )
    params = f.argtypes
    if params is None:
        raise _Refused(
            f"`{name}` has no `argtypes`",
            f"declare its parameters: `{name}.argtypes = [ctypes.c_double, …]`, and `{name}.restype`",
        )
    if getattr(f, "errcheck", None) is not None and callable(getattr(f, "errcheck", None)):
        raise _Refused(f"`{name}` has an `errcheck` function", "call a function object without it in kernels")
    described = []
    for k, param in enumerate(params, 1):
        try:
            described.append(c_type(param))
        except _Refused as refused:
            raise _Refused(f"argument {k} of `{name}`: {refused.args[0]}", refused.args[1]) from None
    restype = f.restype
    if restype is not None and not isinstance(restype, type):
        raise _Refused(f"the `restype` of `{name}` is no type", "name one: `f.restype = ctypes.c_int`")
    try:
        ret = _VOID if restype is None else c_type(restype)
    except _Refused as refused:
        raise _Refused(f"the result of `{name}`: {refused.args[0]}", refused.args[1]) from None
    if ret[0] not in ("void", "scalar", "pointer"):
        raise _Refused(f"the result of `{name}` is a {ret[0]}", "return a number or a pointer")
    address = ctypes.cast(f, ctypes.c_void_p).value
    if not address:
        raise _Refused(f"`{name}` is a null pointer", "load a function of a library")
    return ("function", name, address, described, ret, "ctypes", bool(f._flags_ & 0x8), False)


_SIMPLE = {
    "?": "bool", "b": "int8", "B": "uint8", "f": "float32", "d": "float64",
    "F": "complex64", "D": "complex128", "E": "complex64", "C": "complex128",
}  # fmt: skip


def c_type(ty: Any) -> tuple[Any, ...]:
    """The description of a type of ctypes."""
    ctypes = _ctypes()
    kind: Any = ty
    if isinstance(ty, type):
        if hasattr(ty, "_dtype_") and hasattr(ty, "_ndim_"):
            return _ndpointer(ty)
        if issubclass(ty, ctypes._SimpleCData):
            return _simple(ty, ctypes)
        if issubclass(ty, ctypes._Pointer):
            return ("pointer", c_type(kind._type_), False)
        if issubclass(ty, ctypes.Array):
            return ("pointer", c_type(kind._type_), False)
        if issubclass(ty, ctypes._CFuncPtr):
            return ("pointer", ("opaque", "function"), False)
        if issubclass(ty, ctypes.Union):
            return ("opaque", f"union {ty.__name__}")
        if issubclass(ty, ctypes.Structure):
            return _structure(ty, ctypes)
    if ty is None:
        return _VOID
    name = getattr(ty, "__name__", repr(ty))
    raise _Refused(f"`{name}` is no C type", "name a type of ctypes or `numpy.ctypeslib.ndpointer(…)`")


def _simple(ty: Any, ctypes: Any) -> tuple[Any, ...]:
    code = ty._type_
    if code in _SIMPLE:
        return ("scalar", _SIMPLE[code])
    if code in "hHiIlLqQ":
        kind = "int" if code.islower() else "uint"
        return ("scalar", f"{kind}{8 * ctypes.sizeof(ty)}")
    if code == "P":
        return ("pointer", _VOID, False)
    if code == "z":
        return ("pointer", ("scalar", "int8"), True)
    if code == "c":
        return ("scalar", "int8")
    helps = {"g": "use `ctypes.c_double`", "O": "pass numbers or arrays", "Z": "pass an array of code points"}
    raise _Refused(f"`{ty.__name__}` cannot be used in kernels", helps.get(code, "use another type"))


_OPEN: list[Any] = []


def _structure(ty: Any, ctypes: Any) -> tuple[Any, ...]:
    if ty in _OPEN or not hasattr(ty, "_fields_"):
        return ("opaque", f"struct {ty.__name__}")
    _OPEN.append(ty)
    try:
        fields = []
        for base in reversed(ty.__mro__):
            for entry in base.__dict__.get("_fields_", ()):
                if len(entry) > 2:
                    continue
                name, kind = entry
                try:
                    described = ("opaque", kind.__name__) if issubclass(kind, ctypes.Array) else c_type(kind)
                except _Refused:
                    described = ("opaque", kind.__name__)
                fields.append((name, described, getattr(ty, name).offset))
        return ("struct", ty.__name__, ctypes.sizeof(ty), fields)
    finally:
        _OPEN.pop()


# NumPy's bits, in the order of its messages.
_FLAGS = (
    ("C_CONTIGUOUS", 0x1),
    ("F_CONTIGUOUS", 0x2),
    ("ALIGNED", 0x100),
    ("WRITEABLE", 0x400),
    ("OWNDATA", 0x4),
    ("WRITEBACKIFCOPY", 0x2000),
)


def _ndpointer(ty: Any) -> tuple[Any, ...]:
    dtype = ty._dtype_
    if dtype is not None and (dtype.kind not in "biufc" or not dtype.isnative):
        raise _Refused(
            f"arrays of dtype {dtype} are not supported in kernels", "use a number type of this machine"
        )
    flags = [name for name, bit in _FLAGS if (ty._flags_ or 0) & bit]
    shape = None if ty._shape_ is None else [int(n) for n in ty._shape_]
    return ("ndpointer", None if dtype is None else dtype.name, ty._ndim_, shape, flags)
