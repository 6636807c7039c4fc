"""Functions that C calls."""

from __future__ import annotations

import os

from ungil import _foreign, _ungil
from ungil._c import _ctypes_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def cfunc(signature: Any, /, **options: Any) -> Any:
    """Compile a function that C can call: a callback.

    Parameters
    ----------
    signature : str or signature
        Types of the result and the parameters: ``"float64(float64, voidptr)"``, ``float64(int32, CPointer(float64))``.
        Numbers, ``CPointer(type)`` and ``voidptr``; `carray` and `farray` make arrays of pointers.
    **options
        Those of `jit`.

    Returns
    -------
    callable
        A decorator, which returns a `CFunc`.

    Notes
    -----
    The code needs neither the interpreter nor its lock and may be called from any thread. Nothing can travel through C
    when it raises: the exception is handed to ``sys.unraisablehook``, and C gets zero. Globals are constants of the
    time of decoration. Keep the object as long as C may call it.

    Examples
    --------
    >>> import ctypes
    >>> import ungil
    >>> from ungil.types import CPointer, int32
    >>> @ungil.cfunc("int32(CPointer(int32), CPointer(int32))")
    ... def compare(a, b):
    ...     return (a[0] > b[0]) - (a[0] < b[0])
    >>> values = (ctypes.c_int * 4)(3, 1, 2, -5)
    >>> ctypes.CDLL(None).qsort(values, 4, 4, compare.ctypes) and None
    >>> list(values)
    [-5, 1, 2, 3]
    """
    if callable(signature) and not hasattr(signature, "_ungil_type"):
        raise TypeError("cfunc needs a signature: @cfunc('float64(float64)')")
    return lambda function: CFunc(function, str(signature), options)


class CFunc:
    """A compiled function that C can call. Made by `cfunc`.

    Called from Python it runs the undecorated function.
    """

    def __init__(self, function: Any, signature: str, options: dict[str, Any]) -> None:
        disabled = os.environ.get("UNGIL_DISABLE_JIT", "0") not in ("", "0")
        dispatcher = _ungil.make_dispatcher(function, [], None, options, False)
        self._callback = _ungil.make_callback(dispatcher, signature)
        self._plain: Any = None
        self._ctypes: Any = None
        self._signature = signature
        self.__wrapped__ = function
        self.__name__: str = function.__name__
        for name in ("__module__", "__qualname__", "__doc__"):
            setattr(self, name, getattr(function, name, None))
        if disabled:
            self._plain = self._type()(function)

    def __repr__(self) -> str:
        return f"<ungil.cfunc {self.__name__}: {self._signature}>"

    def __call__(self, *args: Any) -> Any:
        return self.__wrapped__(*args)

    def _type(self) -> Any:
        ctypes = _foreign._ctypes()
        ret = self._callback.ret
        params = [_typed(t) for t in self._callback.params]
        return ctypes.CFUNCTYPE(None if ret[0] == "void" else _typed(ret), *params)

    def _ungil_foreign(self) -> tuple[Any, ...]:
        c = self._callback
        return ("function", self.__name__, self.address, c.params, c.ret, "ctypes", False, False)

    @property
    def address(self) -> int:
        """Address of the C function."""
        if self._plain is not None:
            ctypes = _foreign._ctypes()
            return int(ctypes.cast(self._plain, ctypes.c_void_p).value)
        return self._callback.address

    @property
    def native_name(self) -> str:
        """Name of the function's symbol."""
        return self._callback.native_name

    @property
    def ctypes(self) -> Any:
        """The function as one of ctypes, with its types declared."""
        if self._ctypes is None:
            made = self._type()(self.address)
            made.argtypes = [_typed(t) for t in self._callback.params]
            # The code lives as long as this object does.
            made._keep = self
            self._ctypes = made
        return self._ctypes

    @property
    def cffi(self) -> Any:
        """The function's address as a ``void *`` of cffi."""
        import importlib

        cffi: Any = importlib.import_module("cffi")
        return cffi.FFI().cast("void *", self.address)

    def inspect_llvm(self) -> str:
        """LLVM's text of the code."""
        return self._callback.llvm()


def _typed(described: Any) -> Any:
    """The type of ctypes, pointers with what they lead to."""
    ctypes = _foreign._ctypes()
    if described[0] == "pointer" and described[1][0] in ("scalar", "pointer"):
        return ctypes.POINTER(_typed(described[1]))
    return _ctypes_plain(described)
