"""Frames by which profilers and tracers see compiled functions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def is_traced(code: Any) -> bool:
    """Whether something asks for the lines that run, those of `code` at least."""
    if sys.gettrace() is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is None:
        return False
    return any(monitoring.get_tool(tool) and _asks(monitoring, tool, code) for tool in range(6))


def _asks(monitoring: Any, tool: int, code: Any) -> bool:
    """Whether a tool asks for lines: everywhere, of this code, or, code by code, as soon as it begins to run."""
    events = monitoring.events
    # Profilers ask for beginnings too, and for no lines.
    wanted = events.LINE if tool == monitoring.PROFILER_ID else events.LINE | events.PY_START
    asked = monitoring.get_events(tool) | monitoring.get_local_events(tool, code)
    return bool(asked & wanted)


def _on_first_line(code: Any) -> bytes:
    """A table of lines in which all instructions stand on the first: lines behind it would count as run."""
    units, table = len(code.co_code) // 2, bytearray()
    while units:
        length = min(units, 8)
        # An entry without columns, and no line further.
        table += bytes((0x80 | 13 << 3 | length - 1, 0))
        units -= length
    return bytes(table)


def frame(
    function: Any, compiled: Callable[..., Any], plain: Callable[..., Any] | None
) -> Callable[..., Any]:
    """A Python function of another's name and place that calls its compiled code; or, while lines are traced, `plain`."""

    def seen(*args: Any, **keywords: Any) -> Any:
        return compiled(*args, **keywords)

    def traced(*args: Any, **keywords: Any) -> Any:
        chosen = plain if is_traced(lines) else compiled
        return chosen(*args, **keywords)  # type: ignore[misc]

    made = seen if plain is None else traced
    code = function.__code__
    lines = getattr(plain, "__code__", code)
    made.__code__ = made.__code__.replace(
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_filename=code.co_filename,
        co_firstlineno=code.co_firstlineno,
        co_linetable=_on_first_line(made.__code__),
    )
    made.__name__, made.__qualname__ = function.__name__, function.__qualname__
    return made
