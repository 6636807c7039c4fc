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


def locks(int n):
    """All threads wait for each other, with a lock in front of the count."""
    cdef int arrived = 0, seen, tested
    cdef int *count = &arrived
    cdef openmp.omp_lock_t lock
    openmp.omp_init_lock(&lock)
    with nogil, parallel(num_threads=n):
        openmp.omp_set_lock(&lock)
        count[0] += 1
        openmp.omp_unset_lock(&lock)
        while True:
            openmp.omp_set_lock(&lock)
            seen = count[0]
            openmp.omp_unset_lock(&lock)
            if seen >= n:
                break
    tested = openmp.omp_test_lock(&lock)
    seen = openmp.omp_test_lock(&lock)
    openmp.omp_unset_lock(&lock)
    openmp.omp_destroy_lock(&lock)
    return arrived, tested, seen


def nested_locks(int n):
    cdef openmp.omp_nest_lock_t lock
    cdef int first, second, k
    cdef long total = 0
    cdef long *sum = &total
    openmp.omp_init_nest_lock(&lock)
    with nogil, parallel(num_threads=n):
        for k in range(100):
            openmp.omp_set_nest_lock(&lock)
            openmp.omp_set_nest_lock(&lock)
            sum[0] += 1
            openmp.omp_unset_nest_lock(&lock)
            openmp.omp_unset_nest_lock(&lock)
    first = openmp.omp_test_nest_lock(&lock)
    second = openmp.omp_test_nest_lock(&lock)
    return total, first, second


def settings():
    cdef openmp.omp_sched_t kind
    cdef int chunk
    openmp.omp_set_schedule(openmp.omp_sched_guided, 4)
    openmp.omp_get_schedule(&kind, &chunk)
    openmp.omp_set_dynamic(0)
    return <int>kind, chunk, openmp.omp_get_dynamic(), openmp.omp_get_wtick() > 0

def over_lines(int n, int[:] v):
    cdef int i
    with nogil, parallel(
            num_threads=2):
        v[threadid()] = 1
    with nogil, \
            parallel(num_threads=2):
        v[threadid()] += 1
    with nogil(
            True):
        v[0] += 1
    return v[0], sizeof(
        n), [<double> i for i in range(
            2)]
