"""The same script under another compiler: its source is run again with other meanings of `jit` and `prange`.

So every tool compiles the very text that ungil compiles; only the import line differs, as for a user who changes tools.
"""

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

IMPORT = re.compile(r"^from ungil import .*$|^import ungil$", re.MULTILINE)
SCHEDULE = re.compile(r', schedule="\w+"')


def variant(module: ModuleType, jit: Callable[..., Any], prange: Callable[..., Any]) -> dict[str, Any]:
    """The module's names after running its source with these two."""
    text = Path(module.__file__).read_text()
    # Other tools know no schedules: their loops are cut evenly.
    text = SCHEDULE.sub("", IMPORT.sub("", text))
    names = {
        "__name__": module.__name__ + "_variant",
        "__file__": module.__file__,
        "jit": jit,
        "prange": prange,
    }
    exec(compile(text, module.__file__, "exec"), names)
    return names


def plain(module: ModuleType) -> dict[str, Any]:
    """The script without any compiler."""
    return variant(module, lambda function: function, lambda *bounds: range(*bounds))


def numba(module: ModuleType) -> dict[str, Any]:
    """The script compiled by Numba, in parallel where it says `prange`."""
    import numba as nb

    def jit(function: Callable[..., Any]) -> Any:
        return nb.njit(nogil=True, parallel="prange" in function.__code__.co_names)(function)

    return variant(module, jit, nb.prange)
