"""The engine of threads: tasks run in this process, arrays are the caller's own."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any

from ungil.pool._broken import BrokenPool
from ungil.pool._job import Job, cancel, run

TERMINATED = "the pool was terminated before this task was done"


class ThreadEngine:
    """Daemon threads that take jobs from one queue."""

    def __init__(
        self,
        size: int,
        initializer: Callable[..., object] | None,
        initargs: tuple[Any, ...],
        tasks_per_worker: int | None,
    ) -> None:
        self._initializer = initializer
        self._initargs = initargs
        self._tasks_per_worker = tasks_per_worker
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: dict[int, Job] = {}
        self._broken: BrokenPool | None = None
        self._left = size
        self._stopped = False
        self._closed = False
        self._ended = threading.Event()
        self._process = os.getpid()
        for _ in range(size):
            self._start_thread()

    def submit(self, jobs: Iterable[Job]) -> None:
        """Take jobs."""
        if self._process != os.getpid():
            raise RuntimeError("a pool does not work in a process that was forked from its own")
        for job in jobs:
            if self._broken is not None:
                job.sink._finish(job.index, False, self._broken)
            else:
                self._jobs.put(job)
        if self._broken is not None:
            self._fail_waiting(self._broken)

    def close(self) -> None:
        """Let the threads end when all jobs are done."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for _ in range(self._left):
                self._jobs.put(None)

    def cancel(self) -> None:
        """Cancel jobs that have not begun."""
        self._fail_waiting(None)

    def terminate(self) -> None:
        """Drop jobs that have not begun, and the results of those that have: threads cannot be killed."""
        self._stopped = True
        self._fail_waiting(BrokenPool(TERMINATED))
        self.close()
        with self._lock:
            running = list(self._running.values())
        for job in running:
            job.sink._finish(job.index, False, BrokenPool(TERMINATED, task=job.label()))

    def join(self) -> None:
        """Wait for the threads; after `terminate` not for their running jobs."""
        if not self._stopped:
            self._ended.wait()

    def _start_thread(self) -> None:
        threading.Thread(target=self._work, name="ungil-pool", daemon=True).start()

    def _work(self) -> None:
        done = 0
        try:
            if self._initializer is not None:
                self._initializer(*self._initargs)
        except BaseException as error:
            self._break(error)
        while (job := self._jobs.get()) is not None:
            self._run(job)
            # A reference kept while waiting would keep the caller's arrays alive.
            del job
            done += 1
            if self._tasks_per_worker is not None and done >= self._tasks_per_worker:
                self._start_thread()
                return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._ended.set()

    def _run(self, job: Job) -> None:
        if not job.sink._start():
            return
        me = threading.get_ident()
        self._running[me] = job
        try:
            ok, value = True, run(job.function, job.how, job.args, job.kwargs)
        except SystemExit as error:
            message = f"the task called sys.exit({error.code!r}): {job.label()}"
            code = error.code if isinstance(error.code, int) else 1
            ok, value = False, BrokenPool(message, os.getpid(), code, job.label())
        except BaseException as error:
            ok, value = False, error
        with self._lock:
            del self._running[me]
        if not self._stopped:
            job.sink._finish(job.index, ok, value)

    def _break(self, error: BaseException) -> None:
        broken = BrokenPool(f"the initializer raised {type(error).__name__}: {error}")
        broken.__cause__ = error
        self._broken = broken
        self._fail_waiting(broken)

    def _fail_waiting(self, error: BrokenPool | None) -> None:
        ends = 0
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                ends += 1
            elif error is None:
                cancel(job)
            else:
                job.sink._finish(job.index, False, error)
        for _ in range(ends):
            self._jobs.put(None)
