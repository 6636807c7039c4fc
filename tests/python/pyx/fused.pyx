cimport cython
from cython cimport floating, integral, numeric
from libc.math cimport sqrt
import numpy as np
cimport numpy as np

ctypedef fused number:
    short
    int
    long
    float
    double
    double complex

ctypedef fused index_t:
    int
    long

ctypedef fused real_t:
    np.float32_t
    np.float64_t

def square(number x):
    return x * x

def kind(number x):
    if number is double:
        return "double"
    elif number is float:
        return "float"
    elif number in integral:
        return "integer"
    else:
        return "other"

def total(floating[:] a):
    cdef floating s = 0
    cdef Py_ssize_t i
    for i in range(a.shape[0]):
        s += a[i]
    return s

def width(floating[:, ::1] a):
    return sizeof(floating), a.shape[1]

def axpy(floating a, floating[::1] x, floating[::1] y):
    cdef Py_ssize_t i
    for i in range(x.shape[0]):
        y[i] += a * x[i]
    return y[0]

def gather(floating[:] a, index_t[:] at):
    cdef floating s = 0
    cdef Py_ssize_t i
    for i in range(at.shape[0]):
        s += a[at[i]]
    return s, sizeof(index_t)

cdef floating twice(floating x) noexcept nogil:
    if floating is float:
        return x * 2
    else:
        return x * 2 + 1

cdef floating sum_of(const floating *p, int n) noexcept nogil:
    cdef floating s = 0
    cdef int i
    for i in range(n):
        s += p[i]
    return s

def through(float x, double y, int n):
    return twice(x), twice(y), twice[double](x), twice[float](<float>y)

def pointers(double[::1] a, float[::1] b):
    return sum_of(&a[0], 3), sum_of(&b[0], 2)

cpdef numeric doubled(numeric x):
    return x + x

def typed(real_t[:] a, bint big):
    cdef real_t x = a[0]
    if real_t is np.float32_t:
        return 4, x
    return 8, x

def with_default(floating[:] a, int n=2, floating b=1.5):
    return a[0] * n + b

def strides(const floating[:] a):
    return a[0] + a[a.shape[0] - 1]

ctypedef fused thing:
    list
    int
    str

def sort_of(thing x):
    if thing is int:
        return x + 1
    elif thing is list:
        return len(x)
    else:
        return x.upper()

def bounded(integral n):
    cdef integral i, s = 0
    for i in range(n):
        s += i
    return s, sizeof(integral)

ctypedef fused own:
    unsigned char
    signed char
    unsigned int
    long
    long long
    unsigned long long
    Py_ssize_t
    size_t

def own_type(own x):
    if own is cython.uchar: return "unsigned char"
    elif own is cython.schar: return "signed char"
    elif own is cython.uint: return "unsigned int"
    elif own is cython.Py_ssize_t: return "Py_ssize_t"
    elif own is cython.long: return "long"
    elif own is cython.longlong: return "long long"
    elif own is cython.ulonglong: return "unsigned long long"
    elif own is size_t: return "size_t"

def own_types():
    return sorted(own_type.__signatures__), [f(1) for f in own_type.__signatures__.values()]

ctypedef fused vector:
    float[:]
    double[:]
    double[:, ::1]

def kind_of_view(vector v):
    if vector is float[:]: return "float", v[0]
    elif vector is double[:, ::1]: return "grid", v[0, 0]
    else: return "double", v[0]

def views_by_name(double[:] v):
    return kind_of_view["double[:]"](v), sorted(kind_of_view.__signatures__)

cdef struct one_number:
    int a

ctypedef fused number_or_struct:
    int
    one_number

cdef int number_in(number_or_struct v):
    if number_or_struct is one_number: return v.a
    else: return v

def numbers_in():
    cdef one_number s
    s.a = 4
    return number_in(s), number_in(3), number_in[one_number](s)
