"""`cython.view`: arrays of a format, and names of the axes of memoryviews."""

from __future__ import annotations

from typing import Any

import numpy as np

_COMPLEX = {"Zf": "F", "Zd": "D"}


def array(
    shape: tuple[int, ...],
    itemsize: int,
    format: str | bytes,
    mode: str | bytes = "c",
    allocate_buffer: bool = True,
) -> Any:
    """An array whose elements have no values yet, as `cython.view.array` makes it."""
    text = format.decode() if isinstance(format, bytes) else format
    order = mode.decode() if isinstance(mode, bytes) else mode
    if not shape:
        raise ValueError("Empty shape tuple for cython.array")
    if itemsize <= 0:
        raise ValueError("itemsize <= 0 for cython.array")
    for axis, extent in enumerate(shape):
        if extent <= 0:
            raise ValueError(f"Invalid shape in axis {axis}: {extent}.")
    if order not in ("c", "fortran"):
        raise ValueError(f"Invalid mode, expected 'c' or 'fortran', got {order}")
    if not allocate_buffer:
        raise ValueError("an array without memory is not supported: cast a pointer, `<double[:n]> p`")
    dtype = np.dtype(_COMPLEX.get(text, text))
    if dtype.itemsize != itemsize:
        raise ValueError(
            f"itemsize {itemsize} does not fit the format {text!r}, whose elements have {dtype.itemsize}"
        )
    return np.empty(shape, dtype, "F" if order == "fortran" else "C")


class _Axis:
    """How an axis of a memoryview lies in memory; only declarations look at it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<{self._name}>"


_AXES = ("generic", "strided", "indirect", "contiguous", "indirect_contiguous", "generic_contiguous")
NAMES: dict[str, Any] = {"array": array} | {name: _Axis(name) for name in _AXES}
