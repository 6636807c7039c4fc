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
from multiprocessing import util
from typing import Any

import numpy as np
import numpy.typing as npt

from ungil.shared._ledger import IN_FLIGHT, RELEASED, TAKEN, Ledger, PeerLedger

#: Guards everything in this package; an RLock, because the garbage collector may run a callback anywhere.
lock = threading.RLock()
Key = tuple[int, int]


class Mapping(mmap.mmap):
    """A mapping that knows its segment. Arrays have it as their innermost base."""

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
    private : bool
        Whether writes stay in this process.
    """

    __slots__ = ("__weakref__", "_mapping", "fd", "in_flight", "kept", "key", "private", "size", "sources")

    def __init__(self, fd: int, private: bool = False) -> None:
        status = os.fstat(fd)
        self.fd = fd
        self.key: Key = (status.st_dev, status.st_ino)
        self.size = status.st_size
        self.private = private
        self.in_flight: list[int] = []
        self.sources: list[tuple[PeerLedger, int]] = []
        self.kept = False
        self._mapping: weakref.ref[Mapping] | None = None

    def map(self) -> Mapping:
        """The segment's mapping in this process."""
        with lock:
            mapping = self._mapping() if self._mapping is not None else None
            if mapping is None:
                flags = mmap.MAP_PRIVATE if self.private else mmap.MAP_SHARED
                mapping = Mapping(self.fd, self.size, flags)
                mapping.segment = self
                probe: Any = np.ndarray(1, np.uint8, mapping).__array_interface__
                mapping.address = probe["data"][0]
                if self.private:
                    # Nobody else is sent there.
                    os.close(self.fd)
                    self.fd = -1
                else:
                    self._mapping = weakref.ref(mapping, functools.partial(_unmapped, key=self.key))
            return mapping

    def is_mapped(self) -> bool:
        """Whether arrays of this process are in it."""
        return self._mapping is not None and self._mapping() is not None

    def close(self) -> None:
        """Let it go."""
        _segments.pop(self.key, None)
        _waiting.pop(self.key, None)
        for source, slot in self.sources:
            source.write(slot, RELEASED)
        self.sources = []
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


_segments: dict[Key, Segment] = {}
#: Segments without arrays that wait for receivers.
_waiting: dict[Key, Segment] = {}
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
    return _segments.get(key)


def find(array: npt.NDArray[Any]) -> tuple[Segment, int] | None:
    """The segment that an array is a view of, and the offset of its first element; None for other arrays."""
    base: Any = array.base
    while base is not None:
        if type(base) is Mapping:
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


def _unmapped(_: weakref.ref[Mapping], key: Key) -> None:
    """The last array of a segment is gone: close it if nobody waits for it."""
    if sys.is_finalizing():
        return
    with lock:
        segment = _segments.get(key)
        if segment is not None and not segment.is_mapped():
            _settle(segment)


def _settle(segment: Segment) -> None:
    """Close a segment without arrays, or let it wait for receivers."""
    global _waiter
    arrived(segment)
    if segment.in_flight:
        _waiting[segment.key] = segment
        if _waiter is None:
            _waiter = threading.Thread(target=_watch, name="ungil-shared", daemon=True)
            _waiter.start()
    elif segment.kept:
        for source, slot in segment.sources:
            source.write(slot, RELEASED)
        segment.sources = []
    else:
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
                if not segment.is_mapped():
                    _settle(segment)
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
    global lock, _ledger, _waiter
    lock = threading.RLock()
    _ledger = None
    _waiter = None
    _waiting.clear()
    for segment in list(_segments.values()):
        segment.in_flight = []
        segment.sources = []
        segment.kept = False
        if not segment.is_mapped():
            segment.close()


os.register_at_fork(after_in_child=_after_fork)
# Processes that multiprocessing forks forget what runs at their parent's exit.
util.register_after_fork(_wait_at_exit, _wait_at_exit)
_wait_at_exit()
__all__ = [
    "TAKEN",
    "Mapping",
    "Segment",
    "add",
    "create",
    "depart",
    "find",
    "known",
    "ledger",
    "lock",
    "sweep",
]
