"""mpi4py as kernels need it: where its library is, its constants and the layout of its statuses.

Nothing here imports mpi4py: it is asked when an object of ``mpi4py.MPI`` meets a kernel.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

_DATATYPES = (
    "C_BOOL",
    "INT8_T",
    "INT16_T",
    "INT32_T",
    "INT64_T",
    "UINT8_T",
    "UINT16_T",
    "UINT32_T",
    "UINT64_T",
    "FLOAT",
    "DOUBLE",
    "C_FLOAT_COMPLEX",
    "C_DOUBLE_COMPLEX",
)
# Derived classes come before their bases.
_CLASSES = (
    "Cartcomm",
    "Intracomm",
    "Intercomm",
    "Comm",
    "Op",
    "Datatype",
    "InPlaceType",
    "Request",
    "Status",
    "Message",
    "Win",
    "File",
    "Group",
    "Info",
    "Errhandler",
    "Session",
)


def _handle(mpi: Any, value: Any) -> int:
    """The handle of an object, with the sign of C's ``int`` where it is one."""
    handle = int(mpi._handleof(value))
    if mpi._sizeof(value) == 4:
        return ctypes.c_int32(handle).value
    return ctypes.c_int64(handle).value


def _status_offsets(mpi: Any) -> list[int]:
    """Where source, tag and error lie in a status, found by setting them."""
    size = mpi._sizeof(mpi.Status)
    offsets = []
    for setter in ("Set_source", "Set_tag", "Set_error"):
        status = mpi.Status()
        memory = (ctypes.c_int32 * (size // 4)).from_address(mpi._addressof(status))
        getattr(status, setter)(19)
        first = list(memory)
        getattr(status, setter)(18)
        offsets.append(
            4 * next(k for k, (a, b) in enumerate(zip(first, memory, strict=True)) if (a, b) == (19, 18))
        )
    return offsets


def describe() -> tuple[Any, ...]:
    """What ``ungil_mpi::library::Description`` holds, and mpi4py's classes."""
    mpi = sys.modules["mpi4py.MPI"]
    world = mpi.COMM_WORLD
    return (
        mpi.__file__,
        mpi._sizeof(mpi.Comm),
        mpi._sizeof(mpi.Status),
        _status_offsets(mpi),
        [_handle(mpi, getattr(mpi, name)) for name in _DATATYPES],
        [
            _handle(mpi, mpi.BYTE),
            _handle(mpi, mpi.COMM_NULL),
            _handle(mpi, mpi.REQUEST_NULL),
            _handle(mpi, mpi.INFO_NULL),
            int(mpi.IN_PLACE),
            int(mpi.PROC_NULL),
            int(mpi.UNDEFINED),
        ],
        mpi.Query_thread() >= mpi.THREAD_MULTIPLE,
        [(name, getattr(mpi, name)) for name in _CLASSES if hasattr(mpi, name)],
        mpi._addressof(world) - id(world),
    )


def wrap(kind: str, handle: int) -> Any:
    """An object of mpi4py with a handle that a kernel returned."""
    mpi = sys.modules["mpi4py.MPI"]
    if kind == "Intracomm" and handle == _handle(mpi, mpi.COMM_NULL):
        return mpi.COMM_NULL
    size = mpi._sizeof(mpi.Comm)
    unsigned = ctypes.c_uint32(handle).value if size == 4 else ctypes.c_uint64(handle).value
    return getattr(mpi, kind).fromhandle(unsigned)
