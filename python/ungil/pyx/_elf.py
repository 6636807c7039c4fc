"""Extension modules that hand a text to Python, written without a compiler or a linker.

The file is an ELF shared library of one function that Python calls to import it, `PyInit_NAME`, and one that runs the module:
`ungil.pyx._extension.execute(module, payload)`. It imports four functions of Python and nothing else.
Limits: x86-64 Linux, builds of Python with the lock, names in ASCII. Source: System V ABI, chapters 4 and 5, and its AMD64 supplement.
"""

from __future__ import annotations

import struct
import sys
import sysconfig

_PAGE = 0x1000
_IMPORTS = ("PyModuleDef_Init", "PyImport_ImportModule", "PyObject_CallMethod", "Py_DecRef")


class Unsupported(Exception):
    """A platform that such files cannot be written for."""


def check_platform() -> None:
    """Raise where the files would not load."""
    machine = sysconfig.get_platform()
    if machine != "linux-x86_64" or sys.implementation.name != "cpython":
        raise Unsupported(f"extension modules are written for CPython on linux-x86_64, not {machine}")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise Unsupported("extension modules are not written for free-threaded Python")


def extension(name: str, payload: str) -> bytes:
    """The bytes of an extension module. `name` is its last component; `payload` must be ASCII without NUL."""
    check_platform()
    if not name.isidentifier() or not name.isascii():
        raise Unsupported(f"{name!r} is not a name in ASCII")
    data = payload.encode("ascii")
    if b"\0" in data:
        raise ValueError("NUL in the payload")
    strings = _Strings()
    init = strings.add(f"PyInit_{name}")
    imported = [strings.add(symbol) for symbol in _IMPORTS]
    texts = _Strings()
    places = [texts.add(text) for text in (name, "ungil.pyx._extension", "execute", "Os")]
    payload_at = texts.add_bytes(data)

    # The first segment: headers, symbols, code, texts.
    headers = 64 + 4 * 56
    symbols_at = headers
    symbol_count = 2 + len(_IMPORTS)
    names_at = symbols_at + 24 * symbol_count
    hash_at = _up(names_at + len(strings.data), 8)
    hash_size = 4 * (2 + 1 + symbol_count)
    relocations_at = _up(hash_at + hash_size, 8)
    relocation_count = len(_IMPORTS) + 3
    code_at = _up(relocations_at + 24 * relocation_count, 16)
    code_size = 128
    texts_at = code_at + code_size
    first_end = texts_at + len(texts.data)
    # The second: what the loader writes to.
    second = _up(first_end, _PAGE)
    dynamic_at = second
    table_at = dynamic_at + 16 * 9
    definition_at = table_at + 8 * len(_IMPORTS)
    slots_at = definition_at + 104
    end = slots_at + 32

    code, execute_at = _code(code_at, table_at, definition_at, [texts_at + p for p in [*places, payload_at]])
    assert len(code) <= code_size
    symbols = bytes(24) + struct.pack("<IBBHQQ", init, 0x12, 0, 1, code_at, execute_at - code_at)
    symbols += b"".join(struct.pack("<IBBHQQ", at, 0x10, 0, 0, 0, 0) for at in imported)
    # One bucket: a chain through all symbols.
    chain = [0, *range(2, symbol_count), 0]
    hashes = struct.pack(f"<{3 + symbol_count}I", 1, symbol_count, 1, *chain)
    relocations = b"".join(
        struct.pack("<QQq", table_at + 8 * i, (2 + i) << 32 | 6, 0) for i in range(len(_IMPORTS))
    )
    pointers = [
        (definition_at + 40, texts_at + places[0]),
        (definition_at + 72, slots_at),
        (slots_at + 8, execute_at),
    ]
    relocations += b"".join(struct.pack("<QQq", at, 8, to) for at, to in pointers)
    dynamic = [
        (4, hash_at), (5, names_at), (6, symbols_at), (10, len(strings.data)), (11, 24),
        (7, relocations_at), (8, len(relocations)), (9, 24), (0, 0),
    ]  # fmt: skip
    # An object header with one reference, then zeros: no size, no methods.
    definition = struct.pack("<q", 1).ljust(104, b"\0")
    slots = struct.pack("<qqqq", 2, 0, 0, 0)

    out = bytearray(end)
    segments = [
        (1, 5, 0, first_end, _PAGE),
        (1, 6, second, end - second, _PAGE),
        (2, 6, dynamic_at, 16 * len(dynamic), 8),
        (0x6474E551, 6, 0, 0, 16),
    ]
    _put(out, 0, _header(len(segments)))
    for i, (kind, flags, at, size, align) in enumerate(segments):
        _put(out, 64 + 56 * i, struct.pack("<IIQQQQQQ", kind, flags, at, at, at, size, size, align))
    _put(out, symbols_at, symbols)
    _put(out, names_at, bytes(strings.data))
    _put(out, hash_at, hashes)
    _put(out, relocations_at, relocations)
    _put(out, code_at, code)
    _put(out, texts_at, bytes(texts.data))
    _put(out, dynamic_at, b"".join(struct.pack("<qQ", *entry) for entry in dynamic))
    _put(out, definition_at, definition)
    _put(out, slots_at, slots)
    return bytes(out)


def _code(at: int, table: int, definition: int, texts: list[int]) -> tuple[bytes, int]:
    """The two functions, and the address of the second."""
    _, module_name, method, signature, payload = texts
    out = bytearray()

    def relative(opcode: bytes, target: int) -> None:
        # Displacements count from the end of the instruction.
        out.extend(opcode + struct.pack("<i", target - (at + len(out) + len(opcode) + 4)))

    relative(b"\x48\x8d\x3d", definition)  # lea rdi, [definition]
    relative(b"\xff\x25", table)  # jmp PyModuleDef_Init
    execute = at + len(out)
    out += b"\x53\x41\x54\x48\x83\xec\x08"  # push rbx; push r12; sub rsp, 8
    out += b"\x48\x89\xfb"  # mov rbx, rdi
    relative(b"\x48\x8d\x3d", module_name)  # lea rdi, [name]
    relative(b"\xff\x15", table + 8)  # call PyImport_ImportModule
    out += b"\x48\x85\xc0\x74"  # test rax, rax; jz fail
    first_jump = len(out)
    out += b"\x00\x49\x89\xc4\x48\x89\xc7"  # mov r12, rax; mov rdi, rax
    relative(b"\x48\x8d\x35", method)  # lea rsi, [method]
    relative(b"\x48\x8d\x15", signature)  # lea rdx, [format]
    out += b"\x48\x89\xd9"  # mov rcx, rbx
    relative(b"\x4c\x8d\x05", payload)  # lea r8, [payload]
    out += b"\x31\xc0"  # xor eax, eax: no vector registers
    relative(b"\xff\x15", table + 16)  # call PyObject_CallMethod
    out += b"\x48\x89\xc3\x4c\x89\xe7"  # mov rbx, rax; mov rdi, r12
    relative(b"\xff\x15", table + 24)  # call Py_DecRef
    out += b"\x48\x85\xdb\x74"  # test rbx, rbx; jz fail
    second_jump = len(out)
    out += b"\x00\x48\x89\xdf"  # mov rdi, rbx
    relative(b"\xff\x15", table + 24)  # call Py_DecRef
    out += b"\x31\xc0\xeb\x05"  # xor eax, eax; jmp over the next
    fail = len(out)
    out += b"\xb8\xff\xff\xff\xff"  # mov eax, -1
    out += b"\x48\x83\xc4\x08\x41\x5c\x5b\xc3"  # add rsp, 8; pop r12; pop rbx; ret
    for jump in (first_jump, second_jump):
        out[jump] = fail - (jump + 1)
    return bytes(out), execute


def _header(segments: int) -> bytes:
    identification = b"\x7fELF\x02\x01\x01" + bytes(9)
    rest = struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, segments, 64, 0, 0)
    return identification + rest


class _Strings:
    """Strings one behind the other, each ended by NUL."""

    def __init__(self) -> None:
        self.data = bytearray(1)

    def add(self, text: str) -> int:
        return self.add_bytes(text.encode())

    def add_bytes(self, text: bytes) -> int:
        at = len(self.data)
        self.data += text + b"\0"
        return at


def _up(at: int, align: int) -> int:
    return -(-at // align) * align


def _put(out: bytearray, at: int, what: bytes) -> None:
    out[at : at + len(what)] = what
