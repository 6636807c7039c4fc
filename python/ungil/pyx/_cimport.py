"""What a module cimports: types, functions and variables of libraries and of modules of the user's."""

from __future__ import annotations

import builtins
import difflib
import functools
import importlib
import os
import sys
import types
from typing import TYPE_CHECKING, Any

from ungil.pyx import _capi, _libc, _names, _source
from ungil.pyx._variables import Variables

if TYPE_CHECKING:
    from ungil.pyx._module import Builder

#: Types by the names of the modules that were built.
MODULE_TYPES: dict[str, dict[str, tuple[str, str]]] = {}


#: Declarations of C libraries that come with the language, and what cannot be had.
_INCLUDED = os.path.join(os.path.dirname(__file__), "include")
_REFUSED = {
    "libc.setjmp": "`longjmp` leaves functions without giving back the memory, references and locks that they hold: "
    "raise an exception, or return a status",
}
#: Variables of those declarations: their addresses.
_POINTERS = {"posix.mman": {"MAP_FAILED": 2**64 - 1}}


class Module(types.ModuleType):
    """A module of the user's as those see it that cimport it."""


class Found:
    """What a module of the user's declares."""

    def __init__(self, inner: Builder) -> None:
        self.inner = inner
        self.loaded: Any = None
        self.data: Variables | None = None

    @property
    def types(self) -> dict[str, tuple[str, str]]:
        """Its types, by name."""
        return self.inner.types | MODULE_TYPES.get(self.inner.module.__name__, {})

    @property
    def names(self) -> dict[str, Any]:
        """Its functions and constants, C's among them."""
        names = self.inner.names.copy()
        if self.inner.only_checks:
            names |= {name: _names.Special("cython.promised") for name in self.inner.promised}
        if self.loaded is not None:
            names |= vars(self.loaded)
            names |= _capi.functions(self.loaded, self.inner.promised)
            own = names.get("__builtins__")
            if isinstance(own, dict) and "__pyx_g__" in own:
                names |= {k: v for k, v in own.items() if k not in _builtins() and not k.startswith("__pyx")}
        # What a `.pxd` file defines is what it says now, whenever the module was loaded.
        return names | self.inner.hidden


@functools.cache
def _builtins() -> frozenset[str]:
    return frozenset(vars(builtins))


def load(builder: Builder, cimports: list[tuple[str, int, str | None, str, int]], file: str) -> None:
    """Give a module what it cimports."""
    for module, level, name, asname, line in cimports:
        if level:
            module = _absolute(builder.module, module, level)
        if name is None:
            _module(builder, module, asname, (file, line))
        else:
            _name(builder, module, name, asname, (file, line))


def _absolute(module: types.ModuleType, name: str, level: int) -> str:
    parts = (module.__package__ or module.__name__.rpartition(".")[0]).split(".")
    return ".".join(parts[: len(parts) - level + 1] + ([name] if name else []))


def _module(builder: Builder, module: str, asname: str, place: tuple[str, int]) -> None:
    found = _names.library_types(module)
    if found is None and _names.library_names(module) is None:
        own = of_user(builder, module, place)
        found = own.types
        _bind(builder, asname, _made(module, own))
        if own.data is not None:
            for name in own.data._names():
                builder.data._share(f"{asname}.{name}", own.data, name)
    else:
        value = _names.library_module(module)
        if module == "libc.stdio":
            streams: Variables = _libc.streams()
            for name in streams._names():
                builder.data._share(f"{asname}.{name}", streams, name)
        if module.startswith(("libc.", "cpython.")):
            _bind(builder, asname, functools.reduce(getattr, module.split(".")[1:], value))
        else:
            if asname != module:
                value = functools.reduce(getattr, module.split(".")[1:], value)
            builder.names[asname.split(".")[0]] = value
        if module == "numpy":
            # Its C interface, which plain text names without the module.
            entries = _names.library_names(module) or {}
            builder.names |= {k: v for k, v in entries.items() if k.startswith(("PyArray_", "NPY_"))}
    for key, ty in (found or {}).items():
        builder.types[f"{asname}.{key}"] = ty


def _made(module: str, own: Found) -> Module:
    made = Module(module)
    vars(made).update({k: v for k, v in own.names.items() if k not in _builtins() and not k.startswith("__")})
    return made


def _bind(builder: Builder, asname: str, value: types.ModuleType) -> None:
    """Binds a module to a name; what it is part of is made on the way: `a.b.c`."""
    root, *parts = asname.split(".")
    if not parts:
        builder.names[root] = value
        return
    holder = builder.names.get(root)
    if not isinstance(holder, Module):
        holder = builder.names[root] = Module(root)
    for part in parts[:-1]:
        inner = vars(holder).get(part)
        if not isinstance(inner, Module):
            inner = Module(part)
            setattr(holder, part, inner)
        holder = inner
    setattr(holder, parts[-1], value)


def _name(builder: Builder, module: str, name: str, asname: str, place: tuple[str, int]) -> None:
    types_found = _names.library_types(module)
    names = _names.library_names(module)
    if module == "cpython" and name not in (names or {}) and _names.library_names(f"cpython.{name}"):
        return _module(builder, f"cpython.{name}", asname, place)
    data = _libc.streams() if module == "libc.stdio" else None
    if types_found is None and names is None:
        if module in ("libc", "cython") or _names.library_names(f"{module}.{name}") is not None:
            return _module(builder, f"{module}.{name}", asname, place)
        if name != "*" and _pxd(builder, f"{module}.{name}", place[0]) is not None:
            return _module(builder, f"{module}.{name}", asname, place)
        own = of_user(builder, module, place)
        types_found, names, data = own.types, own.names, own.data
    types_found, names = types_found or {}, names or {}
    shared = data._names() if data is not None else []
    wanted = [name]
    if name == "*":
        # Not what every module has around it.
        plain = vars(builtins)
        bound = (one for one in names if not one.startswith("__") and names[one] is not plain.get(one, names))
        wanted = [*types_found, *bound, *shared]
    for one in wanted:
        target = one if name == "*" else asname
        if one in types_found:
            builder.types[target] = types_found[one]
        if module == "cython":
            inner = _names.library_types(f"cython.{one}") or {}
            builder.types |= {f"{target}.{key}": ty for key, ty in inner.items()}
        if one in shared and data is not None:
            builder.data._share(target, data, one)
        elif one in names:
            builder.names[target] = names[one]
        elif one in _builtins() and one not in types_found:
            # As in Cython, where they are around every module.
            builder.names[target] = vars(builtins)[one]
        elif one not in types_found:
            like = difflib.get_close_matches(one, [*types_found, *names, *shared], 1)
            hint = f": did you mean `{like[0]}`?" if like else ""
            raise _source.error("U0805", f"`{module}.{one}` cannot be cimported yet{hint}", *place)
    return None


def folders(file: str) -> list[str]:
    """Where what a file names is looked for: beside it, from where its package lies, and where Python looks."""
    return list(dict.fromkeys((os.path.dirname(file), _source.root(file), *sys.path)))


def _pxd(builder: Builder, module: str, file: str) -> str | None:
    """Where a module of the user's declares what others cimport."""
    relative = module.replace(".", os.sep)
    ends = (".pxd", os.sep + "__init__.pxd")
    around = [*folders(file), _INCLUDED]
    paths = (os.path.normpath(os.path.join(f, relative + end)) for f in around for end in ends)
    return next((path for path in paths if builder._exists(path)), None)


def of_user(builder: Builder, module: str, place: tuple[str, int]) -> Found:
    """What a module of the user's declares in its `.pxd` file and defines itself."""
    if module in builder.owned:
        # Also where two files cimport each other: what has been read of it so far.
        return builder.owned[module]
    if module in _REFUSED:
        raise _source.error("U0805", f"`{module}` cannot be cimported: {_REFUSED[module]}", *place)
    pxd = _pxd(builder, module, place[0])
    if pxd is None and module not in MODULE_TYPES:
        raise _source.error("U0805", f"no declarations of `{module}` were found", *place)
    inner = builder._inner(module)
    found = builder.owned[module] = Found(inner)
    if pxd is not None:
        try:
            inner._prepare(pxd)
            inner._declarations(pxd)
        except BaseException:
            del builder.owned[module]
            raise
    if pxd is not None and pxd.startswith(_INCLUDED):
        found.data = inner.data
        for name, place_of in _POINTERS.get(module, {}).items():
            found.data._declare(name, "*void", "void *")
            setattr(found.data, name, place_of)
        return found
    if not builder.only_checks:
        found.loaded = _loaded(module, place[0])
    own = vars(found.loaded).get("__builtins__") if found.loaded is not None else None
    if isinstance(own, dict):
        found.data = own.get("__pyx_g__")
    elif builder.only_checks:
        found.data = inner.data
    return found


def _loaded(module: str, file: str) -> Any:
    """The module itself; `None` where there is only a `.pxd` file."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(error.name + ".")):
            raise
    from ungil.pyx._module import compile

    relative = module.replace(".", os.sep) + ".pyx"
    paths = (os.path.join(f, relative) for f in folders(file))
    path = next((p for p in paths if os.path.exists(p)), None)
    if path is None:
        return None
    loaded = compile(path, module)
    return sys.modules.setdefault(module, loaded)
