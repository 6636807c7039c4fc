"""`cpython.datetime`: dates and times by their C interface, as functions on Python objects."""

from __future__ import annotations

import contextlib
import datetime as _datetime
import operator
from collections.abc import Callable
from typing import Any

from ungil.pyx._predicates import exactly as _exactly
from ungil.pyx._predicates import is_of as _is

#: The library, where its signatures do not take parts that are handed on together.
_open: Any = _datetime
_CLASSES: dict[str, type] = {
    name: getattr(_datetime, name) for name in ("date", "time", "datetime", "timedelta", "tzinfo")
}

#: The classes as types of variables.
TYPES: dict[str, tuple[str, str]] = {name: ("object", f"datetime.{name}") for name in _CLASSES}


def _numbers(make: Callable[..., Any], *given: Any) -> Any:
    """What a class makes of numbers of C; those that are ints already are not converted."""
    if set(map(type, given)) == {int}:
        with contextlib.suppress(OverflowError):
            return make(*given)
    return make(*map(_number, given))


def _number(x: Any) -> int:
    from ungil.pyx import _fallback

    number: int = _fallback.convert("int32", "int", x)
    return number


def _of_three(make: Callable[[int, int, int], Any]) -> Callable[[int, int, int], Any]:
    """The same for three numbers, without a list of them."""

    def made(a: int, b: int, c: int) -> Any:
        if type(a) is type(b) is type(c) is int:
            try:
                return make(a, b, c)
            except OverflowError:
                # With the words for a number of C.
                pass
        return make(_number(a), _number(b), _number(c))

    return made


def _time(hour: int, minute: int, second: int, microsecond: int, tz: Any, fold: int = 0) -> Any:
    def make(*parts: int) -> Any:
        return _open.time(*parts[:4], tz, fold=parts[4])

    return _numbers(make, hour, minute, second, microsecond, fold)


def _moment(
    year: int,
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int,
    microsecond: int,
    tz: Any,
    fold: int = 0,
) -> Any:
    def make(*parts: int) -> Any:
        return _open.datetime(*parts[:7], tz, fold=parts[7])

    return _numbers(make, year, month, day, hour, minute, second, microsecond, fold)


def _zone(offset: Any, name: Any = None) -> _datetime.timezone:
    return _datetime.timezone(offset) if name is None else _datetime.timezone(offset, name)


def _total_seconds(delta: _datetime.timedelta) -> float:
    return float(delta.days) * 24 * 3600 + delta.seconds + delta.microseconds / 1_000_000


def _nothing() -> None:
    """What loads the interface in C."""


_CHECKS = {"Date": "date", "Time": "time", "DateTime": "datetime", "Delta": "timedelta", "TZInfo": "tzinfo"}
_DAY, _CLOCK = ("year", "month", "day"), ("hour", "minute", "second", "microsecond", "fold")
_PARTS = {
    "date": _DAY,
    "time": _CLOCK,
    "datetime": _DAY + _CLOCK,
    "timedelta": ("days", "seconds", "microseconds"),
}
_MACROS = {
    "PyDateTime_GET": _DAY, "PyDateTime_DATE_GET": _CLOCK, "PyDateTime_TIME_GET": _CLOCK,
    "PyDateTime_DELTA_GET": _PARTS["timedelta"],
}  # fmt: skip

#: Functions by name.
NAMES: dict[str, Any] = {
    **_CLASSES,
    **{f"Py{name}_Check": _is(_CLASSES[kind]) for name, kind in _CHECKS.items()},
    **{f"Py{name}_CheckExact": _exactly(_CLASSES[kind]) for name, kind in _CHECKS.items()},
    **{f"{kind}_{part}": operator.attrgetter(part) for kind, parts in _PARTS.items() for part in parts},
    **{f"{macro}_{part.upper()}": operator.attrgetter(part) for macro, parts in _MACROS.items() for part in parts},
    "time_tzinfo": operator.attrgetter("tzinfo"), "datetime_tzinfo": operator.attrgetter("tzinfo"),
    "import_datetime": _nothing, "PyDateTime_IMPORT": _nothing,
    "date_new": _of_three(_datetime.date), "time_new": _time, "datetime_new": _moment,
    "timedelta_new": _of_three(_datetime.timedelta), "timezone_new": _zone, "total_seconds": _total_seconds,
    "date_from_timestamp": _datetime.date.fromtimestamp, "datetime_from_timestamp": _datetime.datetime.fromtimestamp,
    "PyDate_FromTimeStamp": lambda args: _datetime.date.fromtimestamp(*args),
    "PyDateTime_FromTimeStamp": lambda args: _datetime.datetime.fromtimestamp(*args),
    "PyTimeZone_FromOffset": _datetime.timezone, "PyTimeZone_FromOffsetAndName": _datetime.timezone,
    "get_utc": lambda: _datetime.UTC,
}  # fmt: skip
