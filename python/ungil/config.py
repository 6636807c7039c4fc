"""Settings, as environment variables give them when the package is imported.

Attributes
----------
DISABLE_JIT : bool
    ``UNGIL_DISABLE_JIT``: decorated functions run undecorated.
NUM_THREADS : int
    Most threads that can be set.
CACHE_DIR : str or None
    Directory of object code, from ``UNGIL_CACHE_DIR`` or the user's cache directory.

Examples
--------
>>> from ungil import config
>>> config.NUM_THREADS >= 1
True
"""

from __future__ import annotations

import os

from ungil import _ungil

DISABLE_JIT: bool = os.environ.get("UNGIL_DISABLE_JIT", "0") not in ("", "0")
NUM_THREADS: int = _ungil.max_threads()
CACHE_DIR: str | None = _ungil.cache_info()[0]
