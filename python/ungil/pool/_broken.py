"""Errors of pools: a worker that ended, a pool that is closed, a result that is late."""

from __future__ import annotations

import multiprocessing
import signal
from concurrent.futures.process import BrokenProcessPool


class BrokenPool(BrokenProcessPool):
    """A worker ended before its task was done, or the pool cannot start workers.

    The pool itself lives on with a new worker, unless workers cannot be started at all.

    Attributes
    ----------
    pid : int or None
        The worker's process.
    exitcode : int or None
        Its exit code; negative if a signal ended it, as in `multiprocessing.Process.exitcode`.
    task : str or None
        The call that it was running.
    """

    def __init__(
        self,
        message: str,
        pid: int | None = None,
        exitcode: int | None = None,
        task: str | None = None,
    ) -> None:
        super().__init__(message)
        self.pid = pid
        self.exitcode = exitcode
        self.task = task

    def __reduce__(self) -> tuple[object, ...]:
        return BrokenPool, (str(self), self.pid, self.exitcode, self.task)


class PoolClosed(ValueError, RuntimeError):
    """A task was given to a pool that takes no more: ``multiprocessing`` says ValueError, executors RuntimeError."""


class LateResult(multiprocessing.TimeoutError, TimeoutError):
    """A result was not there in time."""


BrokenPool.__module__ = "ungil.errors"


def describe_end(exitcode: int | None) -> str:
    """How a process ended, in words.

    >>> describe_end(-9)
    'was killed by SIGKILL (perhaps the system ran out of memory)'
    >>> describe_end(3)
    'ended with exit code 3'
    """
    if exitcode is None:
        return "disappeared"
    if exitcode >= 0:
        return f"ended with exit code {exitcode}"
    try:
        name = signal.Signals(-exitcode).name
    except ValueError:
        name = f"signal {-exitcode}"
    hint = " (perhaps the system ran out of memory)" if name == "SIGKILL" else ""
    return f"was killed by {name}{hint}"
