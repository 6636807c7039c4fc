# cython: language_level=3
"""Exceptions of functions that are called through pointers."""
from libc.stdlib cimport qsort

ctypedef double (*f_t)(double) except? -1
ctypedef double (*free_t)(double) except? -1 nogil
ctypedef int (*g_t)(int) except -1
ctypedef long (*h_t)(long) except *
ctypedef void (*v_t)(double)
ctypedef double (*quiet_t)(double) noexcept


cdef double small(double x) except? -1:
    if x > 2:
        raise ValueError("big: %s" % x)
    return x - 2

cdef double small_free(double x) except? -1 nogil:
    if x > 2:
        raise ValueError("too big")
    return x - 2

cdef int even(int k) except -1:
    if k % 2:
        raise KeyError(k)
    return k

cdef long plain(long n) except *:
    if n < 0:
        raise OverflowError("negative")
    return -1

cdef void noted(double x):
    if x == 3:
        raise IndexError("three")

cdef double fine(double x) noexcept:
    return 2 * x

cdef double nested(double x) except? -1:
    cdef f_t f = small
    return f(x) + 1


cdef double total(f_t f, int n) except? -1:
    cdef double s = 0
    cdef int i
    for i in range(n):
        s += f(i)
    return s

cdef double total_free(free_t f, int n) except? -1 nogil:
    cdef double s = 0
    cdef int i
    for i in range(n):
        s += f(i)
    return s

cdef double bisect(double (*f)(double) except? -1, double low, double high) except? -1:
    """A loop that ends by the error alone."""
    cdef double middle
    while True:
        middle = (low + high) / 2
        if f(middle) > 0:
            low = middle
        low += 0.5


def run(int n):
    return total(small, n), total(fine, n)

def free(int n):
    cdef double s
    with nogil:
        s = total_free(small_free, n)
    return s

def ends(double low):
    return bisect(small, low, low + 1)

def deep(double x):
    cdef f_t f = nested
    return f(x)

def of_objects(values, list out):
    cdef f_t f = small
    cdef g_t g = even
    for x in values:
        out.append(f(x))
        out.append(g(int(x)))
    return out

def handled(values):
    cdef f_t f = small
    out = []
    for x in values:
        try:
            out.append(f(x))
        except ValueError as error:
            out.append(str(error))
    return out

def others(long n, double x):
    cdef h_t h = plain
    cdef v_t v = noted
    v(x)
    return h(n)

def chosen(int which, double x):
    cdef f_t[3] table
    table[0] = small
    table[1] = nested
    table[2] = fine
    return table[which](x)

def either(bint first, double x):
    cdef f_t f
    if first:
        f = small
    else:
        f = nested
    return f(x)

cdef f_t[2] TABLE = [small, nested]
cdef f_t ONE = fine
cdef quiet_t QUIET = fine

def of_module(int which, double x):
    return TABLE[which](x), ONE(x), QUIET(x)


cdef int order(const void *a, const void *b) noexcept nogil:
    return (<const int*>a)[0] - (<const int*>b)[0]

def sorted_by_c(list values):
    cdef int held[8]
    cdef int i
    for i in range(len(values)):
        held[i] = values[i]
    qsort(held, len(values), sizeof(int), order)
    return [held[i] for i in range(len(values))]
