# cython: language_level=3
cimport cython
from cython.parallel import prange


def find(double[:] a, double what):
    cdef Py_ssize_t i, k = -1
    for i in prange(a.shape[0], nogil=True, schedule="dynamic", num_threads=2):
        if a[i] == what:
            k = i
            break
    return k


cdef Py_ssize_t place(double[:] a, double what) noexcept nogil:
    cdef Py_ssize_t i
    for i in prange(a.shape[0], num_threads=3):
        if a[i] == what:
            return i
    return -1


def find_returning(double[:] a, double what):
    return place(a, what)


cdef double first_square(double[:] a, double least) noexcept nogil:
    cdef Py_ssize_t i
    cdef double x
    for i in prange(a.shape[0], num_threads=2):
        x = a[i] * a[i]
        if x >= least:
            return x + i
    return -1


def squares(double[:] a, double least):
    return first_square(a, least)


def rows(double[:, :] a, double limit):
    cdef Py_ssize_t i, j
    cdef int row = -1
    cdef double t, seen = 0.5
    for i in prange(a.shape[0], nogil=True, num_threads=2):
        t = 0
        for j in range(a.shape[1]):
            t = t + a[i, j]
            if t > 1000:
                break
        if t > limit:
            row = i
            seen = t
            break
    return row, seen


cdef void clear(double[:] a) noexcept nogil:
    cdef Py_ssize_t i
    for i in prange(a.shape[0], num_threads=1):
        if a[i] > 100:
            return
        a[i] = 0


def cleared(double[:] a):
    clear(a)
    return a[0]


cdef Py_ssize_t fails(double[:] a, double bad, double found) except -2 nogil:
    cdef Py_ssize_t i
    for i in prange(a.shape[0], num_threads=2):
        if a[i] == bad:
            with gil:
                raise ValueError("bad")
        if a[i] == found:
            return i
    return -1


def failing(double[:] a, double bad, double found):
    return fails(a, bad, found)


def skipping(double[:] a):
    cdef Py_ssize_t i
    cdef double total = 0
    for i in prange(a.shape[0], nogil=True):
        if a[i] < 3:
            continue
        total += a[i]
    return total


def directives(double[:] a, int i, int x, int y):
    cdef double first = 0
    with cython.boundscheck(False), cython.wraparound(True):
        first = a[i]
    with cython.cdivision(True):
        x = x // y
    return first, x, a[i]


def packed(double[:, :] a):
    cdef double[::1, :] f = a.copy_fortran()
    cdef double[:, ::1] c = f.copy()
    return (a.is_c_contig(), a.is_f_contig(), f.is_f_contig(), c.is_c_contig(), f[1, 0], c[0, 1],
            a.suboffsets[0], a.nbytes, a.itemsize, a.size, a.ndim, a.strides[0])
