"""Modules in the Cython language: what Python sees of them, plain functions, imports, errors."""

import asyncio
import importlib
import sys
import traceback

import numpy as np
import pytest

from ungil import errors, pyx


def compiled(text, **options):
    return pyx.compile(text, **options)


def test_module_level_code_runs_as_python():
    m = compiled(
        """
import numpy as np
cimport numpy as np
np.import_array()
DEF N = 4
cdef enum color:
    RED, GREEN = 5, BLUE
cpdef enum shape:
    ROUND = 2
cdef int counter = 3
cdef int square(int x): return x * x
table = [square(i) for i in range(N)]

class Plain:
    def method(self, int x):
        return square(x) + counter

def constants():
    return N, RED, GREEN, BLUE, counter
"""
    )
    assert m.table == [0, 1, 4, 9]
    assert m.constants() == (4, 0, 5, 6, 3)
    assert m.Plain().method(4) == 19
    assert m.shape.ROUND == 2 and m.shape.__module__ == m.__name__
    assert not any(hasattr(m, name) for name in ("square", "counter", "RED", "N", "ROUND"))


def test_enumerations_that_python_sees():
    m = compiled(
        """
cpdef enum Color:
    RED = 1
    GREEN
    BLUE = RED + 6
cpdef enum:
    LONELY = 5
def typed(Color c, int x):
    cdef Color d = BLUE
    return c + d + x + LONELY
def members():
    return Color.GREEN, GREEN == Color.GREEN, [int(c) for c in Color]
"""
    )
    assert [(c.name, c.value) for c in m.Color] == [("RED", 1), ("GREEN", 2), ("BLUE", 7)]
    assert m.LONELY == 5 and not hasattr(m, "RED")
    assert m.typed(m.Color.RED, 2) == m.typed(1, 2) == 15
    assert m.members() == (m.Color.GREEN, True, [1, 2, 7])
    with pytest.raises(TypeError):
        m.typed("a", 2)


def test_functions_that_handle_objects():
    m = compiled(
        '''
def words(str s, int n):
    """Documentation."""
    cdef int i
    cdef list out = []
    for i in range(n):
        out.append(s.upper() + str(i))
    return out
def kw(int a, *, double b=2.5, **rest):
    return a, b, rest
def star(int a, *args):
    return a, args
def divide(int x):
    cdef double y
    try:
        y = 1 / x
    except ZeroDivisionError as e:
        return str(e)
    return y
def closure(int n):
    def inner(k):
        return k + n
    return inner
def generate(int n):
    for i in range(n):
        yield i * n
async def later(int x):
    return x
cpdef int length(x):
    return len(x)
cdef object pack(x):
    return [x]
def use(x):
    return pack(x)
def lists(int n):
    return [k * n for k in range(3)], (n, [float(n)])
'''
    )
    assert m.words("ab", 2) == ["AB0", "AB1"]
    assert m.words.__doc__ == "Documentation."
    assert m.kw(1, b=2, c=3) == (1, 2.0, {"c": 3})
    with pytest.raises(TypeError, match="an integer is required"):
        m.kw("x")
    assert m.star(1, "a", 2) == (1, ("a", 2))
    assert m.divide(4) == 0.25 and m.divide(0) == "float division"
    assert m.closure(3)(4) == 7
    assert list(m.generate(3)) == [0, 3, 6]
    with pytest.raises(TypeError):
        list(m.generate("x"))
    assert asyncio.run(m.later(4)) == 4
    assert m.length({1: 2}) == 1
    assert m.use("q") == ["q"]
    found = m.lists(2)
    assert repr(found) == "([0, 2, 4], (2, [2.0]))"


def test_typed_variables_of_functions_of_objects():
    m = compiled(
        """
def total(d):
    cdef unsigned char c = 0
    for key in d:
        c += d[key]
    return c
def narrow(d, long x):
    cdef short s = x
    d["s"] = s
    return s
def looped(d):
    cdef signed char i
    for i in d["range"]:
        pass
    return i
"""
    )
    assert m.total({1: 100, 2: 100}) == 200
    with pytest.raises(OverflowError, match="value too large to convert to unsigned char"):
        m.total({1: 200, 2: 100})
    assert m.narrow({}, 7) == 7
    # From C to C it wraps, as C does.
    assert m.narrow({}, 70000) == 4464
    with pytest.raises(OverflowError):
        m.looped({"range": [1, 200]})


def test_without_the_lock_nothing_runs_as_python():
    with pytest.raises(errors.CompileError, match="not allowed without gil"):
        compiled(
            """
def f(double[:] a, d):
    with nogil:
        d["x"] = a[0]
    return d
"""
        )


def test_c_arrays_loops_and_casts():
    m = compiled(
        """
# no directives
from libc.stdint cimport int32_t, uint8_t
from libc.limits cimport INT_MAX
def carr(int n):
    cdef int a[10]
    cdef int i
    for i in range(10):
        a[i] = i * n
    return a[3] + a[9]
def casts(double x):
    cdef unsigned char c = <unsigned char>x
    cdef int32_t i = <int32_t>x
    return c, i, sizeof(int), sizeof(uint8_t), 10ULL, c'a', INT_MAX
def steps(long n):
    cdef int steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps
def bounds(int n):
    cdef int i, s = 0
    for i from 0 <= i < n by 2:
        s += i
    for i from n > i >= 0:
        s += 1
    return s
def too_far(long n):
    cdef signed char i
    cdef long s = 0
    for i in range(n):
        s += 1
    return s
"""
    )
    assert m.carr(2) == 24
    assert m.casts(300.7) == (44, 300, 4, 1, 10, 97, 2**31 - 1)
    assert m.steps(27) == 111
    assert m.bounds(7) == 12 + 7
    assert m.too_far(128) == 128
    with pytest.raises(OverflowError):
        m.too_far(129)


def test_language_level_two(capsys):
    m = compiled(
        """
# cython: language_level=2
def f(int a, int b):
    return a / b, 7 <> 8
def g(x, y):
    print x, y
    print "no end",
    try:
        raise ValueError, "text"
    except ValueError, e:
        return str(e)
"""
    )
    assert m.f(7, 2) == (3, True) and m.f(-7, 2) == (-4, True)
    assert m.g(1, 2) == "text"
    assert capsys.readouterr().out == "1 2\nno end "


def test_tracebacks_name_the_lines_of_the_file(tmp_path):
    file = tmp_path / "lines.pyx"
    file.write_text(
        "cdef double inner(double x) except? -1:\n    if x < 0:\n        raise ValueError('negative')\n    return x\n\ndef outer(\n    double x,\n):\n    cdef double y = inner(x)\n    return y\n"
    )
    m = pyx.compile(file)
    assert m.outer(2) == 2.0
    with pytest.raises(ValueError, match="negative") as caught:
        m.outer(-1)
    lines = [
        (f.name, f.lineno)
        for f in traceback.extract_tb(caught.value.__traceback__)
        if f.filename == str(file)
    ]
    assert lines == [("outer", 9), ("inner", 3)]


def test_all_errors_of_a_module_come_at_once():
    with pytest.raises(errors.CompileError) as caught:
        compiled(
            "cdef class A:\n    cdef int x\ndef f(foo x):\n    cdef object *p\n    return x\ncdef struct s:\n    list a\n"
        )
    assert [(d.code, d.line) for d in caught.value.diagnostics] == [
        ("U0802", 1),
        ("U0803", 3),
        ("U0802", 4),
        ("U0801", 7),
    ]
    with pytest.raises(errors.CompileError) as caught:
        compiled("cdef int\ndef f(int x:\n    pass\ncdef double 3\n")
    assert {d.code for d in caught.value.diagnostics} >= {"U0101"}


@pytest.fixture
def hook(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    pyx.install()
    yield tmp_path
    pyx.uninstall()
    for name in [n for n in sys.modules if n.split(".")[0].startswith("pyxt_")]:
        del sys.modules[name]


def test_imports_packages_and_declaration_files(hook):
    (hook / "pyxt_base.pxd").write_text(
        "ctypedef double real\ncdef real half(real x) nogil\ncdef enum:\n    LIMIT = 7\n"
    )
    (hook / "pyxt_base.pyx").write_text(
        "cdef real half(real x) nogil:\n    return x / 2\ndef public(real x):\n    return half(x) + LIMIT\n"
    )
    (hook / "pyxt_user.pyx").write_text(
        "cimport pyxt_base\nfrom pyxt_base cimport half, real, LIMIT\ninclude 'more.pxi'\n"
        "def f(real x):\n    return half(x), pyxt_base.half(x), LIMIT, extra(x)\n"
    )
    (hook / "more.pxi").write_text("cdef double extra(double x):\n    return x * 10\n")
    package = hook / "pyxt_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inner.pyx").write_text("def g(int x):\n    return x + 1\n")
    import pyxt_user  # type: ignore[import-not-found]
    from pyxt_package.inner import g  # type: ignore[import-not-found]

    assert pyxt_user.f(3) == (1.5, 1.5, 7, 30.0)
    assert g(2) == 3
    assert sys.modules["pyxt_base"].public(4) == 9.0
    (package / "inner.pyx").write_text("def g(int x):\n    return x + 2\n")
    assert importlib.reload(sys.modules["pyxt_package.inner"]).g(2) == 4


def test_modules_of_packages_are_cimported(hook):
    package = hook / "pyxt_parts"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "low.pxd").write_text(
        "cdef struct P:\n    int x\ncdef double twice(double x) noexcept nogil\n"
    )
    (package / "low.pyx").write_text("cdef double twice(double x) noexcept nogil:\n    return 2 * x\n")
    for k, line in enumerate(("from pyxt_parts cimport low", "from . cimport low as low")):
        text = f"{line}\ndef f(double x):\n    cdef low.P p\n    p.x = 3\n    return low.twice(x) + p.x\n"
        (package / f"high{k}.pyx").write_text(text)
        assert importlib.import_module(f"pyxt_parts.high{k}").f(1.5) == 6.0


def test_imports_of_cython_are_cimports():
    m = compiled(
        """
import cython
from cython.parallel import parallel, prange, threadid
import numpy as np

@cython.boundscheck(False)
def total(double[:, ::1] a, int n):
    cdef int i, j
    cdef double s = 0
    for i in prange(a.shape[0], nogil=True, num_threads=n, schedule="dynamic"):
        for j in range(a.shape[1]):
            s += a[i, j]
    return s

def ids(int n):
    out = np.zeros(n, np.int32)
    cdef int[:] o = out
    with nogil, parallel(num_threads=n):
        o[threadid()] += threadid() + 1
    return out

def inside(x):
    import cython
    return cython.declare(cython.int, x)
"""
    )
    assert m.total(np.ones((10, 10)), 4) == 100
    assert m.ids(5).tolist() == [1, 2, 3, 4, 5]
    assert m.inside(3) == 3


def test_unknown_cimports_are_refused():
    for text in (
        "from libc.stdlib cimport atexit\n",
        "cimport nowhere_at_all\n",
        "from libc.math cimport nothing\n",
    ):
        with pytest.raises(errors.CompileError) as caught:
            compiled(text)
        assert caught.value.code == "U0805"
    with pytest.raises(errors.CompileError, match="did you mean `memcpy`"):
        compiled("from libc.string cimport memcopy\n")


def test_views_take_any_layout_and_slices():
    m = compiled(
        """
import numpy as np
def fill(double[:, :] a):
    a[0, :] = 5
    a[1:, 0] = a[0, 0]
    cdef double[:] row = a[2]
    row[1] = -1
    return np.asarray(a)
def total(double[:, :] a):
    cdef Py_ssize_t i, j
    cdef double s = 0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s += a[i, j]
    return s
def optional(int a=3, double[:] v=None):
    if v is None:
        return a
    return v[0] * a
"""
    )
    expected = [[5, 5, 5], [5, 0, 0], [5, -1, 0]]
    assert m.fill(np.zeros((3, 3))).tolist() == expected
    a = np.arange(24.0).reshape(4, 6)
    for view in (a, a.T, a[::2, ::3], a[::-1], np.asfortranarray(a), np.empty((0, 3))):
        assert m.total(view) == view.sum()
    assert (m.optional(), m.optional(2), m.optional(2, np.ones(2)), m.optional(v=np.ones(1) * 7)) == (
        3,
        2,
        2.0,
        21.0,
    )


def test_the_cell_magic_defines_names():
    import ungil

    class Shell:
        def __init__(self):
            self.magics, self.names = {}, {}

        def register_magic_function(self, function, kind):
            assert kind == "cell"
            self.magics[function.__name__] = function

        def push(self, names):
            self.names |= names

    shell = Shell()
    ungil.load_ipython_extension(shell)
    shell.magics["ungil_pyx"]("", "def f(int x):\n    return x * 2")
    assert shell.names["f"](21) == 42
    shell.magics["ungil_pyx"]("-2", "def g(int x):\n    return x / 2")
    assert shell.names["g"](7) == 3
    with pytest.raises(ValueError, match="no option"):
        shell.magics["ungil_pyx"]("--cplus", "")


def test_pointers_to_bytes():
    m = compiled(
        """
from libc.string cimport strlen
def first(bytes b):
    cdef char* p = b
    return p[0], strlen(p)
def total(bytes b):
    cdef const unsigned char* p = b
    cdef Py_ssize_t i, n = len(b)
    cdef long s = 0
    for i in range(n):
        s += p[i]
    return s
def second(b):
    cdef char* p = b
    return p[1]
"""
    )
    assert m.first(b"xyz") == (120, 3)
    assert m.total(b"xyz\xff") == 120 + 121 + 122 + 255
    assert m.second(b"a\xff") == -1
    with pytest.raises(TypeError):
        m.total("text")
