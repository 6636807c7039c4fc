# cython: language_level=3
"""Conversions in functions beside objects, in those that run as plain Python, and inside them."""
cimport cython
from cpython cimport array
from cython cimport view
import numpy as np
cimport numpy as np


def inner_parameter(value):
    cdef double complex z = 1j
    def g(int x):
        return x
    try:
        return g(value), z
    except TypeError as e:
        return type(e).__name__, g(3), [z]


def inner_variable(value):
    cdef double complex z = 1j
    def g(x):
        cdef char y = x
        return y
    try:
        return g(value), z
    except OverflowError as e:
        return str(e), g(3), [z]


def inner_nonlocal(int n):
    cdef double complex z = 1j
    cdef int c = 0
    def g(x):
        nonlocal c
        c = x
        return c
    r = g(True)
    return [r, c, z, [1]]


def view_assigned(double[:] v, o):
    cdef double[:] w = v[1:]
    d = {"a": w[0]}
    w[0] = 5
    return d, v[1], o


def view_assigned_again(o, n):
    cdef double[:] w = np.zeros(n)
    d = {}
    for i in range(n):
        w[i] = i
        d[i] = w[i]
    w = w[1:]
    d["n"] = w.shape[0]
    try:
        w = np.zeros((2, 2))
    except ValueError as e:
        d["e"] = str(e)
    return d, w[0], w.shape[0], o


def view_replaced(double[:] v, o):
    v = v[::2]
    v[0] += 10
    return {"o": o, "n": v.shape[0]}, [v[0], v[1]]


def view_shared(double[:] v, o):
    def g(i):
        return v[i] * 2
    return [g(0), g(-1), o]


def view_shared_out_of_bounds(double[:] v, o):
    def g(i):
        return v[i] * 2
    return [g(10), o]


def view_shared_written(double[:] v, o):
    def g(int i, double x):
        v[i] = x
    g(1, 7)
    return [v[1], o]


def base(double[:] v):
    return [v.base is not None, type(v.base).__name__]


def power(o, int x, int y):
    d = {"a": x ** 2}
    return d, x ** y, o


@cython.cdivision(True)
def divisions(int x, int y):
    return x / y, x // y, x % y


@cython.cdivision(True)
def divisions_beside(o, int x, int y):
    return {"t": x / y, "f": x // y, "o": o}


@cython.cdivision(True)
def mixed_divisions(int x, double y):
    return x / y, x / 2


def classes(str s, list l, dict d, tuple t):
    return s, l, d, t


def other_classes(set a, frozenset b, bytes c, bytearray d):
    return a, b, c, d


def class_variable(o):
    cdef list l = o
    return l


def class_in_a_loop(o):
    cdef str s = ""
    found = []
    for s in o:
        found.append(s)
    return found


def indices(double[:, :] v, int i, int j):
    return v[i, j]


def stored(double[:, :, :] v, int i, int j, int k):
    v[i, j, k] = 2


def indices_beside(double[:, :] v, int i, int j):
    return {"v": v[i, j]}


def strided(double[::view.strided] v):
    return v[0], v.shape[0]


def contiguous(double[::view.contiguous] v):
    return v[0], v.shape[0]


def generic(double[::view.generic, :] v):
    return v[1, 0]


def view_array(int n, int m):
    cdef double[:, ::1] v = view.array((n, m), sizeof(double), "d")
    cdef double[::1, :] w = view.array(shape=(n, m), itemsize=sizeof(double), format="d", mode="fortran")
    cdef int i, j
    for i in range(n):
        for j in range(m):
            v[i, j] = i * 10 + j
            w[i, j] = i * 10 + j
    return np.asarray(v).tolist(), np.asarray(w).tolist(), v.strides[0], w.strides[0]


def view_array_mistakes(shape, mode):
    a = view.array(shape=shape, itemsize=sizeof(int), format="i", mode=mode)
    return a.shape, len(a)


def checked_casts(o):
    return <list?>o


def checked_in_an_expression(o):
    return (<dict?>o).get(1)


def plain_cast(o):
    return <list>o


def builtin_classes(type x, slice y, memoryview z not None):
    return x, y


def type_variable(o):
    cdef type x = o
    return x


def array_variable(o):
    cdef array.array x = o
    return len(x)


def object_variable(n):
    cdef object x = 1.5
    cdef object y = 2
    x = x * n
    return x, y * n


def from_to(int a, int b):
    cdef int i
    found = []
    for i from a <= i < b:
        found.append(i)
    return found, i


def from_down(int a, int b):
    cdef int i
    found = []
    for i from a >= i > b by 2:
        found.append(i)
        if i == 5:
            break
    else:
        found.append("else")
    return found, i


def from_changed(int a, int b):
    cdef long i
    found = []
    for i from a < i <= b by 3:
        if i == 4:
            continue
        found.append(i)
        i += 1
    return found, i


def from_objects(a, b):
    found = []
    i = None
    for i from a <= i < b:
        found.append(i)
    return found, i


def from_doubles(double a, double b):
    cdef double x
    found = []
    for x from a <= x < b by 0.5:
        found.append(x)
    return found, x


def buffers_beside(np.ndarray[double, ndim=2] a, int k):
    cdef np.ndarray[double, ndim=2] c = a[:k].copy()
    cdef int i
    for i in range(k):
        c[i, 0] += a[i, 1]
    return c.tolist(), {1: k}


def read_only_buffer(np.ndarray[double] a, d):
    d[1] = a[0]
    return d


def written_buffer(np.ndarray[double] a, d):
    a[0] = 1
    d[1] = a[0]
    return d


def buffer_of_objects(np.ndarray[object, ndim=1] a):
    return a[0]


def set_element(int[:] a, v):
    a[1] = v


def set_unsigned(unsigned short[:] a, v):
    a[1] = v


def set_elements(int[:] a, v):
    a[:] = v


IF UNAME_SYSNAME == "Linux":
    system = "Linux"
ELSE:
    system = "another"


def of_system():
    return system


def cast_of_object(i):
    return <unsigned char>i


def signed_cast_of_object(i):
    return <short>i + 1


def cast_of_sum(i):
    return <unsigned char>(i + 1), 1


def cast_of_counter(int n):
    cdef int s = 0
    cdef unsigned char last = 0
    for k in range(n):
        s += <unsigned char>k
        last = k
    return s, last


def cast_of_number(int n):
    x = n
    return <unsigned char>x, <unsigned char>(n + 1)


def roots(double[::1] v):
    cdef Py_ssize_t i
    for i in range(v.shape[0]):
        v[i] = i ** 0.5
    return list(v)
