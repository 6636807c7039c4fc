"""numexpr's own tests, from its wheel, with ungil in its place."""

import importlib.util
import os
import sys
import warnings
from pathlib import Path

import pytest

SHIM = Path(__file__).parent / "numexpr_shim"
NAMES = ("numexpr", "numexpr.expressions", "numexpr.utils", "numexpr.necompiler")


def load():
    """The tests as a module of their own, in which `numexpr` is the shim."""
    found = importlib.util.find_spec("numexpr")
    if found is None or found.submodule_search_locations is None:
        pytest.skip("numexpr is not installed", allow_module_level=True)
    path = Path(found.submodule_search_locations[0]) / "tests" / "test_numexpr.py"
    if not path.exists():
        pytest.skip("numexpr was installed without its tests", allow_module_level=True)
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "numexpr"}
    sys.path.insert(0, str(SHIM))
    try:
        spec = importlib.util.spec_from_file_location("numexpr_tests", path)
        module = importlib.util.module_from_spec(spec)
        with warnings.catch_warnings():
            # The tests have a mark of a plugin that is not needed here.
            warnings.simplefilter("ignore", pytest.PytestUnknownMarkWarning)
            spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(SHIM))
        shims = {name: sys.modules.pop(name) for name in NAMES if name in sys.modules}
        sys.modules.update(kept)
    return module, shims


tests, shims = load()
assert tests.evaluate.__module__ != "numexpr.necompiler", "the tests run on ungil"

# What ungil does otherwise on purpose; `docs/evaluate.md` has the list.
DIFFERENT = {
    ("test_numexpr", "test_axis"): "axes may be negative",
    ("test_numexpr2", "test_axis"): "axes may be negative",
    (
        "test_evaluate",
        "test_ex_uses_vml",
    ): "there is no VML, and a call with too few operands is refused at once",
    (
        "test_threading_config",
        "test_numexpr_num_threads",
    ): "threads are set by UNGIL_NUM_THREADS and OMP_NUM_THREADS",
    ("test_threading_config", "test_omp_num_threads"): "the variable is read when ungil is imported",
    (
        "test_threading_config",
        "test_omp_num_threads_empty_string",
    ): "the variable is read when ungil is imported",
    ("test_threading_config", "test_numexpr_max_threads_empty_string"): "there is no such variable",
}

for name, value in vars(tests).items():
    if name.startswith("test_") or name == "test_expressions":
        globals()[name] = value
for (cls, method), reason in DIFFERENT.items():
    owner = globals()[cls]
    setattr(
        owner, method, pytest.mark.skip(reason=reason)(owner.__dict__.get(method) or getattr(owner, method))
    )


@pytest.fixture(autouse=True)
def in_its_place(monkeypatch):
    """Tests that import numexpr, here or in a child process, get the shim."""
    for name, module in shims.items():
        monkeypatch.setitem(sys.modules, name, module)
    package = str(Path(__file__).resolve().parents[2] / "python")
    paths = [str(SHIM), package, os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(p for p in paths if p))
    import ungil

    before = ungil.get_num_threads()
    yield
    ungil.set_num_threads(before)
