"""Numerical Python without the GIL: plain functions over arrays, compiled to native code.

>>> import numpy as np
>>> import ungil
>>> @ungil.jit
... def total(a):
...     s = 0.0
...     for i in ungil.prange(a.shape[0]):
...         s += a[i]
...     return s
>>> print(total(np.arange(5.0)))
10.0
"""

from ungil import errors
from ungil._c import carray, extern, farray
from ungil._cfunc import cfunc
from ungil._decorators import jit, njit
from ungil._formulas import (
    NumExpr,
    detect_number_of_cores,
    disassemble,
    evaluate,
    get_vml_version,
    print_versions,
    re_evaluate,
    set_vml_accuracy_mode,
    set_vml_num_threads,
    validate,
)
from ungil._memory import empty_cache
from ungil._parallel import (
    get_num_threads,
    get_thread_id,
    prange,
    set_num_threads,
    simd,
    threading_layer,
    threads,
)
from ungil._version import __version__
from ungil.types import (
    boolean,
    byte,
    c8,
    c16,
    complex64,
    complex128,
    double,
    f4,
    f8,
    float32,
    float64,
    float_,
    i1,
    i2,
    i4,
    i8,
    int8,
    int16,
    int32,
    int64,
    int_,
    intc,
    intp,
    none,
    u1,
    u2,
    u4,
    u8,
    uint8,
    uint16,
    uint32,
    uint64,
    uintc,
    uintp,
    void,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ungil._guvectorize import GUFunc, guvectorize
    from ungil._stencil import StencilFunc, stencil
    from ungil._vectorize import DUFunc, vectorize
    from ungil.pool import Pool
    from ungil.pyx._build import cythonize
    from ungil.shared import split

#: Names that are loaded when they are asked for, and where they live.
_LAZY = {
    "DUFunc": "ungil._vectorize",
    "GUFunc": "ungil._guvectorize",
    "Pool": "ungil.pool",
    "StencilFunc": "ungil._stencil",
    "cythonize": "ungil.pyx._build",
    "_parallel_requested": "ungil._loops",
    "_result_dtype": "ungil._loops",
    "guvectorize": "ungil._guvectorize",
    "split": "ungil.shared",
    "stencil": "ungil._stencil",
    "vectorize": "ungil._vectorize",
}

__all__ = [
    "DUFunc",
    "GUFunc",
    "NumExpr",
    "Pool",
    "StencilFunc",
    "__version__",
    "annotate",
    "boolean",
    "byte",
    "c16",
    "c8",
    "carray",
    "cfunc",
    "complex128",
    "complex64",
    "config",
    "cythonize",
    "detect_number_of_cores",
    "disassemble",
    "double",
    "empty_cache",
    "errors",
    "evaluate",
    "expressions",
    "extern",
    "f4",
    "f8",
    "farray",
    "float32",
    "float64",
    "float_",
    "get_num_threads",
    "get_thread_id",
    "get_vml_version",
    "guvectorize",
    "i1",
    "i2",
    "i4",
    "i8",
    "int16",
    "int32",
    "int64",
    "int8",
    "int_",
    "intc",
    "intp",
    "jit",
    "njit",
    "none",
    "pool",
    "prange",
    "print_versions",
    "re_evaluate",
    "set_num_threads",
    "shared",
    "set_vml_accuracy_mode",
    "set_vml_num_threads",
    "simd",
    "split",
    "stencil",
    "threading_layer",
    "threads",
    "types",
    "u1",
    "u2",
    "u4",
    "u8",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "uintc",
    "uintp",
    "validate",
    "vectorize",
    "void",
]


def __getattr__(name: str) -> object:
    """Load the rarely used submodules when they are asked for."""
    import importlib

    if name in ("annotate", "config", "cython", "expressions", "pool", "pyx", "shared", "types"):
        return importlib.import_module(f"ungil.{name}")
    if name in _LAZY:
        found = getattr(importlib.import_module(_LAZY[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'ungil' has no attribute {name!r}")


def load_ipython_extension(shell: object) -> None:
    """Register `%%ungil` and `%%ungil_pyx`, for `%load_ext ungil`."""
    from ungil._magic import register

    register(shell)
