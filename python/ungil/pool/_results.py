"""What a pool's user holds: results of single calls and of maps.

Both are futures of `concurrent.futures` and have the methods of `multiprocessing.pool.AsyncResult` too.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures._base import CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED, PENDING, RUNNING
from typing import Any

from ungil.pool._broken import LateResult
from ungil.pool._progress import Progress

Callback = Callable[[Any], object]
_CANCELLED = (CANCELLED, CANCELLED_AND_NOTIFIED)
_DONE = (FINISHED, *_CANCELLED)


class _Lazy:
    """An attribute that is made when it is first read: most results never need theirs."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        # Atomic: all threads get the same object.
        return instance.__dict__.setdefault(self._name, self._make())


#: Guards the step from waiting to running or cancelled.
_beginning = threading.Lock()


def _after_fork() -> None:
    global _beginning
    _beginning = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


class Result(Future[Any]):
    """The result of a call: a `concurrent.futures.Future` with the methods of `multiprocessing.pool.AsyncResult`.

    Examples
    --------
    >>> import ungil
    >>> with ungil.Pool(2, backend="threads") as pool:
    ...     result = pool.apply_async(pow, (2, 10))
    ...     result.get(timeout=5), result.ready(), result.successful()
    (1024, True, True)
    """

    # The attributes of a future: thousands of results are made before one is waited for.
    _condition: Any = _Lazy(threading.Condition)
    _waiters: Any = _Lazy(list)
    _done_callbacks: Any = _Lazy(list)
    _state: str = PENDING
    _result: Any = None
    _exception: BaseException | None = None
    _callback: Callback | None = None
    _error_callback: Callback | None = None

    def __init__(self, callback: Callback | None = None, error_callback: Callback | None = None) -> None:
        if callback is not None:
            self._callback = callback
        if error_callback is not None:
            self._error_callback = error_callback

    def get(self, timeout: float | None = None) -> Any:
        """Wait for the result and return it, or raise what the call raised.

        Raises
        ------
        multiprocessing.TimeoutError
            It took longer than `timeout` seconds.
        """
        if self._state not in _DONE:
            self.wait(timeout)
            if self._state not in _DONE:
                raise LateResult(f"no result after {timeout} seconds")
        if self._state == FINISHED and self._exception is None:
            return self._result
        return self.result()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until there is a result, at most `timeout` seconds."""
        with self._condition:
            if not self.done():
                self._condition.wait_for(self.done, timeout)

    def done(self) -> bool:
        """Whether the call returned, raised or was cancelled."""
        return self._state in _DONE

    def ready(self) -> bool:
        """Whether there is a result."""
        return self.done()

    def successful(self) -> bool:
        """Whether the call returned without an exception.

        Raises
        ------
        ValueError
            The call is not done.
        """
        if not self.done():
            raise ValueError(f"{self!r} not ready")
        try:
            return self.exception() is None
        except CancelledError:
            return False

    def cancel(self) -> bool:
        """Drop the call unless it has begun; whether it is dropped."""
        with _beginning:
            dropped = self._state == PENDING
            if dropped:
                self._state = CANCELLED
        if dropped:
            with self._condition:
                if self._state in _CANCELLED:
                    self._condition.notify_all()
            self._invoke_callbacks()  # type: ignore[attr-defined]
        return self._state in _CANCELLED

    def _start(self) -> bool:
        with _beginning:
            if self._state == PENDING:
                self._state = RUNNING
                return True
        if self._state == CANCELLED:
            return self.set_running_or_notify_cancel()
        return self._state == RUNNING

    def _finish(self, index: int, ok: bool, value: Any) -> None:
        self._settle(ok, value)

    def _settle(self, ok: bool, value: Any) -> None:
        if self._state in _DONE:
            # It was cancelled, or its pool was terminated in the meantime.
            return
        called = self._callback if ok else self._error_callback
        if called is not None:
            _call_back(called, value)
            # It may hold on to the caller's frame.
            self._callback = self._error_callback = None
        # Who waits looks at the state while it holds the condition, so the state changes under it: `as_completed` would
        # get a result twice otherwise, as one that is finished and from its waiter. Where nobody asked for a condition
        # yet a lock will do, since nobody waits for a result that is done.
        lock = threading.Lock()
        lock.acquire()
        condition = self.__dict__.setdefault("_condition", lock)
        if condition is lock:
            self._keep(ok, value)
            lock.release()
            return
        with condition:
            if self._state in _DONE:
                return
            self._keep(ok, value)
            for waiter in self._waiters:
                (waiter.add_result if ok else waiter.add_exception)(self)
            condition.notify_all()
        self._invoke_callbacks()  # type: ignore[attr-defined]

    def _keep(self, ok: bool, value: Any) -> None:
        if ok:
            self._result = value
        else:
            self._exception = value
        self._state = FINISHED


class MapResult(Result):
    """The result of a map: a list. The first exception of its chunks is raised when all are done."""

    def __init__(
        self,
        items: int,
        chunksize: int,
        callback: Callback | None,
        error_callback: Callback | None,
        progress: Progress | None,
    ) -> None:
        super().__init__(callback, error_callback)
        self._values: list[Any] = [None] * items
        self._chunksize = chunksize
        self._left = -(-items // chunksize)
        self._error: BaseException | None = None
        self._progress = progress
        if not items:
            self._finish_all()

    def _finish(self, index: int, ok: bool, value: Any) -> None:
        first = index * self._chunksize
        size = min(self._chunksize, len(self._values) - first)
        if ok:
            self._values[first : first + size] = value
        with self._condition:
            if not ok and self._error is None:
                self._error = value
            self._left -= 1
            last = self._left == 0
        if self._progress is not None:
            self._progress.update(size)
        if last:
            self._finish_all()

    def _finish_all(self) -> None:
        if self._progress is not None:
            self._progress.close()
        if self._error is not None:
            self._settle(False, self._error)
        else:
            self._settle(True, self._values)
        self._values, self._error = [], None


def _call_back(function: Callback, value: Any) -> None:
    """Run a user's callback; its exception is reported and stops nothing."""
    try:
        function(value)
    except Exception:
        sys.excepthook(*sys.exc_info())
