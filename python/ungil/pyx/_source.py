"""Reading of source files: encodings, and errors that say what is wrong with a file."""

from __future__ import annotations

import codecs
import io
import linecache
import os
import re

from ungil import errors


def read(path: str | os.PathLike[str]) -> str:
    """The text of a file, in the encoding that it names or UTF-8; line ends are those of Python."""
    with open(path, "rb") as file:
        content = file.read()
    return decoded(content, os.fspath(path))


def decoded(content: bytes, path: str) -> str:
    """The text of a file's content."""
    name, line = _encoding(content)
    try:
        codec = codecs.lookup(name)
    except LookupError:
        title = (
            f"unknown encoding: `{name}`: name one of Python's, or save the file as UTF-8 and leave this out"
        )
        raise error("U0110", title, path, line) from None
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = str(content, codec.name)
    except UnicodeDecodeError as failure:
        line = content.count(b"\n", 0, failure.start) + 1
        title = (
            f"this file is not text in {codec.name}: byte 0x{content[failure.start]:02x}: save it as UTF-8, or"
            " name its encoding in the first line: `# -*- coding: latin-1 -*-`"
        )
        raise error("U0110", title, path, line) from None
    return io.StringIO(text, newline=None).read()


def _encoding(content: bytes) -> tuple[str, int]:
    """The encoding that one of the first two lines names, and its line."""
    for number, line in enumerate(content.split(b"\n", 2)[:2], 1):
        found = re.match(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", line)
        if found:
            return found[1].decode(), number
        if not re.match(rb"[ \t\f]*(?:#.*)?\r?$", line):
            break
    return "utf-8", 1


def root(path: str) -> str:
    """The folder that a module's package lies in."""
    folder = os.path.dirname(path)
    while any(os.path.exists(os.path.join(folder, f"__init__{end}")) for end in (".py", ".pyx", ".pxd")):
        folder = os.path.dirname(folder)
    return folder


def error(code: str, title: str, file: str, line: int) -> Exception:
    """An error of the compiler at a line of a file."""
    source = linecache.getline(file, line).rstrip()
    place = source.lstrip()
    column = len(source) - len(place) + 1
    number = str(line)
    bar = " " * len(number) + " |"
    shown = f"\n{bar}\n{number} | {source}\n{bar} {' ' * (column - 1)}{'^' * len(place)}" if source else ""
    text = f"error[{code}]: {title}\n{' ' * len(number)}--> {file}:{line}{shown}"
    return errors._make(code, text, [(code, title, file, line, column, [])])
