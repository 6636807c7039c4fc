"""The command line of the Cython language: ``python -m ungil.pyx [-a] [-2 | -3 | --3str] FILE.pyx…``.

Compiles each file and says what is wrong with it; with ``-a`` it writes the annotate report beside it.
"""

from __future__ import annotations

import argparse
import sys


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ungil.pyx",
        description="Compile files in the Cython language and say what is wrong with them.",
    )
    parser.add_argument("files", metavar="FILE.pyx", nargs="+")
    parser.add_argument(
        "-a", "--annotate", action="store_true", help="write the annotate report beside each file"
    )
    for flag, level in (("-2", "2"), ("-3", "3"), ("--3str", "3str")):
        parser.add_argument(
            flag,
            dest="level",
            action="store_const",
            const=level,
            default="3",
            help=f"language level {level}" + (" (the default)" if level == "3" else ""),
        )
    return parser


def main(words: list[str]) -> int:
    """Run a command line and return its exit status."""
    from ungil import annotate, errors, pyx

    try:
        options = _parser().parse_args(words)
    except SystemExit as ended:  # Help was asked for, or something is wrong: both have been told.
        return int(ended.code or 0)
    status = 0
    for file in options.files:
        try:
            if options.annotate:
                print(annotate.of_module(file, level=options.level))
            pyx.compile(file, level=options.level)
        except errors.CompileError as error:
            sys.stderr.write(f"{error}\n")
            status = 1
        except OSError as error:
            sys.stderr.write(f"{error}\n")
            status = 2
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
