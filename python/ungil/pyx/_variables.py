"""Variables of a module that live in memory of C.

Plain text calls them attributes of one object, `__pyx_g__`; compiled code reads and writes the memory itself. What Python
gets of an array is a list, and of a struct a dictionary, that write through to the memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ungil import _ungil
from ungil.pyx import _libc, _names


class Variables:
    """The variables of one module."""

    def __init__(self) -> None:
        vars(self).update(_places={}, _memory=[], _arrays={}, _shared={}, _dotted={})

    def _declare(self, name: str, text: str, c_name: str) -> None:
        """Give a variable its memory, filled with zeros; a second declaration changes nothing."""
        places = vars(self)["_places"]
        if name in places:
            return
        # In words, so that it is aligned for every type.
        memory = np.zeros(_ungil.pyx_size(text, c_name) // 16 * 2 + 2, dtype=np.uint64)
        vars(self)["_memory"].append(memory)
        places[name] = (memory.ctypes.data, text, c_name)

    def _share(self, name: str, other: Variables, theirs: str) -> None:
        """Let a name, which may have dots, mean a variable of another module."""
        key = name.replace(".", "__dot__")
        vars(self)["_places"][key] = vars(other)["_places"][theirs]
        vars(self)["_shared"][key] = other, theirs
        vars(self)["_dotted"][name] = key

    def _address(self, name: str, *index: int) -> _Pointer:
        """`&name` and `&name[i]`, as code of the module itself takes them."""
        address, text, _ = vars(self)["_places"][name]
        if is_view(text):
            return _in_view(getattr(self, name), text, index)
        for k in index:
            if not text.startswith("["):
                raise TypeError("only elements of arrays of C have an address")
            count, _, text = text[1:].partition("]")
            if not 0 <= k < int(count):
                raise IndexError(f"index is out of bounds for an array of {count} elements")
            address += k * _ungil.pyx_size(text, "")
        return _Pointer.to(address, f"*{text}")

    def _names(self) -> list[str]:
        """Variables that other modules may share."""
        return [name for name in vars(self)["_places"] if name not in vars(self)["_shared"]]

    def _known(self) -> dict[str, tuple[str, str]]:
        """Types by the names in the text."""
        places, dotted = vars(self)["_places"], vars(self)["_dotted"]
        own = {name: name for name in self._names()}
        return {name: places[key][1:] for name, key in (own | dotted).items()}

    def _described(self) -> list[tuple[str, int, str, str]]:
        """Names, addresses, types and their names in C."""
        return [(name, *place) for name, place in vars(self)["_places"].items()]

    def __getattr__(self, name: str) -> Any:
        try:
            address, text, c_name = vars(self)["_places"][name]
        except KeyError:
            raise AttributeError(name) from None
        if name in vars(self)["_shared"]:
            owner, theirs = vars(self)["_shared"][name]
            return getattr(owner, theirs)
        if is_view(text):
            arrays = vars(self)["_arrays"]
            if name not in arrays:
                raise UnboundLocalError(f"local variable '{name}' referenced before assignment")
            return arrays[name]
        value = _ungil.pyx_load(text, c_name, address)
        if text.startswith("*"):
            return value if value is None else _Pointer.to(value, text)
        return _through(value, self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        address, text, c_name = vars(self)["_places"][name]
        if name in vars(self)["_shared"]:
            owner, theirs = vars(self)["_shared"][name]
            return setattr(owner, theirs, value)
        if is_view(text):
            kept = _ungil.pyx_view(text, c_name, address, value)
            arrays = vars(self)["_arrays"]
            arrays[name] = np.asarray(value) if text.startswith("view ") and value is not None else kept
        else:
            _ungil.pyx_store(text, c_name, address, self._of_c(text, c_name, value))
        return None

    def _listed(self, element: str, c_name: str, items: Any) -> _Pointer:
        """A pointer to elements that are written out, which live as long as the module."""
        size = _ungil.pyx_size(element, "")
        memory = np.zeros(len(items) * size // 8 + 1, dtype=np.uint64)
        vars(self)["_memory"].append(memory)
        name = c_name.removesuffix("*").rstrip().removeprefix("const ")
        for k, item in enumerate(items):
            _ungil.pyx_store(element, name, memory.ctypes.data + k * size, self._of_c(element, name, item))
        return _Pointer.to(memory.ctypes.data, f"*{element}")

    def _of_c(self, text: str, c_name: str, value: Any) -> Any:
        """A value with the addresses of functions in their places; the code behind them lives as long as the module."""
        if text.startswith("*fn(") and value is None:
            return 0
        if text.startswith("*fn(") and isinstance(value, _names.Special):
            return _libc.address_of(value.canonical)
        if text.startswith("*fn(") and callable(value):
            made = value if hasattr(value, "address") else _ungil.pyx_callback(text, value)
            vars(self)["_memory"].append(made)
            return made.address
        if text.removeprefix("*const ").lstrip("*") in ("int8", "uint8") and isinstance(value, (bytes, str)):
            # A pointer into the characters, which live as long as the module.
            kept = value.encode("ascii") if isinstance(value, str) else value
            vars(self)["_memory"].append(kept)
            return kept
        if text.startswith("*") and isinstance(value, (list, tuple)):
            return self._listed(text[1:].removeprefix("const "), c_name, value)
        if text.startswith("*") and (value is None or type(value) is int):
            # What reading the variable gave.
            return _Pointer.to(value or 0, text)
        if text.startswith("[") and isinstance(value, (list, tuple)):
            element = text[text.index("]") + 1 :]
            return [self._of_c(element, c_name, item) for item in value]
        if text.startswith(("struct ", "packed struct ")) and isinstance(value, dict):
            from ungil.pyx._names import _members

            members = _members(text)
            return {key: self._of_c(members[key], "", v) if key in members else v for key, v in value.items()}
        return value


def is_view(text: str) -> bool:
    """Whether a type is that of a memoryview."""
    return text.startswith("view ") or (text.endswith("]") and not text.startswith(("[", "*")))


def _in_view(array: Any, text: str, index: tuple[int, ...]) -> _Pointer:
    """The address of an element of a memoryview."""
    if array is None:
        raise TypeError("Cannot index None memoryview slice")
    if len(index) != array.ndim:
        raise TypeError("only elements of a memoryview have an address: give one index for each axis")
    address: int = array.__array_interface__["data"][0]
    for axis, (k, n) in enumerate(zip(index, array.shape, strict=True)):
        if not -n <= k < n:
            raise IndexError(f"Out of bounds on buffer access (axis {axis})")
        address += k % n * array.strides[axis]
    element = text.partition("|")[2] if text.startswith("view ") else text[: text.index("[")]
    return _Pointer.to(address, f"*{element}")


class _Pointer(int):
    """A pointer in plain Python: an address with elements."""

    _element: str

    @classmethod
    def to(cls, address: int, text: str) -> _Pointer:
        """A pointer by its address and its type's text."""
        made = cls(address)
        made._element = text[1:].removeprefix("const ")
        return made

    def _place(self, index: int) -> int:
        return int(self) + index * _ungil.pyx_size(self._element, "")

    def __getitem__(self, index: int) -> Any:
        return _ungil.pyx_load(self._element, "", self._place(index))

    def __setitem__(self, index: int, value: Any) -> None:
        _ungil.pyx_store(self._element, "", self._place(index), value)


class _List(list):  # type: ignore[type-arg]
    """An array: a change is one of the variable too."""

    _owner: tuple[Variables, str]
    _whole: Any

    def __setitem__(self, index: Any, value: Any) -> None:
        count = len(self)
        super().__setitem__(index, value)
        if len(self) != count:
            raise ValueError("the length of an array of C does not change")
        setattr(*self._owner, self._whole)


class _Dict(dict):  # type: ignore[type-arg]
    """A struct: a change is one of the variable too."""

    _owner: tuple[Variables, str]
    _whole: Any

    def __setitem__(self, key: Any, value: Any) -> None:
        if key not in self:
            raise KeyError(key)
        super().__setitem__(key, value)
        setattr(*self._owner, self._whole)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            self[name] = value


for _made, _name in ((_List, "list"), (_Dict, "dict")):
    _made.__name__ = _made.__qualname__ = _name


def _through(value: Any, owner: Variables, name: str) -> Any:
    whole = _wrapped(value)
    for part in _parts(whole):
        part._owner, part._whole = (owner, name), whole
    return whole


def _wrapped(value: Any) -> Any:
    if type(value) is list:
        return _List(_wrapped(v) for v in value)
    if type(value) is dict:
        return _Dict((k, _wrapped(v)) for k, v in value.items())
    return value


def _parts(value: Any) -> Any:
    if isinstance(value, (_List, _Dict)):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _parts(inner)
