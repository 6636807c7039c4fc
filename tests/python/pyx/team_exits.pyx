# cython: language_level=3
from cython.parallel cimport parallel, prange, threadid
cimport cython


def jumps(int n, int limit, int[:] out):
    """`break` and `continue` in a block are those of the loop around it."""
    cdef int k, done = 0
    for k in range(6):
        with nogil, parallel(num_threads=n):
            out[threadid()] += 1
            if k == 1:
                continue
            if k >= limit:
                break
        done += 10
    else:
        done += 1000
    return done, k


def in_while(int n):
    cdef int k = 0
    while True:
        k += 1
        with nogil, parallel(num_threads=n):
            if k < 3:
                continue
            if k == 5:
                break
    return k


cdef int returned(int n, int at) noexcept nogil:
    with parallel(num_threads=n):
        if threadid() >= at:
            return threadid() * 10
    return -1


def returns(int n, int at):
    return returned(n, at)


cdef double from_loop(double[:] a, double least, int n) noexcept nogil:
    cdef Py_ssize_t i
    with parallel(num_threads=n):
        for i in prange(a.shape[0]):
            if a[i] < 0:
                continue
            if a[i] >= least:
                return a[i] * 2
    return -1


def first_at_least(double[:] a, double least, int n):
    return from_loop(a, least, n)


def raises(double[:] a, int n, int at, double bad):
    cdef Py_ssize_t i
    cdef double s = 0
    with nogil, parallel(num_threads=n):
        if threadid() == at:
            with gil:
                raise ValueError(f"thread {at}")
        for i in prange(a.shape[0]):
            if a[i] == bad:
                with gil:
                    raise IndexError(f"bad {i}")
            s += a[i]
    return s


cdef int raised_or_returned(double[:] a, int n, double bad, double found) except -2 nogil:
    cdef Py_ssize_t i
    with parallel(num_threads=n):
        for i in prange(a.shape[0]):
            if a[i] == bad:
                with gil:
                    raise KeyError(i)
            if a[i] == found:
                return <int>i
    return -1


def either(double[:] a, int n, double bad, double found):
    return raised_or_returned(a, n, bad, found)


def position(double[:] a, double what, int n):
    cdef Py_ssize_t i, at = -1
    cdef double square = 0.5, twice
    with nogil, parallel(num_threads=n):
        for i in prange(a.shape[0], schedule="static"):
            twice = a[i] * 2
            if a[i] == what:
                at = i
                square = a[i] * a[i]
                break
    return at, square


def skipped(double[:] a, int n):
    cdef Py_ssize_t i
    cdef double s = 0
    with nogil, parallel(num_threads=n):
        for i in prange(a.shape[0]):
            if a[i] < 3:
                continue
            s += a[i]
    return s


def sum_before(double[:] a, double what, int n):
    cdef Py_ssize_t i
    cdef double s = 0
    with nogil, parallel(num_threads=n):
        for i in prange(a.shape[0]):
            if a[i] == what:
                break
            s += a[i]
    return s
