"""`cythonize` in a `setup.py`: extension modules without a C compiler, in place, as a wheel, and without their sources."""

import importlib.machinery
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import setuptools

import ungil
from ungil import errors
from ungil.pyx import _build, _elf

SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]

SETUP = """
from setuptools import Extension, setup
from ungil import cythonize
setup(name="proj", version="1.0", packages=["pkg"],
      ext_modules=cythonize([Extension("pkg.kernels", ["pkg/kernels.pyx"], extra_compile_args=["-fopenmp"]), "top*.pyx"],
                            annotate=True, compiler_directives={"language_level": 3, "wraparound": False}))
"""
KERNELS = """
# distutils: extra_compile_args = -O3 -fopenmp
# distutils: libraries = m
# cython: boundscheck=True
from cython.parallel cimport prange
from pkg.other cimport real
include "more.pxi"
def total(double[:] a):
    cdef Py_ssize_t i
    cdef real s = 0
    for i in prange(a.shape[0], nogil=True):
        s += a[i]
    return s
def last(double[:] a):
    return a[-1]
def fail(int x):
    raise ValueError(f"no {x}")
"""
PROJECT = {
    "setup.py": SETUP,
    "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
    "pkg/__init__.py": "",
    "pkg/__init__.pxd": "",
    "pkg/kernels.pyx": KERNELS,
    "pkg/other.pxd": "ctypedef double real\n",
    "pkg/more.pxi": "def inc(int x):\n    return x + 1\n",
    "topmod.pyx": "from pkg.kernels import inc\nVALUE = inc(41)\ndef f(int x):\n    return inc(x) * 2\n",
}
USE = """
import traceback
import numpy as np
import pkg.kernels as k, topmod
assert k.total(np.arange(5.0)) == 10.0 and topmod.f(3) == 8 and topmod.VALUE == 42
assert k.__file__.endswith(SUFFIX) and k.__name__ == "pkg.kernels" and k.__package__ == "pkg"
assert k.total.__module__ == "pkg.kernels" and "square" not in vars(k)
try:
    k.last(np.ones(2))
except IndexError:
    pass
else:
    raise AssertionError("wraparound")
try:
    k.fail(3)
except ValueError:
    assert 'raise ValueError(f"no {x}")' in traceback.format_exc(), traceback.format_exc()
print("used")
"""


def environment(folder):
    paths = [os.path.abspath(path) for path in sys.path if path]
    # There is no C compiler.
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "CC": "false",
        "CXX": "false",
        "LDSHARED": "false",
    }


def run(folder, *words):
    done = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(folder),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def project(tmp_path):
    for name, text in PROJECT.items():
        path = tmp_path / "proj" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "proj"


def test_build_in_place(project):
    run(project, "setup.py", "build_ext", "--inplace")
    assert (project / "pkg" / f"kernels{SUFFIX}").exists()
    assert "in lanes" in (text := (project / "pkg" / "kernels.html").read_text()) or "compiled" in text
    assert run(project, "-c", USE.replace("SUFFIX", repr(SUFFIX))) == "used\n"


def test_install_without_the_sources(project, tmp_path):
    target = tmp_path / "site"
    words = [
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--target",
        str(target),
        ".",
    ]
    run(project, "-m", "pip", *words)
    found = {
        str(p.relative_to(target)) for p in target.rglob("*") if p.suffix in (".so", ".pyx", ".py", ".pxi")
    }
    assert found == {"pkg/__init__.py", f"pkg/kernels{SUFFIX}", f"topmod{SUFFIX}"}
    code = f"import sys; sys.path.insert(0, {str(target)!r})\n" + USE.replace("SUFFIX", repr(SUFFIX))
    assert run(tmp_path, "-c", code) == "used\n"


def test_other_extensions_still_reach_the_compiler(project):
    (project / "plain.c").write_text("int x;")
    setup = SETUP.replace("ext_modules=", 'ext_modules=[Extension("plain", ["plain.c"])] + ')
    (project / "setup.py").write_text(setup)
    words = [sys.executable, "setup.py", "build_ext", "--inplace"]
    done = subprocess.run(
        words, capture_output=True, text=True, cwd=project, env=environment(project), check=False
    )
    assert done.returncode != 0 and "plain.c" in done.stdout + done.stderr


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_and_patterns(here):
    for name in (
        "a/__init__.py",
        "a/b/__init__.py",
        "a/b/c.pyx",
        "a/d.pyx",
        "e.pyx",
        "src/f/__init__.py",
        "src/f/g.pyx",
    ):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("")

    def names(*args, **kwargs):
        return sorted(ext.name for ext in ungil.cythonize(*args, quiet=True, **kwargs))

    assert names("**/*.pyx") == ["a.b.c", "a.d", "e", "f.g"]
    assert names(["a/**/*.pyx", "e.pyx"], exclude="a/d.pyx") == ["a.b.c", "e"]
    assert names(Path("e.pyx")) == ["e"]
    import setuptools

    assert names(setuptools.Extension("*", ["src/f/*.pyx"])) == ["f.g"]
    assert names([setuptools.Extension("other.name", ["e.pyx"])]) == ["other.name"]
    with pytest.raises(ValueError, match="doesn't match any files"):
        names("none*.pyx")


def test_header_lines():
    text = "# distutils: language = c++\n# distutils: libraries = m NP\n\n# distutils: define_macros=A=1\nx = 1\n# distutils: libraries = z\n"
    found = _build._settings(text, {"NP": ["npymath"]})
    assert found == {"language": ["c++"], "libraries": ["m", "npymath"], "define_macros": ["A=1"]}


def test_flags_are_kept_for_those_who_look(here):
    (here / "m.pyx").write_text("# distutils: extra_compile_args = -fopenmp\ndef f(): return 1\n")
    (extension,) = ungil.cythonize("m.pyx", quiet=True)
    assert extension.extra_compile_args == ["-fopenmp"]
    assert extension.sources == ["m.pyx"]


def test_mistakes_are_named(here, monkeypatch):
    (here / "bad.pyx").write_text("def f(:\n")
    (here / "good.pyx").write_text("def f():\n    return 1\n")
    (here / "needs.pyx").write_text("# distutils: sources = helper.c\ndef f():\n    return 1\n")
    monkeypatch.setenv("CC", "/no/such/compiler")
    with pytest.raises(errors.CompileError):
        ungil.cythonize("bad.pyx", quiet=True)
    with pytest.raises(errors.CompileError, match="needs a C compiler"):
        ungil.cythonize("needs.pyx", quiet=True)
    with pytest.raises(ValueError, match="unknown compiler directive 'fast'"):
        ungil.cythonize("good.pyx", quiet=True, compiler_directives={"fast": True})
    with pytest.raises(ValueError, match="language_level"):
        ungil.cythonize("good.pyx", quiet=True, language_level=4)
    assert [e.name for e in ungil.cythonize(["bad.pyx", "good.pyx"], quiet=True, exclude_failures=True)] == [
        "good"
    ]


def test_sources_of_c_are_compiled_when_the_module_is_built(here, monkeypatch):
    """What the compiler made travels in the module: where it is imported, neither it nor the sources are needed."""
    (here / "inc").mkdir()
    (here / "inc" / "helper.h").write_text("int tripled(int);\n#define LIMIT_OF_HELPER (10 * SCALE)\n")
    (here / "helper.c").write_text('#include "helper.h"\nint tripled(int x) { return 3 * x + SCALE; }\n')
    (here / "uses.pyx").write_text(
        'cdef extern from "helper.h":\n    int tripled(int)\n    int LIMIT_OF_HELPER\n'
        "def f(int x):\n    return tripled(x), LIMIT_OF_HELPER\n"
    )
    given = setuptools.Extension(
        "uses", ["uses.pyx", "helper.c"], include_dirs=["inc"], define_macros=[("SCALE", "4")]
    )
    (extension,) = ungil.cythonize([given], quiet=True)
    (here / f"uses{SUFFIX}").write_bytes(_elf.extension("uses", extension._ungil_payload))
    for path in (here / "uses.pyx", here / "helper.c", here / "inc" / "helper.h"):
        path.unlink()
    monkeypatch.setenv("CC", "/no/such/compiler")
    assert run(here, "-c", "import uses; print(uses.f(5))") == "(19, 40)\n"


def test_directives_of_setup_hold(here):
    (here / "lev.pyx").write_text("def half(int x):\n    return x / 2\n")
    (extension,) = ungil.cythonize("lev.pyx", quiet=True, language_level=2)
    (here / f"lev{SUFFIX}").write_bytes(_elf.extension("lev", extension._ungil_payload))
    assert run(here, "-c", "import lev; print(lev.half(-7))") == "-4\n"


def test_the_files_are_sound(here):
    """Errors at import leave no module; nothing is kept from one import to the next."""
    assert sysconfig.get_platform() == "linux-x86_64"
    payload = '{"text":"import nowhere\\n","file":"z.pyx","level":"3","directives":{},"files":{}}'
    (here / f"z{SUFFIX}").write_bytes(_elf.extension("z", payload))
    (here / f"y{SUFFIX}").write_bytes(_elf.extension("y", payload.replace("import nowhere", "x = 1")))
    code = """
import sys
import ungil.pyx._extension as e
for _ in range(3):
    try:
        import z
    except ModuleNotFoundError as error:
        assert error.name == "nowhere" and "z" not in sys.modules
    else:
        raise AssertionError
before = sys.getrefcount(e)
for _ in range(50):
    import y
    assert y.x == 1
    del sys.modules["y"], y
assert sys.getrefcount(e) == before
print("sound")
"""
    assert run(here, "-c", code) == "sound\n"


@pytest.mark.parametrize("name", ["ä", "a-b", ""])
def test_names_that_python_would_not_find(name):
    with pytest.raises(_elf.Unsupported):
        _elf.extension(name, "{}")


@pytest.mark.parametrize("source", ["own.pyx", "own.c"])
def test_extensions_that_a_pyproject_file_declares(tmp_path, monkeypatch, source):
    from setuptools import Distribution, Extension

    from ungil.pyx import _setuptools

    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.pyx").write_text("def f(int x):\n    return x\n")
    (tmp_path / "other.c").write_text("")
    # Without Cython setuptools has written `.c` for `.pyx`.
    extension = Extension("own", ["own.c"])
    extension.sources[:] = [source]
    made = Distribution({"ext_modules": [extension, Extension("other", ["other.c"])]})
    before = list(made.ext_modules)
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = ["setuptools", "Cython"]\n')
    _setuptools.finalize(made)
    assert made.ext_modules == before
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = [\n  "setuptools",\n  "ungil>=0.1",\n]\n'
    )
    _setuptools.finalize(made)
    assert hasattr(made.ext_modules[0], "_ungil_payload") and made.ext_modules[1] is before[1]
