"""The command ``ungil annotate``."""

from __future__ import annotations

import os
import sys

USAGE = "usage: ungil annotate FILE.pyx|FILE.py [-o OUT.html] [--open] [--profile] [-2 | -3] [-- ARGUMENTS OF THE SCRIPT]\n"


def run(words: list[str]) -> int:
    """Write the report on a file; returns the exit status."""
    from ungil import annotate

    own, rest = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    output, level, opens, sampled, files = None, "3", False, False, []
    left = iter(own)
    for word in left:
        if word in ("-o", "--output"):
            output = next(left, None)
            if output is None:
                return _wrong(f"{word} takes a path")
        elif word == "--open":
            opens = True
        elif word == "--profile":
            sampled = True
        elif word in ("-2", "-3"):
            level = word[1:]
        elif word.startswith("-"):
            return _wrong(f"unknown option {word}")
        else:
            files.append(word)
    if len(files) != 1:
        return _wrong("annotate takes one file")
    if not os.path.isfile(files[0]):
        return _wrong(f"there is no file {files[0]}")
    path = annotate.of_file(files[0], output, level=level, arguments=rest, sampled=sampled)
    print(path)
    if opens:
        import webbrowser

        webbrowser.open("file://" + os.path.abspath(path))
    return 0


def _wrong(text: str) -> int:
    sys.stderr.write(f"ungil: {text}\n{USAGE}")
    return 2
