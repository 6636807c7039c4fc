"""numexpr's interface: what does no work, and what describes the machine."""

from __future__ import annotations

import sys

from ungil import _ungil
from ungil._ungil import NumExpr, evaluate, re_evaluate, validate
from ungil._version import __version__

__all__ = [
    "NumExpr",
    "detect_number_of_cores",
    "disassemble",
    "evaluate",
    "get_vml_version",
    "print_versions",
    "re_evaluate",
    "set_vml_accuracy_mode",
    "set_vml_num_threads",
    "validate",
]


def disassemble(nex: NumExpr) -> list[tuple[object, ...]]:
    """List the operations of a formula in numexpr's notation.

    >>> import numpy as np, ungil
    >>> ungil.disassemble(ungil.NumExpr("x*x + 2", [("x", np.double)]))
    [(b'mul_ddd', b'r0', b'r1[x]', b'r1[x]'), (b'add_ddd', b'r0', b'r0', b'c2[2.0]')]
    """
    return nex.disassemble()


def detect_number_of_cores() -> int:
    """Count the processors that this process may use."""
    return _ungil.thread_origin()[0]


def set_vml_accuracy_mode(mode: str | None) -> None:
    """Accept and ignore the accuracy of Intel's library, which is not used.

    >>> import ungil
    >>> ungil.set_vml_accuracy_mode("high")
    """
    if mode not in (None, "low", "high", "fast"):
        raise ValueError(f"mode argument must be one of: None, 'high', 'low', 'fast', not {mode!r}")


def set_vml_num_threads(nthreads: int) -> None:
    """Accept and ignore the number of threads of Intel's library, which is not used."""


def get_vml_version() -> None:
    """Return the version of Intel's library: None, for it is not used."""


def print_versions() -> None:
    """Print the versions of ungil, NumPy and Python, and the number of threads."""
    import platform

    import numpy

    print("-=" * 38)
    print(f"ungil version:     {__version__}")
    print(f"NumPy version:     {numpy.__version__}")
    print(f"Python version:    {sys.version}")
    print(f"Platform:          {sys.platform}-{platform.machine()}-{platform.release()}")
    print("VML available?     False")
    print(f"Number of threads: {_ungil.get_num_threads()} (out of {detect_number_of_cores()} detected cores)")
    print("-=" * 38)
