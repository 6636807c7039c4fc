"""Units of work, and how they are run and described.

A job is one call, or a chunk of the calls of a map. Engines run jobs and tell the job's sink what came out; the sink is
the object that the user holds.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from typing import Any, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ungil.shared._reference import Common, Parcel

#: What a job does with its arguments: one call, `function(x)` for each, `function(*x)` for each.
CALL, EACH, STAR = 0, 1, 2


class Sink(Protocol):
    """Takes the results of jobs."""

    def _start(self) -> bool:
        """Say that a job is about to run; False if nobody wants it any more."""

    def _finish(self, index: int, ok: bool, value: Any) -> None:
        """Take the result (for chunks a list) or the exception of job `index`."""


class Call:
    """A map: it lives as long as some of its jobs do, and with it what workers know about its function.

    Attributes
    ----------
    common : Common, optional
        Arrays that several of its items have.
    """

    __slots__ = ("__weakref__", "common")

    def __init__(self) -> None:
        self.common: Common | None = None


class Job:
    """One call or one chunk of calls.

    Attributes
    ----------
    how : int
        `CALL`, `EACH` or `STAR`.
    args, kwargs
        Arguments of the call; for chunks, the list of items.
    sink, index
        Where the result goes.
    first : int
        Number of a chunk's first item.
    call : Call, optional
        What the chunks of one map have in common.
    deaths : int
        Workers that died on it.
    parcel : Parcel or None
        Arrays on their way to the worker.
    by_value : bool
        Whether names mean something else in the worker, so that functions travel by value.
    """

    index = 0
    first = 0
    call: Call | None = None
    deaths = 0
    by_value = False
    parcel: Parcel | None = None
    #: The process engine's record of the function.
    known: Any = None

    def __init__(self, function: Callable[..., Any], how: int, args: Any, kwargs: Any, sink: Sink) -> None:
        self.function = function
        self.how = how
        self.args = args
        self.kwargs = kwargs
        self.sink = sink

    @classmethod
    def chunk(
        cls,
        function: Callable[..., Any],
        how: int,
        items: list[Any],
        sink: Sink,
        index: int,
        first: int,
        call: Call,
    ) -> Job:
        """A chunk of a map."""
        job = cls(function, how, items, None, sink)
        job.index = index
        job.first = first
        job.call = call
        return job

    def label(self) -> str:
        """The call in short, for messages."""
        name = describe_function(self.function)
        if self.how == CALL:
            given = [describe(a) for a in self.args]
            given += [f"{k}={describe(v)}" for k, v in (self.kwargs or {}).items()]
            return f"{name}({', '.join(given)})"
        if len(self.args) == 1:
            if self.how == EACH:
                return f"{name}({describe(self.args[0])}), item {self.first}"
            return f"{name}({', '.join(describe(a) for a in self.args[0])}), item {self.first}"
        return f"{name}, one of the items {self.first} to {self.first + len(self.args) - 1}"


def cancel(job: Job) -> None:
    """Cancel a job that has not begun."""
    give_up = getattr(job.sink, "cancel", None)
    if give_up is None or not give_up():
        job.sink._finish(job.index, False, CancelledError())


def run(function: Callable[..., Any], how: int, args: Any, kwargs: Any) -> Any:
    """Run a job in this thread."""
    if how == CALL:
        return function(*args, **kwargs) if kwargs else function(*args)
    if how == EACH:
        return [function(item) for item in args]
    return [function(*item) for item in args]


def chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of `size` items each; the last may be shorter.

    >>> list(chunks(range(5), 2))
    [[0, 1], [2, 3], [4]]
    """
    source = iter(items)
    while chunk := list(itertools.islice(source, size)):
        yield chunk


def default_chunksize(items: int, workers: int) -> int:
    """Items per chunk as `multiprocessing.Pool.map` chooses it: four chunks for each worker."""
    size, rest = divmod(items, workers * 4)
    return max(1, size + (rest > 0))


def describe_function(function: object) -> str:
    """A function's name as its user knows it."""
    while hasattr(function, "func") and hasattr(function, "args"):
        function = function.func
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name).replace("<locals>.", "")


def describe(value: object) -> str:
    """A value in at most about 60 characters; arrays by shape and type."""
    shape = getattr(value, "shape", None)
    if shape is not None and hasattr(value, "dtype"):
        return f"<{value.dtype} array {shape}>"
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__qualname__}>"
    return text if len(text) <= 60 else f"{text[:45]}…{text[-12:]}"
