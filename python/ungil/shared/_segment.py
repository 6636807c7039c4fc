"""Pieces of shared memory.

A segment is an anonymous file in memory (`memfd_create`): it has no name, so that nothing can be left behind, and the system frees
it when the last process has closed it. Arrays keep the mapping alive through their `base`; when the last array of this process
is gone the segment is closed here, unless a reference to it is still on its way to another process.
"""

from __future__ import annotations

import functools
import mmap
import multiprocessing
import os
import sys
import threading
import time
import weakref
from collections import OrderedDict
from multiprocessing import util
from typing import Any

import numpy as np
import numpy.typing as npt

from ungil.shared._ledger import IN_FLIGHT, RELEASED, Ledger, PeerLedger

#: Guards everything in this package; an RLock, because the garbage collector may run a callback anywhere.
lock = threading.RLock()
Key = tuple[int, int]
#: Received segments that stay mapped, and their bytes, while somebody calls `cool` before long.
MOST_WARM = 8
MOST_WARM_BYTES = 1 << 28
warmers = 0


class Lease(np.ndarray[Any, Any]):
    """All bytes of a segment: the base of the arrays in it. While it lives, the segment is in use."""

    segment: Segment
    address: int


class Segment:
    """A piece of shared memory that this process has open.

    Attributes
    ----------
    fd : int
        Its descriptor.
    key : tuple
        Device and inode: what tells segments apart.
    in_flight : list of int
        Slots of references that no receiver has taken yet.
    sources : list
        Ledgers and slots of senders that want to know when it is released here.
    kept : bool
        Whether it stays open without arrays, to be used again.
    written : int
        Bytes that were written through `fd`.
    private : bool
        Whether writes stay in this process.
    """

    __slots__ = (
        "__weakref__",
        "_lease",
        "_map",
        "fd",
        "in_flight",
        "kept",
        "key",
        "private",
        "size",
        "sources",
        "written",
    )

    def __init__(self, fd: int, private: bool = False) -> None:
        status = os.fstat(fd)
        self.fd = fd
        self.key: Key = (status.st_dev, status.st_ino)
        self.size = status.st_size
        self.private = private
        self.in_flight: list[int] = []
        self.sources: list[tuple[PeerLedger, int]] = []
        self.kept = False
        self.written = 0
        self._map: mmap.mmap | None = None
        self._lease: weakref.ref[Lease] | None = None

    def lease(self) -> Lease:
        """The segment's bytes; they stay as long as the result, or an array in it, does."""
        with lock:
            lease = self._lease() if self._lease is not None else None
            if lease is None:
                lease = Lease((self.size,), np.uint8, self.map())
                lease.segment = self
                lease.address = lease.__array_interface__["data"][0]
                if self.private:
                    # Nobody else is sent there.
                    os.close(self.fd)
                    self.fd = -1
                else:
                    self._lease = weakref.ref(lease, functools.partial(_unused, key=self.key))
            return lease

    def map(self) -> mmap.mmap:
        """The mapping, which stays until the segment is closed."""
        if self._map is None:
            self._map = mmap.mmap(self.fd, self.size, mmap.MAP_PRIVATE if self.private else mmap.MAP_SHARED)
        return self._map

    def is_used(self) -> bool:
        """Whether arrays of this process are in it."""
        return self._lease is not None and self._lease() is not None

    def release(self) -> None:
        """Tell its senders that it is not used here any more."""
        for source, slot in self.sources:
            source.write(slot, RELEASED)
        self.sources = []

    def close(self) -> None:
        """Let it go."""
        _segments.pop(self.key, None)
        _waiting.pop(self.key, None)
        _warm.pop(self.key, None)
        self.release()
        self._map = None
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


_segments: dict[Key, Segment] = {}
#: Segments without arrays that wait for receivers.
_waiting: dict[Key, Segment] = {}
#: Received segments that may come again.
_warm: OrderedDict[Key, Segment] = OrderedDict()
_ledger: Ledger | None = None
_waiter: threading.Thread | None = None


def ledger() -> Ledger:
    """The ledger of this process."""
    global _ledger
    with lock:
        if _ledger is None:
            _ledger = Ledger()
        return _ledger


def create(size: int) -> Segment:
    """A new segment, filled with zeros."""
    fd = os.memfd_create("ungil", os.MFD_CLOEXEC)
    try:
        os.ftruncate(fd, max(1, size))
        return add(fd)
    except BaseException:
        os.close(fd)
        raise


def add(fd: int, private: bool = False) -> Segment:
    """Keep an open descriptor as a segment."""
    segment = Segment(fd, private)
    if not private:
        _segments[segment.key] = segment
    return segment


def known(key: Key) -> Segment | None:
    """The segment of this process with a key."""
    _warm.pop(key, None)
    return _segments.get(key)


def find(array: npt.NDArray[Any]) -> tuple[Segment, int] | None:
    """The segment that an array is a view of, and the offset of its first element; None for other arrays."""
    base: Any = array.base
    while base is not None:
        if type(base) is Lease:
            segment = base.segment
            if segment.private or segment.fd < 0:
                return None
            address: int = array.__array_interface__["data"][0]
            return segment, address - base.address
        base = base.obj if isinstance(base, memoryview) else getattr(base, "base", None)
    return None


def depart(segment: Segment) -> int:
    """Note that a reference to a segment is on its way; its slot."""
    with lock:
        slot = ledger().take()
        segment.in_flight.append(slot)
        return slot


def _unused(_: weakref.ref[Lease], key: Key) -> None:
    """The last array of a segment is gone: close it if nobody waits for it."""
    if sys.is_finalizing():
        return
    with lock:
        segment = _segments.get(key)
        if segment is not None and not segment.is_used():
            settle(segment)


def settle(segment: Segment) -> None:
    """Close a segment without arrays, let it wait for receivers, or keep it for a while."""
    global _waiter
    if not arrived(segment):
        _waiting[segment.key] = segment
        if _waiter is None:
            _waiter = threading.Thread(target=_watch, name="ungil-shared", daemon=True)
            _waiter.start()
    elif segment.kept:
        segment.release()
    elif segment.sources and warmers and segment.size <= MOST_WARM_BYTES:
        # Its sender will use it again: the mapping is worth more than the copying.
        segment.release()
        _warm[segment.key] = segment
        while len(_warm) > MOST_WARM or sum(s.size for s in _warm.values()) > MOST_WARM_BYTES:
            _warm.popitem(last=False)[1].close()
    else:
        segment.close()


def is_warm() -> bool:
    """Whether something is only kept to come again."""
    return bool(_warm)


def warm(more: int) -> None:
    """Begin (1) or cease (-1) to keep received segments; who begins calls `cool` after a while."""
    global warmers
    with lock:
        warmers += more


def cool() -> None:
    """Close what is only kept to come again."""
    with lock:
        for segment in list(_warm.values()):
            segment.close()


def arrived(segment: Segment) -> bool:
    """Forget references that were taken; whether none is on its way."""
    if segment.in_flight:
        notes = ledger()
        still = []
        for slot in segment.in_flight:
            if notes.state(slot) == IN_FLIGHT:
                still.append(slot)
            else:
                notes.give_back(slot)
        segment.in_flight = still
    return not segment.in_flight


def sweep() -> bool:
    """Close segments whose references have all been taken; whether some still wait."""
    with lock:
        for segment in list(_waiting.values()):
            if arrived(segment):
                del _waiting[segment.key]
                if not segment.is_used():
                    settle(segment)
        return bool(_waiting)


def _watch() -> None:
    """Sweep until nothing waits: the thread of `_settle`."""
    global _waiter
    pause = 0.005
    while True:
        time.sleep(pause)
        pause = min(0.25, pause * 1.5)
        with lock:
            if not sweep():
                _waiter = None
                return


def _wait_at_exit(_: object = None) -> None:
    # After the threads that feed queues, which end at -5.
    util.Finalize(None, _linger, exitpriority=-100)


def _linger() -> None:
    """Stay until receivers have taken what this process sent: at most a minute, in the main process a moment."""
    child = multiprocessing.parent_process() is not None
    deadline = time.monotonic() + (60.0 if child else 0.2)
    pause = 0.001
    while time.monotonic() < deadline:
        with lock:
            if all(arrived(segment) for segment in list(_segments.values())):
                return
        if child and os.getppid() == 1:
            return
        time.sleep(pause)
        pause = min(0.05, pause * 1.5)


def _after_fork() -> None:
    """In a forked child: what the parent has sent or was sent is the parent's business."""
    global lock, warmers, _ledger, _waiter
    lock = threading.RLock()
    warmers = 0
    _ledger = None
    _waiter = None
    _waiting.clear()
    _warm.clear()
    for segment in list(_segments.values()):
        segment.in_flight = []
        segment.sources = []
        segment.kept = False
        if not segment.is_used():
            segment.close()


os.register_at_fork(after_in_child=_after_fork)
# Processes that multiprocessing forks forget what runs at their parent's exit.
util.register_after_fork(_wait_at_exit, _wait_at_exit)
_wait_at_exit()
