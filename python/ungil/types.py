"""Types in signatures: scalars, arrays of them, and signatures by calling a type.

>>> from ungil.types import float64, int64
>>> float64[:, ::1]
float64[:, ::1]
>>> float64(float64[:], int64)
float64(float64[:], int64)
"""

from __future__ import annotations


class Signature:
    """A function's declared types. Made by calling a type with the types of the parameters."""

    _ungil_type = True

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Signature, Type)) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(self._text)


class Type:
    """A type: a scalar's, an array's, or that of functions without result (`void`)."""

    _ungil_type = True

    def __init__(self, text: str, dtype_name: str | None = None) -> None:
        self._text = text
        self.dtype_name = dtype_name

    def __repr__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __getitem__(self, axes: object) -> Type:
        """The array type with these axes, each ``:`` or ``::1``; ``()`` for no dimensions."""
        if self.dtype_name is None:
            raise TypeError(f"{self} has no arrays")
        if axes == ():
            return Type(f"{self._text}[()]")
        parts = axes if isinstance(axes, tuple) else (axes,)
        return Type(f"{self._text}[{', '.join(_axis(a) for a in parts)}]")

    def __call__(self, *params: object) -> object:
        """The signature of a function that returns this type, or a number converted to it."""
        if params and not all(isinstance(p, (Type, Signature, str, tuple)) for p in params):
            import numpy

            return numpy.dtype(self.dtype_name).type(*params)  # type: ignore[arg-type]
        return Signature(f"{self._text}({', '.join(_text(p) for p in params)})")


def CPointer(to: object) -> Type:
    """The type of C pointers to a type.

    >>> CPointer(float64)
    CPointer(float64)
    """
    return Type(f"CPointer({to})")


def _axis(axis: object) -> str:
    if axis == slice(None):
        return ":"
    if axis == slice(None, None, 1):
        return "::1"
    raise TypeError(f"an axis is `:` or `::1`, not {axis!r}")


def _text(param: object) -> str:
    if isinstance(param, tuple):
        return f"({', '.join(_text(p) for p in param)}{',' if len(param) == 1 else ''})"
    return str(param)


boolean = Type("bool", "bool")
int8 = Type("int8", "int8")
int16 = Type("int16", "int16")
int32 = Type("int32", "int32")
int64 = Type("int64", "int64")
uint8 = Type("uint8", "uint8")
uint16 = Type("uint16", "uint16")
uint32 = Type("uint32", "uint32")
uint64 = Type("uint64", "uint64")
float32 = Type("float32", "float32")
float64 = Type("float64", "float64")
complex64 = Type("complex64", "complex64")
complex128 = Type("complex128", "complex128")
void = Type("void")
voidptr = Type("voidptr")
none = void

bool_ = b1 = boolean
byte = i1 = char = int8
ubyte = u1 = uchar = uint8
short = i2 = int16
ushort = u2 = uint16
intc = i4 = int32
uintc = u4 = uint32
int_ = long_ = intp = longlong = i8 = ssize_t = int64
uint = ulong = uintp = ulonglong = u8 = size_t = uint64
single = f4 = float32
float_ = double = f8 = float64
c8 = complex64
c16 = complex128
