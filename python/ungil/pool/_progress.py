"""A progress bar: tqdm's where it is installed, otherwise a line of text."""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any, Protocol


class Progress(Protocol):
    """What counts finished items."""

    def update(self, items: int) -> object:
        """Count more items."""

    def close(self) -> object:
        """All are done."""


class TextBar:
    """``map 37/100, 4.2 s``, rewritten at most ten times a second on terminals, once at the end elsewhere."""

    def __init__(self, total: int | None, title: str) -> None:
        self._total = total
        self._title = title
        self._done = 0
        self._began = time.monotonic()
        self._shown = 0.0
        self._closed = False

    def update(self, items: int) -> None:
        self._done += items
        now = time.monotonic()
        if now - self._shown >= 0.1 and sys.stderr is not None and sys.stderr.isatty():
            self._shown = now
            self._show("\r")

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._show("\r" if self._shown else "", "\n")

    def _show(self, before: str, after: str = "") -> None:
        of = "" if self._total is None else f"/{self._total}"
        seconds = time.monotonic() - self._began
        if sys.stderr is not None:
            sys.stderr.write(f"{before}{self._title} {self._done}{of}, {seconds:.1f} s{after}")
            sys.stderr.flush()


def make_progress(wanted: bool, total: int | None, title: str) -> Progress | None:
    """A bar for `total` items (None: not known), or None if none is wanted."""
    if not wanted:
        return None
    try:
        tqdm: Any = importlib.import_module("tqdm.auto")
    except ImportError:
        return TextBar(total, title)
    bar: Progress = tqdm.tqdm(total=total, desc=title)
    return bar
