# What functions of Python objects call and name: C functions with fused types and defaults, enumerations, buffers.
import numpy as np
cimport numpy as cnp

ctypedef fused number:
    int
    float
    double

cdef enum Mode:
    NEAREST
    WRAP = 5
    CONSTANT

cdef struct Settings:
    double a
    double b

ctypedef double (*function)(double, void*) except? -1


cdef number total(number* p, int n) noexcept:
    cdef number s = 0
    cdef int i
    for i in range(n):
        s += p[i]
    return s


cdef number product(const number* a, number* b) noexcept nogil:
    return a[0] * b[0] + a[1] * b[1]


cdef number kept(number* p, char mode, number other) noexcept:
    if mode == b'K':
        return p[0]
    return other


cdef double parabola(double x, void* data) except? -1:
    cdef Settings* s = <Settings*>data
    return s.a * x * x + s.b


cdef double root(function f, double low, double high, void* data=NULL, double tolerance=1e-10, int most=100, text=None) except? -1:
    cdef double middle = low
    cdef int i
    for i in range(most):
        middle = 0.5 * (low + high)
        if f(middle, data) < 0:
            low = middle
        else:
            high = middle
        if high - low < tolerance:
            return middle
    raise RuntimeError(f"no root after {most} steps: {text!r}")


def arrays(object k):
    cdef double a[3]
    cdef float b[2]
    cdef int c[2]
    cdef float[2][2] d
    a[:] = [1, k, 3]
    b[:] = [1, 2]
    c[:] = [4, k]
    d[0][0] = 1
    d[0][1] = k
    d[1][0] = 2
    d[1][1] = 3
    return [
        total(a, 3), total(b, 2), total(c, 2), total(&a[1], 2), total[double](a, 2), product(a, a), product(d[0], d[1]),
    ]


def arrays_of_c(int n):
    cdef double a[3]
    a[0] = n
    a[1] = 2
    a[2] = 3
    return total(a, 3) + total(&a[1], 2)


def characters(text, number[:] v, number other):
    cdef char mode = ord(text[0].upper())
    return kept(&v[0], mode, other)


def defaults(double a, double b, tolerance=None, **keywords):
    cdef Settings s
    s.a = a
    s.b = b
    if tolerance is None:
        return root(parabola, 0, 10., <void*>&s)
    return root(parabola, 0, 10., &s, tolerance, keywords.get("most", 5))


def modes(name):
    cdef Mode m = Mode.NEAREST
    if name == "wrap":
        m = Mode.WRAP
    elif name != "nearest":
        m = CONSTANT
    return m, Mode.CONSTANT, [Mode.WRAP, str(name)]


def buffers(cnp.ndarray[dtype=cnp.float64_t, ndim=2, mode="c"] given, object text):
    cdef cnp.ndarray[double, ndim=1] own = np.arange(4.0)
    return total(&given[0, 0], 2), total(&own[1], 3), str(text)


def holders(cnp.ndarray[object] items, bint whole=True):
    cdef cnp.ndarray[object] made = np.empty(len(items), dtype=object)
    cdef Py_ssize_t i
    for i in range(len(items)):
        made[i] = [items[i]]
    return (type(items).__name__, type(made).__name__, made) if whole else made


cdef str as_text(x):
    return x


cdef list as_list(x):
    return x


cpdef dict as_dict(x, bint whole=True):
    if whole:
        return x
    return {}


def results(text, items):
    return as_text(text), as_list(items)


cdef double[:, ::1] grid = np.arange(9.0).reshape(3, 3)
cdef double* corner = &grid[1, -1]


def of_grid():
    corner[0] += 1
    return corner[0], corner[1], grid[1, 2]


def records(cnp.ndarray[Settings] r, int k):
    r[k].b = r[0].a + 1
    return r[k].b, r.shape[0], type(r).__name__
