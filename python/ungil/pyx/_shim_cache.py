"""Libraries that a C compiler made, kept between runs in ungil's cache directory.

A library is found by its text, the sources that are compiled with it, the compiler and the flags. The files that the compiler has
read beside those of the system are kept with their contents' hashes: where one has changed, the library is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

_VERSION = 1


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _of_file(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return _digest(file.read())
    except OSError:
        return None


def _compiler(command: Sequence[str]) -> list[Any]:
    """What tells a compiler from another of its name."""
    path = os.path.realpath(shutil.which(command[0]) or command[0])
    found = os.stat(path)
    return [*command, path, found.st_size, found.st_mtime_ns]


def _folder() -> str | None:
    from ungil import config

    root = config.CACHE_DIR
    if root is None:
        return None
    # What lies there is run as code, so that nobody else may write to it.
    folder = os.path.join(root, "shims")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        found = os.stat(folder)
    except OSError:
        return None
    return folder if found.st_uid == os.geteuid() and not found.st_mode & 0o022 else None


def _read(rules: str) -> list[str]:
    """The files that rules for `make` name behind their colons."""
    lines = rules.replace("\\\n", " ").replace("\\ ", "\0").splitlines()
    return [name.replace("\0", " ") for line in lines for name in line.partition(":")[2].split()]


def key(command: Sequence[str], flags: Sequence[str], text: str, sources: Sequence[str]) -> str:
    """The name of the library that a compiler makes of a text."""
    parts = [
        _VERSION,
        _compiler(command),
        list(flags),
        text,
        [[s, _of_file(s)] for s in sources],
        os.getcwd(),
    ]
    return _digest(json.dumps(parts).encode())


def find(name: str) -> str | None:
    """The path of a library that was kept, if all that it was made of is as it was."""
    folder = _folder()
    if folder is None:
        return None
    path = os.path.join(folder, name)
    try:
        with open(f"{path}.json", encoding="utf-8") as file:
            kept = json.load(file)
        fresh = all(_of_file(read) == known for read, known in kept.items())
    except (OSError, ValueError, AttributeError):
        return None
    return f"{path}.so" if fresh and os.path.exists(f"{path}.so") else None


def keep(name: str, library: str, rules: str, own: str) -> None:
    """Keeps a library. `rules` tell for `make` what was read; `own` is the text of the key."""
    folder = _folder()
    if folder is None:
        return
    try:
        read = {path: _of_file(path) for path in _read(rules) if path != own}
        # The list comes last: without it the library counts for nothing.
        _place(folder, f"{name}.so", lambda to: shutil.copyfile(library, to))
        _place(folder, f"{name}.json", lambda to: _write(to, json.dumps(read)))
    except OSError:
        # A directory that cannot be written costs time only.
        return


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _place(folder: str, name: str, make: Callable[[str], Any]) -> None:
    """Makes a file under another name first, so that no other process sees half of it."""
    handle, path = tempfile.mkstemp(dir=folder)
    os.close(handle)
    make(path)
    os.replace(path, os.path.join(folder, name))
