"""C functions by their prototypes, and arrays over C's memory."""

from __future__ import annotations

from ungil import _foreign, _ungil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def extern(prototype: str, library: Any = None, *, pointer: Any = None) -> Extern:
    """A C function by its prototype, to call from kernels and from Python.

    Parameters
    ----------
    prototype : str
        As in a header: ``"double hypot(double x, double y)"``. Numbers, pointers, arrays and pointers to functions;
        a parameter ``const T *`` also takes a number, which is passed by reference as Fortran wants it. Functions with
        variable arguments and structs by value are not supported.
    library : str, path, ctypes.CDLL or module, optional
        The library that has the function: a name as for the linker (``"m"``), a file, a loaded library, or a module
        of Cython (``scipy.linalg.cython_blas``). By default it is looked for in the process.
    pointer : int, capsule, ctypes function or f2py routine, optional
        The function itself, instead of a library: its address, or an object that holds it.

    Returns
    -------
    Extern
        A callable. In kernels it is called without the interpreter lock.

    Examples
    --------
    >>> import ungil
    >>> hypot = ungil.extern("double hypot(double, double)", library="m")
    >>> hypot(3.0, 4.0)
    5.0
    >>> @ungil.jit
    ... def total(n):
    ...     s = 0.0
    ...     for i in range(n):
    ...         s += hypot(i, 4.0)
    ...     return s
    >>> total(4)
    17.595658582732614
    """
    name, ret, params, names = _ungil.parse_prototype(prototype)
    hidden = False
    if pointer is not None:
        address, keep = _address_of(pointer), pointer
    else:
        address, keep, hidden = _find(name, library)
    return Extern(prototype.strip(), name, ret, params, names, address, keep, hidden)


def _address_of(pointer: Any) -> int:
    ctypes = _foreign._ctypes()
    if hasattr(pointer, "_cpointer"):
        pointer = pointer._cpointer
    if type(pointer).__name__ == "PyCapsule":
        return _foreign.capsule_address(pointer)
    if isinstance(pointer, ctypes._CFuncPtr):
        return ctypes.cast(pointer, ctypes.c_void_p).value or 0
    if hasattr(pointer, "address"):
        pointer = pointer.address
    address = int(pointer)
    if address <= 0:
        raise ValueError("the address of a function is not null")
    return address


def _find(name: str, library: Any) -> tuple[int, Any, bool]:
    ctypes = _foreign._ctypes()
    capsules = getattr(library, "__pyx_capi__", None)
    if capsules is not None:
        if name not in capsules:
            known = ", ".join(sorted(capsules)[:8])
            raise ValueError(f"{library.__name__} has no C function {name} (it has {known}, …)")
        text = _foreign.capsule_name(capsules[name]) or ""
        return _foreign.capsule_address(capsules[name]), library, "__pyx_skip_dispatch" in text
    if not isinstance(library, ctypes.CDLL):
        library = _load(library)
    try:
        function = library[name]
    except AttributeError:
        where = library._name or "this process"
        raise ValueError(f"{where} has no function {name}; name its library: `library=`") from None
    return ctypes.cast(function, ctypes.c_void_p).value or 0, library, False


def _load(library: Any) -> Any:
    import ctypes.util
    import os

    if library is None:
        return ctypes.CDLL(None)
    name = os.fspath(library)
    if "/" in name or ".so" in name or name.endswith((".dylib", ".dll")):
        return ctypes.CDLL(name)
    file = ctypes.util.find_library(name)
    if file is None:
        raise ValueError(f"no library {name!r} was found; give its file: `library='/path/lib{name}.so'`")
    return ctypes.CDLL(file)


class Extern:
    """A C function. Made by `extern`."""

    def __init__(
        self,
        prototype: str,
        name: str,
        ret: Any,
        params: list[Any],
        names: list[str],
        address: int,
        keep: Any,
        hidden: bool,
    ) -> None:
        self.prototype = prototype
        self.address = address
        self.__name__ = name
        self._ret, self._params, self._names = ret, params, names
        self._keep, self._hidden = keep, hidden
        self._function: Any = None
        self._call: Any = None

    def __repr__(self) -> str:
        return f"<ungil.extern {self.prototype}>"

    def __reduce__(self) -> Any:
        if self._keep is not None and not isinstance(self._keep, (str, bytes)):
            name = getattr(self._keep, "_name", None)
            if name is not None:
                return extern, (self.prototype, name)
            if hasattr(self._keep, "__pyx_capi__"):
                return _extern_of_module, (self.prototype, self._keep.__name__)
        raise TypeError(f"cannot pickle {self!r}: it is known by its address only")

    def _ungil_foreign(self) -> tuple[Any, ...]:
        return (
            "function", self.__name__, self.address, self._params, self._ret, "ctypes", False, self._hidden,
        )  # fmt: skip

    @property
    def ctypes(self) -> Any:
        """The function as one of ctypes."""
        if self._function is None:
            self._function = _ctypes_function(self)
        return self._function

    def __call__(self, *args: Any) -> Any:
        call = self._call
        if call is None:
            call = self._call = self._prepared()
        try:
            return call(*args)
        except TypeError:
            if len(args) == len(self._params):
                raise
        wanted = len(self._params)
        noun = "argument" if wanted == 1 else "arguments"
        raise TypeError(f"{self.__name__}() takes {wanted} {noun} ({len(args)} given)")

    def _prepared(self) -> Any:
        if any(t[0] == "scalar" and t[1].startswith("complex") for t in (*self._params, self._ret)):
            return _kernel_of(self)
        plain = self.ctypes
        return (lambda *args: plain(*args, 0)) if self._hidden else plain


def _extern_of_module(prototype: str, module: str) -> Extern:
    import importlib

    return extern(prototype, importlib.import_module(module))


def _kernel_of(function: Extern) -> Any:
    """A kernel that calls the function: ctypes passes no complex numbers."""
    from ungil._decorators import jit

    params = ", ".join(f"a{k}" for k in range(len(function._params)))
    source = f"def call({params}):\n    return function({params})\n"
    namespace = {"function": function}
    exec(source, namespace)
    return jit(source=source)(namespace["call"])


def _ctypes_function(function: Extern) -> Any:
    ctypes = _foreign._ctypes()
    params = [_ctypes_type(t, name or f"argument {k}") for k, (t, name) in enumerate(
        zip(function._params, function._names), 1
    )]  # fmt: skip
    if function._hidden:
        params.append(ctypes.c_int)
    ret = None if function._ret[0] == "void" else _ctypes_plain(function._ret)
    plain = ctypes.CFUNCTYPE(ret, *[_ctypes_plain(t) for t in function._params])
    made = plain(function.address)
    made.argtypes = params
    return made


_CTYPES = {
    "bool": "c_bool", "int8": "c_int8", "int16": "c_int16", "int32": "c_int32", "int64": "c_int64",
    "uint8": "c_uint8", "uint16": "c_uint16", "uint32": "c_uint32", "uint64": "c_uint64",
    "float32": "c_float", "float64": "c_double",
}  # fmt: skip


def _ctypes_plain(described: Any) -> Any:
    """The type of ctypes for a number, or for a pointer whatever it leads to."""
    ctypes = _foreign._ctypes()
    if described[0] == "scalar":
        name = _CTYPES.get(described[1])
        if name is None:
            raise TypeError(f"ctypes has no {described[1]}; call the function from a kernel")
        return getattr(ctypes, name)
    return ctypes.c_void_p


def _ctypes_type(described: Any, name: str) -> Any:
    plain = _ctypes_plain(described)
    return plain if described[0] == "scalar" else _PointerParameter(described, name)


class _PointerParameter:
    """Converts what Python passes for a pointer: arrays, None, addresses, objects of ctypes, numbers by reference."""

    def __init__(self, described: Any, name: str) -> None:
        _, self.to, self.constant = described
        self.name = name

    def from_param(self, value: Any) -> Any:
        ctypes = _foreign._ctypes()
        if hasattr(value, "__array_interface__") and hasattr(value, "flags"):
            return self.array(value)
        if value is None:
            return None
        if hasattr(value, "_ungil_foreign"):
            return ctypes.c_void_p(value.address)
        if isinstance(value, str) and self.constant and self.to in (("scalar", "int8"), ("scalar", "uint8")):
            return ctypes.c_char_p(value.encode())
        if isinstance(value, bytes):
            return ctypes.c_char_p(value)
        if isinstance(value, (int, float)) and self.to[0] == "scalar" and self.constant:
            return ctypes.byref(_ctypes_plain(self.to)(value))
        if isinstance(value, int) and self.to[0] != "scalar":
            return ctypes.c_void_p(value)
        if isinstance(value, (ctypes._SimpleCData, ctypes.Structure)) and not isinstance(
            value, ctypes.c_void_p
        ):
            return ctypes.byref(value)
        if isinstance(value, (ctypes._Pointer, ctypes.Array, ctypes.c_void_p, ctypes._CFuncPtr)):
            return ctypes.cast(value, ctypes.c_void_p)
        if type(value).__name__ == "CArgObject" or hasattr(value, "_as_parameter_"):
            return value
        raise TypeError(f"{self.name} is a pointer, not {type(value).__name__}")

    def array(self, value: Any) -> Any:
        if self.to[0] == "scalar":
            import numpy

            wanted = numpy.dtype(self.to[1])
            letters = wanted.itemsize == 1 and value.dtype.itemsize == 1
            if value.dtype != wanted and not letters:
                raise TypeError(f"{self.name}: array must have data type {wanted}, not {value.dtype}")
        if not (value.flags.c_contiguous or value.flags.f_contiguous):
            raise TypeError(f"{self.name}: array must be contiguous")
        if not (value.flags.writeable or self.constant):
            raise TypeError(f"{self.name}: array must be writable")
        return value.ctypes


def carray(ptr: Any, shape: Any, dtype: Any = None) -> Any:
    """An array in C order over memory that a pointer leads to; in kernels and in Python.

    Parameters
    ----------
    ptr : pointer of ctypes or cffi, or address
    shape : int or tuple of int
    dtype : dtype, optional
        Needed where the pointer does not say it (``void *``).

    Examples
    --------
    >>> import ctypes, ungil
    >>> memory = (ctypes.c_double * 4)(1, 2, 3, 4)
    >>> ungil.carray(ctypes.cast(memory, ctypes.POINTER(ctypes.c_double)), (2, 2))
    array([[1., 2.],
           [3., 4.]])
    """
    return _array(ptr, shape, dtype, "C")


def farray(ptr: Any, shape: Any, dtype: Any = None) -> Any:
    """As `carray`, in Fortran order.

    Examples
    --------
    >>> import ctypes, ungil
    >>> memory = (ctypes.c_double * 4)(1, 2, 3, 4)
    >>> ungil.farray(ctypes.cast(memory, ctypes.POINTER(ctypes.c_double)), (2, 2))
    array([[1., 3.],
           [2., 4.]])
    """
    return _array(ptr, shape, dtype, "F")


def _array(ptr: Any, shape: Any, dtype: Any, order: Any) -> Any:
    import numpy

    ctypes = _foreign._ctypes()

    known = None
    if isinstance(ptr, int):
        address = ptr
    else:
        found = _foreign.describe(ptr)
        if found is None or found[0] != "pointer":
            raise TypeError(f"expected a pointer, not {type(ptr).__name__}")
        address = found[2]
        if found[1][1][0] == "scalar":
            known = numpy.dtype(found[1][1][1])
    if dtype is None:
        if known is None:
            raise TypeError("the pointer has no type of elements: pass `dtype=`")
        dtype = known
    dtype = numpy.dtype(dtype)
    if known is not None and dtype != known:
        raise TypeError(f"mismatching dtype '{dtype}' for pointer to {known}")
    shape = shape if isinstance(shape, tuple) else (shape,)
    size = dtype.itemsize
    for extent in shape:
        size *= extent
    memory = (ctypes.c_uint8 * size).from_address(address) if size else b""
    return numpy.ndarray(shape, dtype, memory, order=order)
