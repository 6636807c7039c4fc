"""Frames by which profilers and tracers see compiled functions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def is_traced() -> bool:
    """Whether something asks for the lines that run."""
    if sys.gettrace() is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is None:
        return False
    line = monitoring.events.LINE
    return any(monitoring.get_tool(i) and monitoring.get_events(i) & line for i in range(6))


def frame(
    function: Any, compiled: Callable[..., Any], plain: Callable[..., Any] | None
) -> Callable[..., Any]:
    """A Python function of another's name and place that calls its compiled code; or, while lines are traced, `plain`."""

    def seen(*args: Any, **keywords: Any) -> Any:
        return compiled(*args, **keywords)

    def traced(*args: Any, **keywords: Any) -> Any:
        return plain(*args, **keywords) if is_traced() else compiled(*args, **keywords)  # type: ignore[misc]

    made = seen if plain is None else traced
    code = function.__code__
    made.__code__ = made.__code__.replace(
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_filename=code.co_filename,
        co_firstlineno=code.co_firstlineno,
    )
    made.__name__, made.__qualname__ = function.__name__, function.__qualname__
    return made
