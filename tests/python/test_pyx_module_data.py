"""Variables of a module that live in memory of C, and what headers declare, beside Cython's own."""

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

FOLDER = Path(__file__).parent / "pyx"
POINT = np.dtype([("x", "f8"), ("y", "i4")], align=True)

#: In this order: the variables keep what they are given.
CALLS = [
    ("first_values", "o"), ("read",), ("bump", 3), ("read",), ("local",), ("write_arr", 4, 9), ("whole",), ("use", 0), ("alloc", 5), ("use", 3),
    ("release",), ("use", 0), ("read_view", 0, 0), ("view_shape",), ("write_view", 0, 0, 1.0), ("fill_view", 1.0),
    ("set_view", np.zeros((2, 3))), ("read_view", 1, 2), ("read_view", 2, 2), ("view_shape",), ("write_view", 0, 1, 2.5),
    ("read_view", 0, 1), ("fill_view", 4.0), ("read_view", 1, 1), ("sum_line",), ("par", 10), ("par_view", 2.0),
    ("read_view", 1, 2), ("reduce_view",), ("nested_call",), ("address",), ("use_structs", 0),
    ("set_structs", np.zeros(3, POINT)), ("use_structs", 1), ("use_structs", 5), ("set_point", 3.5), ("set_array",),
    ("set_int", 5), ("set_int", 2**40), ("set_int", "x"), ("set_int", 2.5), ("read",), ("clear_view",), ("letters", 3),
    *[("tables", i) for i in range(3)], ("change_table", 1, 29), ("tables", 2),
    ("set_view", np.zeros(3)), ("set_view", np.zeros((2, 2), "f4")), ("use_structs", 1),
]  # fmt: skip


def test_variables_of_modules_are_those_of_cython(tmp_path):
    source = FOLDER / "module_data.pyx"
    reference, module = pyx_reference.build(source, tmp_path), pyx.compile(source)
    for name, *args in CALLS:
        copies = [[a.copy() if isinstance(a, np.ndarray) else a for a in args] for _ in range(2)]
        expected = pyx_reference.ending(getattr(reference, name), copies[0])
        assert pyx_reference.ending(getattr(module, name), copies[1]) == expected, (name, args)
    assert module.C.value == reference.C.value
    assert module.C().method() == reference.C().method()
    assert not any(hasattr(module, name) for name in ("counter", "arr", "line", "p"))


def test_modules_do_not_share_their_variables():
    source = "cdef int n = 1\ndef up():\n    global n\n    n += 1\n    return n\n"
    first, second = pyx.compile(source), pyx.compile(source)
    assert [first.up(), first.up(), second.up()] == [2, 3, 2]


def test_views_of_a_module_keep_their_arrays():
    module = pyx.compile("""
cdef double[:] v
def keep(object a):
    global v
    v = a
def total():
    cdef double s = 0
    cdef Py_ssize_t i
    for i in range(v.shape[0]):
        s += v[i]
    return s
""")
    array = np.arange(1000.0)
    before = sys.getrefcount(array)
    module.keep(array)
    kept = sys.getrefcount(array)
    assert kept > before
    module.keep(np.ones(3))
    assert sys.getrefcount(array) == before
    del array
    assert module.total() == 3.0


HEADERS = [
    ("adds", 1.5), ("three", 2.0), ("mixes", 3), ("swaps", 9), ("partials", 3), ("constants",), ("macros", 5),
    ("free_of_lock", np.arange(4.0)), ("both", 2.0), ("by_value", 1.5), ("matrices", 0.5), ("between", 1.5),
]  # fmt: skip


def built(folder):
    """The module of `headers.pyx` as Cython and gcc make it."""
    source = FOLDER / "c" / "headers.pyx"
    text, library = folder / "headers.c", folder / ("headers" + sysconfig.get_config_var("EXT_SUFFIX"))
    subprocess.run([sys.executable, "-m", "cython", "-3", str(source), "-o", str(text)], check=True)
    include = [f"-I{source.parent}", f"-I{sysconfig.get_paths()['include']}", f"-I{np.get_include()}"]
    line = ["gcc", "-shared", "-fPIC", "-O0", "-w", *include, str(text), str(source.parent / "vectors.c")]
    subprocess.run([*line, "-o", str(library)], check=True)
    spec = importlib.util.spec_from_file_location("headers", library)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_headers_and_sources_of_c(tmp_path):
    assert shutil.which("gcc"), "these tests compare with Cython, which needs gcc"
    reference, module = built(tmp_path), pyx.compile(FOLDER / "c" / "headers.pyx")
    for name, *args in HEADERS:
        expected = pyx_reference.ending(getattr(reference, name), args)
        assert pyx_reference.ending(getattr(module, name), args) == expected, name


WITHOUT_COMPILER = {
    "sources": ("# distutils: sources = f.c\ncdef extern from *:\n    int f()\n", "needs a C compiler"),
    "code": ("cdef extern from *:\n    '''int f(void);'''\n    int f()\n", "needs a C compiler"),
    "macro": ("cdef extern from 'x.h':\n    int NO_SUCH_MACRO\n", "install a C compiler"),
    "class": ("cdef extern from 'x.h':\n    cppclass A:\n        int f()\n", "C++"),
}


@pytest.mark.parametrize("name", WITHOUT_COMPILER)
def test_what_needs_a_compiler_says_so(name, monkeypatch):
    monkeypatch.setenv("CC", "/no/such/compiler")
    source, words = WITHOUT_COMPILER[name]
    with pytest.raises(errors.CompileError, match=words.replace("+", r"\+")):
        pyx.compile(source)


def test_structs_of_headers_work_without_a_compiler(monkeypatch):
    monkeypatch.setenv("CC", "/no/such/compiler")
    module = pyx.compile("""
cdef extern from "stdlib.h" nogil:
    ctypedef struct div_t:
        int quot
        int rem
    ctypedef struct ldiv_t:
        long quot
        long rem
    div_t div(int a, int b)
    ldiv_t ldiv(long a, long b)
def f(int a, int b):
    cdef div_t d = div(a, b)
    cdef ldiv_t e
    with nogil:
        e = ldiv(a, -b)
    return d.quot, d.rem, e.quot, e.rem
""")
    assert module.f(17, 5) == (3, 2, -3, 2)


def test_what_the_compiler_refuses_is_told():
    with pytest.raises(errors.CompileError, match=r"no_such_header\.h"):
        pyx.compile("cdef extern from 'no_such_header.h':\n    int f_of_no_library(int x)\n")


def test_elements_that_do_not_fit_a_table():
    for text, error in (("[1, 2**31]", OverflowError), ("[1, 'a']", TypeError)):
        with pytest.raises(error):
            pyx.compile(f"cdef int *p = {text}\n")
