"""Building of modules from the Cython language.

The compiler returns a module's text as plain Python, line by line, and what its functions declare. The text runs as
Python; each function of its top level becomes a compiled one. Names that Python must not see (`cdef` functions, what
is cimported) live among the module's own builtins.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import copy
import linecache
import operator
import os
import re
import sys
import types
from collections.abc import Iterator
from typing import Any

from ungil import _ungil, errors
from ungil.pyx import (
    _characters,
    _cimport,
    _cpython,
    _enums,
    _fallback,
    _fused,
    _inner,
    _libc,
    _methods,
    _names,
    _sections,
    _shim,
    _source,
    _variables,
    _views,
)

# Directives with a meaning to the compiler; others change nothing here.
_DIRECTIVES = {
    "boundscheck",
    "wraparound",
    "cdivision",
    "cdivision_warnings",
    "cpow",
    "overflowcheck",
    "nonecheck",
    "profile",
    "linetrace",
}


# How casts to enumerations that Python sees begin.
_ENUM_CAST = '__pyx_cast("int32", "enum '


def compile(
    source: str | os.PathLike[str],
    name: str | None = None,
    *,
    level: str = "3",
    compiler_directives: dict[str, Any] | None = None,
) -> types.ModuleType:
    """Compile a module in the Cython language.

    Parameters
    ----------
    source : str or path
        The text of the module, or the path of a ``.pyx`` file. A string without a line end that names a file is a path.
    name : str, optional
        The module's name; by default the file's.
    level : {"3", "2", "3str"}
        The language level where the module does not say.
    compiler_directives : dict, optional
        Directives where the module does not say, as `cythonize` takes them.

    Returns
    -------
    module
        A new module; it is not put into ``sys.modules``.

    Raises
    ------
    ungil.errors.CompileError
        The module has errors; all of them are in the message.
    """
    path = None
    if isinstance(source, os.PathLike) or (
        "\n" not in source and (source.endswith((".pyx", ".py")) or os.path.exists(source))
    ):
        path = os.fspath(source)
        text = _source.read(path)
        file_name = os.path.abspath(path)
        name = name or os.path.splitext(os.path.basename(path))[0]
    else:
        text = os.fspath(source)
        name = name or "pyx_module"
        file_name = f"<{name}>.pyx"
        linecache.cache[file_name] = (len(text), None, text.splitlines(True), file_name)
    module = types.ModuleType(name)
    module.__file__ = file_name
    directives: dict[str, bool | str] = {}
    if compiler_directives:
        from ungil.pyx import _build

        directives, level = _build._directives(dict({"language_level": level} | compiler_directives), None)
    Builder(module, level, directives).run(text, file_name)
    return module


def build(module: types.ModuleType, text: str, file: str, level: str = "3") -> None:
    """Compile a text and run it in a module."""
    Builder(module, level).run(text, file)


def compile_function(function: Any) -> Any:
    """Compile a function in pure-Python mode, from its source; it sees its own globals."""
    import inspect
    import textwrap

    lines, first = inspect.getsourcelines(function)
    text = "\n" * (first - 1) + textwrap.dedent("".join(lines))
    module = types.ModuleType(function.__module__ or "pure")
    vars(module).update(function.__globals__)
    builder = Builder(module, "3", is_pure=True)
    builder.run(text, function.__code__.co_filename)
    # A C function is not among the names that Python sees.
    return vars(module).get(function.__name__) or builder.hidden[function.__name__]


class Builder:
    """The state of building one module."""

    def __init__(
        self,
        module: types.ModuleType,
        level: str,
        directives: dict[str, bool | str] | None = None,
        files: dict[str, str] | None = None,
        is_pure: bool = False,
    ) -> None:
        self.module = module
        self.level = level
        #: Directives where the module does not say.
        self.directives = directives or {}
        #: Whether the text is Python with Cython's decorators and annotations; `.py` files are.
        self.is_pure = is_pure
        #: Texts by path that count before those on disk.
        self.files = {} if files is None else files
        self.names: dict[str, Any] = vars(builtins).copy()
        self.hidden: dict[str, Any] = {}
        self.types: dict[str, tuple[str, str]] = {}
        #: Classes that methods ask for, by the cells in which Python keeps them.
        self.cells: list[Any] = []
        #: Functions of the module with their declarations, for reports.
        self.functions: list[tuple[dict[str, Any], Any]] = []
        self.fused: list[_fused.FusedFunction] = []
        #: The module as plain Python, line by line.
        self.text = ""
        self.variants: dict[Any, dict[str, Any]] = {}
        #: What modules of the user's declare that it cimports, by their names.
        self.owned: dict[str, _cimport.Found] = {}
        #: Functions and variables that the module's `.pxd` file declares.
        self.declared: set[str] = set()
        #: Functions that declarations promise, with their types as texts where they are of C alone.
        self.promised: dict[str, str | None] = {}
        #: Whether nothing is run, neither the module nor what it cimports.
        self.only_checks = False
        #: Variables that live in memory of C.
        self.data = _variables.Variables()
        #: What is said to the C compiler elsewhere than in the text.
        self.c_settings: dict[str, list[str]] = {}
        #: What it made when the module was built, in base 64 by what it made it of, and what it makes now.
        self.shims: dict[str, str] = {}
        self.made_shims: list[_shim.Shim] = []

    def run(self, text: str, file: str) -> None:
        """Compile a text and run it; what is private to C is hidden afterwards."""
        self._prepare(file)
        self.text = self._execute(text, file)
        _cimport.MODULE_TYPES[self.module.__name__] = self.types

    def _prepare(self, file: str) -> None:
        """Gives the module the names that texts have without binding them."""
        self.names |= _names.casts() | _names.operators() | _names.OLD_NAMES
        self.names |= {
            "__pyx_checked": _ungil.Unseen(_fallback.checked),
            "__pyx_convert__": _ungil.Unseen(_fallback.convert),
            "__pyx_argument__": _ungil.Unseen(_fallback.argument),
            "__pyx_divide__": _ungil.Unseen(_fallback.c_divide),
            "__pyx_floor__": operator.floordiv,
            "__pyx_modulo__": _ungil.Unseen(_fallback.c_modulo),
            "__pyx_quotient__": _ungil.Unseen(_fallback.c_quotient),
            **{name: _ungil.Unseen(made) for name, made in _fallback.CHECKED_NAMES.items()},
            "__pyx_plain__": _ungil.Unseen(_views.plain),
            "__pyx_fill__": _ungil.Unseen(_views.fill),
            "__pyx_named__": _inner.named,
            "NULL": None,
            **_system_names(),
            "__pyx_g__": self.data,
        }
        self.names["__pyx_include__"] = lambda name: self._execute(*self._included(name, file))
        vars(self.module)["__builtins__"] = self.names

    def check(self, text: str, file: str) -> None:
        """Read a text and what it cimports and includes, without running any of it; raises its errors."""
        self.only_checks = True
        self._prepare(file)
        plan = self._plan(text, file)
        for name in plan["includes"]:
            self._plan(*self._included(name, file))

    def _included(self, name: str, file: str) -> tuple[str, str]:
        paths = [os.path.normpath(os.path.join(folder, name)) for folder in _cimport.folders(file)]
        path = next((p for p in paths if self._exists(p)), paths[0])
        try:
            return self._read(path), path
        except OSError as error:
            why = "not found" if isinstance(error, FileNotFoundError) else f"not readable: {error.strerror}"
            lines = self._read(file).splitlines() if self._exists(file) else []
            line = next(
                (n for n, text in enumerate(lines, 1) if re.match(r"\s*include\b.*" + re.escape(name), text)),
                1,
            )
            raise _source.error("U0805", f"'{name}' {why}: {path}", file, line) from None

    def _inner(self, module: str) -> Builder:
        """A builder for the declarations of another module."""
        made = Builder(types.ModuleType(module), self.level, files=self.files)
        made.module.__package__ = module.rpartition(".")[0]
        made.owned = self.owned
        made.only_checks = self.only_checks
        return made

    def _read(self, path: str) -> str:
        """The text of a file; what is read is kept."""
        if path not in self.files:
            self.files[path] = _source.read(path)
        return self.files[path]

    def _exists(self, path: str) -> bool:
        return path in self.files or os.path.exists(path)

    def _execute(self, text: str, file: str) -> str:
        plan = self._plan(text, file)
        self._declare(plan)
        self._constants(plan)
        self._externs(plan, text, file)
        self._run(plan, file)
        return str(plan["text"])

    def _run(self, plan: dict[str, Any], file: str) -> None:
        """Runs the text of a plan, with compiled functions in their places."""
        tree = ast.parse(plan["text"], file)
        lines = plan["text"].splitlines(True)
        infos = {f["line"]: f for f in (*plan["functions"], *plan["methods"])}
        owners = _methods.owners(tree)
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno in infos:
                self._decorate(node, infos.pop(node.lineno), plan, lines, owners.get(node))
        _methods.unhide(tree, self.names)
        tree.body = [s for s in tree.body if not _is_start_up(s)]
        tree.body = [s for stmt in tree.body for s in (stmt, *self._both(stmt))]
        ast.fix_missing_locations(tree)
        namespace = vars(self.module)
        with _findable(self.module):
            exec(builtins.compile(tree, file, "exec"), namespace)
        private = {f["name"] for f in plan["functions"] if f["kind"] == "cdef"} | set(plan["variables"])
        for name in private:
            if name in namespace:
                self.names[name] = self.hidden[name] = namespace.pop(name)

    def _both(self, stmt: ast.stmt) -> list[ast.stmt]:
        """Statements after an import under the name of a cimported module, which then means both."""
        if not isinstance(stmt, ast.Import):
            return []
        bound = [alias.asname or alias.name.split(".")[0] for alias in stmt.names]
        names = [n for n in bound if getattr(self.names.get(n), "__name__", "").startswith("cpython.")]
        self.names["__pyx_both__"] = lambda name, imported: _cpython.both(self.names[name], imported)
        texts = [f"{name} = __pyx_both__({name!r}, {name})" for name in names]
        return [ast.copy_location(ast.parse(text).body[0], stmt) for text in texts]

    def _plan(self, text: str, file: str) -> dict[str, Any]:
        pxd = os.path.splitext(file)[0] + ".pxd"
        has_pxd = file.endswith((".pyx", ".py")) and self._exists(pxd)
        if has_pxd:
            found = self._declarations(pxd)
            self.declared |= {f["name"] for f in found["functions"]} | set(found["variables"])
            self.declared |= set(dict(found["promised"]))
            self._declare(found)
        if self.is_pure or file.endswith(".py"):
            return self._pure_plan(text, file, self._read(pxd) if has_pxd else None)
        return self._cython_plan(text, file)

    def _pure_plan(self, text: str, file: str, pxd: str | None) -> dict[str, Any]:
        """The plan of a text in pure-Python mode."""
        from ungil.pyx import _pure

        try:
            pure = _pure.read(text, file, pxd)
        except SyntaxError as error:
            raise _source.error("U0101", error.msg, file, error.lineno or 1) from None
        if pure.declarations:
            found = self._found(pure.declarations, file, True, {})
            self._define(found["types"])
        plan = self._cython_plan(pure.text, file)
        plan["pure_locals"] = pure.locals
        for info in (*plan["functions"], *plan["methods"]):
            self._pure_locals(info, plan, {})
        return plan

    def _pure_locals(self, info: dict[str, Any], plan: dict[str, Any], chosen: dict[str, int]) -> None:
        """Adds the variables of a function that pure-Python mode declares where the language could not."""
        from ungil.pyx import _pure

        found = plan.get("pure_locals", {}).get(info["line"])
        if found:
            body = "".join(f"    cdef {_pure.declaration(ty, name)}\n" for name, ty in found.items())
            file = plan["source"][1]
            own = self._found(f"def f():\n{body}", file, False, chosen)
            names = {name for name, _ in info["locals"]}
            info["locals"] = [
                *info["locals"],
                *(one for one in own["functions"][0]["locals"] if one[0] not in names),
            ]

    def _found(
        self,
        text: str,
        file: str,
        is_pxd: bool,
        chosen: dict[str, int] | None,
        around: set[str] | None = None,
    ) -> dict[str, Any]:
        """What the compiler finds in a text."""
        cdivision = bool(self.directives.get("cdivision"))
        annotates = self.directives.get("annotation_typing") is not False
        return _ungil.pyx_read(
            text,
            file,
            is_pxd,
            self.level,
            self.types,
            chosen,
            around,
            cdivision,
            annotates,
            self.data._known(),
            self._known_constants(),
        )

    def _declare(self, plan: dict[str, Any]) -> None:
        """Gives the variables of a plan their memory."""
        for name, ty, c_name in plan["data"]:
            if "." not in name:
                self.data._declare(name, ty, c_name)

    def _known_constants(self) -> dict[str, int]:
        """Numbers that may stand for the lengths of arrays."""
        limit = 1 << 63
        return {
            name: int(value)
            for name, value in self.names.items()
            if isinstance(value, int) and not isinstance(value, bool) and -limit <= value < limit
        }

    def _cython_plan(self, text: str, file: str) -> dict[str, Any]:
        first = self._found(text, file, False, None)
        failed = self._failed_cimports(first["cimports"], file)
        for name in {enumeration for *_, enumeration in first["constants"] if enumeration is not None}:
            self.types[name] = ("int32", _enums.c_name(self.module.__name__, name))
        self._read_includes(first, file, (file,))
        around = self._around(first, file)
        try:
            plan = self._checked(text, file, around)
        except errors.CompileError as error:
            failed.append(error)
        if failed:
            raise errors._joined(failed)
        shim = self._shim(plan, text, file)
        if shim is not None and plan["extern_structs"]:
            layouts = shim.layouts()
            self.types |= {name: (layout, name) for name, layout in layouts.items()}
            plan = self._checked(text, file, around)
        plan["source"] = text, file
        plan["shim"] = shim
        self._define(plan["types"])
        return plan

    def _read_includes(self, plan: dict[str, Any], file: str, around: tuple[str, ...]) -> None:
        """What the texts that a text includes declare."""
        for name in plan["includes"]:
            text, path = self._included(name, file)
            if path in around:
                raise _source.error("U0805", f"'{name}' includes itself", path, 1)
            inner = self._found(text, path, False, None)
            self._read_includes(inner, path, (*around, path))
            _cimport.load(self, inner["cimports"], path)
            self.types |= inner["types"]
            self._declare(inner)
            # What needs names of the text around is known when it runs.
            with contextlib.suppress(NameError):
                self._constants(inner)

    def _checked(self, text: str, file: str, around: set[str] | None) -> dict[str, Any]:
        return self._found(text, file, False, {}, around)

    def _failed_cimports(
        self, cimports: list[tuple[str, int, str | None, str, int]], file: str
    ) -> list[errors.CompileError]:
        """The errors of what cannot be cimported; they are told with those of the text."""
        failed = []
        for one in cimports:
            try:
                _cimport.load(self, [one], file)
            except errors.CompileError as error:
                failed.append(error)
        return failed

    def _around(self, plan: dict[str, Any], file: str) -> set[str] | None:
        """The names that a text has without binding them.

        `*` is among them where it shares names with a text that it is part of or includes. In pure-Python mode types stand in
        other places than in the language, and mistakes are found where functions are compiled.
        """
        if self.is_pure or file.endswith(".py"):
            return None
        if plan["includes"] or file.endswith(".pxi"):
            return {"*"}
        return {*self.names, *_names.OLD_NAMES, *vars(self.module), *self.declared, *self.data._known()}

    def _shim(self, plan: dict[str, Any], text: str, file: str) -> _shim.Shim | None:
        """What a C compiler tells of the headers that a module declares; `None` where nothing needs one."""
        named = _libc.libraries(text)
        sources = _shim.settings(text, "sources") + self.c_settings.get("sources", [])
        code = [c for c in plan["c_code"] if not c.startswith("#include")]
        made = _shim.Shim(text, file, plan["c_code"], plan["extern_structs"], self.c_settings)
        wanted = bool(plan["extern_structs"] or sources or code)
        try:
            for number, (_, cname, ty, _, _) in enumerate(plan["externs"]):
                is_value = ty.startswith("= ")
                if is_value and _libc.constant(cname) is None:
                    made.constant(number, cname, ty[2:])
                    wanted = True
                elif not is_value and _libc.address(cname, named) is None:
                    made.function(number, cname, ty)
                    wanted = True
            if not wanted:
                return None
            held = self.shims.get(made.digest())
            if held is not None:
                made.load_held(held)
                return made
            if _shim.compiler() is None:
                if sources or code:
                    title = f"`sources = {' '.join(sources)}`" if sources else "C code in a module"
                    help = "install one or set CC, or build a library and name it: `# distutils: libraries = name`"
                    raise _source.error("U0808", f"{title} needs a C compiler: {help}", file, 1)
                return None
            made.build()
            self.made_shims.append(made)
        except _shim.ShimError as error:
            page = "U0808" if sources or code else "U0807"
            raise _source.error(
                page, f"the C compiler does not take what this module declares: {error}", file, 1
            ) from None
        return made

    def _externs(self, plan: dict[str, Any], source: str, file: str) -> None:
        """Functions and constants that headers declare: from the libraries that are loaded or named, or from C."""
        shim = plan.get("shim")
        for number, (name, cname, text, header, line) in enumerate(plan["externs"]):
            if text.startswith("= "):
                found = _libc.constant(cname)
                if found is None and shim is not None:
                    found = shim.value(number, text[2:])
                if found is None:
                    help = "install a C compiler or set CC, or write the value: `DEF NAME = 1`"
                    raise _source.error(
                        "U0807", f"`{cname}` of {header} is a macro or variable of C: {help}", file, line
                    )
                self.names[name] = found
                continue
            address = shim.address(cname) if shim is not None else None
            address = address or _libc.address(cname, _libc.libraries(source))
            if address is None and shim is not None:
                address = shim.address(f"ungil_call_{number}")
            if address is None:
                title = f"`{cname}` of {header} is in no library that is loaded: name one by `# distutils: libraries = name`"
                raise _source.error("U0807", title, file, line)
            self.names[name] = _names.Foreign(address, cname, text)

    def _define(self, types: dict[str, tuple[str, str]]) -> None:
        self.types |= types
        for name, (text, c_name) in types.items():
            if text.startswith(_names.AGGREGATES):
                self.names[name] = _names.Struct(text, c_name)

    def _declarations(self, pxd: str) -> dict[str, Any]:
        text = self._read(pxd)
        first = self._found(text, pxd, True, None)
        _cimport.load(self, first["cimports"], pxd)
        plan = self._found(text, pxd, True, {})
        plan["shim"] = shim = self._shim(plan, text, pxd)
        if shim is not None and plan["extern_structs"]:
            self.types |= {name: (layout, name) for name, layout in shim.layouts().items()}
            plan = self._found(text, pxd, True, {}) | {"shim": shim}
        self._define(plan["types"])
        self._constants(plan)
        self.promised |= dict(plan["promised"])
        if self.only_checks:
            self._declare(plan)
        self._externs(plan, text, pxd)
        if plan["functions"]:
            # Functions that are defined in it: `cdef inline`.
            plan["source"] = text, pxd
            self._run(plan, pxd)
        return plan

    def _constants(self, plan: dict[str, Any]) -> None:
        last = -1
        classes: dict[str, dict[str, int]] = {}
        for name, value, is_public, enumeration in plan["constants"]:
            if value is None:
                last += 1
                found: Any = last
            else:
                found = eval(value, vars(self.module) | {"__builtins__": self.names | _system_names()})
                last = found if isinstance(found, int) else last
            self.names[name] = found
            if is_public:
                setattr(self.module, name, found)
            if enumeration is not None:
                classes.setdefault(enumeration, {})[name] = found
        for name, members in classes.items():
            made = _enums.make(self.module.__name__, name, members)
            setattr(self.module, name, made)
            for one in members:
                self.names[one] = made[one]

    def _decorate(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef,
        info: dict[str, Any],
        plan: dict[str, Any],
        lines: list[str],
        owner: str | None = None,
        cell: Any = None,
    ) -> None:
        text = "".join(lines[node.lineno - 1 : node.end_lineno])
        own: _methods.Function = node
        if owner is not None:
            if info["is_plain"] and not _declares(info) and not info["classes"]:
                return
            try:
                text = _methods.outside(node, text, owner)
            except _methods.TooHardError as error:
                _methods.warn_plain(node, owner, str(error), plan["source"][1])
                return
            own = _methods.parsed(text, node.lineno)
        info["owner"] = owner
        directives = self.directives | dict(plan["directives"])
        for name, value in info["directives"]:
            directives[name] = value
            if value is None:
                # Set back to its default.
                del directives[name]
        info |= {k: v for k, v in directives.items() if k in _DIRECTIVES}
        info.setdefault("cdivision", False)
        info["embedsignature"] = bool(directives.get("embedsignature"))
        info["embedsignature.format"] = directives.get("embedsignature.format", "c")
        info["binding"] = directives.get("binding", True)
        # Where types are inferred, variables are what is assigned to them, and wrap.
        info["infer_types"] = bool(directives.get("infer_types"))
        info["overflowing"] = set() if info["infer_types"] else set(info["overflowing"])
        if not directives.get("annotation_typing", True):
            info["annotation_typing"] = False
        info["integer_division"] = plan["is_level_two"]
        info["structs"] = [(n, t) for t, n in self.types.values() if t.startswith(_names.AGGREGATES)]
        info["data"] = self.data._described() if "__pyx_g__" in text else []
        declared = [t for _, t, _ in info["params"]] + [t for _, t in info["locals"]] + [info["ret"]]
        views = [name for name, ty, _ in plan["data"] if _variables.is_view(ty)]
        stores = any(re.search(rf"__pyx_g__\.{name}\s*=[^=]", text) for name in views)
        info["written"] = sorted(
            inner.value.id
            for inner in ast.walk(own)
            if isinstance(inner, ast.Subscript)
            and isinstance(inner.ctx, ast.Store)
            and isinstance(inner.value, ast.Name)
        )
        info["whole"] = _characters.used_whole(own, info)
        info["enumerators"] = {
            name: self.types[enumeration][1]
            for name, *_, enumeration in plan["constants"]
            if enumeration is not None
        } | {
            f"{f['name']}()": f["ret"][1]
            for f in plan["functions"]
            if f["ret"] and f["ret"][1].startswith("enum ")
        }
        # What Python sees of such values is made of objects.
        makes_members = info["kind"] == "def" and not info["releases_gil"] and _ENUM_CAST in text
        info["has_characters"] = "__pyx_char(" in text or makes_members
        taking = self._taking_the_lock(plan)
        info["locked"] = info["name"] in taking if owner is None else _takes_the_lock(info, text, taking)
        has_sections = _sections.has_sections(own, info["locked"])
        info["may_hold"] = info["locked"] or has_sections
        info["must_compile"] = (
            info["releases_gil"]
            or not stores
            and (
                any(_names.needs_compiler(t[0]) for t in declared if t)
                or any(f"__pyx_{name}(" in text for name in ("addr", "view", "parallel"))
                or text.count("__pyx_cast(") > text.count(_ENUM_CAST)
            )
        )
        # Loops in parallel are never run in order without a word.
        info["kernel_only"] = bool(re.search(r"\bprange\s*\(|__pyx_parallel\(", text))
        info["sections"] = has_sections
        info["parallel"] = _sections.gives_up_the_lock(own)
        _bind_declared(node, info)
        if own is not node:
            _bind_declared(own, info)
        plain = copy.deepcopy(own)
        plain.decorator_list = []
        key = f"__pyx_bind_{id(info)}"
        is_bare = not node.decorator_list

        def bind(function: Any) -> Any:
            if info["fused"]:
                return self._fused(function, info, plan)
            if _methods.CELL not in text:
                made = self._bind(function, text, info, plain)
            else:
                inside = text.replace(_methods.CELL, self._cell(cell or _methods.cell_of(function)))
                tree = _methods.parsed(inside, info["line"])
                _bind_declared(tree, info)
                made = self._bind(_methods.without_class(function, tree), inside, info, tree)
            return _methods.implicit(info["name"], made) if owner is not None and is_bare else made

        self.names[key] = bind
        node.decorator_list.append(ast.copy_location(ast.Name(key, ast.Load()), node))

    def _cell(self, cell: Any) -> str:
        """The name by which compiled code finds the cell with a method's class."""
        found = [number for number, known in enumerate(self.cells) if known is cell]
        if not found:
            self.cells.append(cell)
        name = f"__pyx_class_{found[0] if found else len(self.cells) - 1}__"
        self.names[name] = cell
        return name

    def _taking_the_lock(self, plan: dict[str, Any]) -> set[str]:
        """Functions that take the lock somewhere, or call one that does: they may need to be compiled for objects."""
        if "taking" not in plan:
            lines = plan["text"].splitlines(True)
            functions = (*plan["functions"], *plan["methods"])
            starts = sorted(f["line"] for f in functions) + [len(lines) + 1]
            texts = {
                f["name"]: "".join(lines[f["line"] : starts[starts.index(f["line"]) + 1] - 1])
                for f in plan["functions"]
            }
            taking = {f["name"] for f in plan["functions"] if f["takes_gil"]}
            while more := {
                name for name, text in texts.items() if name not in taking and _calls_one(text, taking)
            }:
                taking |= more
            plan["taking"] = taking
        return set(plan["taking"])

    def _fused(self, function: Any, info: dict[str, Any], plan: dict[str, Any]) -> Any:
        """A function with fused types; its specialisations are compiled from the module's text when they are needed."""
        types = {name: _names.alternatives(text) for name, text in info["fused"]}
        params = []
        pairs = zip(info["params"], info["fused_params"], strict=True)
        for position, ((name, ty, not_none), fused) in enumerate(pairs):
            if fused:
                # Without a type of its own the first alternative is a Python class.
                first = types[fused][0][0]
                text = ty[0] if ty else first
                is_view = text.endswith("]") and "[" not in first
                ndim = text.count(":") - text.count("::1") if is_view else None
                form = text.replace(first, "?", 1)
                params.append(_fused.Parameter(name, position, fused, ndim, form, not_none))

        def make(chosen: dict[str, int]) -> Any:
            return self._specialised(function, info, plan, chosen)

        made = _fused.FusedFunction(function, types, params, make)
        self.fused.append(made)
        return made

    def _specialised(
        self, function: Any, info: dict[str, Any], plan: dict[str, Any], chosen: dict[str, int]
    ) -> Any:
        text, file = plan["source"]
        key = (file, tuple(chosen.items()))
        if key not in self.variants:
            self.variants[key] = self._found(text, file, False, chosen)
        variant = self.variants[key]
        lines = variant["text"].splitlines(True)
        functions = variant["functions" if info["owner"] is None else "methods"]
        own = dict(next(f for f in functions if f["line"] == info["line"]), fused=[])
        self._pure_locals(own, plan, chosen)
        wanted = (ast.FunctionDef, ast.AsyncFunctionDef)
        tree = ast.parse(variant["text"], file)
        node = next(n for n in ast.walk(tree) if isinstance(n, wanted) and n.lineno == info["line"])
        node.decorator_list = []
        self._decorate(node, own, variant, lines, info["owner"], _methods.cell_of(function))
        body = ast.fix_missing_locations(ast.Module([node], []))
        found: dict[str, Any] = {}
        exec(builtins.compile(body, file, "exec"), function.__globals__, found)
        return found[info["name"]]

    def _bind(self, function: Any, text: str, info: dict[str, Any], plain: ast.AST) -> Any:
        def fallback() -> Any:
            return self._plain_function(function, info, plain, text)

        if info["is_plain"]:
            self.functions.append((info, function))
            return fallback() if _declares(info) or info["classes"] else function
        compiled = _ungil.make_pyx_function(function, text, info, fallback)
        self.functions.append((info, compiled))
        for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(compiled, attribute, getattr(function, attribute))
        if info["embedsignature"] and info["kind"] != "cdef":
            self._embed_signature(compiled, function.__doc__, info)
        if info["kind"] == "def" and not info["binding"] and info["owner"] is None:
            # A builtin binds to no object.
            return _ungil.make_builtin(compiled)
        return compiled

    def _embed_signature(self, compiled: Any, doc: str | None, info: dict[str, Any]) -> None:
        form = info["embedsignature.format"]
        if form == "clinic":
            # Python shows the signature that functions have anyway.
            return
        c, python = info["signature"]
        head = info["name"] + (python if form == "python" else c)
        compiled.__doc__ = f"{head}\n\n{doc}" if doc else head

    def _plain_function(self, function: Any, info: dict[str, Any], plain: ast.AST, text: str) -> Any:
        tree = copy.deepcopy(plain)
        assert isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef))
        if info["sections"] and isinstance(tree, ast.FunctionDef):
            split = _sections.Split(function, tree, text, info)
            if split.run():
                self.names |= split.names
                info = info | {"inner": [*info["inner"], *split.inner]}
            else:
                # The next time it is asked for, the loops run in order.
                info["sections"] = False
                info["in_order"] = split.why if split.has_memory else None
                _sections.warn_in_order(function, split.why)
                return None
        if info.get("in_order"):
            why = f"`{info['name']}` handles objects in a parallel loop and cannot be compiled: {info['in_order']}"
            raise _source.error("U0806", why, function.__code__.co_filename, info["line"])
        try:
            _fallback.Typed(info).visit(tree)
        except NotImplementedError as error:
            raise _source.error(
                "U0806", f"`{info['name']}` uses {error}", function.__code__.co_filename, info["line"]
            ) from None
        body = ast.fix_missing_locations(ast.Module([tree], []))
        namespace: dict[str, Any] = {}
        code = builtins.compile(body, function.__code__.co_filename, "exec")
        inner = next(c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == info["name"])
        made = types.FunctionType(inner, function.__globals__, function.__name__, function.__defaults__)
        made.__kwdefaults__ = function.__kwdefaults__
        namespace[info["name"]] = made
        return made


@contextlib.contextmanager
def _findable(module: types.ModuleType) -> Iterator[None]:
    """While a module's text runs, what looks for it by name finds it: the library's `dataclass` does."""
    is_new = module.__name__ not in sys.modules
    sys.modules.setdefault(module.__name__, module)
    try:
        yield
    finally:
        if is_new:
            sys.modules.pop(module.__name__, None)


def _declares(info: dict[str, Any]) -> bool:
    """Whether a function declares types of C."""
    return any(t for _, t, _ in info["params"]) or bool(info["locals"])


def _calls_one(text: str, names: set[str]) -> bool:
    """Whether a function's text calls one of several functions."""
    return any(re.search(rf"\b{name}\s*\(", text) for name in names)


def _takes_the_lock(info: dict[str, Any], text: str, taking: set[str]) -> bool:
    """Whether a method takes the lock somewhere, or calls a function that does."""
    return bool(info["takes_gil"]) or _calls_one(text, taking)


def _bind_declared(node: ast.FunctionDef | ast.AsyncFunctionDef, info: dict[str, Any]) -> None:
    """Make declared variables local where functions inside may share them: to Python only what is assigned is."""
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.GeneratorExp)
    inner = [n for n in ast.walk(node) if isinstance(n, scopes) and n is not node]
    if not inner:
        return
    at = 1 if ast.get_docstring(node, clean=False) is not None and len(node.body) > 1 else 0
    node.body[at:at] = [
        ast.copy_location(
            ast.AnnAssign(ast.Name(name, ast.Store()), ast.Constant(0), None, simple=1), node.body[at]
        )
        for name, _ in info["locals"]
    ]
    declared = {(f["name"], f["line"]): f for f in info["inner"]}
    for function in inner:
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found = declared.get((function.name, function.lineno))
            if found:
                _bind_declared(function, found)


def _is_start_up(stmt: ast.stmt) -> bool:
    """Whether a statement calls `import_array()`, which has nothing to do here."""
    if not isinstance(stmt, ast.Expr) or not isinstance(stmt.value, ast.Call):
        return False
    function = stmt.value.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("import_array", "import_ufunc", "import_umath")


def _system_names() -> dict[str, Any]:
    """Names that `DEF` and `IF` know."""
    found = os.uname()
    names = ("sysname", "nodename", "release", "version", "machine")
    return {f"UNAME_{n.upper()}": getattr(found, n) for n in names}
