"""What modules take from elsewhere: functions of modules that Cython made, packages that are only built, headers of NumPy."""

import math

import numpy as np
import pytest

import ungil
from ungil import errors, pyx

BLAS = """
{cimport}
def dot(double[::1] a, double[::1] b):
    cdef int n = a.shape[0], one = 1
    cdef double r
    with nogil:
        r = {p}ddot(&n, &a[0], &one, &b[0], &one)
    return r
def product(double[::1, :] a, double[::1, :] b, double[::1, :] c):
    cdef int m = a.shape[0], k = a.shape[1], n = b.shape[1]
    cdef double one = 1, zero = 0
    {p}dgemm('N', "N", &m, &n, &k, &one, &a[0, 0], &m, &b[0, 0], &k, &zero, &c[0, 0], &m)
def beside_objects(double[::1] a, list out):
    cdef int n = a.shape[0], one = 1
    out.append({p}ddot(&n, &a[0], &one, &a[0], &one))
    return out
"""


@pytest.mark.parametrize(
    "cimport,prefix",
    [
        ("from scipy.linalg.cython_blas cimport ddot, dgemm", ""),
        ("from scipy.linalg cimport cython_blas as blas", "blas."),
        ("cimport scipy.linalg.cython_blas", "scipy.linalg.cython_blas."),
    ],
)
def test_functions_of_modules_that_cython_made(cimport, prefix):
    m = pyx.compile(BLAS.format(cimport=cimport, p=prefix), "pyxe_blas")
    a = np.arange(5.0)
    assert m.dot(a, a + 1) == a @ (a + 1)
    assert m.beside_objects(a, []) == [30.0]
    left, right = (np.asfortranarray(np.random.default_rng(0).random(s)) for s in ((3, 4), (4, 5)))
    out = np.zeros((3, 5), order="F")
    m.product(left, right, out)
    np.testing.assert_allclose(out, left @ right, rtol=1e-14)


def test_functions_that_such_a_module_does_not_have():
    with pytest.raises(
        errors.CompileError, match=r"scipy\.linalg\.cython_blas\.nothing` cannot be cimported"
    ):
        pyx.compile("from scipy.linalg.cython_blas cimport nothing\n", "pyxe_none")


PACKAGE = {
    "__init__.py": "raise ImportError('not to be imported while it is built')\n",
    "low.pxd": "cdef double twice(double x) noexcept nogil\ncdef int counter\ncdef enum:\n    N = 3\n",
    "low.pyx": "raise ImportError('this neither')\ncdef double twice(double x) noexcept nogil:\n    return 2 * x\n",
    "sub/__init__.py": "",
    "sub/parts.pxi": "cdef int[N] table\n",
    "sub/high.pyx": (
        "from pyxe_pack.low cimport twice, N\nfrom ..low cimport counter\ncimport pyxe_pack.low as low\n"
        'include "parts.pxi"\ninclude "pyxe_pack/sub/more.pxi"\n'
        "def f(double x):\n    return low.twice(x) + twice(x) + counter + more()\n"
    ),
    "sub/more.pxi": "cdef int more() noexcept:\n    return N\n",
    "sub/wrong.pyx": "from ..low cimport thrice\ndef f(double x):\n    return thrice(x)\n",
}


def test_packages_are_built_without_being_run(tmp_path, monkeypatch):
    for name, text in PACKAGE.items():
        file = tmp_path / "pyxe_pack" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    made = ungil.cythonize(["pyxe_pack/low.pyx", "pyxe_pack/sub/high.pyx"], quiet=True)
    assert [one.name for one in made] == ["pyxe_pack.low", "pyxe_pack.sub.high"]
    with pytest.raises(errors.CompileError, match=r"`pyxe_pack\.low\.thrice` cannot be cimported"):
        ungil.cythonize("pyxe_pack/sub/wrong.pyx", quiet=True)


LINES = '''
def f(int a, int b):
    cdef Py_ssize_t n = (a - 1) \\
                          * (b - 1)
    cdef int k = (a +  # one, "two"
         b), j = 3 \\
         + 4
    cdef str s = """it's
two \\"lines\\"""", raw = r"""a\\n
b"""
    cdef bytes c = b"""x\\
y
z"""
    return n, k, j, s, raw, c, later()
def later():
    raise_line = 0
    return raise_line
'''


def test_initial_values_of_several_lines():
    found = pyx.compile(LINES, "pyxe_lines").f(3, 5)
    assert found == (8, 8, 7, 'it\'s\ntwo "lines"', "a\\n\nb", b"xy\nz", 0)


def test_constants_of_numpys_mathematics():
    text = "from numpy.math cimport PI, INFINITY, NAN, EULER, log1p, isnan\ndef f(double x):\n"
    text += "    return PI, INFINITY, NAN, EULER, log1p(x), bool(isnan(x))\n"
    pi, infinity, nan, euler, value, answer = pyx.compile(text, "pyxe_math").f(0.5)
    assert (pi, infinity, euler, value) == (math.pi, math.inf, np.euler_gamma, math.log1p(0.5))
    assert math.isnan(nan) and answer is False


BOOL = """
def f(bool x, bool y=False):
    cdef bool both = x and y
    return x, both
cdef bool inner(double x):
    return x > 0
def g(double x):
    return inner(x)
"""


def test_pythons_truth_values_as_a_declared_type():
    m = pyx.compile(BOOL, "pyxe_bool")
    assert m.f(True, True) == (True, True) and m.f(None) == (None, None) and m.g(2) is True
    for wrong, name in ((1, "int"), (np.bool_(True), "numpy.bool")):
        with pytest.raises(
            TypeError, match=rf"Argument 'x' has incorrect type \(expected bool, got {name}\)"
        ):
            m.f(wrong)


def test_headers_of_numpy_are_found():
    text = 'cdef extern from "numpy/npy_math.h":\n    const double NPY_PI\ndef f():\n    return NPY_PI\n'
    assert pyx.compile(text, "pyxe_header").f() == math.pi


def test_unnamed_arrays_as_parameters_of_function_types():
    text = "ctypedef double (*fold)(double[], int)\n"
    text += "cdef double total(double *p, int n):\n    cdef double s = 0\n    for i in range(n):\n        s += p[i]\n    return s\n"
    text += "def f():\n    cdef double[3] a = [1, 2, 3]\n    cdef fold g = total\n    return g(a, 3)\n"
    assert pyx.compile(text, "pyxe_unnamed").f() == 6.0


def test_builtins_that_are_cimported():
    text = "from libc.math cimport abs as dabs, fabs\ndef f(double x, y):\n    return dabs(x), dabs(y), fabs(x)\n"
    assert pyx.compile(text, "pyxe_abs").f(-1.5, -(2**70)) == (1.5, 2**70, 1.5)
