"""The engine of processes.

One thread owns all state: it takes new jobs from a queue, pickles them, deals them to workers, reads results and hands them to
their sinks. Others only append to the queue and wake it. Each worker has pipes of its own, so that the death of one disturbs
no other; each result is in its pipe before the next task begins, so that it outlives its worker.

Jobs are dealt in advance by their time: a worker holds about a millisecond of work. If one takes longer than expected and others
are idle, the waiting jobs are asked back.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import pickle
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from multiprocessing import util
from multiprocessing.context import BaseContext
from typing import Any

from ungil.pool import _wire as wire
from ungil.pool._broken import BrokenPool, describe_end
from ungil.pool._encoder import Encoder
from ungil.pool._job import Job, cancel
from ungil.pool._process import WorkerProcess
from ungil.pool._threads import TERMINATED
from ungil.pool._worker import WARM
from ungil.shared import _ledger, _reference, _segment

#: Seconds of work that a worker is given in advance, and the number of jobs at most.
AHEAD = 0.001
MOST_AHEAD = 256
#: Seconds below which a worker always has a second job, so that it does not wait for the pool.
SHORT = 0.02
#: Bytes of pickled arguments after which a worker gets no more in advance.
HEAVY = 1 << 18
#: Seconds after which jobs are asked back again: a request may overtake the jobs.
ASK_AGAIN = 0.02
#: Seconds between a request to end and the end by force.
GRACE = 1.0


class ProcessEngine:
    """Worker processes, and the thread that feeds them."""

    def __init__(
        self,
        size: int,
        context: BaseContext | None,
        initializer: Callable[..., object] | None,
        initargs: tuple[Any, ...],
        tasks_per_worker: int | None,
        retries: int,
    ) -> None:
        self._size = size
        self._context: BaseContext = context or multiprocessing.get_context()
        self._initializer: Any = initializer
        if initializer is not None and self._context.get_start_method() != "fork":
            self._initializer = _portable(initializer)
        self._initargs = initargs
        self._tasks_per_worker = tasks_per_worker
        self._retries = retries
        self._process = os.getpid()
        self._incoming: deque[Job] = deque()
        self._pending: deque[Job] = deque()
        self._workers: list[WorkerProcess] = []
        self._encoder = Encoder(self._forget_function, self._wake)
        self._cost = 1.0
        self._closing = False
        self._terminating = False
        self._failed_starts = 0
        self._late = False
        self._deadline: float | None = None
        self._broken: BrokenPool | None = None
        self._poll = select.epoll()
        self._events: dict[int, tuple[WorkerProcess, str]] = {}
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        # Reentrant: the end of a map may be noted anywhere.
        self._wake_lock = threading.RLock()
        self._over = threading.Event()
        self._woken = False
        self._poll.register(self._wake_fd, select.EPOLLIN)
        # The first workers start before there is a thread: a fork is safest then.
        try:
            for _ in range(size):
                self._start_worker()
        except BaseException:
            for worker in self._workers:
                worker.kill(hard=True)
            raise
        self._thread = threading.Thread(target=self._run, name="ungil-pool", daemon=True)
        self._thread.start()
        self._at_exit = util.Finalize(self, self.terminate, kwargs={"at_exit": True}, exitpriority=20)

    # --- called by users' threads ---------------------------------------------------------------------------------

    def submit(self, jobs: Iterable[Job]) -> None:
        """Take jobs."""
        if self._process != os.getpid():
            raise RuntimeError("a pool does not work in a process that was forked from its own")
        self._incoming.extend(jobs)
        if not self._woken:
            self._wake()
        if self._wake_fd < 0:
            self._fail_all(BrokenPool("the pool has ended"))

    def close(self) -> None:
        """Let the workers end when all jobs are done."""
        if self._process != os.getpid():
            return
        self._closing = True
        self._wake()

    def cancel(self) -> None:
        """Cancel jobs that have not begun."""
        for waiting in (self._incoming, self._pending):
            try:
                while True:
                    cancel(waiting.popleft())
            except IndexError:
                pass

    def terminate(self, at_exit: bool = False) -> None:
        """End the workers now; jobs that are not done fail."""
        if self._process != os.getpid() or self._over.is_set():
            return
        self._terminating = self._closing = True
        self._wake()
        if at_exit:
            self._over.wait(2 * GRACE)

    def join(self) -> None:
        """Wait until all workers have ended."""
        # Not Thread.join: when Ctrl-C interrupts it, older Pythons take the thread for ended.
        self._over.wait()

    def _wake(self) -> None:
        with self._wake_lock:
            if self._wake_fd >= 0:
                self._woken = True
                os.eventfd_write(self._wake_fd, 1)

    # --- the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        _segment.warm(1)
        try:
            while self._workers or not self._closing:
                self._step()
        finally:
            self._closing = True
            self._broken = self._broken or BrokenPool("the pool has ended")
            for worker in self._workers:
                worker.kill(hard=True)
            self._encoder.clear()
            _segment.warm(-1)
            _reference.cool()
            self._fail_all(self._broken)
            self._at_exit.cancel()
            self._poll.close()
            with self._wake_lock:
                os.close(self._wake_fd)
                self._wake_fd = -1
            self._fail_all(self._broken)
            self._over.set()

    def _step(self) -> None:
        timeout = ASK_AGAIN if self._late else -1.0
        if self._deadline is not None:
            timeout = max(0.0, self._deadline - time.monotonic())
        elif not self._late and _reference.is_warm():
            timeout = WARM
        done: list[tuple[Job, bool, Any]] = []
        events = self._poll.poll(timeout)
        if not events and timeout == WARM:
            _reference.cool()
        found = [(fd, self._events.get(fd)) for fd, _ in events]
        for fd, entry in found:
            if fd == self._wake_fd:
                # In this order: what is submitted after the second line wakes again, what came before it is found below.
                os.eventfd_read(fd)
                self._woken = False
                continue
            # Descriptors of a worker that ended just now may be those of the one in its place.
            if entry is None or self._events.get(fd) is not entry:
                continue
            worker, what = entry
            if what == "tasks":
                if worker.flush():
                    self._poll.modify(fd, 0)
            elif what == "results":
                self._read(worker, done)
            elif what == "death":
                self._bury(worker, done)
        while True:
            try:
                self._pending.append(self._incoming.popleft())
            except IndexError:
                break
        if self._terminating:
            self._end_workers()
        elif self._broken is not None:
            self._fail_all(self._broken)
        else:
            self._deal()
        # Workers have their next jobs before the callbacks of the last ones run.
        for job, ok, value in done:
            job.sink._finish(job.index, ok, value)
        job = None  # type: ignore[assignment]
        done.clear()
        self._encoder.drop_ended()
        if self._closing and not self._pending and not self._incoming:
            self._stop_idle()

    def _read(self, worker: WorkerProcess, done: list[tuple[Job, bool, Any]]) -> bool:
        """Take what the worker has written; False if there was nothing."""
        data = worker.read()
        if not data:
            if data is not None:
                self._forget_fd(worker.results_fd, worker)
            return False
        for records, blob in worker.frames.feed(data):
            at = 0
            for record in records:
                kind = record[0]
                if kind == wire.VALUE:
                    _, number, spent, value = record
                    self._note_cost(spent)
                    if (job := self._pop(worker, number)) is not None:
                        done.append((job, True, value))
                elif kind == wire.READY:
                    worker.ready = True
                elif kind == wire.BYE:
                    worker.leaving = True
                    self._forget_fd(worker.tasks_fd, worker)
                    worker.release()
                elif kind == wire.RETURNED:
                    self._take_back(worker, record[1])
                else:
                    _, number, spent, size = record
                    self._take_pickle(worker, kind, number, spent, blob[at : at + size], done)
                    at += size
        if worker.passed and worker.frames.is_empty():
            worker.passed.drop()
        return True

    def _take_pickle(
        self,
        worker: WorkerProcess,
        kind: int,
        number: int,
        spent: float,
        data: memoryview,
        done: list[tuple[Job, bool, Any]],
    ) -> None:
        try:
            with worker.passed:
                value = wire.loads(data)
        except Exception as error:
            kind, value = wire.ERROR, error
        if kind == wire.FAILED:
            self._broken = BrokenPool(f"the initializer raised {type(value).__name__}: {value}")
            self._broken.__cause__ = value
            return
        job = self._pop(worker, number)
        if job is None:
            return
        if kind == wire.NEED:
            if job.parcel is not None:
                job.parcel.lose(unread=True)
            if not job.by_value:
                job.by_value = True
                if job.known is not None:
                    job.known.by_value = True
                    job.known = None
                self._pending.appendleft(job)
                return
            kind = wire.ERROR
        self._note_cost(spent)
        done.append((job, kind == wire.PICKLE, value))

    def _pop(self, worker: WorkerProcess, number: int) -> Job | None:
        """The job of an answer, no longer the worker's; None if it has failed already."""
        job = worker.jobs.pop(number, None)
        worker.asked = False
        if job is not None and job.known is not None:
            job.known.uses -= 1
        if worker.left is not None:
            worker.left -= 1
        return job

    def _take_back(self, worker: WorkerProcess, number: int) -> None:
        job = self._pop(worker, number)
        if worker.left is not None:
            worker.left += 1
        worker.asked = True
        if job is not None:
            if job.parcel is not None:
                job.parcel.lose()
            self._pending.appendleft(job)

    def _note_cost(self, spent: float) -> None:
        """Keep the expected time of a job: it rises at once and falls slowly."""
        self._cost = max(spent, 0.8 * self._cost + 0.2 * spent)

    # --- dealing --------------------------------------------------------------------------------------------------

    def _deal(self) -> None:
        """Give jobs to workers with room."""
        free = [w for w in self._workers if not w.leaving]
        if self._pending and free:
            least = 2 if self._cost < SHORT else 1
            depth = max(least, min(MOST_AHEAD, int(AHEAD / (self._cost + 2e-6))))
            share = -(-len(self._pending) // len(free))
            for worker in sorted(free, key=lambda w: len(w.jobs)):
                have = len(worker.jobs)
                room = min(depth, share + have) - have if have <= depth // 2 else 0
                if worker.left is not None:
                    room = min(room, worker.left - have)
                # One that was asked to give back jobs is late.
                if room > 0 and not (worker.asked and have):
                    self._give(worker, room)
        self._late = not self._pending and any(not w.jobs for w in free)
        if self._late:
            # Idle workers: those that have several jobs give back what they have not begun.
            late = [w for w in free if len(w.jobs) > 1]
            for worker in late:
                worker.ask_back(ASK_AGAIN)
            self._late = bool(late)

    def _give(self, worker: WorkerProcess, room: int) -> None:
        records: list[Any] = []
        blobs: list[bytes] = []
        weight = 0
        while room and self._pending and weight < HEAVY:
            job = self._pending.popleft()
            if not job.sink._start():
                continue
            try:
                weight += self._encoder.encode(job, worker, records, blobs)
            except Exception as error:
                job.sink._finish(job.index, False, error)
                continue
            room -= 1
        if records:
            self._send(worker, records, blobs)

    def _forget_function(self, number: int) -> None:
        """Let workers forget a function."""
        for worker in self._workers:
            if number in worker.known and not worker.leaving:
                worker.known.remove(number)
                self._send(worker, [(wire.FORGET, number, None)], [])

    def _send(self, worker: WorkerProcess, records: list[Any], blobs: list[bytes]) -> None:
        if not worker.send(records, blobs):
            self._poll.modify(worker.tasks_fd, select.EPOLLOUT)

    # --- beginnings and ends --------------------------------------------------------------------------------------

    def _start_worker(self) -> None:
        siblings = [fd for w in self._workers for fd in w.own_fds()]
        worker = WorkerProcess(
            self._context, self._initializer, self._initargs, self._tasks_per_worker, siblings, self._size
        )
        self._workers.append(worker)
        for fd, what, events in (
            (worker.tasks_fd, "tasks", 0),
            (worker.results_fd, "results", select.EPOLLIN),
            (worker.death_fd, "death", select.EPOLLIN),
        ):
            self._events[fd] = (worker, what)
            self._poll.register(fd, events)

    def _forget_fd(self, fd: int, worker: WorkerProcess) -> None:
        if self._events.get(fd, (None, ""))[0] is worker:
            del self._events[fd]
            self._poll.unregister(fd)

    def _bury(self, worker: WorkerProcess, done: list[tuple[Job, bool, Any]]) -> None:
        """A worker has ended: take its last results, blame the job that ran, deal the others again."""
        while self._read(worker, done):
            pass
        worker.process.join()
        pid, code = worker.process.pid, worker.process.exitcode
        for fd in (worker.tasks_fd, worker.results_fd, worker.death_fd):
            self._forget_fd(fd, worker)
        worker.close()
        with _segment.lock:
            _ledger.forget(pid or 0)
        self._workers.remove(worker)
        for parcel in worker.parcels:
            parcel.lose()
        if self._terminating:
            return
        if worker.ready:
            self._failed_starts = 0
        elif self._broken is None:
            self._note_failed_start(pid, code)
        jobs = [job for number in list(worker.jobs) if (job := self._pop(worker, number)) is not None]
        for job in jobs:
            if job.parcel is not None:
                job.parcel.lose()
        if jobs:
            jobs[0].deaths += 1
            if jobs[0].deaths > self._retries:
                job = jobs.pop(0)
                label = job.label()
                text = f"a worker of the pool (process {pid}) {describe_end(code)} while it ran {label}"
                done.append((job, False, BrokenPool(text, pid, code, label)))
        self._pending.extendleft(reversed(jobs))
        if self._broken is None and (not self._closing or self._pending or self._incoming):
            try:
                self._start_worker()
            except OSError as error:
                self._broken = BrokenPool(f"a worker cannot be started: {error}")

    def _note_failed_start(self, pid: int | None, code: int | None) -> None:
        """Give up if workers do not come to life; an exception in the main module will not go away."""
        self._failed_starts += 1
        if code != 1 and self._failed_starts < 3:
            return
        text = f"a worker of the pool (process {pid}) {describe_end(code)} before it could begin"
        if self._context.get_start_method() != "fork":
            text += '; does the main module do its work under `if __name__ == "__main__":`?'
        self._broken = BrokenPool(text, pid, code)

    def _stop_idle(self) -> None:
        for worker in self._workers:
            if not worker.leaving and not worker.jobs:
                worker.stop()

    def _end_workers(self) -> None:
        """Terminate; kill those that are still there after the grace."""
        now = time.monotonic()
        if self._deadline is None:
            self._fail_all(BrokenPool(TERMINATED))
            for worker in self._workers:
                worker.kill(hard=False)
            self._deadline = now + GRACE
        elif now >= self._deadline:
            for worker in self._workers:
                worker.kill(hard=True)
            self._deadline = now + GRACE

    def _fail_all(self, error: BrokenPool) -> None:
        """Give all jobs an error."""
        jobs = [*(job for worker in self._workers for job in worker.jobs.values()), *self._pending]
        for worker in self._workers:
            # It may still use its arrays: they are given up when it has ended.
            worker.parcels += [job.parcel for job in worker.jobs.values() if job.parcel is not None]
            worker.jobs.clear()
        self._pending.clear()
        while self._incoming:
            jobs.append(self._incoming.popleft())
        for job in jobs:
            job.sink._finish(job.index, False, error)


def _portable(initializer: Callable[..., object]) -> Any:
    """An initializer for workers that do not inherit it: itself where its name leads to it, else its contents too."""
    if isinstance(initializer, functools.partial):
        return initializer
    name = wire.name_of(initializer)
    if name is not None and name[0] != "__main__":
        return initializer
    try:
        return name, wire.dumps(initializer, by_value=name is not None)
    except (pickle.PicklingError, AttributeError, TypeError):
        if name is None:
            raise
        # Its name may lead to it all the same.
        return initializer
