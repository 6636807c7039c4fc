cimport cython

cdef enum Plain:
    FIRST = 1

cpdef enum Seen:
    SECOND = 2

cdef struct Pair:
    int a
    double b

ctypedef fused number:
    int
    float
    double


cdef int twice(int x):
    return 2 * x


def declared(double[:, ::1] v, const int[:] c, list l, text, Py_ssize_t n=1):
    cdef float f = 1
    cdef unsigned long long u = 1
    cdef char c1 = 2
    cdef bint b = 1
    cdef double complex z = 1
    cdef double *p = &v[0, 0]
    cdef double a[3]
    cdef object o = None
    cdef Plain e = FIRST
    cdef Seen s = SECOND
    cdef Pair pair
    return [
        cython.typeof(v), cython.typeof(c), cython.typeof(l), cython.typeof(text), cython.typeof(n), cython.typeof(f),
        cython.typeof(u), cython.typeof(c1), cython.typeof(b), cython.typeof(z), cython.typeof(p), cython.typeof(a),
        cython.typeof(o), cython.typeof(e), cython.typeof(s), cython.typeof(pair), cython.typeof(pair.b),
    ]


def expressions(double[:] v, int i, double x):
    cdef double *p = &x
    return [
        cython.typeof(v[0]), cython.typeof(i + x), cython.typeof(<float>x), cython.typeof(1), cython.typeof(1.5),
        cython.typeof("a"), cython.typeof(b"a"), cython.typeof(None), cython.typeof([1]), cython.typeof({}),
        cython.typeof(twice(i)), cython.typeof(&p), cython.typeof(p[0]), f"{cython.typeof(x)}", f'{cython.typeof(i)}',
    ]


def inferred():
    x = 1.5
    y = 3
    z = "abc"
    return cython.typeof(x), cython.typeof(y), cython.typeof(z)


def of_fused(number x, number[:] v):
    cdef number y = x
    return cython.typeof(x), cython.typeof(v), cython.typeof(y)


def sizes():
    return sizeof(long double), sizeof(long double complex), sizeof(long long)
