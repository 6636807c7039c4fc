# cython: language_level=3, boundscheck=False, wraparound=False
# Variables with an address that the threads of parallel sections have for themselves.
import numpy as np
from cython.parallel cimport prange, parallel
from libc.stdlib cimport malloc, free
from libc.math cimport modf, frexp
from scipy.linalg.cython_blas cimport daxpy, ddot


cdef void put(double *p, double x) noexcept nogil:
    p[0] = x * 2


cdef int fill(int *p, int x) noexcept nogil:
    p[0] = x + 1
    return 0


def whole(double[::1] a, double[::1] out):
    cdef double part, frac
    cdef Py_ssize_t i
    for i in prange(a.shape[0], nogil=True):
        part = 0
        frac = modf(a[i], &part)
        out[i] = part * 10 + frac
    return np.asarray(out)


def blas(double[:, ::1] x, double[::1] w, double[::1] out, int threads=2):
    cdef int n = x.shape[1], one = 1
    cdef Py_ssize_t i, j
    cdef double temp, err
    cdef double *b
    with nogil, parallel(num_threads=threads):
        b = <double *> malloc(n * sizeof(double))
        try:
            for i in prange(x.shape[0], schedule='dynamic', chunksize=3):
                for j in range(n):
                    b[j] = 0
                for j in range(n):
                    temp = (j + 1) * w[i]
                    daxpy(&n, &temp, &x[i, 0], &one, b, &one)
                err = 0
                put(&err, b[n - 1])
                out[i] = err
        finally:
            free(b)
    return np.asarray(out)


def nested(int n, int m, long[:, ::1] out):
    cdef int v
    cdef int i, t
    for t in range(m):
        for i in prange(n, nogil=True):
            v = 0
            fill(&v, i * t)
            out[t, i] = v
    return np.asarray(out)


def pointers(double[::1] a):
    cdef double *p
    cdef double **q
    cdef Py_ssize_t i
    cdef double s = 0
    for i in prange(a.shape[0], nogil=True):
        p = &a[i]
        q = &p
        s += q[0][0]
    return s
