"""Iterators over results as they come.

The iterable is read as results are taken: at most a window of chunks is under way, so that an endless iterable and a slow
reader need little memory. When the pool is closed the rest of the iterable is read at once, because nobody may take results
before the pool is joined.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ungil.pool._broken import LateResult
from ungil.pool._job import Call, Job, chunks
from ungil.pool._progress import Progress


class ResultIterator:
    """The results of `Pool.imap` and `Pool.imap_unordered`, with `next(timeout)`."""

    def __init__(
        self,
        function: Callable[..., Any],
        how: int,
        items: Iterable[Any],
        chunksize: int,
        ordered: bool,
        window: int,
        submit: Callable[[Job], object],
        progress: Progress | None,
    ) -> None:
        self._function = function
        self._how = how
        self._chunks: Iterator[list[Any]] | None = chunks(items, chunksize)
        self._ordered = ordered
        self._window = window
        self._submit = submit
        self._progress = progress
        self._changed = threading.Condition()
        self._reading = threading.Lock()
        self._arrived: dict[int, tuple[bool, Any]] = {}
        self._items: deque[Any] = deque()
        self._sent = 0
        self._taken = 0
        self._counted = 0
        self._stopped = False
        self._call = Call()
        self._feed()

    def __iter__(self) -> ResultIterator:
        return self

    def __next__(self) -> Any:
        return self.next()

    def next(self, timeout: float | None = None) -> Any:
        """The next result.

        Raises
        ------
        multiprocessing.TimeoutError
            It took longer than `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._changed:
                if self._items:
                    return self._items.popleft()
                ok, value = self._take(deadline)
                if ok:
                    self._items.extend(value)
            self._feed()
            if not ok:
                raise value

    def _take(self, deadline: float | None) -> tuple[bool, Any]:
        """The next chunk's result; waits for it. Under the condition."""
        while True:
            found = self._taken if self._ordered else next(iter(self._arrived), -1)
            if found in self._arrived:
                self._taken += 1
                return self._arrived.pop(found)
            if self._taken >= self._sent and (self._chunks is None or self._stopped):
                if self._progress is not None:
                    self._progress.close()
                raise StopIteration
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise LateResult("no result in time")
            self._changed.wait(left)

    def _feed(self, everything: bool = False) -> None:
        """Submit chunks until the window is full, or all."""
        if not self._reading.acquire(blocking=everything):
            return
        try:
            while self._chunks is not None and not self._stopped:
                if not everything and self._sent - self._taken >= self._window:
                    return
                try:
                    chunk = next(self._chunks)
                except StopIteration:
                    self._end()
                    return
                except Exception as error:
                    # The iterable failed: so does the result in its place, as in multiprocessing.
                    self._sent += 1
                    self._end()
                    self._finish(self._sent - 1, False, error)
                    return
                job = Job.chunk(self._function, self._how, chunk, self, self._sent, self._counted, self._call)
                self._counted += len(chunk)
                self._sent += 1
                self._submit(job)
        finally:
            self._reading.release()

    def _end(self) -> None:
        with self._changed:
            self._chunks = None
            self._call = Call()
            self._changed.notify_all()

    def _stop(self) -> None:
        """Give up: nothing more is read, and chunks that have not begun are dropped."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _start(self) -> bool:
        return not self._stopped

    def _finish(self, index: int, ok: bool, value: Any) -> None:
        with self._changed:
            self._arrived[index] = (ok, value)
            self._changed.notify_all()
        if self._progress is not None:
            self._progress.update(len(value) if ok else 1)
