"""A worker process: takes frames of tasks from one pipe, writes each result to another as soon as there is one.

A second thread waits for the pool's calls on a third pipe: it gives back tasks that have not begun, and ends the process when the
pool's process is gone, whatever the task at hand is doing.
"""

from __future__ import annotations

import importlib
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from multiprocessing import pool as stdlib
from multiprocessing.connection import Connection
from typing import Any

from ungil._ungil import get_num_threads, set_num_threads
from ungil.pool import _wire as wire
from ungil.pool._job import CALL, run
from ungil.shared import _reference, _segment
from ungil.shared._reference import Parcel

# Not in the standard library's stubs, but what its users see in tracebacks.
ExceptionWithTraceback: Any = stdlib.ExceptionWithTraceback  # type: ignore[attr-defined]
MaybeEncodingError: Any = stdlib.MaybeEncodingError  # type: ignore[attr-defined]
#: Descriptors that one message can carry.
MOST_PASSED = 250
#: Seconds for which idle processes keep memory that they may need again.
WARM = 5.0
#: What the pool writes on the control pipe.
GIVE_BACK = b"r"


class _Unknown(Exception):
    """A function's name means nothing here, or something else."""


class Worker:
    """The state of a worker process."""

    def __init__(self, tasks: int, results: int, control: int, limit: int | None, pool: int) -> None:
        self._tasks_fd = tasks
        self._results_fd = results
        self._results = socket.fromfd(results, socket.AF_UNIX, socket.SOCK_STREAM)
        self._control_fd = control
        self._limit = limit
        # Readable when the pool's process has ended, if the system can tell.
        self._pool = pool
        self._frames = wire.Frames()
        self._read_bytes = 1 << 16
        # Records with their pickles, in the order of arrival. Popped from the left to run, from the right to give back.
        self._queue: deque[tuple[Any, memoryview | None]] = deque()
        self._functions: dict[int, Any] = {}
        self._writing = threading.Lock()
        self._reading = threading.Lock()

    def serve(self) -> None:
        """Run tasks until there are no more."""
        _segment.warm(1)
        threading.Thread(target=self._watch, name="ungil-pool-control", daemon=True).start()
        self._send([(wire.READY,)])
        done = 0
        while True:
            record, blob = self._next()
            kind = record[0]
            if kind == wire.TASK:
                self._run(record, blob)
                # Arguments must not live on until the next task.
                del blob
                done += 1
                if done == self._limit:
                    return
            elif kind == wire.BY_NAME:
                self._functions[record[1]] = record[2:]
            elif kind == wire.PICKLED:
                self._functions[record[1]] = _Pickled(blob)
            elif kind == wire.FORGET:
                self._functions.pop(record[1], None)
            else:
                return

    def leave(self) -> None:
        """Say goodbye, and wait until the pool has taken everything."""
        with self._reading:
            self._return_tasks()
            # Before the goodbye: the other thread may read the pool's answer to it.
            self._queue.clear()
        self._send([(wire.BYE,)])
        while self._next()[0][0] != wire.STOP:
            pass

    def _next(self) -> tuple[Any, memoryview | None]:
        while True:
            try:
                return self._queue.popleft()
            except IndexError:
                pass
            with self._reading:
                # The other thread may have read in the meantime.
                if not self._queue:
                    self._read()

    def _read(self) -> None:
        """Take frames from the pipe into the queue; waits for some. Under the lock of reading."""
        if _reference.is_warm():
            poll = select.poll()
            poll.register(self._tasks_fd, select.POLLIN)
            if not poll.poll(WARM * 1000):
                _reference.cool()
        data = os.read(self._tasks_fd, self._read_bytes)
        if not data:
            os._exit(0)
        # A large buffer costs more than reading a small message.
        self._read_bytes = 1 << 20 if len(data) == self._read_bytes else 1 << 16
        for records, blob in self._frames.feed(data):
            at = 0
            for record in records:
                size = record[-1]
                if record[0] in (wire.TASK, wire.PICKLED) and size is not None:
                    self._queue.append((record, blob[at : at + size]))
                    at += size
                else:
                    self._queue.append((record, None))

    def _run(self, record: Any, blob: memoryview | None) -> None:
        _, number, function_id, how, args, _ = record
        try:
            kwargs: Any = None
            if function_id:
                function = self._function(function_id)
                if blob is not None:
                    args, kwargs = wire.loads(blob)
            else:
                function, args, kwargs = wire.loads(blob)  # type: ignore[arg-type]
        except (_Unknown, AttributeError, ImportError) as error:
            self._send_pickled(number, wire.NEED, 0.0, ExceptionWithTraceback(error, _trace(error)))
            return
        except Exception as error:
            self._send_pickled(number, wire.ERROR, 0.0, ExceptionWithTraceback(error, _trace(error)))
            return
        began = time.perf_counter()
        try:
            value = run(function, how, args, kwargs)
        except Exception as error:
            spent = time.perf_counter() - began
            self._send_error(number, spent, error)
            return
        spent = time.perf_counter() - began
        if wire.is_plain(value):
            self._send([(wire.VALUE, number, spent, value)])
            return
        del function, args, kwargs
        try:
            self._send_pickled(number, wire.PICKLE, spent, value)
        except Exception as error:
            self._send_error(number, spent, MaybeEncodingError(error, value))

    def _function(self, number: int) -> Callable[..., Any]:
        known: Any = self._functions[number]
        if isinstance(known, tuple):
            known = self._functions[number] = _find(*known)
        elif isinstance(known, _Pickled):
            known = self._functions[number] = wire.loads(known.data)
        return known  # type: ignore[no-any-return]

    def _send_error(self, number: int, spent: float, error: Exception) -> None:
        text = _trace(error)
        try:
            data = wire.dumps(ExceptionWithTraceback(error, text))
            wire.loads(data)
        except Exception as reason:
            substitute = MaybeEncodingError(reason, error)
            data = wire.dumps(ExceptionWithTraceback(substitute, text))
        self._write([(wire.ERROR, number, spent, len(data))], [data])

    def _send_pickled(self, number: int, kind: int, spent: float, value: Any) -> None:
        parcel = Parcel()
        data = wire.dumps(value, parcel=parcel)
        self._write([(kind, number, spent, len(data))], [data], [segment.fd for segment, _ in parcel.sent])

    def _send(self, records: list[Any]) -> None:
        self._write(records, [])

    def _write(self, records: list[Any], blobs: list[bytes], passed: Iterable[int] = ()) -> None:
        data = memoryview(wire.frame(records, blobs))
        # The memory of a result is the pool's even if this process dies in its next task.
        fds = list(dict.fromkeys(passed))[:MOST_PASSED]
        with self._writing:
            try:
                if fds:
                    data = data[socket.send_fds(self._results, [data], fds) :]
                while data:
                    data = data[os.write(self._results_fd, data) :]
            except BrokenPipeError:
                # Nobody is left to take results.
                os._exit(1)

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._control_fd, select.POLLIN)
        if self._pool >= 0:
            poll.register(self._pool, select.POLLIN)
        while True:
            if any(fd == self._pool for fd, _ in poll.poll()):
                os._exit(1)
            call = os.read(self._control_fd, 1)
            if not call:
                os._exit(1)
            if call == GIVE_BACK:
                self._give_back()

    def _give_back(self) -> None:
        """Return the tasks that have not begun, also those that are still in the pipe."""
        if not self._reading.acquire(blocking=False):
            # The other thread is waiting for tasks: there are none.
            return
        try:
            self._return_tasks()
        finally:
            self._reading.release()

    def _return_tasks(self) -> None:
        """Return what is in the pipe and in the queue. Under the lock of reading."""
        poll = select.poll()
        poll.register(self._tasks_fd, select.POLLIN)
        while poll.poll(0):
            self._read()
        given = []
        kept = []
        try:
            while True:
                record, blob = self._queue.pop()
                if record[0] == wire.TASK:
                    given.append((wire.RETURNED, record[1]))
                else:
                    kept.append((record, blob))
        except IndexError:
            pass
        self._queue.extendleft(kept)
        if given:
            self._send(given)


class _Pickled:
    """A function that has not been unpickled yet."""

    def __init__(self, data: memoryview | None) -> None:
        self.data: Any = data


def _find(module: str, name: str, fingerprint: int, _: Any = None) -> Callable[..., Any]:
    importlib.import_module(module)
    found = wire.find(module, name)
    code = getattr(found, "__code__", None)
    if found is None or fingerprint and (code is None or wire.fingerprint(code) != fingerprint):
        raise _Unknown(f"module {module!r} has no function {name!r} in the worker, or another one")
    return found  # type: ignore[no-any-return]


def _initializer(sent: Any) -> Any:
    """The function that was sent as itself, or as its name, if it has one, and its contents."""
    if not isinstance(sent, tuple):
        return sent
    name, data = sent
    if name is not None:
        try:
            return _find(*name)
        except (_Unknown, ImportError):
            # As in a notebook, or under `if __name__ == "__main__":`.
            pass
    return wire.loads(data)


def _pidfd(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        os._exit(1)
    except (OSError, AttributeError):
        return -1


def _trace(error: BaseException) -> Any:
    return error.__traceback__


def main(
    pipes: tuple[Connection, Connection, Connection],
    to_close: list[int],
    initializer: Callable[..., object] | tuple[tuple[str, str, int] | None, bytes] | None,
    initargs: tuple[Any, ...],
    limit: int | None,
    pool: int,
    workers: int,
) -> None:
    """Run a worker: the target of its `multiprocessing.Process`."""
    # Ctrl-C is for the pool's process, which ends the workers. Not SIG_IGN: programs that tasks start would inherit it.
    signal.signal(signal.SIGINT, lambda *_: None)
    for fd in to_close:
        try:
            os.close(fd)
        except OSError:
            pass
    tasks, results, control = (pipe.fileno() for pipe in pipes)
    worker = Worker(tasks, results, control, limit, _pidfd(pool))
    if "UNGIL_NUM_THREADS" not in os.environ:
        # Parallel loops in tasks share the cores with the other workers.
        set_num_threads(max(1, get_num_threads() // workers))
    if initializer is not None:
        try:
            run(_initializer(initializer), CALL, initargs, None)
        except Exception as error:
            traceback.print_exc()
            worker._send_pickled(0, wire.FAILED, 0.0, ExceptionWithTraceback(error, error.__traceback__))
            worker.leave()
            sys.exit(1)
    worker.serve()
    worker.leave()
