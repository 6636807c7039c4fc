# cython: language_level=3, boundscheck=False, wraparound=False
"""The calls of latency_kernels.py in Cython, for the comparison of call overhead."""
from cython.parallel cimport prange


def add2(double a, double b):
    return a + b


def touch1(double[::1] a):
    a[0] = 1.0


def touch3(double[:, ::1] a, double[:, ::1] b, double[:, ::1] c):
    c[0, 0] = a[0, 0] + b[0, 0]


def empty_loop(long[::1] o):
    cdef Py_ssize_t i
    for i in prange(o.shape[0], nogil=True, schedule="static"):
        o[i] = i
