"""What a pool's user holds: results of single calls and of maps.

Both are futures of `concurrent.futures` and have the methods of `multiprocessing.pool.AsyncResult` too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures._base import CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED, PENDING, InvalidStateError
from typing import Any

from ungil.pool._broken import LateResult
from ungil.pool._progress import Progress

Callback = Callable[[Any], object]


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

    def __init__(self, callback: Callback | None = None, error_callback: Callback | None = None) -> None:
        super().__init__()
        self._callback = callback
        self._error_callback = error_callback

    def get(self, timeout: float | None = None) -> Any:
        """Wait for the result and return it, or raise what the call raised.

        Raises
        ------
        multiprocessing.TimeoutError
            It took longer than `timeout` seconds.
        """
        self.wait(timeout)
        if not self.done():
            raise LateResult(f"no result after {timeout} seconds")
        return self.result()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until there is a result, at most `timeout` seconds."""
        with self._condition:
            self._condition.wait_for(self.done, timeout)

    def done(self) -> bool:
        """Whether the call returned, raised or was cancelled."""
        return self._state in (FINISHED, CANCELLED, CANCELLED_AND_NOTIFIED)

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

    def _start(self) -> bool:
        if self._state == PENDING:
            return self.set_running_or_notify_cancel()
        return self._state not in (CANCELLED, CANCELLED_AND_NOTIFIED)

    def _finish(self, index: int, ok: bool, value: Any) -> None:
        self._settle(ok, value)

    def _settle(self, ok: bool, value: Any) -> None:
        called = self._callback if ok else self._error_callback
        if called is not None:
            _call_back(called, value)
        try:
            if ok:
                self.set_result(value)
            else:
                self.set_exception(value)
        except InvalidStateError:
            # It was cancelled, or its pool was terminated in the meantime.
            pass
        # The callbacks may hold on to the caller's frame.
        self._callback = self._error_callback = None


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
