"""The command line: ``ungil COMMAND`` or ``python -m ungil COMMAND``."""

from __future__ import annotations

import sys

from ungil import _ungil


def main(words: list[str] | None = None) -> int:
    """Run a command line and return its exit status.

    Examples
    --------
    >>> from ungil.__main__ import main
    >>> main(["--version"])  # doctest: +ELLIPSIS
    ungil ...
    0
    """
    words = sys.argv[1:] if words is None else words
    if words[:1] == ["mpirun"]:
        from ungil import mpirun

        return mpirun.run(words[1:])
    if words[:1] == ["annotate"]:
        from ungil.annotate import _command

        return _command.run(words[1:])
    out, wrong, status, bench = _ungil.command_line(words)
    sys.stdout.write(out)
    sys.stderr.write(wrong)
    if bench is not None:
        from ungil import _bench

        return _bench.run(*bench)
    return status


if __name__ == "__main__":
    sys.exit(main())
