from cython.parallel cimport parallel, prange, threadid
from libc.stdlib cimport malloc, free
cimport cython
cimport openmp

def ids(int n, int[:] out):
    cdef int i
    with nogil, parallel(num_threads=n):
        i = threadid()
        out[i] += i + 1
    return out.shape[0]

def sizes(int n, int[:] out):
    with nogil, parallel(num_threads=n):
        out[threadid()] = openmp.omp_get_num_threads() * 100 + openmp.omp_get_thread_num()
    return openmp.omp_get_num_threads(), openmp.omp_in_parallel()

def total(double[:] a, int n):
    cdef double s = 1
    cdef Py_ssize_t i
    with nogil, parallel(num_threads=n):
        for i in prange(a.shape[0]):
            s += a[i]
    return s, i

def reductions(long[:] a, int n):
    cdef long s = 0, p = 1, x = 5, o = 0, e = -1, d = 100
    cdef Py_ssize_t i
    with nogil, parallel(num_threads=n):
        for i in prange(a.shape[0], schedule="dynamic"):
            s += a[i]
            p *= a[i] % 3 + 1
            x ^= a[i]
            o |= a[i]
            e &= a[i]
            d -= a[i]
    return s, p, x, o, e, d

def last(int m, int n):
    cdef int i = -1
    cdef double y = -2
    with nogil, parallel(num_threads=n):
        for i in prange(0, m, 3):
            y = i * 2
    return i, y

def scratch(double[:, :] a, double[:] out, int n):
    cdef Py_ssize_t i, j, m = a.shape[1]
    cdef double *row
    with nogil, parallel(num_threads=n):
        row = <double *>malloc(m * sizeof(double))
        for i in prange(a.shape[0], schedule="guided"):
            for j in range(m):
                row[j] = a[i, j] * 2
            for j in range(m):
                out[i] += row[j]
        free(row)
    return out[0]

def twice(double[:] a, double[:] b, int n):
    cdef double s = 0, t = 0
    cdef Py_ssize_t i, k
    with nogil, parallel(num_threads=n):
        for i in prange(a.shape[0]):
            b[i] = a[i] * 2
            s += a[i]
        for k in prange(a.shape[0]):
            t += b[a.shape[0] - 1 - k]
    return s, t

def alone(double[:] a):
    cdef double s = 0
    cdef Py_ssize_t i
    with nogil, cython.parallel.parallel():
        for i in prange(a.shape[0], schedule="static"):
            a[i] = a[i] + 1
    return a[0]

def condition(int[:] out, bint use):
    with nogil, parallel(num_threads=3, use_threads_if=use):
        out[threadid()] += 1
    return 0
