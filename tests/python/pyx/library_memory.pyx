# cython: language_level=3
# Letters that are cast, functions of C's library as pointers, quotients of `div`, arrays of `cpython.array`, names of members.
cimport cython
cimport numpy as np
from cpython cimport array
from cython.parallel import prange
from cpython.mem cimport PyMem_Del, PyMem_Malloc
from libc.math cimport cbrt, e, pi, pow, sin, sqrt, sqrtf
from libc.stddef cimport wchar_t
from libc.stdint cimport int32_t, int_fast8_t, int_fast16_t, uint8_t, uint_least32_t
from libc.stdio cimport _IOFBF, _IOLBF, _IONBF
from libc.stdlib cimport div, div_t, ldiv, lldiv

import array
import numpy as np

ctypedef double (*of_double)(double) noexcept nogil
ctypedef long number

cdef packed struct Packed:
    int32_t a
    double b
    uint8_t c
cdef struct Named:
    np.float32_t x
    number y
    signed char t

cdef struct Item:
    const char *name
    int n

cdef char *text = b"abc"
cdef const char *words[2]
words[0] = b"one"
words[1] = b"twelve"
cdef Item item
item.name = b"item"
item.n = 3

cdef int[:, :] grid = np.zeros((3, 4), dtype=np.int32)
cdef double[::1] row = np.arange(5.0)
cdef float[:] unset

cdef of_double[3] table
table[0] = sqrt
table[1] = sin
table[2] = cbrt


def letters(str s):
    out = []
    for c in s:
        out.append(<int>c)
        out.append(c)
    return out

def digits(str s):
    cdef long t = 0
    for c in s:
        if c.isdigit():
            t = t * 10 + <int>c - <int>'0'
    return t

def letters_inside(str s):
    return [<long>c for c in s], sum(<int>c for c in s), {c: <int>c for c in s if <int>c > 97}

def letters_of_an_object(s):
    return [<int>c for c in s]


cdef double summed(of_double f, double a, double b, int n) noexcept nogil:
    cdef int i
    cdef double s = 0
    for i in range(n):
        s += f(a + i * (b - a) / n)
    return s

cdef double applied(double (*f)(double, double) noexcept nogil, double x):
    return f(x, 2)

cdef float applied_single(float (*f)(float) noexcept nogil, float x):
    return f(x)

def library_pointers(double a):
    return summed(sqrt, 0, a, 10), summed(&sin, 0, a, 10), applied(pow, a), applied_single(sqrtf, a)

def chosen_pointer(double a):
    cdef of_double f = sqrt
    if a > 2:
        f = sin
    return f(a)

def pointers_in_a_table(int i, double x):
    return table[i](x)

def pointers_beside_objects(double x, o):
    cdef of_double f = sqrt
    return [o, f(x), summed(sqrt, 0, x, 10)]


def quotients(int a, int b):
    cdef div_t d = div(a, b)
    return d.quot, d.rem, ldiv(a, b).quot, lldiv(a, b).rem

def quotient_beside_objects(o, int a, int b):
    return [o, div(a, b)]


def doubles_of(array.array a):
    cdef int i
    cdef double t = 0
    for i in range(len(a)):
        t += a.data.as_doubles[i]
    return t

def changed_array(array.array a, o):
    cdef array.array b = array.copy(a)
    b.data.as_longs[1] += 3
    return [o, b, b.data.as_uchars[0]]

cdef double total(double *p, Py_ssize_t n) noexcept nogil:
    cdef double t = 0
    cdef Py_ssize_t i
    for i in range(n):
        t += p[i]
    return t

def passed_array(array.array a):
    return total(a.data.as_doubles, len(a))

def made_array(array.array a, int n):
    cdef array.array b = array.clone(a, n, zero=True)
    cdef double *p = b.data.as_doubles
    cdef int i
    with nogil:
        for i in range(n):
            p[i] = i * 2
    return b

def resized_array(int n):
    cdef array.array a = array.array('i', [1, 2, 3])
    array.resize(a, n)
    cdef int *q = a.data.as_ints
    q[0] = 12
    return a[0], len(a), a.data.as_voidptr != NULL


def packed(Packed[:] v):
    return v.shape[0]

def named(Named[:] v):
    return v.shape[0]

def filled(o):
    cdef Packed p = o
    return p.a, p.b, p.c


def characters_of_the_module(int i):
    return text, text[0], text[1:3], words[i], item.name, item


def view_of_the_module(o):
    r = {}
    for i in range(row.shape[0]):
        r[i] = row[i]
    grid[1, 2] += 3
    grid[-1, :] = 5
    return [o, r, grid.shape[1], grid[1, 2], np.asarray(grid).tolist()]

def element_of_the_module(list keys):
    return [row[k] for k in keys], {"sum": sum(row)}

def unset_view_of_the_module(o):
    return [o, unset[0]]

def assigned_view_of_the_module(o):
    global row
    row = o
    return [row.shape[0], {"first": row[0]}]


@cython.infer_types(True)
def inferred_numbers(dict d, int a, int b):
    c = a + b
    d["c"] = c
    e = c * 1000000
    e += a
    d["e"] = e
    d["f"] = a / 2
    k = 3
    d["k"] = k * 2**31
    return d


def layouts_beside_objects(double[:, :] v, o):
    cdef double[:, :] c = v.copy()
    cdef double[:, :] f = v.copy_fortran()
    return [o, c.is_c_contig(), c.is_f_contig(), f.is_f_contig(), v.T.is_c_contig(), v[::2].is_c_contig()]


def found_in_parallel(double[:] v, double x):
    cdef Py_ssize_t i
    cdef int e = 0
    for i in prange(v.shape[0], nogil=True):
        if v[i] == x:
            break
    else:
        e = 1
    return e


def _divisions(int a, int b, double x, double y):
    for k in range(11):
        try:
            if k == 0: yield a // b
            if k == 1: yield a % b
            if k == 2: yield a / b
            if k == 3: yield x / y
            if k == 4: yield x // y
            if k == 5: yield x % y
            if k == 6: yield x / b
            if k == 7: yield x % b
            if k == 8:
                a //= b
                yield a
            if k == 9:
                x /= b
                yield x
            if k == 10: yield 1 / b
        except ZeroDivisionError as e:
            yield str(e)

def divisions_in_a_generator(*args):
    return list(_divisions(*args))


cdef struct Wave:
    double complex z

cdef double complex phase = 3

def parts_of_complex(double complex[:] v, float complex c, double x):
    cdef double complex z = 1 + 2j
    cdef double complex t[3]
    cdef double complex *p = t
    cdef Wave w
    z.real = x
    z.imag += 3
    v[0].real = x * (
        2 + x)
    v[1].imag -= x - 1
    t[0] = t[1] = t[2] = 1j
    t[1].real = x
    p[2].imag *= x + 1
    w.z = z
    w.z.imag = 7
    c.imag = x
    phase.real = x
    return z, v[0], v[1], t[1], t[2], w.z, c, phase

def parts_of_complex_beside_objects(double complex[:] v, o):
    cdef double complex z = v[0]
    z.imag = o
    v[1].real += 2
    return [o, z, v[1]]


def extrema_beside_objects(int a, double x, unsigned char b, o):
    cdef int i, n = 0
    for i in range(max(0, a - 2), min(a, 10, 2 * a)):
        n += i
    return [o, n, max(a, 3), min(a, x), max(x, 1, a), min(b, a), max(b, b), min(1, 2), max(a, o), min(x, 0.5), max(x, a)]


cdef int calls = 0

cdef int counted_call(int x):
    global calls
    calls += 1
    return x

def extrema_compute_once(o):
    m = max(counted_call(3), counted_call(1), 2)
    return [o, m, calls]


def sizes_and_numbers():
    return pi, e, sizeof(int_fast8_t), sizeof(int_fast16_t), sizeof(uint_least32_t), sizeof(wchar_t), _IONBF, _IOLBF, _IOFBF


def through_memory(int_fast8_t n):
    cdef int *p = <int*>PyMem_Malloc(sizeof(int))
    p[0] = n
    found = p[0] + 1
    PyMem_Del(p)
    return found
