# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Memory of each thread's own that is merged under the lock."""
from cython.parallel cimport prange, parallel, threadid
from libc.stdlib cimport malloc, calloc, free
cimport numpy as cnp
import numpy as np

def array(double[:] x, int bins, int threads):
    cdef Py_ssize_t i, k, n = x.shape[0]
    cdef double *p
    total = np.zeros(bins)
    with nogil, parallel(num_threads=threads):
        p = <double*>calloc(bins, sizeof(double))
        for i in prange(n):
            p[<int>x[i] % bins] += x[i]
        with gil:
            for k in range(bins):
                total[k] += p[k]
        free(p)
    return total

def view(double[:] x, int bins, int threads):
    cdef Py_ssize_t i, k, n = x.shape[0]
    cdef double *p
    cdef double[::1] total = np.zeros(bins)
    with nogil, parallel(num_threads=threads):
        p = <double*>malloc(bins * sizeof(double))
        for k in range(bins):
            p[k] = 0
        for i in prange(n):
            p[<int>x[i] % bins] += x[i]
        with gil:
            for k in range(bins):
                total[k] += p[k]
        free(p)
    return np.asarray(total)

def listed(double[:] x, int bins, int threads):
    cdef Py_ssize_t i, k, n = x.shape[0]
    cdef int *p
    cdef list total = [0] * bins
    with nogil, parallel(num_threads=threads):
        p = <int*>calloc(bins, sizeof(int))
        if p == NULL:
            with gil:
                raise MemoryError()
        for i in prange(n, schedule="static"):
            p[<int>x[i] % bins] += 1
        with gil:
            for k in range(bins):
                total[k] += p[k]
        free(p)
    return total

def divided(long[:] x, int threads):
    """Division in the block."""
    cdef Py_ssize_t i
    cdef int k, half
    cdef long *counts
    cdef dict total = {}
    with nogil, parallel(num_threads=threads):
        counts = <long*>calloc(8, sizeof(long))
        for i in prange(x.shape[0]):
            counts[x[i] % 8 if x[i] >= 0 else 0] += 1
        with gil:
            for k in range(-3, 5):
                half = k // 2
                half = half % 2
                total[k + 3] = total.get(k + 3, 0) + counts[k + 3]
                total["half", k] = half, k % 3
        free(counts)
    return sorted(total.items(), key=str)

def scaled(double[:] x, double low, double high, int bins, int threads):
    """Division of numbers of C around the loop, where zero has a quotient."""
    cdef Py_ssize_t i
    cdef int b, k
    cdef double scale = bins / (high - low)
    cdef long *counts
    total = np.zeros(bins, dtype=np.int_)
    with nogil, parallel(num_threads=threads):
        counts = <long*>calloc(bins, sizeof(long))
        for i in prange(x.shape[0], schedule='static'):
            if low <= x[i] < high:
                b = <int>((x[i] - low) * scale)
                counts[b] += 1
        with gil:
            for k in range(bins):
                total[k] += counts[k]
        free(counts)
    return total, scale, bins / 3

def freed(double[:] x, int bins, int threads):
    """Memory that the block gives back, and null pointers."""
    cdef Py_ssize_t i, k
    cdef float *p
    cdef int *nothing
    total = np.zeros(bins)
    nulls = []
    with nogil, parallel(num_threads=threads):
        p = <float*>calloc(bins, sizeof(float))
        nothing = NULL
        for i in prange(x.shape[0]):
            p[<int>x[i] % bins] += 1
        with gil:
            nulls.append(nothing == NULL)
            if p is not NULL:
                for k in range(bins):
                    p[k] = 2 * p[k]
                    total[k] += p[k]
                free(p)
    return total, set(nulls)

def refused(int n, out):
    cdef int i
    cdef int *p
    for i in prange(n, nogil=True):
        with gil:
            p = NULL
            out[i] = str(i)
    return out
