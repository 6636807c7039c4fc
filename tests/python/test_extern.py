"""C functions by their prototypes, from Python and in kernels: libraries, capsules of Cython, f2py."""

import ctypes
import pickle
import shutil
import subprocess

import numpy as np
import pytest

import ungil

hypot = ungil.extern("double hypot(double x, double y);", library="m")
toupper = ungil.extern("int toupper(int)")
frexp = ungil.extern("double frexp(double, int *)", library="m")
strlen = ungil.extern("size_t strlen(const char *)")
memcmp = ungil.extern("int memcmp(const void *, const void *, size_t)")

SOURCE = """
#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double dot(size_t n, const double *restrict x, double y[]) {
    double s = 0;
    for (size_t i = 0; i < n; i++) s += x[i] * y[i];
    return s;
}
void scale_(const int *n, const double *factor, double *x) {
    for (int i = 0; i < *n; i++) x[i] *= *factor;
}
void fill8(int8_t *x, int64_t n, int8_t value) { while (n--) *x++ = value; }
uint64_t big(void) { return UINT64_MAX; }
uint8_t wrap(uint8_t x) { return x + 1; }
bool both(_Bool a, bool b) { return a && b; }
double complex turn(double complex z, double complex w) { return z * I + w; }
float complex turnf(float complex z) { return z * I; }
double apply(double (*f)(double), double x) { return f(x) + 1; }
struct pair { double a; int n; };
double of_pair(struct pair *p) { return p->a * p->n; }
double many(double a, float b, int8_t c, int16_t d, int32_t e, int64_t f, uint8_t g, uint16_t h, uint32_t i,
            uint64_t j, double k, float l, double m, double n, double o, double p, double q) {
    return a + 2*b + 3*c + 4*d + 5*e + 6*f + 7*g + 8*h + 9*i + 10*j + 11*k + 12*l + 13*m + 14*n + 15*o + 16*p + 17*q;
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("c")
    source, output = folder / "library.c", folder / "library.so"
    source.write_text(SOURCE)
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", output, source], check=True)
    return output


def both_ways(function, *args):
    names = ", ".join(f"a{k}" for k in range(len(args)))
    source = f"def kernel({names}):\n    return function({names})\n"
    namespace = {"function": function}
    exec(source, namespace)
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    plain, compiled = function(*args), ungil.jit(source=source)(namespace["kernel"])(*copies)
    np.testing.assert_equal(compiled, plain)
    for a, b in zip(args, copies):
        np.testing.assert_equal(b, a)
    return plain


def test_functions_of_the_process_and_of_libraries():
    assert both_ways(hypot, 3.0, 4.0) == 5.0
    assert both_ways(hypot, 3, 4) == 5.0
    assert both_ways(toupper, 97) == 65
    assert repr(hypot) == "<ungil.extern double hypot(double x, double y);>"
    assert hypot.address and hypot.__name__ == "hypot"
    assert both_ways(ungil.extern("double cbrt(double)", ctypes.CDLL("libm.so.6")), 8.0) == 2.0


def test_arrays_and_references(library):
    dot = ungil.extern("double dot(size_t n, const double *restrict x, double y[])", library)
    x, y = np.arange(4.0), np.ones(4)
    assert both_ways(dot, 4, x, y) == 6.0
    x.flags.writeable = False
    assert both_ways(dot, 4, x, y) == 6.0

    scale = ungil.extern("void scale_(const int *n, const double *factor, double *x)", library)
    values = np.arange(3.0)
    both_ways(scale, 3, 2.5, values)
    assert list(values) == [0.0, 2.5, 5.0]
    both_ways(scale, np.array([2], np.int32), np.array([2.0]), values)
    assert list(values) == [0.0, 5.0, 5.0]

    fill = ungil.extern("void fill8(int8_t *x, int64_t n, int8_t value)", library)
    small = np.zeros(5, np.int8)
    both_ways(fill, small, 3, -7)
    assert list(small) == [-7, -7, -7, 0, 0]


def test_types_of_numbers(library):
    assert both_ways(ungil.extern("uint64_t big(void)", library)) == 2**64 - 1
    assert both_ways(ungil.extern("uint8_t wrap(uint8_t x)", library), 255) == 0
    assert both_ways(ungil.extern("bool both(_Bool a, bool b)", library), True, False) is False
    many = ungil.extern(
        "double many(double a, float b, int8_t c, int16_t d, int32_t e, int64_t f, uint8_t g, uint16_t h, "
        "uint32_t i, uint64_t j, double k, float l, double m, double n, double o, double p, double q)",
        library,
    )
    assert both_ways(
        many, 1.5, 2.5, -3, -400, -50000, -(2**40), 200, 60000, 2**31, 2**40, 1, 2, 3, 4, 5, 6, 7
    )


def test_complex_numbers_by_value(library):
    turn = ungil.extern("double complex turn(double complex z, double complex w)", library)
    assert both_ways(turn, 1 + 2j, 0.5j) == -2 + 1.5j
    turnf = ungil.extern("float _Complex turnf(float complex z)", library)
    assert both_ways(turnf, 1 + 2j) == -2 + 1j


def test_functions_as_arguments(library):
    apply = ungil.extern("double apply(double (*f)(double), double x)", library)
    sqrt = ungil.extern("double sqrt(double)", "m")
    assert apply(sqrt, 9.0) == 4.0
    assert ungil.jit(lambda x: apply(sqrt, x))(9.0) == 4.0


def test_structs_behind_pointers(library):
    class Pair(ctypes.Structure):
        _fields_ = [("a", ctypes.c_double), ("n", ctypes.c_int)]

    function = ctypes.CDLL(str(library)).of_pair
    function.argtypes, function.restype = [ctypes.POINTER(Pair)], ctypes.c_double
    pair = Pair(1.5, 4)

    @ungil.jit
    def kernel(p):
        p.n += 1
        return function(p)

    assert kernel(pair) == 7.5 == function(pair)


def test_output_arguments():
    def parts(x):
        e = ctypes.c_int(0)
        return frexp(x, ctypes.byref(e)), e.value

    assert ungil.jit(parts)(10.0) == parts(10.0) == (0.625, 4)
    out = np.zeros(1, np.int32)
    assert both_ways(frexp, 10.0, out) == 0.625
    assert out[0] == 4


def test_texts_and_null():
    assert strlen("four") == 4 == strlen(b"four")
    assert ungil.jit(lambda: strlen("four"))() == 4
    free = ungil.extern("void free(void *)")
    assert free(None) is None
    assert ungil.jit(lambda: free(None))() is None


def test_mistakes():
    for text, message in [
        ("int printf(const char *, ...)", "variable arguments"),
        ("double f(struct point p)", "by value"),
        ("real f(int)", "expected a type, found `real`"),
        ("double f", "expected `\\(`"),
    ]:
        with pytest.raises(ValueError, match=message):
            ungil.extern(text)
    with pytest.raises(ValueError, match="has no function no_such_function"):
        ungil.extern("int no_such_function(void)")
    with pytest.raises(ValueError, match="no library 'nosuchlibrary'"):
        ungil.extern("int f(void)", "nosuchlibrary")
    with pytest.raises(TypeError, match=r"hypot\(\) takes 2 arguments \(1 given\)"):
        hypot(1.0)
    with pytest.raises(ctypes.ArgumentError, match="data type int32"):
        frexp(1.0, np.zeros(1))
    with pytest.raises(ctypes.ArgumentError, match="is a pointer, not int"):
        frexp(1.0, 3)
    with pytest.raises(ctypes.ArgumentError, match="contiguous"):
        memcmp(np.zeros(4)[::2], None, 0)
    readonly = np.zeros(1, np.int32)
    readonly.flags.writeable = False
    with pytest.raises(ctypes.ArgumentError, match="writable"):
        frexp(1.0, readonly)

    def refused(function, *args):
        with pytest.raises(ungil.errors.CompileError) as caught:
            ungil.jit(function)(*args)
        return str(caught.value)

    assert "hypot() takes 2 arguments (1 given)" in refused(lambda x: hypot(x), 1.0)
    assert "an array of int32" in refused(lambda a: frexp(1.0, a), np.zeros(1))
    assert "writable" in refused(lambda a: frexp(1.0, a), readonly)
    assert "pass an array of one element" in refused(lambda: frexp(1.0, 3))


def test_pickling():
    assert pickle.loads(pickle.dumps(hypot))(3.0, 4.0) == 5.0
    with pytest.raises(TypeError, match="address only"):
        pickle.dumps(ungil.extern("double f(double)", pointer=hypot.address))


def test_an_address_is_enough():
    f = ungil.extern("double f(double, double)", pointer=hypot.address)
    assert both_ways(f, 3.0, 4.0) == 5.0
    g = ungil.extern("int g(int)", pointer=ctypes.CDLL(None).toupper)
    assert both_ways(g, 97) == 65


def test_capsules_of_cython():
    cython_blas = pytest.importorskip("scipy.linalg.cython_blas")
    special = pytest.importorskip("scipy.special.cython_special")
    x, y = np.arange(5.0), np.ones(5)
    ddot = ungil.extern(
        "double ddot(const int *n, const double *x, const int *, const double *y, const int *)", cython_blas
    )
    assert both_ways(ddot, 5, x, 1, y, 1) == 10.0

    capsule = cython_blas.__pyx_capi__["dscal"]

    @ungil.jit
    def scale(n, a, x):
        size, factor, step = ctypes.c_int(n), ctypes.c_double(a), ctypes.c_int(1)
        capsule(ctypes.byref(size), ctypes.byref(factor), x, ctypes.byref(step))

    scale(5, 3.0, x)
    assert list(x) == [0.0, 3.0, 6.0, 9.0, 12.0]

    import scipy.special

    gamma = ungil.extern("double __pyx_fuse_1gamma(double)", special)
    j0 = ungil.extern("double j0(double)", special)
    loggamma = special.__pyx_capi__["__pyx_fuse_0loggamma"]
    for value in (0.5, 4.25, -1.5):
        assert both_ways(gamma, value) == scipy.special.gamma(value)
        assert both_ways(j0, abs(value)) == scipy.special.j0(abs(value))
        z = complex(value, 1.0)
        assert ungil.jit(lambda z: loggamma(z))(z) == scipy.special.loggamma(z)
    with pytest.raises(ValueError, match="has no C function nothing"):
        ungil.extern("double nothing(double)", special)


def test_routines_of_f2py():
    blas = pytest.importorskip("scipy.linalg.blas")
    daxpy = ungil.extern(
        "void daxpy_(const int *n, const double *a, const double *x, const int *, double *y, const int *)",
        pointer=blas.daxpy,
    )
    x, y = np.arange(3.0), np.ones(3)
    both_ways(daxpy, 3, 2.0, x, 1, y, 1)
    assert list(y) == [1.0, 3.0, 5.0]
    dgemm = ungil.extern(
        "void dgemm_(const char *ta, const char *tb, const int *m, const int *n, const int *k, const double *alpha, "
        "const double *a, const int *lda, const double *b, const int *ldb, const double *beta, double *c, "
        "const int *ldc)",
        pointer=blas.dgemm._cpointer,
    )

    @ungil.jit
    def multiply(a, b, c):
        m, k, n = a.shape[0], a.shape[1], b.shape[1]
        dgemm("N", "N", m, n, k, 1.0, a, m, b, k, 0.0, c, m)

    a, b = np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.asfortranarray(np.ones((3, 4)))
    c = np.zeros((2, 4), order="F")
    multiply(a, b, c)
    np.testing.assert_array_equal(c, a @ b)
    with pytest.raises(ungil.errors.CompileError, match="no prototype of its C function"):
        ungil.jit(lambda x: raw(x))(1.0)


try:
    from scipy.linalg.blas import ddot as raw
except ImportError:
    raw = None
