# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The kernels of uneven.py in Cython with OpenMP; the schedule is what `omp_set_schedule` said."""
from cython.parallel cimport prange


def triangle(double[:, ::1] a, double[::1] out):
    cdef Py_ssize_t i, j, n = a.shape[0]
    cdef double s
    for i in prange(n, nogil=True, schedule="runtime"):
        s = 0.0
        for j in range(i + 1):
            s = s + a[i, j] / (i - j + 1)
        out[i] = s


cdef inline long escape(double cr, double ci, long cutoff) noexcept nogil:
    cdef double x = 0.0, y = 0.0, t
    cdef long k = 0
    while x * x + y * y < 4.0 and k < cutoff:
        t = x * x - y * y + cr
        y = 2.0 * x * y + ci
        x = t
        k += 1
    return k


def mandelbrot(double[::1] line, long cutoff, long[:, ::1] out):
    cdef Py_ssize_t i, j, n = line.shape[0]
    for i in prange(n, nogil=True, schedule="runtime"):
        for j in range(n):
            out[i, j] = escape(line[j], line[i], cutoff)


def sparse(long[::1] start, long[::1] column, double[::1] value, double[::1] x, double[::1] out):
    cdef Py_ssize_t i, k, n = out.shape[0]
    cdef double s
    for i in prange(n, nogil=True, schedule="runtime"):
        s = 0.0
        for k in range(start[i], start[i + 1]):
            s = s + value[k] * x[column[k]]
        out[i] = s
