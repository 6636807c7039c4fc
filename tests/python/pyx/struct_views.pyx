# cython: language_level=3
from cython.parallel cimport prange
from libc.stdlib cimport malloc, free

cdef struct P:
    double x
    int y

cdef packed struct Tight:
    char c
    double d
    short s

cdef struct Inner:
    float u
    float v

cdef struct Outer:
    long id
    Inner inner
    int cells[2][3]
    double complex z

def total(P[:] v):
    cdef double s = 0
    cdef Py_ssize_t i
    for i in range(v.shape[0]):
        s += v[i].x * v[i].y
    return s

def total_const(const P[::1] v):
    cdef double s = 0
    cdef Py_ssize_t i
    for i in range(v.shape[0]):
        s += v[i].x + v[i].y
    return s

def set_fields(P[:] v, double a):
    cdef Py_ssize_t i
    for i in range(v.shape[0]):
        v[i].x = a * i
        v[i].y += i
    return v[0]

def set_whole(P[:] v):
    cdef P p
    p.x = 7.5
    p.y = -1
    v[0] = p
    v[1].x = 3
    v[2] = v[1]
    p = v[2]
    v[2].x = 100
    return p.x, v[-1].y

def grid(P[:, ::1] m):
    cdef Py_ssize_t i, j
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            m[i, j].x = 10 * i + j
            m[i, j].y = <int>(i - j)
    return m[1, 1].x, m.shape[0], m.shape[1], m.strides[0], m.strides[1], m.ndim, m.itemsize, m.nbytes, m.size

def fortran(P[::1, :] m):
    return m[1, 0].x, m[0, 1].y

def tight(Tight[:] v):
    v[0].d = 2.5
    v[1].s = v[0].c
    return v[0].d + v[1].s, v[1]

def nested(Outer[:] v):
    v[0].inner.u = 1.5
    v[0].cells[1][2] = 9
    v[0].z = 1 + 2j
    v[1].inner = v[0].inner
    return v[0].id, v[0].cells[1][2], v[1].inner.u, v[0].z

def pointer(P[:] v, int i):
    cdef P *p = &v[i]
    p.x = 11
    (&v[i + 1].y)[0] = 12
    return v[i].x, v[i + 1].y

def slices(P[:] v, int a, int b):
    cdef P[:] w = v[a:b]
    cdef P[:] r = v[::-1]
    w[0].x = 99
    return w.shape[0], r[0].y, v[a].x, len(w)

def fill(P[:] v):
    cdef P p
    p.x = 1
    p.y = 2
    v[1:3] = p
    return v[1].x, v[2].y, v[0].x

def fill_all(P[:, :] m):
    cdef P p
    p.x = 5
    p.y = 6
    m[...] = p
    return m[0, 0].x, m[1, 2].y

def assign(P[:] v, P[:] w):
    v[:] = w
    return v[0].x

def overlap(P[:] v):
    v[1:] = v[:-1]
    return v[0].x

def copied(P[:] v):
    cdef P[::1] w = v.copy()
    w[0].x = -5
    return w[0].x, v[0].x, w[1].y, w.is_c_contig()

def copied_fortran(P[:, :] m):
    cdef P[::1, :] w = m.copy_fortran()
    return w[1, 0].x, w.is_f_contig(), w.is_c_contig(), w.strides[0], w.strides[1]

def transposed(P[:, :] m):
    return m.T[1, 0].x, m.T.shape[0]

def cast(int n):
    cdef P *p = <P *>malloc(n * sizeof(P))
    cdef P[:] v = <P[:n]>p
    cdef Py_ssize_t i
    cdef double s = 0
    for i in range(n):
        v[i].x = i
        v[i].y = 2
    for i in range(n):
        s += p[i].x * p[i].y
    free(p)
    return s

def of_array():
    cdef P a[4]
    cdef P[:] v = a
    cdef int i
    for i in range(4):
        v[i].x = i
        v[i].y = i * i
    return a[3].x, a[2].y, v.shape[0]

cdef double inner_sum(P[:] v) noexcept nogil:
    cdef double s = 0
    cdef Py_ssize_t i
    for i in range(v.shape[0]):
        s += v[i].x
    return s

def without_gil(P[:] v):
    cdef double s
    with nogil:
        s = inner_sum(v[1:])
        v[0].y = 5
    return s, v[0].y

def parallel(P[:] v, double a):
    cdef Py_ssize_t i
    cdef double s = 0
    for i in prange(v.shape[0], nogil=True, num_threads=3):
        v[i].x = a * i
        v[i].y = <int>i
        s += v[i].x
    return s

def none(P[:] v):
    if v is None:
        return 1
    return 0

def not_none(P[:] v not None):
    return v.shape[0]

def bounds(P[:] v, int i):
    return v[i].x

def filled_beside(P[:] v, d):
    cdef P p
    p.x = 1
    p.y = 2
    v[:] = p
    v[1:2] = P(7, 8)
    d[1] = 2
    return d

def filled_by_object(P[:] v, o):
    v[:] = o


cdef struct Parts:
    double re
    double im

cdef struct Single:
    float re
    float im

ctypedef double complex number


def parts(Parts[:] v):
    return v[0].re, v[1].im, v[0]


def set_part(Parts[:] v):
    v[0].re = 5
    return v.shape[0]


def single(Single[:] v):
    return v[0]


def whole(number[:] v):
    return v[0]
