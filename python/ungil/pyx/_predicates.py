"""What the tables of Python's C interface are written with: questions about classes, and texts of C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def is_of(*kinds: type) -> Callable[[Any], bool]:
    """Whether an object is an instance of a class or of one derived from it."""
    return lambda x: isinstance(x, kinds)


def exactly(kind: type) -> Callable[[Any], bool]:
    """Whether an object's class is this one."""
    return lambda x: type(x) is kind


def name(text: Any) -> str:
    """A text as C or Python gives it."""
    return text.decode() if isinstance(text, bytes) else str(text)
