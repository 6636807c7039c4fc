# cython: language_level=3
"""Parallel loops: every argument, ways out, and code that takes the lock again."""
cimport cython
from cython.parallel cimport prange, parallel, threadid


def narrow(int n):
    cdef int i, s = 0
    cdef long t = 1
    for i in prange(n, nogil=True):
        s += i
        t += i * 2
    return s, t


def step(int a, int b, int c):
    cdef int i = -7, s = 0
    for i in prange(a, b, c, nogil=True):
        s += i
    return s, i


def chunks(int n, int c, int threads):
    cdef int i, s = 0
    for i in prange(n, nogil=True, schedule="dynamic", chunksize=c):
        s += i
    for i in prange(n, nogil=True, schedule="guided", chunksize=c, num_threads=threads):
        s += i
    for i in prange(n, nogil=True, schedule="static", chunksize=c, use_threads_if=threads > 1):
        s += i
    for i in prange(n, nogil=True, schedule="runtime"):
        s += i
    for i in prange(n, nogil=True, schedule=None, num_threads=threads):
        s += i
    return s


def break_beside_reduction(double[:] a, double x):
    cdef Py_ssize_t i, k = -1
    cdef double t = 0
    for i in prange(a.shape[0], nogil=True, num_threads=1):
        t += a[i]
        if a[i] == x:
            k = i
            break
    return k, t


cdef double found(double[:] a, double x) noexcept nogil:
    cdef Py_ssize_t i
    cdef double t = 0
    for i in prange(a.shape[0]):
        t += a[i]
        if a[i] == x:
            return i
    return t


def return_beside_reduction(double[:] a, double x):
    return found(a, x)


def raise_beside_reduction(double[:] a, double x):
    cdef Py_ssize_t i
    cdef double t = 0
    for i in prange(a.shape[0], nogil=True):
        t += a[i]
        if a[i] == x:
            with gil:
                raise ValueError("at %d" % i)
    return t


def objects_in_a_loop(double[:] a):
    cdef Py_ssize_t i
    cdef double s = 0
    seen = {}
    with nogil:
        for i in range(a.shape[0]):
            s += a[i]
            if a[i] > 3:
                with gil:
                    seen[i] = s
                    if i == 7:
                        raise KeyError(i)
    return s, seen


def objects_in_parallel(int n, what):
    cdef int i, s = 0
    d = {"a": 1}
    for i in prange(n, nogil=True, schedule="static", chunksize=2):
        with gil:
            s += d[what] + len(d)
    return s


def lock_again_and_again(list found):
    cdef double s = 0
    cdef int i
    with nogil:
        for i in range(10):
            s += i
            with gil:
                found.append(s)
                with nogil:
                    s += 1
    return s, found


def in_a_team():
    out = {}
    cdef int t
    with nogil, parallel(num_threads=1):
        t = threadid()
        with gil:
            out[t] = str(t)
    return out


cdef int counted(int x) except -1 with gil:
    d = {}
    d[x] = x + 1
    if x == 3:
        raise RuntimeError("three")
    return d[x]


def with_gil_function(int n):
    cdef int i, s = 0
    with nogil:
        for i in range(n):
            s += counted(i)
    for i in prange(n, nogil=True, num_threads=2):
        s += counted(i)
    return s


def with_the_lock(int n):
    cdef int i
    cdef list made = [None] * n
    for i in prange(n, num_threads=1):
        made[i] = str(i)
    return made


cdef int checked(int n, double x) except -1 nogil:
    if n == 1: raise ValueError("n=%d" % n)
    if n == 2: raise ValueError("n=%d x=%s" % (n, x))
    if n == 3: raise ValueError("n=%r {}" % x)
    if n == 4: raise ValueError(f"{n} {x}")
    if n == 5: raise ValueError("100%")
    if n == 6: raise ValueError("%s" % n)
    if n == 9: raise ValueError("%i%%" % n)
    return n


def messages(int n, double x):
    cdef int r
    with nogil:
        r = checked(n, x)
    return r


def with_else(int n):
    cdef int i
    cdef long s = 0
    for i in prange(n, nogil=True):
        s += i
    else:
        s = 1000
    return s


def rows_in_blocks_of_one(double[:, :] a):
    cdef Py_ssize_t i, j
    cdef double s = 0
    cdef double p = 1
    for i in prange(a.shape[0], nogil=True, schedule="dynamic"):
        for j in range(a.shape[1]):
            s += a[i, j]
            p *= a[i, j]
    return s, p
