"""What modules in the Cython language share: `.pxd` files with functions, variables of C, includes, packages, encodings."""

import array
import importlib
import sys

import numpy as np
import pytest

from ungil import errors, pyx


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    pyx.install()
    yield tmp_path
    pyx.uninstall()
    for name in [n for n in sys.modules if n.split(".")[0].startswith("pyxc_")]:
        del sys.modules[name]


def write(folder, **files):
    for name, text in files.items():
        (folder / name.replace("_dot_", ".")).write_text(text)
    importlib.invalidate_caches()


INLINE = """
from libc.math cimport sqrt
ctypedef fused number:
    int
    double
cdef inline double length(double x, double y) noexcept nogil:
    return sqrt(x * x + y * y)
cdef inline number more(number x):
    return x + 1
"""


def test_functions_that_a_pxd_file_defines(folder):
    write(folder, pyxc_vectors_dot_pxd=INLINE)
    text = (
        "cimport pyxc_vectors as v\nfrom pyxc_vectors cimport length, more\n"
        "def f(double x, int n):\n    return length(x, 4), v.length(6, 8), more(n), more(x)\n"
    )
    write(folder, pyxc_lengths_dot_pyx=text)
    module = importlib.import_module("pyxc_lengths")
    assert module.f(3, 1) == (5.0, 10.0, 2, 4.0)
    # An edited `.pxd` file counts when what cimports it is reloaded.
    write(folder, pyxc_vectors_dot_pxd=INLINE.replace("x + 1", "x + 2"))
    assert importlib.reload(module).f(3, 1) == (5.0, 10.0, 3, 5.0)


def test_a_module_sees_what_its_own_pxd_file_defines(folder):
    write(
        folder,
        pyxc_own_dot_pxd="cdef int count\ncdef inline int twice(int x):\n    return 2 * x\n",
        pyxc_own_dot_pyx="count = 3\ndef f(): return twice(count)\n",
    )
    module = importlib.import_module("pyxc_own")
    assert module.f() == 6
    assert not hasattr(module, "count") and not hasattr(module, "twice")


STATE = """
cdef enum:
    SIZE = 3
cdef struct Record:
    int a
cdef int counter
cdef double[4] table
cdef double[:] view
cdef Record record
cdef list names
"""
STATE_TEXT = """
import numpy as np
counter = 10
view = np.arange(3.0)
names = ["a"]
def state():
    return counter, table[1], record.a, view[0], names
def bump():
    global counter
    counter += 1
"""
USE = """
from pyxc_state cimport counter, table, view, record, names, SIZE
cimport pyxc_state
cimport pyxc_state as other
cdef double buffer[SIZE * 2]
def read():
    return counter, other.counter, table[1], pyxc_state.table[1], record.a, view[2], names
def write():
    global counter
    counter = 77
    table[1] = 2.5
    other.record.a = 9
    view[0] = -1
def without_lock():
    cdef int total = 0
    with nogil:
        total = counter + pyxc_state.counter + sizeof(buffer)
    return total
"""


def test_variables_are_shared(folder):
    write(folder, pyxc_state_dot_pxd=STATE, pyxc_state_dot_pyx=STATE_TEXT, pyxc_use_dot_pyx=USE)
    use = importlib.import_module("pyxc_use")
    state = sys.modules["pyxc_state"]
    assert use.read() == (10, 10, 0.0, 0.0, 0, 2.0, ["a"])
    use.write()
    assert state.state() == (77, 2.5, 9, -1.0, ["a"])
    state.bump()
    assert use.read()[:2] == (78, 78)
    assert use.without_lock() == 156 + 48


def test_variables_of_others_beside_arrays_of_cpython(folder):
    # Members of arrays are looked for first; other attributes stay what they are.
    text = """
cimport pyxc_state
from cpython cimport array
import array

def first(array.array a):
    return a.data.as_doubles[0] + pyxc_state.counter
"""
    write(folder, pyxc_state_dot_pxd=STATE, pyxc_state_dot_pyx=STATE_TEXT, pyxc_arrays_dot_pyx=text)
    module = importlib.import_module("pyxc_arrays")
    assert module.first(array.array("d", [0.5])) == 10.5


def test_included_texts_share_variables_types_and_constants(folder):
    write(
        folder,
        pyxc_a_dot_pxi="include 'pyxc_b.pxi'\ncdef int K = 4\ndef inner():\n    return K + LENGTH + outer\n",
        pyxc_b_dot_pxi="DEF LENGTH = 5\nctypedef double real\n",
        pyxc_with_dot_pyx=(
            "cdef int outer = 100\ninclude 'pyxc_a.pxi'\n"
            "def f(real x):\n    cdef int a[LENGTH]\n    return x + K, sizeof(a)\n"
            "def change(int k):\n    global K\n    K = k\n"
        ),
    )
    module = importlib.import_module("pyxc_with")
    assert module.f(0.5) == (4.5, 20)
    assert module.inner() == 109
    module.change(6)
    assert module.inner() == 111


def test_includes_that_there_are_not(folder):
    write(
        folder,
        pyxc_none_dot_pyx="x = 1\ninclude 'missing.pxi'\n",
        pyxc_self_dot_pyx="include 'pyxc_self.pyx'\n",
    )
    with pytest.raises(errors.CompileError, match=r"'missing.pxi' not found") as found:
        importlib.import_module("pyxc_none")
    assert found.value.diagnostics[0].line == 2
    with pytest.raises(errors.CompileError, match="includes itself"):
        importlib.import_module("pyxc_self")


def test_modules_that_cimport_each_other(folder):
    write(
        folder,
        pyxc_one_dot_pxd="cimport pyxc_two\ncdef struct One:\n    int x\n",
        pyxc_two_dot_pxd="cimport pyxc_one\ncdef struct Two:\n    int y\n",
        pyxc_one_dot_pyx="cimport pyxc_two\ndef f():\n    cdef pyxc_two.Two t\n    t.y = 3\n    return t.y\n",
    )
    assert importlib.import_module("pyxc_one").f() == 3


def test_packages_whose_init_is_in_the_language(folder):
    package = folder / "pyxc_pack"
    package.mkdir()
    (package / "__init__.pyx").write_text("def here():\n    return __name__, __package__\n")
    (package / "low.pxd").write_text("cdef inline int one():\n    return 1\n")
    (package / "high.pyx").write_text(
        "cimport pyxc_pack.low\nfrom . cimport low\nfrom .low cimport one\n"
        "def f():\n    return one() + low.one() + pyxc_pack.low.one()\n"
    )
    importlib.invalidate_caches()
    assert importlib.import_module("pyxc_pack").here() == ("pyxc_pack", "pyxc_pack")
    assert importlib.import_module("pyxc_pack.high").f() == 3


def test_encodings(folder):
    (folder / "pyxc_latin.pyx").write_bytes(b'# -*- coding: latin-1 -*-\ndef f():\n    return "\xe9"\n')
    (folder / "pyxc_bom.pyx").write_bytes(b"\xef\xbb\xbfdef f():\r\n    return 1\r\n")
    assert importlib.import_module("pyxc_latin").f() == "é"
    assert importlib.import_module("pyxc_bom").f() == 1
    (folder / "pyxc_bytes.pyx").write_bytes(b'def f():\n    return "\xe9"\n')
    with pytest.raises(errors.CompileError, match="not text in utf-8: byte 0xe9") as found:
        importlib.import_module("pyxc_bytes")
    assert found.value.diagnostics[0].line == 2
    (folder / "pyxc_coding.pyx").write_bytes(b"# coding: klingon\n")
    with pytest.raises(errors.CompileError, match="unknown encoding: `klingon`"):
        importlib.import_module("pyxc_coding")


def test_members_shorter_than_a_word_from_plain_python():
    module = pyx.compile(
        "cdef struct S:\n    int a\n    char b\ncdef S s\ns.a = 3\nshown = s\ndef f(x):\n    yield s.b + x\n"
    )
    assert module.shown == {"a": 3, "b": 0}
    assert list(module.f(1)) == [1]


def test_arrays_of_constants_from_elsewhere(folder):
    write(
        folder,
        pyxc_sizes_dot_pxd="DEF M = 2\ncdef enum:\n    N = M + 1\n",
        pyxc_arrays_dot_pyx=(
            "from pyxc_sizes cimport N\ndef f(double[:] v):\n    cdef double a[N]\n    cdef int i\n"
            "    for i in range(N):\n        a[i] = 2 * v[i]\n    return a[0] + a[2]\n"
        ),
    )
    assert importlib.import_module("pyxc_arrays").f(np.arange(3.0)) == 4.0
