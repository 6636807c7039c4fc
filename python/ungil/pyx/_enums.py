"""Enumerations of the Cython language that Python sees."""

from __future__ import annotations

import enum
from typing import Any


class FlexibleEnum(enum.IntEnum):
    """Named integers, beside which there may be others: C holds any in an enumeration."""

    @property
    def _is_pyx_enum(self) -> bool:
        return True

    @classmethod
    def _missing_(cls, value: Any) -> Any:
        made: Any = int.__new__(cls, value)
        made._name_, made._value_ = None, value
        return cls._value2member_map_.setdefault(value, made)

    def __repr__(self) -> str:
        if getattr(self, "_name_", None) is None:
            return f"<{type(self).__name__}: {self._value_!r}>"
        return super().__repr__()


#: By the names of their types in C.
CLASSES: dict[str, type[FlexibleEnum]] = {}


def c_name(module: str, name: str) -> str:
    """What Cython calls an enumeration in C, as messages show it."""
    parts = module.split(".")
    return "enum __pyx_t_" + "_".join(f"{len(part)}{part}" for part in parts) + f"_{name}"


def make(module: str, name: str, members: dict[str, int]) -> type[FlexibleEnum]:
    """The class of an enumeration."""
    base: Any = FlexibleEnum
    made: type[FlexibleEnum] = base(name, members, module=module)
    CLASSES[c_name(module, name)] = made
    return made


def member(name: str, value: int) -> int:
    """A number as a value of the enumeration with this name in C; the number itself where Python does not see that."""
    found = CLASSES.get(name)
    return value if found is None else found(value)
