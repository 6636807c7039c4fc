"""A worker process as the pool sees it: its pipes, and the jobs that it has."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator
from multiprocessing.context import BaseContext
from typing import Any

from ungil.pool import _wire as wire
from ungil.pool import _worker
from ungil.pool._job import Job
from ungil.shared._reference import Parcel, Passed

#: Bytes that a pipe holds; the system may grant fewer.
PIPE_BYTES = 1 << 20
#: Bytes that are read at once, and room for descriptors that come with them.
READ_BYTES = 1 << 16
DESCRIPTORS = socket.CMSG_SPACE(4 * _worker.MOST_PASSED)


class WorkerProcess:
    """One worker.

    Attributes
    ----------
    jobs : dict of int to Job
        What it was sent and has not answered, in the order of sending: the first is the one that runs.
    ready : bool
        Whether it has begun to serve.
    asked : bool
        Whether it was asked to give back jobs, and has finished none since.
    leaving : bool
        Whether it was told to end, or said that it will.
    """

    def __init__(
        self,
        context: BaseContext,
        initializer: Any,
        initargs: tuple[Any, ...],
        limit: int | None,
        siblings: list[int],
        workers: int,
    ) -> None:
        tasks_read, self._tasks = context.Pipe(duplex=False)
        # A pair of sockets: with its results a worker sends descriptors of the memory that they are in.
        results_read, results_write = context.Pipe(duplex=True)
        self._results = socket.fromfd(results_read.fileno(), socket.AF_UNIX, socket.SOCK_STREAM)
        results_read.close()
        control_read, self._control = context.Pipe(duplex=False)
        self.tasks_fd = self._tasks.fileno()
        self.results_fd = self._results.fileno()
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.tasks_fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        theirs = (tasks_read, results_write, control_read)
        own = [self.tasks_fd, self.results_fd, self._control.fileno()]
        # Forked workers inherit the pool's ends, which must close when the pool's process ends.
        inherited = own + siblings if context.get_start_method() == "fork" else []
        self.process = context.Process(  # type: ignore[attr-defined]
            target=_worker.main,
            args=(theirs, inherited, initializer, initargs, limit, os.getpid(), workers),
            name="ungil-pool-worker",
        )
        # Workers may have children of their own; they end when the pool's process does.
        self.process.daemon = False
        with _main_without_file():
            self.process.start()
        for pipe in theirs:
            pipe.close()
        os.set_blocking(self.tasks_fd, False)
        os.set_blocking(self.results_fd, False)
        self.death_fd = _death_fd(self.process)
        self.jobs: dict[int, Job] = {}
        self.known: set[int] = set()
        self.parcels: list[Parcel] = []
        self.ready = False
        self._read_bytes = READ_BYTES
        self.leaving = False
        self.left = limit
        self.asked = False
        self._asked_at = 0.0
        self.frames = wire.Frames()
        self.passed = Passed()
        self._unsent: list[memoryview] = []

    def own_fds(self) -> list[int]:
        """The pool's ends, which other workers must not keep."""
        pipes = [pipe.fileno() for pipe in (self._tasks, self._control) if not pipe.closed]
        return [*pipes, self.results_fd]

    def send(self, records: list[Any], blobs: list[bytes]) -> bool:
        """Send a frame, now as far as the pipe takes it; True if all is sent."""
        self._unsent.append(memoryview(wire.frame(records, blobs)))
        return self.flush()

    def flush(self) -> bool:
        """Send what waits; True if nothing is left."""
        while self._unsent:
            try:
                sent = os.write(self.tasks_fd, self._unsent[0])
            except BlockingIOError:
                return False
            except (BrokenPipeError, ValueError):
                # It ended: the results pipe tells.
                self._unsent.clear()
                return True
            if sent == len(self._unsent[0]):
                del self._unsent[0]
            else:
                self._unsent[0] = self._unsent[0][sent:]
        return True

    def read(self) -> bytes | None:
        """What the worker has written: None if nothing, empty at the end. Descriptors that come with it are kept for
        the arrays that are unpickled next."""
        try:
            data, control, _, _ = self._results.recvmsg(self._read_bytes, DESCRIPTORS)
        except BlockingIOError:
            return None
        except OSError:
            return b""
        for level, kind, packed in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(packed[: len(packed) - len(packed) % fds.itemsize])
                self.passed.keep(fds)
        # A large buffer costs more than reading a small message.
        self._read_bytes = PIPE_BYTES if len(data) == self._read_bytes else READ_BYTES
        return data

    def stop(self) -> bool:
        """Tell it to end when its jobs are done; False if something waits to be sent first."""
        self.leaving = True
        return self.send([(wire.STOP, None)], [])

    def ask_back(self, interval: float) -> None:
        """Ask for the jobs that have not begun, unless that was done less than an interval ago."""
        now = time.monotonic()
        if not self.asked or now - self._asked_at >= interval:
            self.asked = True
            self._asked_at = now
            with contextlib.suppress(OSError):
                os.write(self._control.fileno(), _worker.GIVE_BACK)

    def release(self) -> None:
        """Let it go: it has said goodbye."""
        if not self._tasks.closed:
            # Not only the end of the pipe: other children of this process may hold it open.
            with contextlib.suppress(OSError):
                os.write(self.tasks_fd, wire.frame([(wire.STOP, None)], []))
            self._tasks.close()

    def kill(self, hard: bool) -> None:
        """End it now."""
        try:
            if hard:
                self.process.kill()
            else:
                self.process.terminate()
        except (OSError, ValueError, AttributeError):
            pass

    def close(self) -> None:
        """Close the pipes of a worker that has ended."""
        for pipe in (self._tasks, self._control):
            if not pipe.closed:
                pipe.close()
        self._results.close()
        self.passed.drop()
        if self.death_fd != self.process.sentinel:
            os.close(self.death_fd)


@contextlib.contextmanager
def _main_without_file() -> Iterator[None]:
    """Hide a file name such as ``<stdin>`` of the main module, which new interpreters would look for."""
    main: Any = sys.modules.get("__main__")
    name = getattr(main, "__file__", None)
    if not isinstance(name, str) or not name.startswith("<"):
        yield
        return
    del main.__file__
    try:
        yield
    finally:
        main.__file__ = name


def _death_fd(process: Any) -> int:
    """A descriptor that becomes readable when the process ends, also if its own children live on."""
    try:
        return os.pidfd_open(process.pid)
    except (OSError, AttributeError):
        return int(process.sentinel)
