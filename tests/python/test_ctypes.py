"""Functions, pointers and objects of ctypes in kernels, against the same calls from Python."""

import ctypes
import pickle
import threading
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int8,
    c_long,
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint64,
    c_void_p,
)

import numpy as np
import pytest
from numpy.ctypeslib import ndpointer

import ungil

libc = ctypes.CDLL(None)
libm = ctypes.CDLL("libm.so.6")


def declared(function, restype, *argtypes):
    function.restype, function.argtypes = restype, list(argtypes)
    return function


hypot = declared(libm.hypot, c_double, c_double, c_double)
powf = declared(libm.powf, c_float, c_float, c_float)
frexp = declared(libm.frexp, c_double, c_double, POINTER(c_int))
labs = declared(libc.labs, c_long, c_long)
toupper = declared(libc.toupper, c_int, c_int)
strlen = declared(libc.strlen, c_size_t, c_char_p)
strtoul = declared(libc.strtoul, c_uint64, c_char_p, POINTER(c_char_p), c_int)
memset = declared(libc.memset, c_void_p, c_void_p, c_int, c_size_t)
memcmp = declared(libc.memcmp, c_int, c_void_p, c_void_p, c_size_t)
malloc = declared(libc.malloc, c_void_p, c_size_t)
free = declared(libc.free, None, c_void_p)
cbrt_undeclared = ctypes.CDLL("libm.so.6").cbrt


def check(function, *args):
    kernel = ungil.jit(function)
    expected, found = function(*args), kernel(*args)
    np.testing.assert_array_equal(found, expected)
    assert type(found) is type(expected)
    return kernel


def test_numbers_are_passed_and_returned_as_ctypes_does():
    def doubles(x, y):
        return hypot(x, y)

    check(doubles, 3.0, 4.0)
    check(doubles, 3, 4)
    check(doubles, True, -0.0)
    check(doubles, np.float64(1e308), 1e308)

    def floats(x):
        return powf(x, 0.5)

    check(floats, 2.0)

    def integers(n):
        return labs(n), toupper(97), toupper(n & 127)

    check(integers, -(2**40))

    def wraps(n):
        return toupper(n)

    check(wraps, 2**32 + 98)
    check(wraps, -(2**40) - 1)


@pytest.mark.parametrize("ctype", [c_int8, c_uint8, c_uint16, c_int, c_uint64, ctypes.c_bool, c_float])
def test_every_number_type_through_a_callback(ctype):
    seen = []
    callback = CFUNCTYPE(ctype, ctype)(lambda x: seen.append(x) or x)
    callback.argtypes, callback.restype = [ctype], ctype

    @ungil.jit
    def kernel(x):
        return callback(x)

    for value in (0, 1, 100):
        assert kernel(value) == callback(value)
        assert seen[-1] == seen[-2]


def test_negative_small_integers_are_extended():
    callback = CFUNCTYPE(c_int8, c_int8)(lambda x: x - 1)
    callback.argtypes, callback.restype = [c_int8], c_int8

    def kernel(x):
        return callback(x) + callback(-128)

    check(kernel, -5)


def test_functions_are_arguments_and_attributes():
    def apply(f, x, y):
        return f(x, y) + libm.hypot(y, x)

    kernel = check(apply, hypot, 3.0, 5.0)
    fmod = declared(libm.fmod, c_double, c_double, c_double)
    np.testing.assert_array_equal(kernel(fmod, 7.0, 4.0), apply(fmod, 7.0, 4.0))


def test_loops_and_prange():
    def serial(a):
        s = 0.0
        for i in range(a.shape[0]):
            s += hypot(a[i], 2)
        return s

    check(serial, np.linspace(0, 1, 50))

    @ungil.jit
    def parallel(a, out):
        for i in ungil.prange(a.shape[0]):
            out[i] = hypot(a[i], 2.0)

    a = np.linspace(-3, 3, 10000)
    out = np.empty_like(a)
    parallel(a, out)
    np.testing.assert_array_equal(out, [hypot(x, 2.0) for x in a])


def test_byref_of_numbers_made_in_the_kernel():
    def parts(x):
        e = c_int(0)
        m = frexp(x, byref(e))
        old = e
        e = c_int(7)
        e.value += 1
        return m, old.value, e.value

    check(parts, 10.0)

    def conversions(n):
        return c_int8(n).value, c_uint16(n).value, c_double(n).value, ctypes.c_bool(n).value

    check(conversions, 70000)

    def in_a_loop(n):
        total = 0
        for k in range(n):
            e = c_int()
            frexp(2.0**k, ctypes.pointer(e))
            total += e.value
        return total

    check(in_a_loop, 60)


def test_objects_of_ctypes_are_arguments_and_globals():
    @ungil.jit
    def kernel(x, e):
        m = frexp(x, byref(e))
        e.value *= 2
        return m + hypot(scale, 0.0)

    e, scale = c_int(), c_double(2.0)
    assert kernel(10.0, e) == 0.625 + 2.0
    assert e.value == 8
    scale.value = 5.0
    assert kernel(10.0, e) == 0.625 + 5.0

    number = c_int(3)
    values = (c_double * 3)(1, 2, 3)
    pointer = ctypes.cast(values, POINTER(c_double))

    @ungil.jit
    def through(p, k):
        p[k] = p[k] + 10.0
        return p[0] + global_pointer[2], number.value, p.contents.value

    global_pointer = pointer
    assert through(pointer, 1) == (4.0, 3, 1.0)
    assert list(values) == [1.0, 12.0, 3.0]


class Point(Structure):
    _fields_ = [("x", c_double), ("n", c_int), ("y", c_float), ("next", POINTER(c_double))]


def test_structs_by_pointer():
    point = Point(1.5, 3, 0.25)
    value = c_double(42.0)
    point.next = ctypes.pointer(value)

    @ungil.jit
    def kernel(p):
        p.x = p.x + p.n
        p.n += 2
        p.y = 0.5
        p.next[0] += 1.0
        return p.next[0]

    assert kernel(point) == 43.0
    assert (point.x, point.n, point.y, value.value) == (4.5, 5, 0.5, 43.0)

    @ungil.jit
    def by_pointer(p):
        memset(byref(p), 0, ctypes.sizeof(p))

    by_pointer(point)
    assert (point.x, point.n) == (0.0, 0)

    with pytest.raises(ungil.errors.CompileError, match="has no attribute `z`"):
        ungil.jit(lambda p: p.z)(point)


def test_arrays_of_structs_are_pointers():
    points = (Point * 3)(*(Point(float(k), k, 0.5 * k) for k in range(3)))
    memcpy = ctypes.CDLL(None).memcpy
    memcpy.argtypes, memcpy.restype = [POINTER(Point), POINTER(Point), c_size_t], c_void_p
    size = ctypes.sizeof(Point)

    @ungil.jit
    def kernel(p, q):
        p.n += 10
        memcpy(q, p, 3 * size)
        return q.n

    copy = (Point * 3)()
    assert kernel(points, copy) == 10
    assert [(p.x, p.n, p.y) for p in copy] == [(0.0, 10, 0.0), (1.0, 1, 0.5), (2.0, 2, 1.0)]


def test_arrays_that_are_no_numbers_are_refused():
    """The array that is made of another exporter is gone when the error is told."""

    @ungil.jit
    def kernel(a):
        return a

    table = np.zeros(3, [("a", "i4"), ("b", "f8")])
    for argument in (table, memoryview(table)):
        with pytest.raises(TypeError, match="dtype .*are not supported"):
            kernel(argument)


def test_memory_from_c():
    def kernel(n):
        p = ctypes.cast(malloc(8 * n), POINTER(c_double))
        for i in range(n):
            p[i] = i * 1.5
        s = 0.0
        for i in range(n):
            s += p[i]
        free(ctypes.cast(p, c_void_p))
        return s

    check(kernel, 100)

    @ungil.jit
    def views(p, n):
        a = ungil.carray(p, (n, 2), np.float64)
        b = ungil.farray(p, (2, n), np.float64)
        a[0, 1] = 9.0
        return a.sum(), b[1, 0], a.shape, b.T[0, 1]

    data = np.arange(6.0)
    assert views(data.ctypes.data_as(POINTER(c_double)), 3) == (23.0, 9.0, (3, 2), 9.0)


def test_null_pointers():
    @ungil.jit
    def kernel(p):
        return p is None, p == None, not p  # noqa: E711

    null, some = POINTER(c_double)(), ctypes.pointer(c_double(1))
    assert kernel(null) == (True, True, True)
    assert kernel(some) == (False, False, False)

    @ungil.jit
    def nothing():
        free(None)
        return free(c_void_p(0))

    assert nothing() is None


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.float32, np.float64, np.complex128])
def test_arrays_as_untyped_memory(dtype):
    @ungil.jit
    def kernel(a, b):
        before = memcmp(a.ctypes, b.ctypes.data, a.nbytes)
        memset(a.ctypes.data, 0, a.nbytes)
        return before

    a, b = np.arange(5).astype(dtype), np.arange(5).astype(dtype)
    assert kernel(a, b) == 0
    assert not a.any() and b[1] == 1


def test_data_is_the_address():
    a = np.zeros((3, 4))
    assert ungil.jit(lambda a: a[1:].ctypes.data)(a) == a[1:].ctypes.data


matrix = ndpointer(dtype=np.float64, ndim=2, flags="C_CONTIGUOUS,WRITEABLE")
memset_matrix = declared(ctypes.CDLL(None).memset, c_void_p, matrix, c_int, c_size_t)
memset_row = declared(ctypes.CDLL(None).memset, c_void_p, ndpointer(dtype="i4", shape=(3,)), c_int, c_size_t)
memset_f = declared(ctypes.CDLL(None).memset, c_void_p, ndpointer(flags="F,A"), c_int, c_size_t)


def python_error(function, *args):
    with pytest.raises(ctypes.ArgumentError) as caught:
        function(*args)
    return str(caught.value).partition("TypeError: ")[2].rstrip(".")


def test_ndpointer_checks_what_numpy_checks():
    @ungil.jit
    def kernel(a):
        memset_matrix(a, 0, a.nbytes)

    a = np.ones((2, 3))
    kernel(a)
    assert not a.any()
    for bad in (np.ones(3), np.ones((2, 3), np.float32), np.ones((2, 3)).astype(">f8")):
        with pytest.raises(ungil.errors.CompileError) as caught:
            kernel(bad)
        assert python_error(memset_matrix, bad, 0, 8) in str(caught.value)
    for bad in (np.ones((2, 3), order="F"), np.ones((4, 6))[::2, ::2]):
        with pytest.raises(TypeError) as caught:
            kernel(bad)
        assert str(caught.value) == "argument 1 of memset(): " + python_error(memset_matrix, bad, 0, 8)
        assert bad.all()
    readonly = np.ones((2, 3))
    readonly.flags.writeable = False
    with pytest.raises(ungil.errors.CompileError) as caught:
        kernel(readonly)
    assert python_error(memset_matrix, readonly, 0, 8) in str(caught.value)
    with pytest.raises(ungil.errors.CompileError, match="ndarray"):
        kernel_of_none()


@ungil.jit
def kernel_of_none():
    memset_matrix(None, 0, 8)


def test_ndpointer_checks_shapes_and_fortran_order():
    @ungil.jit
    def row(a):
        memset_row(a, 0, 12)

    good = np.ones(3, np.int32)
    row(good)
    assert not good.any()
    with pytest.raises(TypeError) as caught:
        row(np.ones(4, np.int32))
    expected = python_error(memset_row, np.ones(4, np.int32), 0, 12)
    assert str(caught.value) == "argument 1 of memset(): " + expected

    @ungil.jit
    def fortran(a):
        memset_f(a, 0, a.nbytes)

    good = np.ones((2, 3), order="F")
    fortran(good)
    assert not good.any()
    with pytest.raises(TypeError) as caught:
        fortran(np.ones((2, 3)))
    assert str(caught.value).endswith(python_error(memset_f, np.ones((2, 3)), 0, 8))
    fortran(np.ones((1, 3)))


take_doubles = declared(ctypes.CDLL(None).memset, c_void_p, POINTER(c_double), c_int, c_size_t)


def test_arrays_for_typed_pointers():
    @ungil.jit
    def kernel(a):
        take_doubles(a, 0, a.nbytes)

    a = np.ones(4)
    kernel(a)
    assert not a.any()
    with pytest.raises(ungil.errors.CompileError, match="must be an array of float64, found `float32"):
        kernel(np.ones(4, np.float32))
    readonly = np.ones(4)
    readonly.flags.writeable = False
    with pytest.raises(ungil.errors.CompileError, match="must be a writable array"):
        kernel(readonly)
    with pytest.raises(ValueError, match="argument 1 of memset.*contiguous"):
        kernel(np.ones(8)[::2])
    with pytest.raises(ungil.errors.CompileError, match="byte order"):
        kernel(np.ones(4).astype(">f8"))


def test_mistakes_say_what_to_declare():
    def refused(function, *args):
        with pytest.raises(ungil.errors.CompileError) as caught:
            ungil.jit(function)(*args)
        return str(caught.value)

    assert "cbrt.argtypes = [" in refused(lambda x: cbrt_undeclared(x), 1.0)
    assert "hypot() takes 2 arguments (1 given)" in refused(lambda x: hypot(x), 1.0)
    assert "argument 1 of `int toupper(int)` must be an integer" in refused(lambda x: toupper(x), 1.5)
    assert "must be a real number" in refused(lambda x: hypot(x, x), 1j)
    assert "must be a real number" in refused(lambda x: hypot(x, 1.0), np.ones(3))
    assert "`int *`" in refused(lambda x: frexp(x, 3), 1.0)
    assert "`int *`" in refused(lambda x, p: frexp(x, p), 1.0, ctypes.pointer(c_double(1)))
    refcount = ctypes.pythonapi.Py_IncRef
    assert "interpreter lock" in refused(lambda: refcount(None))
    unions = declared(ctypes.CDLL(None).free, None, ctypes.py_object)
    assert "argument 1 of `free`" in refused(lambda: unions(None))
    long = declared(ctypes.CDLL("libm.so.6").fabsl, ctypes.c_longdouble, ctypes.c_longdouble)
    assert "c_longdouble" in refused(lambda: long(1.0))


def test_constant_text():
    def kernel():
        return strtoul("123abc", None, 10)

    assert ungil.jit(kernel)() == 123
    assert ungil.jit(lambda: strlen("four"))() == 4


def test_a_function_that_is_rebound_is_noticed():
    namespace = {"f": hypot, "ungil": ungil}
    source = "def kernel(x):\n    return f(x, 1.0)\n"
    exec(source, namespace)
    kernel = ungil.jit(source=source)(namespace["kernel"])
    assert kernel(3.0) == hypot(3.0, 1.0)
    namespace["f"] = fmod = declared(libm.fmod, c_double, c_double, c_double)
    assert kernel(3.5) == fmod(3.5, 1.0)


def test_the_lock_is_released():
    usleep = declared(libc.usleep, c_int, ctypes.c_uint)

    @ungil.jit
    def sleep(n):
        return usleep(n)

    sleep(1)
    done = []
    thread = threading.Thread(target=lambda: done.append(sleep(300_000)))
    thread.start()
    count = 0
    while not done and count < 10_000_000:
        count += 1
    thread.join()
    assert done == [0] and count > 1000


def test_errno():
    import errno

    with_errno = ctypes.CDLL(None, use_errno=True)
    close = declared(with_errno.close, c_int, c_int)

    def kernel(fd):
        before = ctypes.set_errno(7)
        failed = close(fd)
        return failed, ctypes.get_errno(), before == 7

    for function in (kernel, ungil.jit(kernel)):
        assert function(-1)[:2] == (-1, errno.EBADF)
        assert ctypes.get_errno() == errno.EBADF
        ctypes.set_errno(0)

    undeclared = declared(libc.close, c_int, c_int)
    ungil.jit(lambda fd: undeclared(fd))(-1)
    assert ctypes.get_errno() == 0


def test_callbacks_of_python_run_inside_kernels():
    seen = []

    @CFUNCTYPE(c_double, c_double)
    def callback(x):
        seen.append(x)
        return 2 * x

    callback.argtypes, callback.restype = [c_double], c_double

    @ungil.jit
    def kernel(n):
        s = 0.0
        for i in range(n):
            s += callback(float(i))
        return s

    assert kernel(4) == 12.0
    assert seen == [0.0, 1.0, 2.0, 3.0]


def test_kernels_that_call_c_pickle_by_source():
    assert pickle.loads(pickle.dumps(module_kernel))(3.0) == 5.0


@ungil.jit
def module_kernel(x):
    return hypot(x, 4.0)


def test_code_from_the_disk_cache_calls_the_right_function(tmp_path):
    import subprocess
    import sys
    import textwrap

    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import ctypes, sys, ungil
            libm = ctypes.CDLL("libm.so.6")
            hypot = libm.hypot
            hypot.argtypes, hypot.restype = [ctypes.c_double] * 2, ctypes.c_double

            @ungil.jit
            def kernel(x):
                return hypot(x, 4.0) + hypot(5.0, 12.0)

            print(kernel(3.0))
            """
        )
    )
    import os

    environment = {**os.environ, "UNGIL_CACHE_DIR": str(tmp_path / "cache")}
    for _ in range(2):
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment)
        assert done.stdout == "18.0\n", done.stderr
