"""How arrays travel between processes: as references to shared memory.

Views of shared arrays go as they are: the receiver maps the same memory. Large arrays of pool tasks that are not shared are
copied once, into a segment that the receiver has for itself; it is used again when the receiver has dropped the array.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections import deque
from collections.abc import Iterable
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import numpy.typing as npt

from ungil.shared import _segment
from ungil.shared._ledger import IN_FLIGHT, RELEASED, TAKEN, open_of, peer
from ungil.shared._segment import Segment

#: What a receiver does with the memory: share it, own it until it is released, have a copy of what it writes.
SHARE, OWN, COPY = range(3)
#: Arrays of at least this many bytes travel through shared memory.
THRESHOLD = 1 << 16
#: Bytes and segments that a process keeps to use them again.
MOST_KEPT_BYTES = 1 << 28
MOST_KEPT = 16
#: Bytes that one system call writes at most.
MOST_WRITTEN = 1 << 30

Array = npt.NDArray[Any]
Reduced = tuple[Any, ...]


class Common:
    """Arrays that many tasks of a map have: each is copied once, and each receiver writes to a copy of its own.

    The copies live as long as this object does.
    """

    def __init__(self, arrays: Iterable[Array]) -> None:
        # The arrays are kept, so that no other gets the same id.
        self._arrays = {id(array): array for array in arrays}
        self._copies: dict[int, tuple[Reduced, Segment]] = {}

    def reduce(self, array: Array) -> Reduced | None:
        """How to pickle an array; None if it is not one of these."""
        key = id(array)
        if key not in self._arrays:
            return None
        if key not in self._copies:
            self._copies[key] = keep(array)
        return self._copies[key][0]

    def __del__(self) -> None:
        if not sys.is_finalizing():
            with _segment.lock:
                for _, segment in self._copies.values():
                    segment.close()


def find_common(items: list[Any]) -> Common | None:
    """Large arrays that are arguments of the first task and of the last: so of all, most likely."""
    if len(items) < 2 or not isinstance(items[0], tuple) or not isinstance(items[-1], tuple):
        return None
    first = {id(value) for value in items[0]}
    found = [v for v in items[-1] if type(v) is np.ndarray and id(v) in first and is_large(v)]
    return Common(found) if found else None


def is_large(array: Array) -> bool:
    """Whether an array is worth a segment."""
    return array.nbytes >= THRESHOLD and not array.dtype.hasobject and _segment.find(array) is None


class Parcel:
    """What leaves with the pickle of a task or result.

    Attributes
    ----------
    sent : list
        Segments and slots of the references in it.
    kept : list of Segment, optional
        Given if several processes may receive it: then arrays are copied once, into these segments.
    common : Common, optional
        Arrays that other parcels have too.
    weight : int
        Bytes of the arrays that were copied.
    """

    def __init__(self, for_many: bool = False, common: Common | None = None) -> None:
        self.common = common
        self.sent: list[tuple[Segment, int]] = []
        self.kept: list[Segment] | None = [] if for_many else None
        self.weight = 0

    def reduce(self, array: Array) -> Any:
        """How to pickle an array."""
        found = _segment.find(array) if array.base is not None else None
        if found is not None:
            segment, offset = found
            slot = _segment.depart(segment)
            self.sent.append((segment, slot))
            return _reference(segment, SHARE, slot, offset, array, array.strides)
        if array.nbytes < THRESHOLD or array.dtype.hasobject:
            return array.__reduce_ex__(pickle.DEFAULT_PROTOCOL)
        if self.common is not None and (reduced := self.common.reduce(array)) is not None:
            return reduced
        self.weight += array.nbytes
        if self.kept is not None:
            copied, segment = keep(array)
            self.kept.append(segment)
            return copied
        copied, segment, slot = carrier.carry(array)
        self.sent.append((segment, slot))
        return copied

    def lose(self, unread: bool = False) -> None:
        """The receiver has died, or (`unread`) lives and will not read the rest."""
        notes = _segment.ledger()
        with _segment.lock:
            for segment, slot in self.sent:
                if slot in segment.in_flight or carrier.has_lent(segment, slot):
                    if not unread or notes.state(slot) == IN_FLIGHT:
                        notes.release(slot)
            self.drop()
            _segment.sweep()

    def drop(self) -> None:
        """Nobody will read it any more."""
        for segment in self.kept or ():
            segment.kept = False
            if not segment.is_used():
                segment.close()
        self.sent = []
        if self.kept is not None:
            self.kept = []


def reduce_shared(array: Array) -> Reduced | None:
    """A view of shared memory as a reference; None for other arrays."""
    found = _segment.find(array)
    if found is None:
        return None
    segment, offset = found
    return _reference(segment, SHARE, _segment.depart(segment), offset, array, array.strides)


def reduce_array(array: Array) -> Any:
    """How `multiprocessing` pickles arrays: shared ones as references, others as ever."""
    return reduce_shared(array) or array.__reduce_ex__(pickle.DEFAULT_PROTOCOL)


def _reference(
    segment: Segment, mode: int, slot: int, offset: int, array: Array, strides: tuple[int, ...] | None
) -> Reduced:
    notes = _segment.ledger()
    place = (os.getpid(), segment.fd, segment.key, mode)
    note = (notes.fd, notes.inode, slot)
    writeable = array.flags.writeable or mode != SHARE
    return attach, (place, note, offset, array.shape, strides, array.dtype, writeable)


def attach(
    place: tuple[int, int, tuple[int, int], int],
    note: tuple[int, int, int],
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...] | None,
    dtype: np.dtype[Any],
    writeable: bool,
) -> Array:
    """The array that a reference is about."""
    pid, fd, key, mode = place
    with _segment.lock:
        segment = None if mode == COPY else _segment.known(key)
        if segment is None:
            segment = _open(pid, fd, key, mode == COPY)
        lease = segment.lease()
        if note[2] >= 0:
            try:
                source = peer(pid, note[0], note[1])
            except OSError:
                # The sender has ended, and nobody wants to know.
                pass
            else:
                source.write(note[2], TAKEN)
                if mode == OWN:
                    segment.sources.append((source, note[2]))
    array: Array = np.ndarray(shape, dtype, lease, offset, strides)
    array.flags.writeable = writeable
    return array


class Passed(dict[tuple[int, int], int]):
    """Descriptors that came with messages, for the arrays in them: they are found when these are unpickled under `with`."""

    def keep(self, fds: Iterable[int]) -> None:
        """Take descriptors."""
        for fd in fds:
            status = os.fstat(fd)
            key = (status.st_dev, status.st_ino)
            if key in self:
                os.close(fd)
            else:
                self[key] = fd

    def drop(self) -> None:
        """Close those that were not needed."""
        for fd in self.values():
            os.close(fd)
        self.clear()

    def __enter__(self) -> Passed:
        _passing.current = self
        return self

    def __exit__(self, *_: object) -> None:
        _passing.current = None


_passing = threading.local()


def _open(pid: int, fd: int, key: tuple[int, int], private: bool) -> Segment:
    passed = getattr(_passing, "current", None)
    if passed and key in passed:
        return _segment.add(passed.pop(key), private)
    try:
        own = open_of(pid, fd)
    except OSError as error:
        raise FileNotFoundError(
            f"a shared array is gone: the process {pid} that sent it has ended or has dropped it ({error})"
        ) from None
    status = os.fstat(own)
    if (status.st_dev, status.st_ino) != key:
        os.close(own)
        raise FileNotFoundError(f"a shared array is gone: the process {pid} that sent it has dropped it")
    return _segment.add(own, private)


def cool() -> None:
    """Let go of memory that is kept only to be used again."""
    _segment.cool()
    carrier.clear()


def is_warm() -> bool:
    """Whether `cool` would do something."""
    return _segment.is_warm() or carrier.holds()


class Carrier:
    """Sends copies of large arrays in segments, which it uses again when they come free."""

    def __init__(self) -> None:
        self._free: list[Segment] = []
        self._lent: deque[tuple[Segment, int]] = deque()

    def carry(self, array: Array) -> tuple[Reduced, Segment, int]:
        """A reference to a copy for one receiver, with its segment and slot."""
        with _segment.lock:
            segment = self._segment(array.nbytes)
            slot = _segment.ledger().take()
        strides = _fill(segment, array)
        with _segment.lock:
            self._lent.append((segment, slot))
            return _reference(segment, OWN, slot, 0, array, strides), segment, slot

    def has_lent(self, segment: Segment, slot: int) -> bool:
        """Whether a receiver has not released a segment."""
        return any(s is segment and n == slot for s, n in self._lent)

    def holds(self) -> bool:
        """Whether segments are kept."""
        return bool(self._free or self._lent)

    def clear(self) -> None:
        """Keep nothing that is not on its way."""
        with _segment.lock:
            if self.holds():
                self._collect(0)

    def _segment(self, size: int) -> Segment:
        self._collect()
        # A segment that is warm is worth some waste.
        fitting = [s for s in self._free if size <= s.size <= 2 * size]
        if fitting:
            segment = min(fitting, key=lambda s: s.size)
            self._free.remove(segment)
            return segment
        segment = _segment.create(size)
        segment.kept = True
        return segment

    def _collect(self, most: int = MOST_KEPT) -> None:
        """Take back segments that were released; let go of those that are too many."""
        notes = _segment.ledger()
        lent = self._lent
        self._lent = deque()
        for segment, slot in lent:
            if notes.state(slot) == RELEASED and not segment.is_used():
                notes.give_back(slot)
                self._free.append(segment)
            elif notes.state(slot) == TAKEN and len(lent) > most:
                # The receiver keeps it: its memory is the receiver's now.
                _orphans.append(slot)
                segment.kept = False
                if not segment.is_used():
                    _segment.settle(segment)
            else:
                self._lent.append((segment, slot))
        for slot in list(_orphans):
            if notes.state(slot) == RELEASED:
                _orphans.remove(slot)
                notes.give_back(slot)
        kept = sum(s.size for s in self._free)
        while self._free and (kept > MOST_KEPT_BYTES or len(self._free) > most):
            segment = self._free.pop(0)
            kept -= segment.size
            segment.kept = False
            segment.close()


#: Slots of segments that only receivers still hold.
_orphans: list[int] = []
carrier = Carrier()


def keep(array: Array) -> tuple[Reduced, Segment]:
    """A reference to a copy for any number of receivers, each of which writes to a copy of its own; valid as long as the segment
    is kept."""
    segment = _segment.create(array.nbytes)
    segment.kept = True
    strides = _fill(segment, array)
    return _reference(segment, COPY, -1, 0, array, strides), segment


def _fill(segment: Segment, array: Array) -> tuple[int, ...]:
    """Write an array's elements to the beginning of a segment; their strides there."""
    order: Any = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    strides = _strides(array.shape, array.itemsize, order)
    contiguous = array.flags.c_contiguous or array.flags.f_contiguous
    if contiguous and segment.written == 0:
        # New pages are made faster by the system's copying than one by one when they are touched.
        flat: Any = array.ravel(order="K").view(np.uint8)
        data = memoryview(flat)
        while segment.written < len(data):
            part = data[segment.written : segment.written + MOST_WRITTEN]
            segment.written += os.pwrite(segment.fd, part, segment.written)
    else:
        np.copyto(np.ndarray(array.shape, array.dtype, segment.map(), 0, strides), array)
    return strides


def _strides(shape: tuple[int, ...], itemsize: int, order: str) -> tuple[int, ...]:
    strides = []
    step = itemsize
    for length in shape if order == "F" else reversed(shape):
        strides.append(step)
        step *= length
    return tuple(strides if order == "F" else reversed(strides))


def _after_fork() -> None:
    """In a forked child: the segments are the parent's."""
    global carrier
    carrier = Carrier()
    _orphans.clear()


os.register_at_fork(after_in_child=_after_fork)
ForkingPickler.register(np.ndarray, reduce_array)
