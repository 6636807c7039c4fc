"""What only a C compiler knows of headers: layouts of structs, values of macros, functions without a symbol.

Where there is a compiler (`$CC`, else `cc`, `gcc` or `clang`), a small file is compiled with the module's includes and C
code and with the sources that it names, and loaded. Without one structs have the layout that their declared members
give, and what else would be asked for is an error that says what to do.
"""

from __future__ import annotations

import atexit
import base64
import ctypes
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from ungil.pyx import _shim_cache

_NUMBERS = {
    "int8": "signed char", "uint8": "unsigned char", "int16": "short", "uint16": "unsigned short", "int32": "int",
    "uint32": "unsigned int", "int64": "long", "uint64": "unsigned long", "float32": "float", "float64": "double",
    "complex64": "float _Complex", "complex128": "double _Complex", "bint": "int", "void": "void",
}  # fmt: skip


class ShimError(Exception):
    """What the compiler did not take, in one line."""


def compiler() -> list[str] | None:
    """The command of the C compiler."""
    named = os.environ.get("CC")
    if named is not None:
        command = shlex.split(named)
        return command if command and shutil.which(command[0]) else None
    return next(([name] for name in ("cc", "gcc", "clang") if shutil.which(name)), None)


def settings(source: str, name: str) -> list[str]:
    """The values of a `# distutils: name = …` line."""
    found = re.findall(rf"^#\s*distutils:\s*{name}\s*=\s*(.*)$", source, re.MULTILINE)
    return [value for line in found for value in shlex.split(line.replace(",", " "))]


def _c_type(text: str, spellings: dict[str, str]) -> str:
    if text in _NUMBERS:
        return _NUMBERS[text]
    if text.startswith("*") or text == "@object":
        return "void *"
    found = re.match(r"(?:packed )?(?:struct|union) (\w+)|@(\w+)", text)
    if found:
        name = found.group(1) or found.group(2)
        return spellings.get(name, name)
    raise ShimError(f"values of type `{text}` cannot be passed on")


def _split(text: str) -> tuple[list[str], str]:
    """Parameters and result in the text of a function's type."""
    inner, depth, parts, start = text[3:], 0, [], 0
    for at, c in enumerate(inner):
        if c in "({[":
            depth += 1
        elif c in "}]":
            depth -= 1
        elif c == ")":
            if depth == 0:
                if at > start:
                    parts.append(inner[start:at])
                return parts, inner[at + 1 :]
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(inner[start:at])
            start = at + 1
    raise ShimError("a type that cannot be read")


class Shim:
    """A file of C, as it is put together, and the library that it becomes."""

    def __init__(
        self,
        source: str,
        file: str,
        c_code: Sequence[str],
        structs: Sequence[Any],
        given: dict[str, list[str]] | None = None,
    ) -> None:
        """`given` are settings from elsewhere than the module's own lines, with absolute paths."""
        self.source, self.file, self.given = source, file, given or {}
        self.structs = list(structs)
        self.spellings = {name: spelling for name, spelling, *_ in structs}
        self.parts = [*c_code, "#include <stddef.h>"]
        self.library: ctypes.CDLL | None = None
        self.path = ""
        for k, (_, spelling, _, members, _) in enumerate(self.structs):
            values = [f"sizeof({spelling})"]
            for name, _ in members:
                values += [f"offsetof({spelling}, {name})", f"sizeof((({spelling} *)0)->{name})"]
            self.parts.append(f"const unsigned long ungil_layout_{k}[] = {{{', '.join(values)}}};")

    def constant(self, number: int, cname: str, text: str) -> None:
        """Asks for the value of a macro."""
        ty = _c_type(text, self.spellings)
        self.parts.append(f"{ty} ungil_value_{number}(void) {{ return ({cname}); }}")

    def function(self, number: int, cname: str, text: str) -> None:
        """Asks for a function that calls another, or a macro."""
        params, result = _split(text)
        if params[-1:] == ["@..."]:
            # Variable arguments cannot be handed on.
            return
        names = [f"a{k}" for k in range(len(params))]
        types = [_c_type(p, self.spellings) for p in params]
        listed = ", ".join(f"{ty} {name}" for ty, name in zip(types, names, strict=True)) or "void"
        ty = _c_type(result, self.spellings)
        back = "" if ty == "void" else "return "
        self.parts.append(f"{ty} ungil_call_{number}({listed}) {{ {back}{cname}({', '.join(names)}); }}")

    def _settings(self, name: str) -> list[str]:
        return settings(self.source, name) + self.given.get(name, [])

    def digest(self) -> str:
        """What tells the file from others."""
        return hashlib.sha256("\n".join(self.parts).encode()).hexdigest()

    def load_held(self, held: str) -> None:
        """Loads a library that was made before, from its text in base 64."""
        handle, path = tempfile.mkstemp(prefix="ungil-", suffix=".so")
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64decode(held))
        try:
            self._load(path)
        finally:
            os.unlink(path)

    def held(self) -> str:
        """The library in base 64."""
        with open(self.path, "rb") as file:
            return base64.b64encode(file.read()).decode()

    def build(self) -> None:
        """Compiles the file and loads it."""
        command = compiler()
        if command is None:
            raise ShimError("there is no C compiler")
        content = "\n".join(self.parts) + "\n"
        here = os.path.dirname(os.path.abspath(self.file)) if os.path.exists(self.file) else os.getcwd()
        flags = [f"-I{here}", *(f"-I{os.path.join(here, d)}" for d in self._settings("include_dirs"))]
        flags += [f"-I{folder}" for folder in (sysconfig.get_path("include"), np.get_include())]
        flags += [f"-D{macro}" for macro in self._settings("define_macros")]
        flags += [a for a in self._settings("extra_compile_args") if "openmp" not in a]
        sources = []
        for name in self._settings("sources"):
            near = os.path.join(here, name)
            sources.append(near if os.path.exists(near) else name)
        ends = [f"-L{os.path.join(here, d)}" for d in self._settings("library_dirs")]
        ends += [f"-l{name}" for name in self._settings("libraries")] + ["-lm"]
        key = _shim_cache.key(command, [*flags, *ends], content, sources)
        kept = _shim_cache.find(key)
        if kept is not None:
            self._load(kept)
            return
        folder = tempfile.mkdtemp(prefix="ungil-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        text, made = os.path.join(folder, "shim.c"), os.path.join(folder, "shim.so")
        with open(text, "w", encoding="utf-8") as out:
            out.write(content)
        base = [*command, "-shared", "-fPIC", "-O2", "-w", *flags]
        self._run([*base, text, *sources, "-o", made, *ends])
        rules = self._run([*command, "-MM", "-w", *flags, text, *sources])
        _shim_cache.keep(key, made, rules, text)
        self._load(made)

    def _run(self, line: list[str]) -> str:
        ran = subprocess.run(line, capture_output=True, text=True)
        if ran.returncode:
            lines = (line for line in ran.stderr.splitlines() if "error" in line or "undefined" in line)
            raise ShimError(next(lines, ran.stderr.strip() or "the C compiler failed"))
        return ran.stdout

    def _load(self, made: str) -> None:
        try:
            self.library, self.path = ctypes.CDLL(made), made
        except OSError as error:
            raise ShimError(str(error).removeprefix(f"{made}: ")) from None

    def address(self, name: str) -> int | None:
        """The address of a symbol."""
        try:
            return ctypes.cast(getattr(self.library, name), ctypes.c_void_p).value
        except AttributeError:
            return None

    def value(self, number: int, text: str) -> Any:
        """The value of a macro."""
        function = getattr(self.library, f"ungil_value_{number}")
        kinds: dict[str, Any] = {
            "float32": ctypes.c_float, "float64": ctypes.c_double, "int64": ctypes.c_int64, "uint64": ctypes.c_uint64,
            "int32": ctypes.c_int32, "uint32": ctypes.c_uint32, "int16": ctypes.c_int16, "uint16": ctypes.c_uint16,
            "int8": ctypes.c_int8, "uint8": ctypes.c_uint8, "bint": ctypes.c_int,
        }  # fmt: skip
        if text.startswith(("*int8", "*const int8")):
            function.restype = ctypes.c_char_p
            return function()
        if text not in kinds:
            raise ShimError(f"a value of type `{text}` has no counterpart in Python")
        function.restype = kinds[text]
        found = function()
        return bool(found) if text == "bint" else found

    def layouts(self) -> dict[str, str]:
        """The texts of structs as the header lays them out."""
        assert self.library is not None, "built before it is asked"
        found = {}
        for k, (name, _, keyword, members, _) in enumerate(self.structs):
            layout = (ctypes.c_ulong * (1 + 2 * len(members))).in_dll(self.library, f"ungil_layout_{k}")
            size, places = layout[0], [(layout[1 + 2 * j], layout[2 + 2 * j]) for j in range(len(members))]
            found[name] = _layout(name, keyword, members, size, places)
        return found


def _layout(
    name: str, keyword: str, members: Sequence[tuple[str, str]], size: int, places: Sequence[tuple[int, int]]
) -> str:
    """The text of a struct with its members where they are; gaps are filled."""
    typed = []
    for (member, text), (offset, length) in zip(members, places, strict=True):
        if re.fullmatch(r"u?int\d+", text):
            text = f"{text.rstrip('0123456789')}{8 * length}"
        typed.append((offset, member, text, length))
    if keyword == "union":
        text = "".join(f"{member} {ty};" for _, member, ty, _ in typed)
        longest = max((length for *_, length in typed), default=0)
        return (
            f"union {name}{{{text}}}"
            if longest == size
            else f"union {name}{{{text}__pyx_pad [{size}]uint8;}}"
        )
    out, at, gaps = "", 0, 0
    for offset, member, ty, length in sorted(typed):
        if offset > at:
            out += f"__pyx_pad{gaps} [{offset - at}]uint8;"
            gaps += 1
        out += f"{member} {ty};"
        at = offset + length
    if size > at:
        out += f"__pyx_pad{gaps} [{size - at}]uint8;"
    return f"packed struct {name}{{{out}}}"
