# cython: language_level=3
# Buffers of other elements than are declared: truth values as bytes, and what `cast=True` takes.
cimport numpy as cnp
import numpy as np

def weighed(cnp.ndarray[cnp.uint8_t, cast=True] a):
    cdef int i, t = 0
    for i in range(a.shape[0]):
        t += a[i] * (i + 1)
    return t

def changed(cnp.ndarray[cnp.uint8_t, ndim=1, cast=True] a):
    a[0] = 1
    return a

def whole(cnp.ndarray[cnp.uint8_t] a):
    return a

def first(cnp.ndarray[cnp.uint8_t] a):
    return a[0], a.shape[0]

def dtype_of(cnp.ndarray[cnp.uint8_t] a):
    return a[0], a.dtype

def parts(object[cnp.uint8_t, cast=True] a):
    return [a, a[1:], a.sum()]

def object_first(object[unsigned char, cast=True] a):
    return a[0]

def variable(cnp.ndarray x):
    cdef cnp.ndarray[cnp.uint8_t, ndim=1, cast=True] a = x
    return a[1], a

def bits(cnp.ndarray[cnp.int64_t, cast=True] a):
    return a[0]

def not_cast(cnp.ndarray[cnp.int64_t, cast=False] a):
    return a[0]

def rows(cnp.ndarray[cnp.uint8_t, ndim=2, mode="c", cast=True] a):
    return a[0, 1] + a[1, 0], a.T
