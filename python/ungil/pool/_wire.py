"""What travels between a pool and its workers: frames on pipes, and how objects are pickled into them.

A frame is two lengths, a marshalled list of records, and a blob that holds the records' pickles one after the other. Plain
values (numbers, strings, None) travel in the records themselves. Everything else is pickled as `multiprocessing` does; what
that cannot pickle (lambdas, nested functions, what a notebook defined after the workers were started) by cloudpickle, or, where that
is not installed and only functions are concerned, by `_by_value`.
"""

from __future__ import annotations

import copyreg
import functools
import importlib
import io
import marshal
import pickle
import struct
import sys
import zlib
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ungil.pool import _by_value
from ungil.shared._reference import Parcel

#: What multiprocessing adds to pickle: pipes, sockets, methods.
_EXTRA: dict[Any, Any] = ForkingPickler._extra_reducers  # type: ignore[attr-defined]
HEAD = struct.Struct("<QQ")
#: Types that marshal carries exactly.
PLAIN = frozenset({int, float, bool, str, bytes, type(None), complex})
#: Those that may be long, and how long they may be: longer ones are pickled.
_LONG = frozenset({str, bytes})
LONGEST = 1 << 16

#: Records from the pool: a function by name or as a pickle, the end of a function, tasks, no more tasks.
BY_NAME, PICKLED, FORGET, TASK, STOP = range(5)
#: Records from a worker: ready, a plain result, a pickled result, an exception, a call for functions by value, a task given
#: back before it began, a failed initializer, the last record.
READY, VALUE, PICKLE, ERROR, NEED, RETURNED, FAILED, BYE = range(8)


def frame(records: list[Any], blobs: list[bytes]) -> bytes:
    """One frame as bytes."""
    meta = marshal.dumps(records)
    return b"".join((HEAD.pack(len(meta), sum(map(len, blobs))), meta, *blobs))


class Frames:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[tuple[list[Any], memoryview]]:
        """The frames that are complete with `data`."""
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted():
                return []
            data = bytes(self._rest)
            self._rest = bytearray()
        frames = []
        at, size = 0, len(data)
        view = memoryview(data)
        while size - at >= HEAD.size:
            meta, blob = HEAD.unpack_from(data, at)
            begin = at + HEAD.size
            end = begin + meta + blob
            if end > size:
                break
            frames.append((marshal.loads(view[begin : begin + meta]), view[begin + meta : end]))
            at = end
        if at < size:
            self._rest += view[at:]
        return frames

    def is_empty(self) -> bool:
        """Whether no frame has begun."""
        return not self._rest

    def _wanted(self) -> int:
        """Length of the first frame, as far as it is known."""
        if len(self._rest) < HEAD.size:
            return HEAD.size
        meta, blob = HEAD.unpack_from(self._rest, 0)
        return int(HEAD.size + meta + blob)


def is_plain(value: Any) -> bool:
    """Whether marshal carries a value as it is.

    >>> is_plain(3), is_plain("a"), is_plain([3])
    (True, True, False)
    """
    return type(value) in PLAIN and (type(value) not in _LONG or len(value) <= LONGEST)


def are_plain(values: tuple[Any, ...]) -> bool:
    """Whether marshal carries all of them as they are."""
    for value in values:
        if type(value) not in PLAIN or (type(value) in _LONG and len(value) > LONGEST):
            return False
    return True


def dumps(value: Any, by_value: bool = False, parcel: Parcel | None = None) -> bytes:
    """Pickle an object; functions and classes that have no importable name go by value.

    Parameters
    ----------
    by_value : bool
        Whether functions and classes of ``__main__`` go by value too.
    parcel : Parcel, optional
        How arrays travel.
    """
    try:
        if by_value:
            return _dumps_by_value(value, parcel)
        try:
            out = io.BytesIO()
            _Pickler(out, parcel).dump(value)
            return out.getvalue()
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            if parcel is not None:
                parcel.lose()
            try:
                return _dumps_by_value(value, parcel)
            except Exception as second:
                # Two failures say the same; the first names the culprit in the words of the standard library.
                for note in getattr(second, "__notes__", ()):
                    error.add_note(note)
                raise error from None
    except BaseException:
        if parcel is not None:
            parcel.lose()
        raise


def loads(data: bytes | memoryview) -> Any:
    """What was pickled by `dumps`."""
    return pickle.loads(data)


class _Pickler(ForkingPickler):
    """multiprocessing's, with arrays in a parcel."""

    def __init__(self, out: io.BytesIO, parcel: Parcel | None) -> None:
        super().__init__(out, pickle.HIGHEST_PROTOCOL)
        if parcel is not None:
            table: Any = {**copyreg.dispatch_table, **_EXTRA, np.ndarray: parcel.reduce}
            self.dispatch_table = table


class _ByValuePickler(_Pickler):
    """The same, with functions by value: what there is without cloudpickle."""

    def __init__(self, out: io.BytesIO, parcel: Parcel | None) -> None:
        super().__init__(out, parcel)

    def reducer_override(self, value: Any) -> Any:
        """Functions and modules our way, the rest as ever."""
        if type(value) is ModuleType:
            return _by_value.reduce_module(value)
        if type(value) is FunctionType:
            name = name_of(value)
            if name is None or name[0] == "__main__":
                return _by_value.reduce_function(value)
        return NotImplemented


@functools.cache
def _by_value_pickler() -> type[Any]:
    try:
        cloudpickle: Any = importlib.import_module("cloudpickle")
    except ImportError:
        return _ByValuePickler

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        """cloudpickle's, with what multiprocessing knows about pipes and locks."""

        def __init__(self, out: io.BytesIO, parcel: Parcel | None) -> None:
            more = {} if parcel is None else {np.ndarray: parcel.reduce}
            # Before the base's turn, which reads it.
            self.dispatch_table: Any = {**cloudpickle.Pickler.dispatch_table, **_EXTRA, **more}
            super().__init__(out, pickle.HIGHEST_PROTOCOL)

    return Pickler


def _dumps_by_value(value: Any, parcel: Parcel | None) -> bytes:
    out = io.BytesIO()
    pickler = _by_value_pickler()
    try:
        pickler(out, parcel).dump(value)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        if pickler is _ByValuePickler and "class" in str(error):
            error.add_note('classes without an importable name need cloudpickle: pip install "ungil[pickle]"')
        raise
    return out.getvalue()


def name_of(function: Callable[..., Any]) -> tuple[str, str, int] | None:
    """Module, name and fingerprint of a function that its name leads to; None for others."""
    if type(function) is not FunctionType:
        return None
    module, name = function.__module__, function.__qualname__
    if module is None or "<" in name or find(module, name) is not function:
        return None
    return module, name, fingerprint(function.__code__) if module == "__main__" else 0


def find(module: str, name: str) -> Any:
    """What a module calls `name`, None if there is no such thing."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def fingerprint(code: CodeType) -> int:
    """A number that two definitions of a function share only if they are the same; the same in all processes."""
    parts: list[str] = [code.co_code.hex(), *code.co_names, *code.co_varnames, *code.co_freevars]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            parts.append(str(fingerprint(constant)))
        elif isinstance(constant, frozenset):
            parts.append(repr(sorted(map(repr, constant))))
        else:
            parts.append(repr(constant))
    return zlib.crc32("\0".join(parts).encode("utf-8", "surrogatepass"))
