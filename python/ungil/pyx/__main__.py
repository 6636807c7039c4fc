"""The command line of the Cython language: ``python -m ungil.pyx [-a] [-2 | -3] FILE.pyx…``.

Compiles each file and says what is wrong with it; with ``-a`` it writes the annotate report beside it.
"""

from __future__ import annotations

import sys

USAGE = "usage: python -m ungil.pyx [-a | --annotate] [-2 | -3 | --3str] FILE.pyx…\n"
_LEVELS = {"-2": "2", "-3": "3", "--3str": "3str"}


def main(words: list[str]) -> int:
    """Run a command line and return its exit status."""
    from ungil import annotate, errors, pyx

    files = [word for word in words if not word.startswith("-")]
    options = [word for word in words if word.startswith("-")]
    unknown = [word for word in options if word not in ("-a", "--annotate", *_LEVELS)]
    if unknown or not files:
        sys.stderr.write(f"unknown option {unknown[0]}\n{USAGE}" if unknown else USAGE)
        return 2
    level = next((_LEVELS[word] for word in options if word in _LEVELS), "3")
    wants_report = "-a" in options or "--annotate" in options
    status = 0
    for file in files:
        try:
            if wants_report:
                print(annotate.of_file(file, level=level))
            pyx.compile(file, level=level)
        except errors.CompileError as error:
            sys.stderr.write(f"{error}\n")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
