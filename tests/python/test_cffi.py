"""Functions, pointers and libraries of cffi in kernels, in ABI and in API mode."""

import importlib.util
import shutil
import sys

import numpy as np
import pytest

import ungil

cffi = pytest.importorskip("cffi")

ffi = cffi.FFI()
ffi.cdef(
    """
    double hypot(double, double);
    double frexp(double, int *);
    int toupper(int);
    size_t strlen(const char *);
    void *memset(void *, int, size_t);
    int printf(const char *, ...);
    struct point { double x; int n; float y[2]; };
    typedef struct hidden hidden_t;
    """
)
libm = ffi.dlopen("libm.so.6")
libc = ffi.dlopen(None)

CDEF = """
    double add(double, float);
    double sum(double *, int n);
    int8_t narrow(int8_t);
    extern unsigned int count;
    struct pair { double a; int n; };
    double of_pair(struct pair *);
    typedef enum { RED, GREEN } color;
    color next(color);
    double apply(double (*)(double), double);
"""
SOURCE = """
    #include <stdint.h>
    double add(double a, float b) { return a + b; }
    double sum(double *x, int n) { double s = 0; while (n--) s += *x++; return s; }
    int8_t narrow(int8_t x) { return x + 1; }
    unsigned int count = 3;
    struct pair { double a; int n; };
    double of_pair(struct pair *p) { return p->a * p->n++; }
    typedef enum { RED, GREEN } color;
    color next(color c) { return c == RED ? GREEN : RED; }
    double apply(double (*f)(double), double x) { return f(x); }
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    if shutil.which("gcc") is None and shutil.which("cc") is None:
        pytest.skip("no C compiler")
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("cffi")
    builder = cffi.FFI()
    builder.cdef(CDEF)
    builder.set_source("_ungil_cffi_test", SOURCE)
    path = builder.compile(tmpdir=str(folder))
    spec = importlib.util.spec_from_file_location("_ungil_cffi_test", path)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["_ungil_cffi_test"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["_ungil_cffi_test"]


def refused(function, *args):
    with pytest.raises(ungil.errors.CompileError) as caught:
        ungil.jit(function)(*args)
    return str(caught.value)


def test_abi_mode_functions_and_libraries():
    hypot = libm.hypot

    def kernel(x, y):
        return hypot(x, y) + libm.hypot(y, 1) + libc.toupper(97)

    assert ungil.jit(kernel)(3.0, 4.0) == kernel(3.0, 4.0)

    @ungil.jit
    def call(f, x):
        return f(x, 4.0)

    assert call(hypot, 3.0) == 5.0

    @ungil.jit
    def parallel(a, out):
        for i in ungil.prange(a.shape[0]):
            out[i] = hypot(a[i], 2.0)

    a = np.linspace(0, 1, 1000)
    out = np.empty_like(a)
    parallel(a, out)
    np.testing.assert_array_equal(out, [hypot(x, 2.0) for x in a])


def test_pointers_to_arrays():
    def with_buffer(a):
        libc.memset(ffi.from_buffer(a), 0, a.nbytes)

    for kernel in (with_buffer, ungil.jit(with_buffer)):
        a = np.ones((2, 3))
        kernel(a)
        assert not a.any()

    def with_cast(x, out):
        return libm.frexp(x, ffi.cast("int *", out.ctypes.data))

    for kernel in (with_cast, ungil.jit(with_cast)):
        out = np.zeros(1, np.int32)
        assert kernel(10.0, out) == 0.625 and out[0] == 4

    @ungil.jit
    def typed(x, out):
        return libm.frexp(x, ffi.from_buffer("int[]", out))

    out = np.zeros(1, np.int32)
    assert typed(10.0, out) == 0.625 and out[0] == 4
    with pytest.raises(ValueError, match="not C-contiguous"):
        ungil.jit(with_buffer)(np.ones(8)[::2])


def test_memory_of_cffi_is_an_argument_and_a_global():
    numbers = ffi.new("int[3]")
    point = ffi.new("struct point *", {"x": 1.5, "n": 3})

    @ungil.jit
    def kernel(x, p, q):
        p[1] = p[1] + 5
        libm.frexp(x, p)
        libm.frexp(x, numbers + 2)
        q.x = q.x + q.n
        q.n += 1
        return q.x, numbers[0]

    assert kernel(10.0, numbers, point) == (4.5, 4)
    assert list(numbers) == [4, 5, 4]
    assert (point.x, point.n) == (4.5, 4)
    assert ungil.jit(lambda p: p == ffi.NULL)(numbers) is False
    assert ungil.jit(lambda p: p == ffi.NULL)(ffi.cast("int *", 0)) is True


def test_texts():
    assert ungil.jit(lambda: libc.strlen("four"))() == 4


def test_api_mode(api):
    lib = api.lib

    def kernel(a, b):
        return lib.add(a, b), lib.narrow(3), lib.next(0)

    assert ungil.jit(kernel)(1.5, 0.25) == kernel(1.5, 0.25)
    total = lib.sum

    @ungil.jit
    def summed(a):
        return total(api_ffi.cast("double *", a.ctypes.data), a.shape[0]), total(a, a.size)

    api_ffi = api.ffi
    assert summed(np.arange(5.0)) == (10.0, 10.0)
    pair = api.ffi.new("struct pair *", {"a": 2.5, "n": 4})
    assert ungil.jit(lambda p: lib.of_pair(p))(pair) == 10.0
    assert pair.n == 5

    square = ungil.cfunc("float64(float64)")(lambda x: x * x)
    assert ungil.jit(lambda x: lib.apply(square, x))(3.0) == 9.0
    assert lib.apply(api.ffi.cast("double(*)(double)", square.address), 3.0) == 9.0
    assert ungil.jit(lambda c: lib.next(c) == lib.GREEN)(0) is True


def test_integers_must_fit(api):
    lib = api.lib

    @ungil.jit
    def kernel(n):
        return lib.narrow(n)

    assert kernel(100) == 101
    for function in (kernel, lib.narrow):
        with pytest.raises(OverflowError):
            function(300)


def test_libraries_that_stand_beside_another_ffi(api, monkeypatch):
    """As in a program that builds its module, imports `lib` from it, and keeps the FFI that built it."""
    monkeypatch.setattr(sys.modules["__main__"], "ffi", cffi.FFI(), raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "lib", api.lib, raising=False)
    lib = api.lib
    assert ungil.jit(lambda x: lib.add(x, 0.5))(1.0) == 1.5
    plain = cffi.FFI()
    plain.cdef("#define SEVENTEEN 17\n double hypot(double, double);")
    abi = plain.dlopen("libm.so.6")
    monkeypatch.setattr(sys.modules["__main__"], "ffi", plain)
    monkeypatch.setattr(sys.modules["__main__"], "lib", abi)
    assert ungil.jit(lambda x: abi.hypot(x, 4.0) + abi.SEVENTEEN)(3.0) == 22.0


def test_variables_of_c_are_not_frozen(api):
    lib = api.lib
    assert "may change" in refused(lambda: lib.count)


def test_mistakes_say_what_to_do():
    assert "variable arguments" in refused(lambda: libc.printf("x"))
    assert "must be an integer" in refused(lambda: libc.toupper(1.5))
    assert "takes 2 arguments (1 given)" in refused(lambda x: libm.hypot(x), 1.0)
    assert "an array of int32" in refused(lambda a: libm.frexp(1.0, a), np.zeros(1))
    assert "`int *`" in refused(lambda p: libm.frexp(1.0, p), ffi.new("double *"))
    assert "ffi.new" in refused(lambda: ffi.new("int *"))
    hidden = ffi.cast("hidden_t *", 0)
    assert "no elements" in refused(lambda p: p[0], hidden)
