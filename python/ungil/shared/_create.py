"""Shared arrays: new ones, copies, and those that another process has given a name."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ungil.shared import _named, _segment

Shape = int | tuple[int, ...]


def empty(
    shape: Any, dtype: npt.DTypeLike = float, order: str = "C", *, name: str | None = None
) -> npt.NDArray[Any]:
    """A new array in memory that processes share.

    It is an ordinary array. Sent to another process (an argument or result of a pool's task, an argument of a `Process`, through
    a `Queue` or `Pipe`) it arrives as the same memory, as do its views. It is freed when the last process has dropped it.
    `pickle.dumps` and `numpy.save` store a copy, as of any array.

    Parameters
    ----------
    shape : int or tuple of int
        Its shape.
    dtype : dtype
        Its type: any but Python objects.
    order : {"C", "F"}
        Its order in memory.
    name : str, optional
        A name under which any process of this user can `open` it, as long as this process has it.

    Returns
    -------
    ndarray
        Filled with zeros.

    Examples
    --------
    >>> import ungil.shared
    >>> a = ungil.shared.empty((2, 3), "float32")
    >>> type(a), a.shape, a.dtype
    (<class 'numpy.ndarray'>, (2, 3), dtype('float32'))
    """
    kind = np.dtype(dtype)
    if kind.hasobject:
        raise TypeError(f"Python objects cannot be shared: {kind}")
    if order not in ("C", "F"):
        raise ValueError(f'order must be "C" or "F", not {order!r}')
    extent = _shape(shape)
    size = kind.itemsize
    for length in extent:
        size *= length
    layout: Any = order
    if name is not None:
        return _named.create(name, extent, kind, layout, size)
    if size == 0:
        return np.empty(extent, kind, layout)
    with _segment.lock:
        _segment.sweep()
        lease = _segment.create(size).lease()
    return np.ndarray(extent, kind, lease, order=layout)


def zeros(
    shape: Any, dtype: npt.DTypeLike = float, order: str = "C", *, name: str | None = None
) -> npt.NDArray[Any]:
    """A new shared array of zeros: see `empty`.

    Examples
    --------
    >>> import ungil.shared
    >>> ungil.shared.zeros(3, int)
    array([0, 0, 0])
    """
    return empty(shape, dtype, order, name=name)


def array(
    values: npt.ArrayLike,
    dtype: npt.DTypeLike | None = None,
    *,
    name: str | None = None,
    readonly: bool = False,
) -> npt.NDArray[Any]:
    """A shared copy of an array or of what `numpy.asarray` makes one of: see `empty`.

    Parameters
    ----------
    readonly : bool
        Make it read-only, here and wherever it is sent.

    Examples
    --------
    >>> import ungil.shared
    >>> ungil.shared.array([[1, 2], [3, 4]])
    array([[1, 2],
           [3, 4]])
    """
    source = np.asarray(values, dtype)
    order = "F" if source.flags.f_contiguous and not source.flags.c_contiguous else "C"
    copy = empty(source.shape, source.dtype, order, name=name)
    np.copyto(copy, source)
    if readonly:
        copy.flags.writeable = False
    return copy


def open(name: str, *, readonly: bool = False) -> npt.NDArray[Any]:
    """The array that a process has made under a name.

    Raises
    ------
    FileNotFoundError
        There is none, or it has been dropped.

    Examples
    --------
    >>> import ungil.shared
    >>> a = ungil.shared.array([1, 2, 3], name="ungil-example")
    >>> b = ungil.shared.open("ungil-example")
    >>> b[0] = 7
    >>> a
    array([7, 2, 3])
    """
    return _named.open(name, readonly)


def is_shared(array: npt.NDArray[Any]) -> bool:
    """Whether an array is in shared memory, so that it travels as a reference.

    Examples
    --------
    >>> import numpy as np, ungil.shared
    >>> ungil.shared.is_shared(ungil.shared.zeros(4)[1:]), ungil.shared.is_shared(np.zeros(4))
    (True, False)
    """
    return _segment.find(array) is not None


def _shape(shape: Any) -> tuple[int, ...]:
    lengths = (shape,) if hasattr(shape, "__index__") else tuple(shape)
    extent = tuple(int(length.__index__()) for length in lengths)
    if any(length < 0 for length in extent):
        raise ValueError("negative dimensions are not allowed")
    return extent


for _function in (empty, zeros, array, open, is_shared):
    _function.__module__ = "ungil.shared"
