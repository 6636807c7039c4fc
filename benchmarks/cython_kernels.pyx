# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Kernels for the comparison with Cython: typed loops, parallel loops, calls, and functions over objects."""
from cython.parallel cimport prange
from libc.math cimport sqrt, exp


def pairwise(double[:, ::1] x, double[:, ::1] out):
    cdef Py_ssize_t i, j, k
    cdef double s, d
    for i in range(x.shape[0]):
        for j in range(x.shape[0]):
            s = 0
            for k in range(x.shape[1]):
                d = x[i, k] - x[j, k]
                s += d * d
            out[i, j] = sqrt(s)


def pairwise_parallel(double[:, ::1] x, double[:, ::1] out):
    cdef Py_ssize_t i, j, k
    cdef double s, d
    for i in prange(x.shape[0], nogil=True):
        for j in range(x.shape[0]):
            s = 0
            for k in range(x.shape[1]):
                d = x[i, k] - x[j, k]
                s = s + d * d
            out[i, j] = sqrt(s)


def heat(double[:, ::1] u, double[:, ::1] v):
    cdef Py_ssize_t i, j
    for i in range(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            v[i, j] = u[i, j] + 0.1 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4 * u[i, j])


def mandelbrot(int[:, ::1] out, int limit):
    cdef Py_ssize_t i, j
    cdef int n
    cdef double cr, ci, zr, zi, t
    for i in prange(out.shape[0], nogil=True, schedule="dynamic"):
        for j in range(out.shape[1]):
            cr = -2.0 + 3.0 * j / out.shape[1]
            ci = -1.2 + 2.4 * i / out.shape[0]
            zr = 0
            zi = 0
            n = 0
            while n < limit and zr * zr + zi * zi < 4:
                t = zr * zr - zi * zi + cr
                zi = 2 * zr * zi + ci
                zr = t
                n = n + 1
            out[i, j] = n


def logistic(double[::1] x, double[::1] out):
    cdef Py_ssize_t i
    for i in range(x.shape[0]):
        out[i] = 1 / (1 + exp(-x[i]))


def add(double a, double b):
    return a + b


cpdef double fused_add(double a, double b):
    return a + b


def first(double[::1] a):
    return a[0]


def word_counts(str text):
    counts = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    return counts


def joined(list names):
    parts = []
    for name in names:
        if name:
            parts.append(name.upper())
    return "-".join(parts)


def untyped_sum(values):
    total = 0
    for v in values:
        total += v * v
    return total


def distances_of_points(points):
    out = []
    for x, y in points:
        out.append((x * x + y * y) ** 0.5)
    return out
