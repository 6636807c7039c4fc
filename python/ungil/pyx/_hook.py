"""The import hook: `import name` finds and compiles `name.pyx`."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Sequence

from ungil.pyx import _source
from ungil.pyx._module import build


class Loader(importlib.abc.Loader):
    """Compiles a `.pyx` file when it is imported, and again when it is reloaded."""

    def __init__(self, path: str, level: str) -> None:
        self.path = path
        self.level = level

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        build(module, _source.read(self.path), self.path, self.level)

    def get_source(self, name: str) -> str:
        """The text of the file, for tracebacks."""
        return _source.read(self.path)


class Finder(importlib.abc.MetaPathFinder):
    """Finds `.pyx` files in the folders that Python imports from."""

    def __init__(self, level: str) -> None:
        self.level = level

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        name = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            base = os.path.join(folder or os.getcwd(), name)
            package = os.path.join(base, "__init__.pyx")
            if os.path.isfile(package):
                return self._spec(fullname, package, [base])
            if os.path.isfile(base + ".pyx"):
                return self._spec(fullname, base + ".pyx", None)
        return None

    def _spec(
        self, fullname: str, file: str, folders: list[str] | None
    ) -> importlib.machinery.ModuleSpec | None:
        loader = Loader(file, self.level)
        return importlib.util.spec_from_file_location(
            fullname, file, loader=loader, submodule_search_locations=folders
        )


def install(*, level: str = "3") -> None:
    """Make ``import`` find and compile ``.pyx`` files. `level` is the language level of those that do not say."""
    uninstall()
    sys.meta_path.insert(0, Finder(level))


def uninstall() -> None:
    """Take the import hook out again."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Finder)]
