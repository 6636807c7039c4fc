"""The cell magic `%%ungil_pyx` of IPython and Jupyter."""

from __future__ import annotations

import itertools
from typing import Any

_count = itertools.count(1)


def register(shell: Any) -> None:
    """Give a shell the magic."""
    from ungil.pyx._module import compile

    def ungil_pyx(line: str, cell: str) -> None:
        """Compile a cell in the Cython language; what it defines is then there by name."""
        words = line.split()
        unknown = [word for word in words if word not in ("-2", "-3")]
        if unknown:
            raise ValueError(f"%%ungil_pyx has no option {unknown[0]!r}; it takes -2 and -3")
        module = compile(cell + "\n", f"ungil_pyx_{next(_count)}", level="2" if "-2" in words else "3")
        names = {k: v for k, v in vars(module).items() if not k.startswith("__")}
        shell.push(names)

    shell.register_magic_function(ungil_pyx, "cell")
