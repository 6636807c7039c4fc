"""Run by `./dev test wheel` with a bare virtual environment's Python, on the installed wheel: import, compile, call."""

import sys
import tempfile
from pathlib import Path

import numpy as np

import ungil

SOURCE = """
from ungil import jit, prange


@jit
def total(a):
    s = 0.0
    for i in prange(a.size):
        s += a[i] * 2
    return s
"""


def main() -> None:
    where = Path(ungil.__file__).resolve()
    assert Path(sys.prefix).resolve() in where.parents, f"not the installed package: {where}"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "kernels.py"
        script.write_text(SOURCE)
        sys.path.insert(0, folder)
        import kernels

        assert kernels.total(np.arange(1000.0)) == 999_000.0


if __name__ == "__main__":
    main()
