"""Notes between processes about arrays on their way: one byte for each reference.

A process that sends references has a ledger, a page or more of shared memory that receivers write to: ``TAKEN`` when they
have mapped the array, ``RELEASED`` when they have let it go. So senders know, without messages, what they must still keep and
what they may use again. Each byte is written by the sender once (0) and by one receiver; nothing is read-modify-write.
"""

from __future__ import annotations

import mmap
import os
from collections import OrderedDict

IN_FLIGHT, TAKEN, RELEASED = 0, 1, 2
#: References of one process that can be under way or unreleased at once; pages that are not used take no memory.
SLOTS = 1 << 20
#: Ledgers of other processes that stay mapped.
MOST_PEERS = 64


class Ledger:
    """The ledger of this process."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("ungil-ledger", os.MFD_CLOEXEC)
        os.ftruncate(self.fd, SLOTS)
        self.inode = os.fstat(self.fd).st_ino
        self._map = mmap.mmap(self.fd, SLOTS)
        self._free: list[int] = []
        self._next = 0

    def take(self) -> int:
        """A slot, in flight.

        Raises
        ------
        OSError
            All are in use.
        """
        if self._free:
            slot = self._free.pop()
        else:
            slot = self._next
            if slot == SLOTS:
                raise OSError("too many shared arrays are on their way to other processes")
            self._next += 1
        self._map[slot] = IN_FLIGHT
        return slot

    def state(self, slot: int) -> int:
        """What the receiver has written."""
        return self._map[slot]

    def release(self, slot: int) -> None:
        """Write in the receiver's place, which has died."""
        self._map[slot] = RELEASED

    def give_back(self, slot: int) -> None:
        """Nobody will write to the slot any more."""
        self._free.append(slot)


class PeerLedger:
    """The ledger of another process."""

    def __init__(self, pid: int, fd: int, inode: int) -> None:
        own = open_of(pid, fd)
        try:
            if os.fstat(own).st_ino != inode:
                raise FileNotFoundError(f"the process {pid} is another one now")
            self._map = mmap.mmap(own, SLOTS)
        finally:
            os.close(own)

    def write(self, slot: int, state: int) -> None:
        """Tell the sender."""
        self._map[slot] = state


_peers: OrderedDict[tuple[int, int], PeerLedger] = OrderedDict()


def peer(pid: int, fd: int, inode: int) -> PeerLedger:
    """The ledger of the process that sent a reference."""
    key = (pid, inode)
    found = _peers.get(key)
    if found is None:
        found = _peers[key] = PeerLedger(pid, fd, inode)
        if len(_peers) > MOST_PEERS:
            _peers.popitem(last=False)
    return found


def forget(pid: int) -> None:
    """A process has ended: nobody reads its ledger."""
    for key in [key for key in _peers if key[0] == pid]:
        del _peers[key]


def open_of(pid: int, fd: int) -> int:
    """A descriptor of this process for what another one has open."""
    return os.open(f"/proc/{pid}/fd/{fd}", os.O_RDWR | os.O_CLOEXEC)
