"""The command ``ungil annotate``."""

from __future__ import annotations

import argparse
import os


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ungil annotate",
        description="Write the report on what each line of a .py or .pyx file became.",
        epilog="A .py file is run as a script, with the ARGUMENTS that follow `--`.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("-o", "--output", metavar="OUT.html", help="where the report goes (FILE with .html)")
    parser.add_argument("--open", action="store_true", help="show the report in the browser")
    parser.add_argument(
        "--profile", action="store_true", help="sample the script, and show the time of each line"
    )
    for level in "23":
        parser.add_argument(
            f"-{level}",
            dest="level",
            action="store_const",
            const=level,
            default="3",
            help=f"language level {level}",
        )
    return parser


def run(words: list[str]) -> int:
    """Write the report on a file; returns the exit status."""
    from ungil import annotate

    own, rest = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    parser = _parser()
    try:
        options = parser.parse_args(own)
        if not os.path.isfile(options.file):
            parser.error(f"there is no file {options.file}")
    except SystemExit as ended:  # Help was asked for, or something is wrong: both have been told.
        return int(ended.code or 0)
    path = annotate.of_file(
        options.file, options.output, level=options.level, arguments=rest, sampled=options.profile
    )
    print(path)
    if options.open:
        import webbrowser

        webbrowser.open("file://" + os.path.abspath(path))
    return 0
