"""Memoryviews as Python gets them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np


class _Memory:
    """The memory of an array under another type, which keeps the array."""

    def __init__(self, array: Any, dtype: np.dtype[Any]) -> None:
        interface = array.__array_interface__
        self.array = array
        self.__array_interface__ = {
            "version": 3,
            "data": interface["data"],
            "shape": array.shape,
            "strides": array.strides,
            "typestr": f"|V{dtype.itemsize}",
            "descr": [("", f"|V{dtype.itemsize}")],
        }


def array_of_structs(array: Any, dtype: np.dtype[Any]) -> Any:
    """An array of structs over the array of their first bytes."""
    return np.asarray(_Memory(array, dtype)).view(dtype)


class ObjectView(np.ndarray):
    """A memoryview of Python objects, in functions that run as Python."""

    def __getitem__(self, index: Any) -> Any:
        try:
            return super().__getitem__(index)
        except IndexError as error:
            raise _out_of_bounds(error) from None

    def __setitem__(self, index: Any, value: Any) -> None:
        parts = index if isinstance(index, tuple) else (index,)
        is_element = len(parts) == self.ndim and all(hasattr(part, "__index__") for part in parts)
        if not (is_element or isinstance(value, ObjectView)):
            # One object for all elements, whatever it is.
            box = np.empty((), dtype=object)
            box[()] = value
            value = box
        try:
            super().__setitem__(index, value)
        except IndexError as error:
            raise _out_of_bounds(error) from None
        except ValueError:
            target, source = np.asarray(self)[index].shape, value.shape
            for axis, (wanted, found) in enumerate(zip(target, source, strict=False)):
                if found not in (wanted, 1):
                    text = f"got differing extents in dimension {axis} (got {wanted} and {found})"
                    raise ValueError(text) from None
            raise

    def copy_fortran(self) -> Any:
        """A copy with the first axis fastest."""
        return self.copy("F")

    def is_c_contig(self) -> bool:
        """Whether the elements lie one behind the other, the last axis fastest."""
        return bool(self.flags.c_contiguous)

    def is_f_contig(self) -> bool:
        """Whether the elements lie one behind the other, the first axis fastest."""
        return bool(self.flags.f_contiguous)


def _out_of_bounds(error: IndexError) -> IndexError:
    axis = re.search(r"for axis (\d+)", str(error))
    return IndexError(f"Out of bounds on buffer access (axis {axis.group(1) if axis else 0})")


def object_view(array: Any) -> Any:
    """An array of objects as a memoryview."""
    return array.view(ObjectView)
