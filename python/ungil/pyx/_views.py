"""Memoryviews as Python gets them."""

from __future__ import annotations

import ctypes
import math
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


def array_over(address: int, dtype: np.dtype[Any], shape: tuple[int, ...], order: Any) -> Any:
    """An array over memory of C, which it does not own."""
    memory: Any = (ctypes.c_char * (dtype.itemsize * math.prod(shape))).from_address(address)
    return np.ndarray(shape, dtype, memory, order=order)


class _View(np.ndarray):
    """A memoryview in functions that run as Python."""

    def __getitem__(self, index: Any) -> Any:
        try:
            return super().__getitem__(index)
        except IndexError as error:
            raise _out_of_bounds(error) from None

    def copy_fortran(self) -> Any:
        """A copy with the first axis fastest."""
        return self.copy("F")

    def is_c_contig(self) -> bool:
        """Whether the elements lie one behind the other, the last axis fastest."""
        return bool(self.flags.c_contiguous)

    def is_f_contig(self) -> bool:
        """Whether the elements lie one behind the other, the first axis fastest."""
        return bool(self.flags.f_contiguous)


class ObjectView(_View):
    """A memoryview of Python objects."""

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


class NumberView(_View):
    """A memoryview of numbers, whose elements are Python's."""

    _source: Any = None

    def __array_finalize__(self, source: Any) -> None:
        self._source = getattr(source, "_source", None)

    @property
    def base(self) -> Any:
        """What the memory was taken from."""
        return self._source

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return found.item() if isinstance(found, np.generic) else found

    def __setitem__(self, index: Any, value: Any) -> None:
        parts = index if isinstance(index, tuple) else (index,)
        is_element = len(parts) == self.ndim and all(hasattr(part, "__index__") for part in parts)
        if is_element and not isinstance(value, (int, float, complex, np.generic, np.ndarray)):
            from ungil.pyx import _fallback

            # NumPy would read a number in a text, and make `None` one.
            name = self.dtype.name
            value = _fallback.convert(name, _NAMES.get(name, name), value)
        try:
            super().__setitem__(index, value)
        except IndexError as error:
            raise _out_of_bounds(error) from None


def _out_of_bounds(error: IndexError) -> IndexError:
    axis = re.search(r"for axis (\d+)", str(error))
    return IndexError(f"Out of bounds on buffer access (axis {axis.group(1) if axis else 0})")


def object_view(array: Any) -> Any:
    """An array of objects as a memoryview."""
    return array.view(ObjectView)


def number_view(array: Any, source: Any = None) -> Any:
    """An array of numbers as a memoryview of `source`."""
    if not isinstance(array, np.ndarray):
        return array
    made = array.view(NumberView)
    made._source = getattr(array, "_source", None)
    if made._source is None:
        made._source = source if source is not None else array
    return made


def plain(value: Any) -> Any:
    """A result, in which a memoryview of numbers is an array."""
    return value.view(np.ndarray) if isinstance(value, NumberView) else value


def fill(array: Any, key: Any, value: Any, text: str, name: str) -> None:
    """`view[key] = value` of several elements: memory is copied, and all else converted, once, to the type of elements."""
    if not isinstance(value, (np.ndarray, memoryview, bytearray, bytes, list, tuple)) and value is not None:
        from ungil.pyx import _fallback

        value = _fallback.convert(text, name, value) if text else _record(array.dtype, value)
    array[key] = value


#: Names in C of the numbers that members of structs are.
_NAMES = {
    "int8": "char", "uint8": "unsigned char", "int16": "short", "uint16": "unsigned short", "int32": "int",
    "uint32": "unsigned int", "int64": "long", "uint64": "unsigned long", "float32": "float", "float64": "double",
    "complex64": "float complex", "complex128": "double complex",
}  # fmt: skip


def _record(dtype: Any, value: Any) -> Any:
    """A value as one struct: members from a dictionary, with Cython's errors."""
    from ungil.pyx import _fallback

    if dtype.subdtype is not None:
        return value
    if dtype.names is None:
        return _fallback.convert(dtype.name, _NAMES.get(dtype.name, dtype.name), value)
    if not hasattr(value, "keys"):
        raise TypeError(f"Expected a mapping, got {type(value).__name__}")
    for name in dtype.names:
        if name not in value:
            raise ValueError(f"No value specified for struct attribute '{name}'")
    return tuple(_record(dtype[name], value[name]) for name in dtype.names)
