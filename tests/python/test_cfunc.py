"""Functions that C calls: scipy, qsort, a C library with threads, an extension module."""

import ctypes
import gc
import importlib.util
import math
import shutil
import subprocess
import sys
import sysconfig
import threading

import numpy as np
import pytest

import ungil
from ungil import carray, cfunc, farray
from ungil.types import CPointer, float64, int32, int64, voidptr

LIBRARY = """
#include <complex.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

double integrate(double (*f)(double), double a, double b, int n) {
    double s = 0, h = (b - a) / n;
    for (int i = 0; i < n; i++) s += f(a + (i + 0.5) * h);
    return s * h;
}
struct job { double (*f)(double); double x, y; };
static void *work(void *p) { struct job *j = p; for (int i = 0; i < 1000; i++) j->y += j->f(j->x); return 0; }
double on_threads(double (*f)(double), int n) {
    pthread_t threads[64]; struct job jobs[64]; double s = 0;
    for (int i = 0; i < n; i++) { jobs[i] = (struct job){f, i, 0}; pthread_create(&threads[i], 0, work, &jobs[i]); }
    for (int i = 0; i < n; i++) { pthread_join(threads[i], 0); s += jobs[i].y; }
    return s;
}
double all(double (*f)(int8_t, uint8_t, int16_t, bool, float, int64_t, double, double, double, double, double, double,
                       double, double, void *, uint32_t, uint64_t, int32_t)) {
    return f(-3, 200, -400, true, 0.5f, -(1LL << 40), 1, 2, 3, 4, 5, 6, 7, 8, 0, 4000000000u, 1ull << 50, -7);
}
int8_t small(int8_t (*f)(int8_t)) { return f(-100); }
bool truth(bool (*f)(bool)) { return f(true); }
float single(float (*f)(float)) { return f(1.5f); }
double complex z(double complex (*f)(double complex, double)) { return f(1 + 2 * I, 3); }
float complex c(float complex (*f)(float complex)) { return f(1 + 2 * I); }
"""

MODULE = """
#include <Python.h>
static PyObject *apply(PyObject *self, PyObject *args) {
    Py_ssize_t address; double x;
    if (!PyArg_ParseTuple(args, "nd", &address, &x)) return NULL;
    double (*f)(double) = (double (*)(double))address;
    double with_lock = f(x), without;
    Py_BEGIN_ALLOW_THREADS
    without = f(x);
    Py_END_ALLOW_THREADS
    return Py_BuildValue("dd", with_lock, without);
}
static PyMethodDef methods[] = {{"apply", apply, METH_VARARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "callee", "", -1, methods};
PyMODINIT_FUNC PyInit_callee(void) { return PyModule_Create(&module); }
"""

compiler = shutil.which("gcc") or shutil.which("cc")
needs_compiler = pytest.mark.skipif(compiler is None, reason="no C compiler")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("c")
    (folder / "library.c").write_text(LIBRARY)
    output = folder / "library.so"
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-pthread", "-o", output, folder / "library.c"], check=True
    )
    return ctypes.CDLL(str(output))


@cfunc("float64(float64)")
def square(x):
    """The square."""
    return x * x


def test_attributes():
    assert square.ctypes(3.0) == 9.0 == square(3.0)
    assert square.address == ctypes.cast(square.ctypes, ctypes.c_void_p).value
    assert square.native_name.startswith("ungil_square")
    assert square.__doc__ == "The square." and square.__name__ == "square"
    assert repr(square) == "<ungil.cfunc square: float64(float64)>"
    assert square.ctypes.restype is ctypes.c_double
    assert "define" in square.inspect_llvm()


def test_a_c_library_calls_back(library):
    library.integrate.restype = ctypes.c_double
    kind = type(square.ctypes)
    library.integrate.argtypes = [kind, ctypes.c_double, ctypes.c_double, ctypes.c_int]
    assert library.integrate(square.ctypes, 0.0, 3.0, 1000) == pytest.approx(9.0, rel=1e-5)
    library.on_threads.argtypes, library.on_threads.restype = [ctypes.c_void_p, ctypes.c_int], ctypes.c_double
    for _ in range(5):
        assert library.on_threads(square.address, 16) == 1000.0 * sum(i * i for i in range(16))


def test_a_kernel_calls_c_that_calls_a_kernel(library):
    integrate = ungil.extern("double integrate(double (*f)(double), double a, double b, int n)", library)

    @ungil.jit
    def outer(n):
        s = 0.0
        for i in ungil.prange(n):
            s += integrate(square, 0.0, 3.0, 100)
        return s

    assert outer(8) == pytest.approx(72.0, rel=1e-3)


def test_every_type(library):
    @cfunc(
        "float64(int8, uint8, int16, boolean, float32, int64, double, double, double, double, double, double, double,"
        "double, voidptr, uint32, uint64, int32)"
    )
    def everything(a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s):
        if p is not None:
            return -1.0
        return (
            a
            + 2 * np.int64(b)
            + 3 * np.int64(c)
            + 4 * d
            + e
            + f
            + g
            + 2 * h
            + 3 * i
            + 4 * j
            + 5 * k
            + 6 * m
            + 7 * n
            + 8 * o
            + float(q)
            + float(r)
            + s
        )

    library.all.argtypes, library.all.restype = [ctypes.c_void_p], ctypes.c_double
    expected = -3 + 400 - 1200 + 4 + 0.5 - 2**40 + sum(k * k for k in range(1, 9)) + 4e9 + 2**50 - 7
    assert library.all(everything.address) == expected

    def small(x):
        return x - 28

    for name, signature, function, restype, result in [
        ("small", "int8(int8)", small, ctypes.c_int8, -128),
        ("truth", "boolean(boolean)", lambda b: not b, ctypes.c_bool, False),
        ("single", "float32(float32)", lambda x: x * 2, ctypes.c_float, 3.0),
    ]:
        made = cfunc(signature)(function)
        getattr(library, name).argtypes, getattr(library, name).restype = [ctypes.c_void_p], restype
        assert getattr(library, name)(made.address) == result
    z = ungil.extern("double complex z(double complex (*f)(double complex, double))", library)
    assert z(cfunc("complex128(complex128, float64)")(lambda a, b: a * b)) == 3 + 6j
    c = ungil.extern("float complex c(float complex (*f)(float complex))", library)
    assert c(cfunc("complex64(complex64)")(lambda a: a + 1)) == 2 + 2j


def test_qsort():
    @cfunc(int32(CPointer(int64), CPointer(int64)))
    def compare(a, b):
        if a[0] < b[0]:
            return -1
        return 1 if a[0] > b[0] else 0

    values = np.random.default_rng(0).integers(-1000, 1000, 500)
    expected = np.sort(values)
    libc = ctypes.CDLL(None)
    libc.qsort.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p]
    libc.qsort.restype = None
    libc.qsort(values.ctypes.data, 500, 8, compare.address)
    np.testing.assert_array_equal(values, expected)

    qsort = ungil.extern(
        "void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))"
    )

    @ungil.jit
    def sort(a):
        qsort(a, a.shape[0], a.itemsize, compare)

    values = np.random.default_rng(1).integers(-1000, 1000, 500)
    expected = np.sort(values)
    sort(values)
    np.testing.assert_array_equal(values, expected)


def test_arrays_behind_pointers():
    @cfunc(float64(CPointer(float64), int32, voidptr))
    def total(p, n, out):
        a = carray(p, (n, 2))
        b = farray(p, (2, n))
        sums = carray(out, 2, np.float64)
        sums[0] = a[0, 1]
        sums[1] = b[0, 1]
        return a.sum()

    data, out = np.arange(6.0), np.zeros(2)
    pointer = data.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
    assert total.ctypes(pointer, 3, out.ctypes.data) == 15.0
    assert list(out) == [1.0, 2.0]
    out[:] = 0
    assert total(pointer, 3, out.ctypes.data) == 15.0
    assert list(out) == [1.0, 2.0]


def test_scipy_integrates():
    integrate = pytest.importorskip("scipy.integrate")
    scipy = pytest.importorskip("scipy")

    @cfunc("double(double)")
    def bell(x):
        return np.exp(-x * x)

    result, _ = integrate.quad(scipy.LowLevelCallable(bell.ctypes), -10, 10)
    assert result == pytest.approx(math.sqrt(math.pi), rel=1e-10)

    @cfunc("double(intc, CPointer(double), voidptr)")
    def power(n, x, data):
        k = carray(data, 1, np.float64)
        return x[0] ** k[0] + n

    exponent = ctypes.c_double(3.0)
    call = scipy.LowLevelCallable(power.ctypes, ctypes.cast(ctypes.pointer(exponent), ctypes.c_void_p))
    result, _ = integrate.quad(call, 0, 1)
    assert result == pytest.approx(1.25)


def test_exceptions_are_reported_and_zero_is_returned(library):
    @cfunc("float64(float64)")
    def failing(x):
        if x > 2:
            raise ValueError("too large")
        return 1 / x

    seen = []
    old, sys.unraisablehook = sys.unraisablehook, seen.append
    try:
        assert failing.ctypes(3.0) == 0.0
        assert failing.ctypes(0.0) == 0.0
        assert failing.ctypes(2.0) == 0.5
        thread = threading.Thread(target=failing.ctypes, args=(3.0,))
        thread.start()
        thread.join()
        library.on_threads.argtypes, library.on_threads.restype = (
            [ctypes.c_void_p, ctypes.c_int],
            ctypes.c_double,
        )
        failing_once = cfunc("float64(float64)")(lambda x: np.zeros(1)[int(x) + 1])
        assert library.on_threads(failing_once.address, 1) == 0.0
    finally:
        sys.unraisablehook = old
    assert [type(u.exc_value) for u in seen[:3]] == [ValueError, ZeroDivisionError, ValueError]
    assert str(seen[0].exc_value) == "too large" and seen[0].object == "ungil.cfunc failing"
    frame = seen[0].exc_traceback.tb_frame
    while seen[0].exc_traceback.tb_next is not None:
        frame = seen[0].exc_traceback.tb_next.tb_frame
        break
    assert frame.f_code.co_name == "failing"
    assert len(seen) == 1003 and all(isinstance(u.exc_value, IndexError) for u in seen[3:])


def test_an_exception_inside_a_kernel_leaves_the_kernel_running(library):
    @cfunc("float64(float64)")
    def failing(x):
        if x > 0:
            raise ValueError("never mind")
        return x

    @ungil.jit
    def kernel(n):
        s = 0.0
        for i in range(n):
            s += failing(1.0) + i
        return s

    seen = []
    old, sys.unraisablehook = sys.unraisablehook, seen.append
    try:
        assert kernel(3) == 3.0
    finally:
        sys.unraisablehook = old
    assert len(seen) == 3


def test_mistakes_are_refused():
    with pytest.raises(TypeError, match="needs a signature"):
        cfunc(lambda x: x)
    for signature, text in [
        ("(float64)", "names no result"),
        ("float64(float64, float64)", "has 2 parameters"),
        ("float64(float64[:])", "CPointer"),
        ("flot(float64)", "expected a type"),
        ("float64(CPointer(float64[:]))", "expected"),
    ]:
        with pytest.raises(ungil.errors.CompileError, match=text):
            cfunc(signature)(lambda x: x)
    with pytest.raises(ungil.errors.CompileError, match="does not convert"):
        cfunc("float64(complex128)")(lambda x: x)
    with pytest.raises(ungil.errors.CompileError, match="does not convert"):
        cfunc("float64(float64)")(lambda x: (x, x))


def test_objects_hold_their_code():
    made = cfunc("int64(int64)")(lambda n: n + 1).ctypes
    gc.collect()
    for _ in range(20):
        cfunc("int64(int64)")(lambda n: n + 2)
    assert made(41) == 42


def test_cffi_pointer():
    pytest.importorskip("cffi")
    import cffi

    ffi = cffi.FFI()
    assert int(ffi.cast("uintptr_t", square.cffi)) == square.address
    assert ffi.cast("double(*)(double)", square.cffi)(4.0) == 16.0


def test_globals_and_arrays_are_captured():
    table = np.arange(5.0)
    scale = 2.0

    @cfunc("float64(int64)")
    def look_up(i):
        return table[i] * scale

    assert look_up.ctypes(3) == 6.0
    table[3] = 10.0
    assert look_up.ctypes(3) == 20.0


@needs_compiler
def test_inside_an_extension_module(tmp_path):
    include = sysconfig.get_paths()["include"]
    if not (tmp_path.__class__(include) / "Python.h").exists():
        pytest.skip("no Python.h")
    (tmp_path / "callee.c").write_text(MODULE)
    output = tmp_path / f"callee{sysconfig.get_config_var('EXT_SUFFIX')}"
    command = [compiler, "-shared", "-fPIC", f"-I{include}", "-o", output, tmp_path / "callee.c"]
    subprocess.run(command, check=True)
    spec = importlib.util.spec_from_file_location("callee", output)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.apply(square.address, 5.0) == (25.0, 25.0)
