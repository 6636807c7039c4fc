"""Times per line of compiled code, by sampling the thread that asks for it.

The runtime notes addresses at even intervals; the line tables that the compiler makes lead from them to lines. The code that runs has no
line table of its own: it is compiled once more with one, and the two are compared byte by byte. Source: DWARF 5, section 6.2.
"""

from __future__ import annotations

import bisect
import gc
import os
import re
import struct
from typing import Any

from ungil import _ungil

#: Section, address in it, file number, line; line -1 ends a sequence.
_Row = tuple[int, int, int, int]


class Times(dict[tuple[str, int], float]):
    """Seconds by file and line, filled when the ``with`` block ends.

    Attributes
    ----------
    outside : float
        Seconds outside compiled code: in Python, in libraries, waiting.
    lost : int
        Samples that could not be kept.
    """

    def __init__(self, interval: float = 0.001) -> None:
        super().__init__()
        self.interval = interval
        self.outside = 0.0
        self.lost = 0

    def __enter__(self) -> Times:
        if not _ungil.sampling_start(self.interval):
            raise RuntimeError("a sampling is running already")
        return self

    def __exit__(self, *exc: object) -> None:
        addresses, self.lost = _ungil.sampling_stop()
        tables = _tables(addresses) if addresses else []
        for address in addresses:
            place = next((found for table in tables if (found := table.find(address)) is not None), None)
            if place is None:
                self.outside += self.interval
            else:
                self[place] = self.get(place, 0.0) + self.interval


def _tables(addresses: list[int]) -> list[_Table]:
    """The tables of the code that samples may be from: of the entries next to them, as the rest of a function's code may stand
    in front of its entry or behind it."""
    owners: dict[int, Any] = {}
    for found in gc.get_objects():
        if type(found) is _ungil.Dispatcher:
            owners |= dict.fromkeys(found._entries(), found)
    entries = sorted(owners)
    near: set[int] = set()
    for address in set(addresses):
        at = bisect.bisect_right(entries, address)
        near.update(entries[max(at - 1, 0) : at + 1])
    tables = []
    for dispatcher in {id(owners[entry]): owners[entry] for entry in near}.values():
        for symbol, address, debug, plain, assembly in dispatcher._line_maps(near):
            table = _Table.read(symbol, address, debug, plain, assembly)
            if table is not None:
                tables.append(table)
    return tables


class _Table:
    """The lines of one piece of loaded code."""

    def __init__(self, base: int, size: int, rows: list[tuple[int, tuple[str, int] | None]]) -> None:
        self.base = base
        self.size = size
        self.starts = [start for start, _ in rows]
        self.places = [place for _, place in rows]

    def find(self, address: int) -> tuple[str, int] | None:
        offset = address - self.base
        if not 0 <= offset < self.size:
            return None
        i = bisect.bisect_right(self.starts, offset) - 1
        return self.places[i] if i >= 0 else None

    @staticmethod
    def read(symbol: str, address: int, debug: bytes, plain: bytes, assembly: str) -> _Table | None:
        """The table of an object; `None` where the code that runs is not the code that has the table."""
        object_, other = _Object(debug), _Object(plain)
        found = object_.symbols.get(symbol)
        if found is None or other.symbols.get(symbol) is None:
            return None
        section, value = found
        code = object_.content(section)
        if code != other.content(other.symbols[symbol][0]) or value != other.symbols[symbol][1]:
            return None
        files = _files(assembly)
        rows: list[tuple[int, tuple[str, int] | None]] = []
        last: tuple[str, int] | None = None
        for at, offset, file, line in sorted(object_.lines(), key=lambda row: (row[0], row[1], row[3] >= 0)):
            if at == section:
                # Code of line 0 belongs to what stands before it.
                last = None if line < 0 else (files.get(file, ""), line) if line else last
                rows.append((offset, last))
        return _Table(address - value, len(code), rows)


def _files(assembly: str) -> dict[int, str]:
    files = {}
    pattern = r'^\s+\.file\s+(\d+)\s+"((?:[^"\\]|\\.)*)"(?:\s+"((?:[^"\\]|\\.)*)")?'
    for number, folder, name in re.findall(pattern, assembly, re.MULTILINE):
        files[int(number)] = os.path.join(folder, name) if name else folder
    return files


class _Object:
    """What of a relocatable ELF file matters here."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        (at,) = struct.unpack_from("<Q", data, 40)
        count, names = struct.unpack_from("<HH", data, 60)
        self.headers = [struct.unpack_from("<IIQQQQIIQQ", data, at + 64 * i) for i in range(count)]
        texts = self.content(names)
        self.names = [_text(texts, header[0]) for header in self.headers]
        #: Section and value of each named symbol; those of all symbols by number.
        self.symbols: dict[str, tuple[int, int]] = {}
        self.all: list[tuple[int, int]] = []
        for i, header in enumerate(self.headers):
            if header[1] == 2:
                self._symbols(self.content(i), self.content(header[6]))

    def _symbols(self, table: bytes, texts: bytes) -> None:
        for name, _, _, section, value, _ in struct.iter_unpack("<IBBHQQ", table):
            self.all.append((section, value))
            # Names of files and the like have no section.
            if name and 0 < section < len(self.headers):
                self.symbols[_text(texts, name)] = (section, value)

    def content(self, section: int) -> bytes:
        header = self.headers[section]
        return b"" if header[1] == 8 else self.data[header[4] : header[4] + header[5]]

    def lines(self) -> list[_Row]:
        """The rows of the line table."""
        if ".debug_line" not in self.names:
            return []
        moved: dict[int, tuple[int, int]] = {}
        if ".rela.debug_line" in self.names:
            for at, info, addend in struct.iter_unpack(
                "<QQq", self.content(self.names.index(".rela.debug_line"))
            ):
                section, value = self.all[info >> 32]
                moved[at] = (section, value + addend)
        data = self.content(self.names.index(".debug_line"))
        rows: list[_Row] = []
        at = 0
        while at + 4 <= len(data):
            (length,) = struct.unpack_from("<I", data, at)
            rows += _program(data, at, at + 4 + length, moved)
            at += 4 + length
        return rows


def _program(data: bytes, start: int, end: int, moved: dict[int, tuple[int, int]]) -> list[_Row]:
    """Runs the line program of one unit."""
    (version,) = struct.unpack_from("<H", data, start + 4)
    at = start + 6 + (2 if version >= 5 else 0)
    (header,) = struct.unpack_from("<I", data, at)
    at += 4
    body = at + header
    step = data[at]
    at += 2 if version >= 4 else 1
    base, span, first = struct.unpack_from("<bBB", data, at + 1)
    lengths = data[at + 4 : at + 4 + first - 1]
    rows: list[_Row] = []
    section, address, file, line = 0, 0, 1, 1
    at = body
    while at < end:
        code = data[at]
        at += 1
        if code >= first:
            address += (code - first) // span * step
            line += base + (code - first) % span
            rows.append((section, address, file, line))
        elif code == 0:
            size, at = _leb(data, at)
            kind = data[at]
            if kind == 1:
                rows.append((section, address, file, -1))
                section, address, file, line = 0, 0, 1, 1
            elif kind == 2:
                section, address = moved.get(at + 1, (0, 0))
            at += size
        elif code == 1:
            rows.append((section, address, file, line))
        elif code == 2:
            value, at = _leb(data, at)
            address += value * step
        elif code == 3:
            value, at = _leb(data, at, signed=True)
            line += value
        elif code == 4:
            file, at = _leb(data, at)
        elif code == 8:
            address += (255 - first) // span * step
        elif code == 9:
            address += struct.unpack_from("<H", data, at)[0]
            at += 2
        else:
            for _ in range(lengths[code - 1]):
                _, at = _leb(data, at)
    return rows


def _leb(data: bytes, at: int, signed: bool = False) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            return (value - (1 << shift) if signed and byte & 64 else value), at


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode()


def sample(interval: float = 0.001) -> Any:
    """Measure times per line of the compiled code that runs in a ``with`` block.

    The thread that enters the block is sampled; of a parallel loop it sees its own share. Lines of plain Python have no times.

    Parameters
    ----------
    interval : float, default 0.001
        Seconds between samples.

    Returns
    -------
    Times
        A dictionary of seconds by ``(file, line)``, filled at the end of the block: what ``profile=`` takes.
    """
    return Times(interval)
