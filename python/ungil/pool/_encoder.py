"""Jobs as records of frames, and the functions that workers know.

A function that a name leads to is sent as that name, once to each worker. The function of a map goes as a pickle, once to each
worker too, and is forgotten with the map. Single calls of other functions carry them along.
"""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

from ungil.pool import _wire as wire
from ungil.pool._job import CALL, Call, Job
from ungil.pool._process import WorkerProcess
from ungil.shared._reference import Parcel

#: Functions with names that workers remember.
MOST_FUNCTIONS = 64


class Function:
    """A function that workers know by a number."""

    __slots__ = ("by_value", "call", "function", "name", "number", "parcel", "pickles", "uses")

    def __init__(self, number: int, function: Callable[..., Any], call: weakref.ref[Call] | None) -> None:
        self.number = number
        self.function = function
        # The map that it belongs to: in the next its state may be another one.
        self.call = call
        self.name = wire.name_of(function)
        self.by_value = False
        self.pickles: bytes | None = None
        self.parcel = Parcel(for_many=True)
        self.uses = 0


class Encoder:
    """Turns jobs into records.

    Parameters
    ----------
    forget : callable
        Tells workers to forget the function of a number.
    wake : callable
        Asks for a call of `drop_ended`, from any thread.
    """

    def __init__(self, forget: Callable[[int], None], wake: Callable[[], None]) -> None:
        self._forget = forget
        self._wake = wake
        self._numbers = itertools.count(1)
        self._functions: dict[Any, Function] = {}
        self._ended: deque[Any] = deque()

    def encode(self, job: Job, worker: WorkerProcess, records: list[Any], blobs: list[bytes]) -> int:
        """Add a job to a frame for a worker; about the bytes that it takes there."""
        number = next(self._numbers)
        function = self._function_of(job)
        job.known = None
        weight = 0
        if function is None:
            weight = self._pickle(job, (job.function, job.args, job.kwargs), (number, 0), records, blobs)
        else:
            if function.number not in worker.known:
                self._introduce(function, worker, records, blobs, job.by_value)
            if job.how == CALL and not job.kwargs and wire.are_plain(job.args):
                records.append((wire.TASK, number, function.number, CALL, tuple(job.args), None))
            else:
                given = (job.args, job.kwargs)
                weight = self._pickle(job, given, (number, function.number), records, blobs)
            function.uses += 1
            job.known = function
        worker.jobs[number] = job
        return weight

    def _pickle(
        self, job: Job, value: Any, numbers: tuple[int, int], records: list[Any], blobs: list[bytes]
    ) -> int:
        """Add a task with its pickle; the bytes that it takes."""
        job.parcel = Parcel(common=job.call.common if job.call is not None else None)
        data = wire.dumps(value, job.by_value, job.parcel)
        records.append((wire.TASK, *numbers, job.how, None, len(data)))
        blobs.append(data)
        return len(data) + job.parcel.weight

    def _function_of(self, job: Job) -> Function | None:
        """The record of a function with a name, or one that several jobs share; None for others."""
        function = job.function
        known = self._functions.get(id(function))
        if known is not None and known.function is function and known.name is not None:
            if not (job.by_value or known.by_value):
                return known
            job.by_value = True
        if job.call is None:
            if job.by_value or wire.name_of(function) is None:
                return None
            return self._add(id(function), function, None)
        key = (id(job.call), job.by_value)
        known = self._functions.get(key)
        if known is not None and known.call is not None and known.call() is job.call:
            return known
        if not job.by_value and wire.name_of(function) is not None:
            return self._add(id(function), function, None)
        return self._add(key, function, job.call)

    def _add(self, key: Any, function: Callable[..., Any], call: Call | None) -> Function:
        if len(self._functions) >= MOST_FUNCTIONS:
            for old_key, old in list(self._functions.items())[: MOST_FUNCTIONS // 2]:
                if old.uses == 0 and old.call is None:
                    self._drop(old_key)
        if key in self._functions:
            self._drop(key)
        reference = None if call is None else weakref.ref(call, lambda _: self._note_end(key))
        record = self._functions[key] = Function(next(self._numbers), function, reference)
        return record

    def _note_end(self, key: Any) -> None:
        """A map is over. Its function is dropped later: this may run anywhere."""
        self._ended.append(key)
        self._wake()

    def drop_ended(self) -> None:
        """Drop the functions of maps that are over."""
        while self._ended:
            key = self._ended.popleft()
            known = self._functions.get(key)
            if known is not None and known.call is not None and known.call() is None:
                self._drop(key)

    def clear(self) -> None:
        """Let go of everything; the workers have ended."""
        for function in self._functions.values():
            function.parcel.drop()
        self._functions.clear()

    def _drop(self, key: Any) -> None:
        old = self._functions.pop(key)
        old.parcel.drop()
        self._forget(old.number)

    def _introduce(
        self,
        function: Function,
        worker: WorkerProcess,
        records: list[Any],
        blobs: list[bytes],
        by_value: bool,
    ) -> None:
        if function.call is None and not by_value and function.name is not None:
            records.append((wire.BY_NAME, function.number, *function.name, None))
        else:
            if function.pickles is None:
                function.pickles = wire.dumps(function.function, by_value, function.parcel)
            records.append((wire.PICKLED, function.number, len(function.pickles)))
            blobs.append(function.pickles)
        worker.known.add(function.number)
