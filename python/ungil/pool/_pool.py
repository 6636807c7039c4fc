"""The pool: the interfaces of `multiprocessing.Pool` and of `concurrent.futures.Executor` over two engines."""

from __future__ import annotations

import concurrent.futures
import os
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterable, Iterator, Sized
from multiprocessing.context import BaseContext
from typing import Any, Literal

from ungil import _ungil
from ungil.pool._broken import BrokenPool, PoolClosed
from ungil.pool._imap import ResultIterator
from ungil.pool._job import CALL, EACH, STAR, Call, Job, chunks, default_chunksize, describe_function
from ungil.pool._progress import make_progress
from ungil.pool._results import Callback, MapResult, Result
from ungil.pool._threads import ThreadEngine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ungil.pool._processes import ProcessEngine

Backend = Literal["auto", "threads", "processes"]
#: Chunks under way for each worker while results of `imap` are being taken.
WINDOW = 16


class Pool(concurrent.futures.Executor):
    """Workers that run tasks: threads for compiled functions, processes for others.

    A drop-in for `multiprocessing.Pool` and for the executors of `concurrent.futures`.

    Parameters
    ----------
    processes : int, optional
        Number of workers; by default one for each core that this process may use. Also called `max_workers`.
    initializer, initargs
        Called in each worker when it starts.
    maxtasksperchild : int, optional
        Tasks after which a worker is replaced. Also called `max_tasks_per_child`.
    context : optional
        A context of `multiprocessing`. Also called `mp_context`.
    backend : {"auto", "threads", "processes"}
        What workers are. ``"auto"`` decides for each function: threads if ungil has compiled it or if Python runs without
        the GIL, otherwise processes.
    start_method : {"fork", "spawn", "forkserver"}, optional
        How processes are started; by default as `multiprocessing` does.
    progress : bool
        Show a progress bar for maps: tqdm's, if it is installed.
    retries : int
        How often a task is run again after its worker died.

    Examples
    --------
    >>> import ungil
    >>> with ungil.Pool(2) as pool:
    ...     pool.map(abs, [-1, 2, -3])
    [1, 2, 3]
    """

    def __init__(
        self,
        processes: int | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: Iterable[Any] = (),
        maxtasksperchild: int | None = None,
        context: BaseContext | None = None,
        *,
        backend: Backend = "auto",
        start_method: str | None = None,
        progress: bool = False,
        retries: int = 0,
        max_workers: int | None = None,
        max_tasks_per_child: int | None = None,
        mp_context: BaseContext | None = None,
    ) -> None:
        size = processes if processes is not None else max_workers
        if size is None:
            size = len(os.sched_getaffinity(0))
        if size < 1:
            raise ValueError("the number of workers must be at least 1")
        limit = maxtasksperchild if maxtasksperchild is not None else max_tasks_per_child
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            raise ValueError("maxtasksperchild must be a positive int or None")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        if backend not in ("auto", "threads", "processes"):
            raise ValueError(f'backend must be "auto", "threads" or "processes", not {backend!r}')
        if retries < 0:
            raise ValueError("retries must not be negative")
        self._size = size
        self._initializer = initializer
        self._initargs = tuple(initargs)
        self._limit = limit
        self._context = _context(context or mp_context, start_method)
        self._backend = backend
        self._progress = progress
        self._retries = retries
        self._state = "running"
        self._lock = threading.Lock()
        self._threads: ThreadEngine | None = None
        self._processes: ProcessEngine | None = None
        self._iterators: weakref.WeakSet[ResultIterator] = weakref.WeakSet()
        if backend != "auto":
            self._engine(backend)

    # --- as multiprocessing.Pool ----------------------------------------------------------------------------------

    def apply(
        self, func: Callable[..., Any], args: Iterable[Any] = (), kwds: dict[str, Any] | None = None
    ) -> Any:
        """Call a function in a worker and wait for its result."""
        return self.apply_async(func, args, kwds).get()

    def apply_async(
        self,
        func: Callable[..., Any],
        args: Iterable[Any] = (),
        kwds: dict[str, Any] | None = None,
        callback: Callback | None = None,
        error_callback: Callback | None = None,
    ) -> Result:
        """Call a function in a worker; the result comes later."""
        self._check_open()
        result = Result(callback, error_callback)
        self._engine_for(func).submit((Job(func, CALL, tuple(args), kwds, result),))
        return result

    def map(  # type: ignore[override]
        self,
        func: Callable[..., Any],
        iterable: Iterable[Any],
        *more: Any,
        chunksize: int | None = None,
        timeout: float | None = None,
        buffersize: int | None = None,
        progress: bool | None = None,
    ) -> Any:
        """Call a function for each item and return the list of results.

        With several iterables, or with `timeout` or `buffersize`, it is the `map` of executors: an iterator over the results
        of ``func(a, b, …)``.

        Parameters
        ----------
        func : callable
            What to call.
        iterable : iterable
            Its arguments. The next positional argument is the chunk size if it is an integer, as in `multiprocessing`,
            otherwise a second iterable.
        chunksize : int, optional
            Items that travel together; by default a quarter of each worker's share.
        """
        if more and (more[0] is None or isinstance(more[0], int)):
            if len(more) > 1:
                raise TypeError("after the chunk size no more iterables can follow")
            chunksize, more = more[0], ()
        if more or timeout is not None or buffersize is not None:
            return self._executor_map(func, (iterable, *more), timeout, chunksize or 1, buffersize)
        return self._map_async(func, EACH, iterable, chunksize, None, None, progress).get()

    def map_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Any],
        chunksize: int | None = None,
        callback: Callback | None = None,
        error_callback: Callback | None = None,
        *,
        progress: bool | None = None,
    ) -> MapResult:
        """Call a function for each item; the list of results comes later."""
        return self._map_async(func, EACH, iterable, chunksize, callback, error_callback, progress)

    def starmap(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Iterable[Any]],
        chunksize: int | None = None,
        *,
        progress: bool | None = None,
    ) -> list[Any]:
        """Call ``func(*item)`` for each item and return the list of results."""
        values: list[Any] = self._map_async(func, STAR, iterable, chunksize, None, None, progress).get()
        return values

    def starmap_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Iterable[Any]],
        chunksize: int | None = None,
        callback: Callback | None = None,
        error_callback: Callback | None = None,
        *,
        progress: bool | None = None,
    ) -> MapResult:
        """Call ``func(*item)`` for each item; the list of results comes later."""
        return self._map_async(func, STAR, iterable, chunksize, callback, error_callback, progress)

    def imap(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Any],
        chunksize: int = 1,
        *,
        progress: bool | None = None,
        buffersize: int | None = None,
    ) -> ResultIterator:
        """Iterate over the results of a function for each item, in the order of the items.

        The iterable may be endless: it is read as results are taken.
        """
        return self._iterate(func, EACH, iterable, chunksize, True, progress, buffersize)

    def imap_unordered(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Any],
        chunksize: int = 1,
        *,
        progress: bool | None = None,
        buffersize: int | None = None,
    ) -> ResultIterator:
        """Iterate over the results of a function for each item, as they come."""
        return self._iterate(func, EACH, iterable, chunksize, False, progress, buffersize)

    def close(self) -> None:
        """Take no more tasks; the workers end when all are done."""
        if self._state == "running":
            self._state = "closed"
        for iterator in list(self._iterators):
            iterator._feed(everything=True)
        for engine in self._engines():
            engine.close()

    def terminate(self) -> None:
        """End the workers at once; tasks that are not done fail with `ungil.errors.BrokenPool`."""
        self._state = "terminated"
        for iterator in list(self._iterators):
            iterator._stop()
        for engine in self._engines():
            engine.terminate()

    def join(self) -> None:
        """Wait for the workers to end, after `close` or `terminate`."""
        if self._state == "running":
            raise ValueError("Pool is still running")
        for engine in self._engines():
            engine.join()

    # --- as concurrent.futures.Executor ---------------------------------------------------------------------------

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Result:
        """Call a function in a worker: the result is a `concurrent.futures.Future`."""
        self._check_open()
        result = Result()
        self._engine_for(fn).submit((Job(fn, CALL, args, kwargs, result),))
        return result

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks, and wait until all are done.

        Parameters
        ----------
        wait : bool
            Whether to wait.
        cancel_futures : bool
            Whether to drop tasks that have not begun.
        """
        if cancel_futures:
            for iterator in list(self._iterators):
                iterator._stop()
            for engine in self._engines():
                engine.cancel()
        self.close()
        if wait:
            self.join()

    @staticmethod
    def as_completed(
        results: Iterable[concurrent.futures.Future[Any]], timeout: float | None = None
    ) -> Iterator[concurrent.futures.Future[Any]]:
        """Results in the order in which they come: `concurrent.futures.as_completed`."""
        return concurrent.futures.as_completed(results, timeout)

    def __enter__(self) -> Pool:
        self._check_open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> Literal[False]:
        """Wait for the tasks; after an exception end them. Iterators that were not read to the end are given up."""
        if kind is not None:
            self.terminate()
            self.join()
            return False
        for iterator in list(self._iterators):
            iterator._stop()
        try:
            self.close()
            self.join()
        except BaseException:
            # Ctrl-C while waiting.
            self.terminate()
            raise
        return False

    def __reduce__(self) -> tuple[object, ...]:
        raise NotImplementedError("pool objects cannot be passed between processes or pickled")

    def __repr__(self) -> str:
        return f"<ungil.Pool of {self._size} {self._backend} workers, {self._state}>"

    # --- inside ---------------------------------------------------------------------------------------------------

    def _map_async(
        self,
        func: Callable[..., Any],
        how: int,
        iterable: Iterable[Any],
        chunksize: int | None,
        callback: Callback | None,
        error_callback: Callback | None,
        progress: bool | None,
    ) -> MapResult:
        self._check_open()
        items = list(iterable)
        size = default_chunksize(len(items), self._size) if chunksize is None else chunksize
        if size < 1:
            raise ValueError(f"Chunksize must be 1+, not {size}")
        wanted = self._progress if progress is None else progress
        bar = make_progress(wanted, len(items), describe_function(func))
        result = MapResult(len(items), size, callback, error_callback, bar)
        if not items:
            return result
        engine = self._engine_for(func)
        call = Call()
        if how == STAR and engine is self._processes:
            from ungil.shared._reference import find_common

            call.common = find_common(items)
        jobs = [
            Job.chunk(func, how, chunk, result, index, index * size, call)
            for index, chunk in enumerate(chunks(items, size))
        ]
        engine.submit(jobs)
        return result

    def _iterate(
        self,
        func: Callable[..., Any],
        how: int,
        iterable: Iterable[Any],
        chunksize: int,
        ordered: bool,
        progress: bool | None,
        buffersize: int | None,
    ) -> ResultIterator:
        self._check_open()
        if chunksize < 1:
            raise ValueError(f"Chunksize must be 1+, not {chunksize}")
        total = len(iterable) if isinstance(iterable, Sized) else None
        wanted = self._progress if progress is None else progress
        bar = make_progress(wanted, total, describe_function(func))
        engine = self._engine_for(func)
        window = WINDOW * self._size if buffersize is None else max(1, buffersize // chunksize)
        iterator = ResultIterator(
            func, how, iterable, chunksize, ordered, window, lambda job: engine.submit((job,)), bar
        )
        self._iterators.add(iterator)
        return iterator

    def _executor_map(
        self,
        func: Callable[..., Any],
        iterables: tuple[Iterable[Any], ...],
        timeout: float | None,
        chunksize: int,
        buffersize: int | None,
    ) -> Iterator[Any]:
        results = self._iterate(func, STAR, zip(*iterables), chunksize, True, None, buffersize)
        return _until(results, timeout)

    def _check_open(self) -> None:
        if self._state != "running":
            raise PoolClosed("Pool not running: cannot schedule new futures after shutdown")

    def _engines(self) -> list[ThreadEngine | ProcessEngine]:
        return [engine for engine in (self._threads, self._processes) if engine is not None]

    def _engine_for(self, function: Callable[..., Any]) -> ThreadEngine | ProcessEngine:
        if self._backend != "auto":
            return self._engine(self._backend)
        return self._engine("threads" if prefers_threads(function) else "processes")

    def _engine(self, kind: str) -> ThreadEngine | ProcessEngine:
        engine = self._threads if kind == "threads" else self._processes
        if engine is not None:
            return engine
        with self._lock:
            if kind == "threads":
                if self._threads is None:
                    self._threads = ThreadEngine(self._size, self._initializer, self._initargs, self._limit)
                    weakref.finalize(self, self._threads.close).atexit = False
                return self._threads
            if self._processes is None:
                from ungil.pool._processes import ProcessEngine

                self._processes = ProcessEngine(
                    self._size, self._context, self._initializer, self._initargs, self._limit, self._retries
                )
                weakref.finalize(self, self._processes.close).atexit = False
            return self._processes


def prefers_threads(function: object) -> bool:
    """Whether calls of a function run at the same time in threads: it is compiled, or Python has no GIL.

    >>> import functools, ungil
    >>> prefers_threads(functools.partial(ungil.jit(lambda x: x), 1)), prefers_threads(len)
    (True, False)
    """
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return True
    while True:
        if isinstance(function, _ungil.Dispatcher):
            return True
        if isinstance(function, (types.MethodType, staticmethod, classmethod)):
            function = function.__func__
        elif hasattr(function, "func") and hasattr(function, "keywords"):
            function = function.func
        else:
            return isinstance(vars(type(function)).get("__call__"), _ungil.Dispatcher)


def _context(context: BaseContext | None, start_method: str | None) -> BaseContext | None:
    if start_method is None:
        return context
    import multiprocessing

    if context is not None and context.get_start_method() != start_method:
        raise ValueError("context and start_method disagree")
    return multiprocessing.get_context(start_method)


def _until(results: ResultIterator, timeout: float | None) -> Iterator[Any]:
    """The results of an executor's map: all of them until a time from now."""
    import time

    deadline = None if timeout is None else time.monotonic() + timeout

    def iterate() -> Iterator[Any]:
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                value = results.next(left)
            except StopIteration:
                return
            yield value

    return iterate()


Pool.__module__ = "ungil"
__all__ = ["BrokenPool", "Pool", "prefers_threads"]
