"""Pure-Python mode beside Cython's own: the same files, compiled by both; results, exceptions and messages."""

import importlib.util
import re
import shutil
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from pyx_reference import build, check

from ungil import cython, errors, pyx
from ungil.pyx import _pure

FOLDER = Path(__file__).parent / "pyx"


def compiled_by_cython(folder, name):
    for path in (FOLDER / f"{name}.py", FOLDER / f"{name}.pxd"):
        if path.exists():
            shutil.copy(path, folder)
    return build(folder / f"{name}.py", folder)


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    return compiled_by_cython(tmp_path_factory.mktemp("pure"), "pure")


@pytest.fixture(scope="session")
def module():
    return pyx.compile(FOLDER / "pure.py")


NUMBERS = [
    0,
    1,
    3,
    -1,
    -7,
    200,
    255,
    256,
    300,
    2**31 - 1,
    2**31,
    -(2**31),
    2**40,
    2**70,
    2.5,
    "x",
    None,
    True,
]


@pytest.mark.parametrize("name", ["declared", "small", "flag", "pyfloat", "array", "refused", "defaults"])
def test_of_one_number(reference, module, name):
    # Loops over the largest integers take too long.
    numbers = [n for n in NUMBERS if not (name == "declared" and isinstance(n, int) and n > 1000)]
    check(reference, module, name, *[(n,) for n in numbers])


@pytest.mark.parametrize("name", ["scaled", "call", "python_division", "defaults"])
def test_of_two_numbers(reference, module, name):
    pairs = [(a, b) for a in (0, 1, -7, 300, 2.5, "x") for b in (1, 2, -3, 0, 2**31, 2.5)]
    # Functions that run as plain Python raise OverflowError where C wraps.
    pairs = [p for p in pairs if not (name == "call" and p in ((-7, 2.5), (300, 2.5)))]
    check(reference, module, name, *pairs)


def test_division_of_c(reference, module):
    check(reference, module, "divided", (7, 2), (-7, 2), (7, -2), (-7, -2), (-8, 3))


def test_widths(reference, module):
    rows = [
        (1, 2, 3, 4, 5),
        (255, -5, 2**32 - 1, -(2**63), 2**64 - 1),
        (256, 1, 1, 1, 1),
        (1, 2**15, 1, 1, 1),
        (1, 1, -1, 1, 1),
    ]
    check(reference, module, "widths", *rows)


def test_casts(reference, module):
    check(reference, module, "casts", (300.7,), (-1.5,), (0.0,), ("x",), (3,))
    check(reference, module, "sizes", ())
    check(reference, module, "compiled", ())


def test_classes_of_python(reference, module):
    rows = [
        ((1,),),
        ([1],),
        (None,),
        ((1,), "a"),
        ((1,), 3),
        ((1,), None, [1]),
        ((1,), None, (1,)),
        ((), None, None, 3),
    ]
    check(reference, module, "python_classes", *rows)
    for name in ("class_inside", "casts_of_objects", "checked_cast"):
        check(reference, module, name, ([1],), ((1,),), (None,))
    check(reference, module, "casts_by_name", (3.7, 300), (-3.7, -1))


def test_objects(reference, module):
    check(reference, module, "pyint", (3,), (2**70,))
    check(reference, module, "text", (3,), (2, "bc"), ("x",))
    check(reference, module, "comprehension", (4,), (0,), (-1,))
    assert module.Thing().go(4) == reference.Thing().go(4) == 5


def test_views(reference, module):
    a = np.arange(6.0)
    check(reference, module, "total", (a,), (a[::2],), (a[:0],), (a.astype("f4"),), (a.reshape(2, 3),), (3,))
    check(reference, module, "at", (a, 0), (a, -1), (a, 6), (a, -7))
    check(reference, module, "table", (np.zeros((2, 2), np.int32), 5), (np.zeros((2, 2)), 5))
    x = np.random.default_rng(0).normal(size=(7, 3))
    found, expected = np.zeros((7, 7)), np.zeros((7, 7))
    module.distances(x, found)
    reference.distances(x, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_c_functions_are_not_visible(reference, module):
    for name in ("square", "wrapped", "refuse", "COUNT", "real", "distances", "scaled", "Thing"):
        assert hasattr(module, name) == hasattr(reference, name), name


def test_functions_are_compiled(module):
    module.total(np.ones(2)), module.divided(7, 2), module.call(1, 2)
    assert "(float64[::1]) -> float" in module.total.signatures
    assert module.divided.signatures and module.call.signatures


@pytest.fixture(scope="session")
def augmented(tmp_path_factory):
    return compiled_by_cython(tmp_path_factory.mktemp("augmented"), "augmented")


def test_a_pxd_file_augments(augmented):
    module = pyx.compile(FOLDER / "augmented.py")
    assert not hasattr(module, "inner") and not hasattr(augmented, "inner")
    check(augmented, module, "outer", (2.0,), (2, 5), (2.0, 2**40), ("x",))
    check(augmented, module, "narrow", (1,), (2**15,), (-(2**15) - 1,))
    check(augmented, module, "checked", (0,), (-1,), (5,))
    check(augmented, module, "plain", ("z",))
    assert module.outer.signatures == ["(float, int) -> float"]


def test_lines_stay_where_they_are():
    for name in ("pure", "augmented"):
        text = (FOLDER / f"{name}.py").read_text()
        pxd = FOLDER / f"{name}.pxd"
        found = _pure.read(text, name, pxd.read_text() if pxd.exists() else None)
        assert found.text.count("\n") == text.count("\n")
        for before, after in zip(text.splitlines(), found.text.splitlines()):
            if "return" in before and "cython" not in before:
                assert before == after


def test_types_of_annotations():
    source = (
        "import cython as cy\n@cy.cfunc\n@cy.nogil\n@cy.exceptval(-1, check=False)\n"
        "def f(a: cy.p_double, b: cy.pointer(cy.int), c: cy.const[cy.float], d: cy.ulonglong, e: list, g: cy.pp_char, h: 'cy.int') -> cy.longlong:\n"
        "    return 1\n"
    )
    line = _pure.read(source, "f.py", None).text.splitlines()[4]
    assert line == (
        "cdef long long f(double* a, int* b, const float c, unsigned long long d, e: list, char** g, h) except -1 nogil:"
    )


def test_types_made_by_calls():
    source = "import cython\nT = cython.fused_type(cython.int, cython.double)\nP = cython.struct(x=cython.int, y=cython.double[3])\n"
    found = _pure.read(source, "f.py", None)
    assert (
        found.declarations
        == "ctypedef fused T:\n    int\n    double\nctypedef struct P:\n    int x\n    double y[3]\n"
    )


FUSED = """
import cython

num = cython.fused_type(cython.int, cython.double)
Point = cython.struct(x=cython.int, y=cython.double)


@cython.cfunc
def twice(x: num) -> num:
    y: num = x
    return x + y


def total(a: num[:]):
    s: num = 0
    i: cython.Py_ssize_t
    for i in range(a.shape[0]):
        if i >= 0:
            t: num = a[i]
            s += twice(t)
    return s


def through_pointers(a: cython.double[:]):
    p: cython.p_double = cython.address(a[0])
    q: Point
    q.x = 3
    q.y = p[1]
    return q.x * q.y
"""


def test_fused_types_structs_and_pointers(tmp_path):
    path = tmp_path / "fused.py"
    path.write_text(FUSED)
    module = pyx.compile(path)
    assert module.total(np.arange(4, dtype=np.int32)) == 12
    assert module.total(np.arange(4.0) + 0.5) == 16.0
    assert module.through_pointers(np.array([1.0, 2.5])) == 7.5
    assert "(float64[::1]) -> float" in str(module.total["double"].signatures)


def test_imports_by_other_names():
    source = (
        "from ungil import cython as c\nfrom cython import cfunc, int as cint, declare\nimport os, cython\n"
        "from cython.cimports.libc import math as m\n\n@cfunc\ndef f(a: cint) -> c.double:\n    b = declare(c.int)\n    return a\n"
    )
    lines = _pure.read(source, "f.py", None).text.splitlines()
    assert lines[0] == "cimport cython as c"
    assert lines[2] == "cimport cython; import os"
    assert lines[3] == "from libc cimport math as m"
    assert lines[6] == "cdef double f(int a):" and lines[5] == ""


def test_errors_name_the_line(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text("import cython\n\n\ndef f(x: cython.int:\n    return x\n")
    with pytest.raises(errors.CompileError) as caught:
        pyx.compile(path)
    assert caught.value.diagnostics[0].line == 4
    path.write_text(
        "import cython\n\n\n@cython.nogil\n@cython.cfunc\ndef f(x: cython.int):\n    return open(x)\n\n\nf(1)\n"
    )
    with pytest.raises(errors.CompileError) as caught:
        pyx.compile(path)
    # Without a declared result a function gives a Python object, which needs the lock too.
    assert {d.line for d in caught.value.diagnostics} == {6, 7}


def test_without_compilation():
    source = re.sub(r"(?m)^(import cython|from cython.*)$", "", (FOLDER / "pure.py").read_text())
    head = "from math import floor, sqrt\nfrom ungil import cython\nprange = cython.parallel.prange\n"
    names = {}
    exec(head + source.replace("nogil=True", ""), names)
    assert names["scaled"](2.0) == 4.0 and names["compiled"]() == 0
    assert names["declared"](3) == 4.5 and names["array"](2) == 6 and names["total"](np.ones(3)) == 3.0
    assert names["casts"](3.7) == (3, 3) and names["sizes"]() == (4, 8, 8, 2)


SCALE = 3


@cython.compile
def compiled_here(n: cython.int, x: cython.double = 0.5):
    i: cython.int
    for i in range(n):
        x += SCALE
    return x


def test_compile_as_a_decorator():
    assert compiled_here(4) == 12.5
    assert compiled_here.signatures == ["(int, float) -> float"]
    with pytest.raises(OverflowError, match="value too large to convert to int"):
        compiled_here(2**40)


def test_cythonize_of_a_pure_module(tmp_path, monkeypatch):
    import ungil
    from ungil.pyx import _elf

    monkeypatch.chdir(tmp_path)
    shutil.copy(FOLDER / "augmented.py", tmp_path)
    shutil.copy(FOLDER / "augmented.pxd", tmp_path)
    (extension,) = ungil.cythonize("augmented.py", quiet=True)
    library = tmp_path / "out" / ("augmented" + sysconfig.get_config_var("EXT_SUFFIX"))
    library.parent.mkdir()
    library.write_bytes(_elf.extension("augmented", extension._ungil_payload))
    spec = importlib.util.spec_from_file_location("augmented", library)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.outer(2.0) == 16.0 and not hasattr(module, "inner")
