"""Shared arrays with a name: a file in /dev/shm, as long as the process that made it has the array.

The file has the array's elements, then on a page of its own a description of them. The resource tracker of `multiprocessing`
removes the files of killed processes.
"""

from __future__ import annotations

import os
import pickle
import weakref
from multiprocessing import resource_tracker
from typing import Any

import numpy as np
import numpy.typing as npt

from ungil.shared import _segment

FOLDER = "/dev/shm"
PREFIX = "ungil."
#: Bytes of the description, after the elements.
TRAILER = 4096


def create(
    name: str, shape: tuple[int, ...], dtype: np.dtype[Any], order: Any, size: int
) -> npt.NDArray[Any]:
    """A new array with a name."""
    path = _path(name)
    trailer = pickle.dumps((shape, dtype, order))
    if len(trailer) > TRAILER:
        raise ValueError(f"the type is too long: {dtype}")
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    resource_tracker.register(_tracked(name), "shared_memory")
    try:
        # Space is taken now: a full /dev/shm is an error here, not a crash at the first write.
        os.posix_fallocate(fd, 0, size + TRAILER)
        os.pwrite(fd, trailer.ljust(TRAILER, b"\0"), size)
        with _segment.lock:
            lease = _segment.add(fd).lease()
    except BaseException:
        _remove(name, os.getpid())
        os.close(fd)
        raise
    weakref.finalize(lease, _remove, name, os.getpid())
    return np.ndarray(shape, dtype, lease, order=order)


def open(name: str, readonly: bool) -> npt.NDArray[Any]:
    """The array with a name."""
    try:
        fd = os.open(_path(name), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no shared array with the name {name!r}") from None
    with _segment.lock:
        status = os.fstat(fd)
        segment = _segment.known((status.st_dev, status.st_ino))
        if segment is None:
            segment = _segment.add(fd)
        else:
            os.close(fd)
        lease = segment.lease()
    shape, dtype, order = pickle.loads(os.pread(segment.fd, TRAILER, segment.size - TRAILER))
    array: npt.NDArray[Any] = np.ndarray(shape, dtype, lease, order=order)
    array.flags.writeable = not readonly
    return array


def _remove(name: str, pid: int) -> None:
    """Remove the name; arrays that others have open stay."""
    if pid == os.getpid():
        try:
            os.unlink(_path(name))
        except FileNotFoundError:
            pass
        resource_tracker.unregister(_tracked(name), "shared_memory")


def _path(name: str) -> str:
    if not name or "/" in name or "\0" in name:
        raise ValueError(f"not a name for a shared array: {name!r}")
    return f"{FOLDER}/{PREFIX}{name}"


def _tracked(name: str) -> str:
    return f"/{PREFIX}{name}"
