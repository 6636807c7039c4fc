# cython: language_level=3
"""Blocks under the lock in parallel loops: what they do to objects, and the numbers that they share with the loop."""
from cython.parallel cimport prange, parallel, threadid

calls = 0


def appended(double[:] a, list out, int n):
    cdef Py_ssize_t i
    cdef double x
    for i in prange(a.shape[0], nogil=True, num_threads=n, schedule="dynamic"):
        x = a[i] * 2
        if x > 4:
            with gil:
                out.append((i, x))
    return sorted(out)


def counted(long[:] a, int n):
    cdef Py_ssize_t i
    cdef long s = 1
    seen = {}
    names = set()
    for i in prange(a.shape[0], nogil=True, num_threads=n):
        s += a[i]
        with gil:
            seen[a[i]] = seen.get(a[i], 0) + 1
            names.add(f"{a[i]:03d}")
    return s, sorted(seen.items()), sorted(names), i


def reduced(list values, int n):
    cdef int i, m = len(values)
    cdef double s = 10
    cdef long p = 1
    for i in prange(m, nogil=True, num_threads=n):
        with gil:
            s += values[i]
            p *= int(values[i]) + 1
    return s, p


def taken_back(names, int[:] out, int n):
    cdef int i, length, m = out.shape[0]
    cdef double half
    with nogil:
        for i in prange(m, num_threads=n):
            with gil:
                length = len(names[i])
                half = length / 2.0
            out[i] = length * 10 + <int>half
    return [x for x in out]


def called(function, double[:] a, int n):
    """Functions of Python, which may raise."""
    cdef Py_ssize_t i
    cdef double y
    global calls
    calls = 0
    for i in prange(a.shape[0], nogil=True, num_threads=n):
        with gil:
            calls = calls + 1
            y = function(a[i])
        a[i] = y
    return [x for x in a], calls


def failing(dict d, int m, int n):
    cdef int i
    cdef double s = 0
    for i in prange(m, nogil=True, num_threads=n):
        with gil:
            s += d[i]
    return s


def in_a_team(int n):
    cdef int t
    out = []
    with nogil, parallel(num_threads=n):
        t = threadid()
        with gil:
            out.append(t)
    return sorted(out)


def shared_in_a_team(double[:] a, int n):
    cdef Py_ssize_t i
    cdef double s = 0
    found = set()
    threads = set()
    with nogil, parallel(num_threads=n):
        for i in prange(a.shape[0]):
            s += a[i]
            with gil:
                threads.add(threadid())
                if a[i] > 3:
                    found.add(i)
    return s, sorted(found), len(threads) <= n


def twice(double[:] a, int n):
    cdef Py_ssize_t i, k
    cdef double top = -1
    first, last = None, None
    texts = [None] * a.shape[0]
    for i in prange(a.shape[0], nogil=True, num_threads=n):
        with gil:
            texts[i] = str(a[i])
    joined = "-".join(texts)
    for k in prange(a.shape[0], nogil=True, num_threads=n):
        if a[k] == 2:
            with gil:
                first = texts[k]
        if a[k] == 4:
            with gil:
                last = joined[k:]
    return joined, first, last, k


def released_inside(int m, int n):
    cdef int i
    cdef double s = 0
    out = {}
    for i in prange(m, nogil=True, num_threads=n):
        with gil:
            out[i] = i * i
            with nogil:
                s += i
    return s, sorted(out.items())


def with_finally(int m, int n):
    cdef int i
    done = []
    for i in prange(m, nogil=True, num_threads=n):
        try:
            with gil:
                if i == 3:
                    raise LookupError(f"no {i}")
        finally:
            with gil:
                done.append(i)
    return len(done)


def unsigned_and_small(int n):
    cdef unsigned long long big
    cdef unsigned char small
    cdef bint flag
    cdef float x
    cdef int i
    out = []
    for i in prange(4, nogil=True, num_threads=n):
        with gil:
            big = 2 ** 64 - 1 - i
            small = 250 + i
            flag = i
            x = i + 0.1
        with gil:
            out.append((i, big, small, flag, x))
    return sorted(out)
