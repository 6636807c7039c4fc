# Parallel loops without the lock, in functions that handle Python objects beside them.
import numpy as np
from cython.parallel cimport parallel, prange, threadid
from libc.stdlib cimport free, malloc

cdef struct Bin:
    double total
    int n

BIN = np.dtype([("total", np.float64), ("n", np.int32)], align=True)


cdef void put(double x, Bin* b) noexcept nogil:
    b.total += x
    b.n += 1


def named(double[:] v, str name="x"):
    cdef int i
    cdef double s = 0
    for i in prange(v.shape[0], nogil=True, num_threads=2, schedule="static"):
        s += v[i]
    return {name.upper(): s, "last": i}


def of_attributes(holder, function=None):
    cdef int i
    cdef double s = 0
    cdef double[:] v = holder.data
    for i in prange(v.shape[0], nogil=True, num_threads=2):
        s += v[i]
    holder.total = s
    if function is not None:
        return function(s)
    return list(v)


def texts(double[:] v):
    cdef int i
    cdef double s = 0
    found = []
    for k in range(2):
        s = 0
        with nogil:
            for i in prange(v.shape[0], num_threads=2):
                s += v[i] * v[i]
        found.append("%d: %g" % (k, s))
    return found


def keywords(double[:] v, **rest):
    cdef int i
    cdef double[:] twice = np.zeros(v.shape[0])
    for i in prange(v.shape[0], nogil=True, num_threads=2, schedule="static"):
        twice[i] = 2 * v[i]
    return sorted(rest), np.asarray(twice).tolist()


def structs(double[::1] v):
    cdef int i
    cdef Bin[::1] bins = np.zeros(v.shape[0], dtype=BIN)
    with nogil:
        for i in prange(v.shape[0], schedule="static"):
            put(v[i], &bins[i])
    return np.asarray(bins).tolist()


def team(double[:] v, names):
    cdef int i
    cdef long s = 0
    cdef int* own
    with nogil, parallel(num_threads=2):
        own = <int*>malloc(sizeof(int))
        own[0] = threadid() + 1
        for i in prange(v.shape[0], schedule="static"):
            s += own[0]
        free(own)
    return {n: s for n in names}


def pointers(double[:] v, name):
    cdef int i, n = v.shape[0]
    cdef double* p = <double*>malloc(n * sizeof(double))
    for i in prange(n, nogil=True):
        p[i] = 2 * v[i]
    found = {name: [p[k] for k in range(n)]}
    free(p)
    return found


def failing(double[:] v, names):
    cdef int i
    cdef double s = 0
    try:
        for i in prange(v.shape[0], nogil=True):
            if v[i] < 0:
                with gil:
                    raise ValueError(f"{names} {i}")
            s += v[i]
    except ValueError as error:
        return {"error": str(error)}
    return {"sum": s}


def stored(values, int n):
    cdef int i
    cdef double[:] out = np.zeros(n)
    for i in prange(n, nogil=True, num_threads=2):
        with gil:
            out[i] = values.get(i, -1.0)
    return np.asarray(out).tolist()


def rows(double[:, :] x, done):
    cdef Py_ssize_t i, j
    cdef double[:] sums = np.zeros(x.shape[0])
    cdef double row
    for k in range(3):
        for i in prange(x.shape[0], nogil=True, schedule="dynamic"):
            row = 0
            for j in range(x.shape[1]):
                row = row + x[i, j]
            sums[i] = sums[i] + row
        if done(k):
            break
    return {k: np.asarray(sums).tolist()}


def on_one_line(list views):
    cdef int i
    cdef double[:] v
    cdef double s
    found = []
    for v in views:
        s = 0
        for i in prange(v.shape[0], nogil=True): s += v[i]
        found.append(f"{s:.1f}")
    return found
