"""What a line became: the lines of IR and the instructions that belong to it.

The IR ends each instruction with its place in the function, `@line:column`; the assembly says with `.loc` to which line
the instructions behind it belong.
"""

from __future__ import annotations

import os
import re

#: Instructions shown for one line.
_MOST = 160

#: By file and line.
Listing = dict[tuple[str, int], list[str]]

_FUNCTION = re.compile(r'func @("(?:[^"\\]|\\.)*"|\S+?)\(')
_PLACE = re.compile(r" @(\d+):(\d+)( \{)?$")
_FILE = re.compile(r'\s+\.file\s+(\d+)\s+"((?:[^"\\]|\\.)*)"(?:\s+"((?:[^"\\]|\\.)*)")?')
_LOC = re.compile(r"\s+\.loc\s+(\d+)\s+(\d+)")
_LABEL = re.compile(r"[.\w$]+:")


def of_ir(text: str, functions: list[tuple[str, str, int, bool]]) -> Listing:
    """The IR by line. `functions` are name, file, first line, and whether it is hidden."""
    places = {name: (file, first) for name, file, first, hidden in functions if not hidden}
    found: Listing = {}
    current: tuple[str, int] | None = None
    before: tuple[str, int] | None = None
    for line in text.splitlines():
        if match := _FUNCTION.match(line):
            current, before = places.get(match[1].strip('"')), None
        elif current is not None and (match := _PLACE.search(line)):
            key = (current[0], current[1] + max(int(match[1]), 1) - 1)
            _add(found, key, line[2 : match.start()] + (match[3] or ""), before == key)
            before = key
    return {key: _shortened(lines) for key, lines in found.items()}


def of_assembly(text: str) -> Listing:
    """The instructions by line."""
    files: dict[str, str] = {}
    found: Listing = {}
    current: tuple[str, int] | None = None
    before: tuple[str, int] | None = None
    labels: list[str] = []
    for line in text.splitlines():
        if match := _LOC.match(line):
            # Line 0 is code that belongs to no line; what is nearest in the text is the best guess.
            if match[2] != "0":
                current = (files.get(match[1], ""), int(match[2]))
        elif match := _FILE.match(line):
            files[match[1]] = os.path.join(match[2], match[3]) if match[3] is not None else match[2]
        elif _LABEL.match(line):
            labels.append(line.split("#")[0].rstrip())
            current = None if not line.startswith(".L") else current
        elif line.startswith("\t") and not line.startswith("\t."):
            if current is not None:
                local = [name for name in labels if name.startswith(".LBB")]
                for name in local:
                    _add(found, current, name, before == current)
                    before = current
                _add(found, current, "  " + _tidy(line), before == current)
                before = current
            labels = []
    return {key: _shortened(lines) for key, lines in found.items()}


def _tidy(line: str) -> str:
    name, _, operands = line.strip().partition("\t")
    return f"{name:<12} {operands.split(' #')[0]}".rstrip()


def _add(found: Listing, key: tuple[str, int], line: str, joins: bool) -> None:
    lines = found.setdefault(key, [])
    if lines and not joins:
        lines.append("…")
    lines.append(line)


def _shortened(lines: list[str]) -> list[str]:
    out: list[str] = []
    chunk: list[str] = []
    for line in [*lines, "…"]:
        if line != "…":
            chunk.append(line)
            continue
        # What the lines of a piece have in common of their indentation says nothing.
        cut = min(len(one) - len(one.lstrip()) for one in chunk)
        out += [one[cut:] for one in chunk] + ["…"]
        chunk = []
    out.pop()
    if len(out) <= _MOST:
        return out
    return [*out[:_MOST], f"… {len(out) - _MOST} more"]
