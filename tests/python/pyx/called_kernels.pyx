# cython: language_level=3
# Functions of objects that call kernels of their module, which become part of them.
from libc.math cimport fabs, sqrt

cdef struct Point:
    double x
    double y

cdef inline double dist(double x, double y) noexcept nogil:
    return sqrt(x * x + y * y)

cdef inline float single(float x) noexcept nogil:
    return x / 3

cdef inline bint near(double x, double y) noexcept nogil:
    return fabs(x - y) < 2

cdef unsigned char narrow(unsigned char c) noexcept:
    return c + 1

cdef unsigned long long wide(unsigned long long n) noexcept:
    return n + 1

cdef int checked(int x) except -1 nogil:
    if x > 100:
        raise ValueError("too big")
    return x * 2

cdef double quotient(double a, double b) except? -1:
    return a / b

cdef int outer(int x) except? -1 nogil:
    return checked(x) + checked(x + 1)

cdef double norm(double *a, double *b, int n) noexcept nogil:
    cdef double s = 0
    cdef int i
    for i in range(n):
        s += (a[i] - b[i]) * (a[i] - b[i])
    return s

cdef void scale(Point *p, double by) noexcept nogil:
    p.x *= by
    p.y *= by

cdef void fill(double *a, int n) except *:
    cdef int i
    if n > 8:
        raise IndexError("too many")
    for i in range(n):
        a[i] = i

cdef int characters(const char *s) noexcept:
    cdef int n = 0
    while s[n]:
        n += 1
    return n

cdef int calls_module(int x) except -1:
    return x + OFFSET

OFFSET = 10

def distances(points):
    out = {}
    for p in points:
        out[p] = dist(p[0], p[1])
    return out

def conversions(o):
    return [single(o), near(o, 0), dist(o, o)], {}

def narrow_numbers(o):
    return [narrow(o), {}]

def wide_numbers(o):
    return [wide(o), {}]

def raising(xs):
    out = []
    try:
        for x in xs:
            out.append([checked(x), x])
    except ValueError as error:
        out.append(str(error))
    finally:
        out.append("end")
    return out

def unhandled(xs, o):
    keep = [o, [o]]
    return keep, [outer(x) for x in xs]

def quotients(a, b):
    return [quotient(a, b)], {"a": a}

def without_lock(xs, int n):
    cdef int i, k = 0
    cdef double s = 0
    with nogil:
        for i in range(n):
            s += dist(i, i + 1)
            k += checked(i)
    return [s, k, xs]

def pointers(o, int n):
    cdef double[8] a
    cdef double[8] b
    cdef Point p
    fill(a, n)
    fill(&b[0], 8)
    b[0] = o
    p.x, p.y = o, 1
    scale(&p, 2)
    return [norm(a, b, 3), p, norm(&a[1], b, 2)]

def texts(o):
    return [characters(o), o]

def nested(o):
    return [dist(dist(o, 1), dist(dist(1, o), checked(o))), {}]

def with_global(x):
    return [calls_module(x), {}]
