"""What the compiler asks about objects of cffi: libraries in ABI and API mode, pointers, functions of ``ffi``."""

from __future__ import annotations

import sys

from ungil import _ungil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_VOID = ("void",)
_OPEN: list[Any] = []


def _backend() -> Any:
    return sys.modules["_cffi_backend"]


def type_of(obj: Any) -> Any:
    """The ctype of a cdata object."""
    return _backend().FFI().typeof(obj)


def address_of(obj: Any) -> int:
    """The address in a pointer."""
    return int(_backend().FFI().cast("uintptr_t", obj))


def is_cdata(obj: Any) -> bool:
    """Whether an object is one of cffi's pieces of C data."""
    return isinstance(obj, _backend()._CDataBase)


def is_variable(library: Any, name: str) -> bool:
    """Whether a name of a library is a variable, whose value may change."""
    value = getattr(library, name)
    if not isinstance(value, (int, float, complex, bytes)):
        return False
    module = _module_of(library)
    if module is None:
        return isinstance(getattr(type(library), name, None), property)
    try:
        module.ffi.addressof(library, name)
    except (AttributeError, TypeError):
        return False
    return True


def describe(obj: Any) -> tuple[Any, ...] | None:
    """What an object of cffi means to a kernel; ``None`` if it is none."""
    from ungil._foreign import _Refused

    kind = type(obj)
    if is_cdata(obj):
        return _describe_cdata(obj)
    if (
        kind.__name__.startswith("FFILibrary")
        or kind.__module__ == "_cffi_backend"
        and kind.__name__ == "Lib"
    ):
        return ("namespace", "lib")
    if kind.__name__ in ("Lib", "CompiledLib") and "cffi" in kind.__module__:
        return ("namespace", "lib")
    if _is_ffi(obj):
        return ("namespace", "ffi")
    owner = getattr(obj, "__self__", None)
    if owner is None:
        return None
    if _is_ffi(owner):
        if obj.__name__ in ("cast", "from_buffer"):
            return ("builtin", f"cffi.{obj.__name__}")
        raise _Refused(
            f"`ffi.{obj.__name__}` is not supported in compiled code", "call it outside the kernel"
        )
    if type(owner).__name__ == "Lib" or "Lib" in repr(type(owner)):
        module = _module_of(owner)
        if module is None:
            raise _Refused(
                f"the `ffi` of `{obj.__name__}` was not found", "import the module that has `lib` and `ffi`"
            )
        pointer = module.ffi.addressof(owner, obj.__name__)
        return _function(obj.__name__, module.ffi.typeof(pointer), address_of(pointer))
    return None


def _is_ffi(obj: Any) -> bool:
    kind = type(obj)
    return kind.__name__ == "FFI" and "cffi" in kind.__module__


def _module_of(library: Any) -> Any:
    """The extension module that a library in API mode belongs to."""
    backend = _backend()
    if not isinstance(library, backend.Lib):
        return None
    # Other modules may have imported it beside an `ffi` of their own.
    named = sys.modules.get(repr(library).partition("'")[2].partition("'")[0])
    for module in [named, *sys.modules.values()]:
        if getattr(module, "lib", None) is library and isinstance(getattr(module, "ffi", None), backend.FFI):
            return module
    return None


def _describe_cdata(obj: Any) -> tuple[Any, ...]:
    from ungil._foreign import _Refused

    ty = type_of(obj)
    if ty.kind == "function" or ty.kind == "pointer" and ty.item.kind == "function":
        name = repr(obj).partition("'")[2].partition("'")[0]
        return _function(name, ty, address_of(obj))
    if ty.kind in ("pointer", "array"):
        return ("pointer", c_type(ty), address_of(obj))
    if ty.kind in ("struct", "union"):
        return ("memory", c_type(ty), address_of(_backend().FFI().addressof(obj)))
    raise _Refused(
        f"a C value of type `{ty.cname}` cannot be used in kernels", "pass the number: `int(x)`, `float(x)`"
    )


def _function(name: str, ty: Any, address: int) -> tuple[Any, ...]:
    from ungil._foreign import _Refused

    if ty.kind == "pointer":
        ty = ty.item
    if ty.ellipsis:
        raise _Refused(f"`{name}` has variable arguments (`...`)", "call it outside the kernel")
    params = [_param(c_type(t)) for t in ty.args]
    for described in (*params, c_type(ty.result)):
        if described[0] in ("struct", "opaque"):
            raise _Refused(f"`{name}` has a `{described[1]}` by value", "pass a pointer to it")
    if address == 0:
        raise _Refused(f"`{name}` is a null pointer", "pass a function")
    return ("function", name, address, params, c_type(ty.result), "cffi", False, False)


def _param(described: tuple[Any, ...]) -> tuple[Any, ...]:
    # cffi does not keep `const`; texts may be passed for any `char *`.
    if described[:2] == ("pointer", ("scalar", "int8")):
        return ("pointer", described[1], True)
    return described


def c_type(ty: Any) -> tuple[Any, ...]:
    """The description of a type of cffi."""
    from ungil._foreign import _Refused

    if ty.kind == "void":
        return _VOID
    if ty.kind == "primitive":
        try:
            return tuple(_ungil.parse_prototype(f"{ty.cname.replace('_cffi_', '')} f(void)")[1])
        except ValueError:
            raise _Refused(f"`{ty.cname}` cannot be used in kernels", "use another type") from None
    if ty.kind == "enum":
        return ("scalar", "int32")
    if ty.kind in ("pointer", "array"):
        if ty.item.kind == "function":
            return ("pointer", ("opaque", "function"), False)
        return ("pointer", c_type(ty.item), False)
    if ty.kind == "function":
        return ("pointer", ("opaque", "function"), False)
    return _structure(ty)


def _structure(ty: Any) -> tuple[Any, ...]:
    if ty.kind == "union" or ty in _OPEN or ty.fields is None:
        return ("opaque", ty.cname)
    from ungil._foreign import _Refused

    _OPEN.append(ty)
    try:
        fields = []
        for name, field in ty.fields:
            if field.bitsize >= 0:
                continue
            try:
                described = ("opaque", field.type.cname) if field.type.kind == "array" else c_type(field.type)
            except _Refused:
                described = ("opaque", field.type.cname)
            fields.append((name, described, field.offset))
        return ("struct", ty.cname, _backend().FFI().sizeof(ty), fields)
    finally:
        _OPEN.pop()
