"""`cythonize` for `setup.py`: modules in the Cython language become extension modules without a C compiler.

An extension module holds the text of its source and compiles it when it is imported; machine code comes from the disk cache after the
first time. Everything of setuptools (`build_ext --inplace`, wheels, editable installs) stays as it is.
"""

from __future__ import annotations

import glob
import importlib
import os
import shlex
import sys
import types
from collections.abc import Iterable
from typing import Any

from ungil import _ungil
from ungil.pyx import _elf, _extension, _source

_C_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".c++", ".m", ".f", ".f90", ".s")


def cythonize(
    module_list: Any,
    exclude: Any = None,
    nthreads: int = 0,
    aliases: dict[str, Any] | None = None,
    quiet: bool = False,
    force: bool | None = None,
    language: str | None = None,
    exclude_failures: bool = False,
    show_all_warnings: bool = False,
    *,
    annotate: bool | str | None = None,
    compiler_directives: dict[str, Any] | None = None,
    language_level: int | str | None = None,
    build_dir: str | None = None,
    include_path: Iterable[str] | None = None,
    **options: Any,
) -> list[Any]:
    """Extension modules for ``setup(ext_modules=…)`` from ``.pyx`` files and pure-Python modules.

    In place of ``from Cython.Build import cythonize`` write ``from ungil import cythonize``; nothing else of a ``setup.py`` changes.

    Parameters
    ----------
    module_list : str, Extension, or a list of them
        Paths with ``*`` and ``**``, or extensions whose first source is a ``.pyx`` or ``.py`` file.
    exclude : str or list of str, optional
        Paths to leave out.
    annotate : bool, optional
        Write the annotate report of each module beside its source.
    compiler_directives : dict, optional
        Directives for all modules; what a module says itself comes first.
    language_level : {2, 3, "3str"}, optional
        As among the directives.
    nthreads, aliases, quiet, force, language, exclude_failures, show_all_warnings, build_dir, include_path, **options
        Taken for Cython's sake. Flags for C compilers have no effect, those of OpenMP too: loops are parallel without.

    Returns
    -------
    list of setuptools.Extension

    Raises
    ------
    ungil.errors.CompileError
        A module has errors.
    """
    _elf.check_platform()
    directives, level = _directives(dict(compiler_directives or {}), language_level)
    made, failed = [], []
    for name, path, template in _modules(module_list, exclude):
        try:
            made.append(_make(name, path, template, directives, level, aliases or {}))
        except Exception:
            if not exclude_failures:
                raise
            failed.append(path)
            continue
        if not quiet:
            print(f"[{len(made)}] ungil: {path} as {name}")
        if annotate:
            _report(path, name, level, directives)
    if failed:
        print(f"ungil: left out, with errors: {', '.join(failed)}", file=sys.stderr)
    _teach_setuptools()
    return made


def _directives(given: dict[str, Any], language_level: int | str | None) -> tuple[dict[str, bool | str], str]:
    """The directives that are given as options, and the language level among them."""
    level = given.pop("language_level", None) or language_level or "3"
    found = {name: _directive(name, value) for name, value in given.items() if value is not None}
    return found, str(_directive("language_level", level))


def _directive(name: str, value: Any) -> bool | str:
    # 0 and 1 stand for truth values, as in Cython.
    is_switch = isinstance(value, int) and value in (0, 1)
    return _ungil.pyx_directive(name, str(bool(value)) if is_switch else str(value))


def _listed(found: Any) -> list[Any]:
    if found is None:
        return []
    return [found] if isinstance(found, (str, os.PathLike)) or hasattr(found, "sources") else list(found)


def _modules(module_list: Any, exclude: Any) -> list[tuple[str, str, Any]]:
    """Name, path and the extension that it was given by, of each module."""
    left_out = {os.path.normpath(p) for pattern in _listed(exclude) for p in _paths(pattern)}
    found: dict[str, tuple[str, str, Any]] = {}
    for item in _listed(module_list):
        sources = _listed(getattr(item, "sources", None)) if hasattr(item, "sources") else [item]
        template = item if hasattr(item, "sources") else None
        own = [s for s in sources if os.path.splitext(os.fspath(s))[1].lower() not in _C_SOURCES]
        for pattern in own[:1]:
            paths = _paths(pattern)
            if not paths:
                raise ValueError(f"{os.fspath(pattern)!r} doesn't match any files")
            for path in paths:
                if path not in left_out and path not in found:
                    name = _name(path)
                    if template is not None and "*" not in template.name:
                        name = template.name
                    found[path] = (name, path, template)
    return list(found.values())


def _paths(pattern: Any) -> list[str]:
    paths = glob.glob(os.fspath(pattern), recursive=True)
    return sorted(os.path.normpath(p) for p in paths if not p.endswith(("__init__.pxd", "__init__.pyx")))


def _name(path: str) -> str:
    relative = os.path.relpath(path, _source.root(path) or ".")
    return os.path.splitext(relative)[0].replace(os.sep, ".")


def _make(
    name: str,
    path: str,
    template: Any,
    directives: dict[str, bool | str],
    level: str,
    aliases: dict[str, Any],
) -> Any:
    """The extension of a module, after a look at it that finds its errors."""
    from ungil.pyx._module import Builder

    text = _source.read(path)
    settings = _settings(text, aliases)
    settings.pop("sources", [])
    module = types.ModuleType(name)
    module.__package__ = name.rpartition(".")[0]
    absolute = os.path.abspath(path)
    builder = Builder(module, level, directives)
    builder.c_settings = _c_settings(template)
    root = os.path.abspath(_source.root(path) or ".")
    sys.path.insert(0, root)
    try:
        builder.check(text, absolute)
    finally:
        sys.path.remove(root)
    folder = os.path.dirname(absolute)
    files = {os.path.relpath(p, folder): t for p, t in builder.files.items()}
    shims = {made.digest(): made.held() for made in builder.made_shims}
    payload = _extension.payload(text, os.path.basename(path), level, directives, files, shims)
    return _extension_object(name, path, template, settings, payload)


def _c_settings(template: Any) -> dict[str, list[str]]:
    """What an `Extension` says to the C compiler, with absolute paths."""
    if template is None:
        return {}
    paths = {
        key: [os.path.abspath(p) for p in getattr(template, key, None) or []]
        for key in ("include_dirs", "library_dirs")
    }
    sources = [os.path.abspath(s) for s in template.sources if os.path.splitext(s)[1].lower() in _C_SOURCES]
    macros = [
        name if value is None else f"{name}={value}"
        for name, value in getattr(template, "define_macros", None) or []
    ]
    lists = {key: list(getattr(template, key, None) or []) for key in ("libraries", "extra_compile_args")}
    return {**paths, **lists, "sources": sources, "define_macros": macros}


def _extension_object(name: str, path: str, template: Any, settings: dict[str, Any], payload: str) -> Any:
    extension: Any = importlib.import_module("setuptools").Extension
    keep = (
        "include_dirs",
        "define_macros",
        "libraries",
        "library_dirs",
        "extra_compile_args",
        "extra_link_args",
        "depends",
    )
    given = {key: list(getattr(template, key, None) or []) for key in keep} if template is not None else {}
    for key, values in settings.items():
        if key in keep and key != "define_macros":
            given[key] = [*given.get(key, []), *values]
    made = extension(name, [], **given)
    # Set behind the constructor, which makes C files of the names of sources.
    made.sources = [path]
    made._ungil_payload = payload
    return made


def _settings(text: str, aliases: dict[str, Any]) -> dict[str, list[str]]:
    """The `# distutils:` lines in front of a module."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            break
        body = line.lstrip("#").strip()
        if not body.startswith("distutils:"):
            continue
        key, equals, value = body[len("distutils:") :].partition("=")
        values: list[str] = []
        for word in shlex.split(value) if equals else []:
            values += [str(v) for v in _listed(aliases[word])] if word in aliases else [word.rstrip(",")]
        found.setdefault(key.strip(), []).extend(values)
    return found


def _report(path: str, name: str, level: str, directives: dict[str, bool | str]) -> None:
    from ungil.annotate import of_module

    try:
        of_module(path, name=name, level=level, directives=directives)
    except Exception as error:
        # The report runs the module, which may import what is not built yet.
        print(f"ungil: no report on {path}: {type(error).__name__}: {error}", file=sys.stderr)


def _teach_setuptools() -> None:
    """Make `build_ext` write the files of such extensions itself."""
    build_ext: Any = importlib.import_module("setuptools.command.build_ext").build_ext
    if getattr(build_ext.build_extension, "_knows_ungil", False):
        return
    original = build_ext.build_extension

    def build_extension(self: Any, ext: Any) -> None:
        payload = getattr(ext, "_ungil_payload", None)
        if payload is None:
            original(self, ext)
            return
        path = self.get_ext_fullpath(ext.name)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as file:
            file.write(_elf.extension(ext.name.rpartition(".")[2], payload))

    build_extension.__dict__["_knows_ungil"] = True
    build_ext.build_extension = build_extension
