# cython: language_level=3
# Functions at the border between Python and C: compiled by Cython and by ungil, and compared.
from libc.math cimport sqrt, pow, floor, fabs
from cython.parallel cimport prange
cimport cython
import numpy as np
cimport numpy as np

ctypedef double[:, ::1] matrix

def i(int x): return x
def uc(unsigned char x): return x
def sc(signed char x): return x
def ui(unsigned int x): return x
def ll(long x): return x
def sz(size_t x): return x
def pss(Py_ssize_t x): return x
def d(double x): return x
def f(float x): return x
def b(bint x): return x
def z(double complex x): return x

def v1(double[:] x): return x[0]
def v1c(double[::1] x): return x[0]
def v2(double[:, :] x): return x[0, 0]
def v2c(double[:, ::1] x): return x[0, 0]
def v2f(double[::1, :] x): return x[0, 0]
def vn(double[:] x not None): return x[0]
def vi(int[:] x): return x[0]
def vl(long[:] x): return x[0]
def vu(unsigned char[:] x): return x[0]
def vcst(const double[:] x): return x[0]
def buf(np.ndarray[np.float64_t, ndim=2] x): return x[0, 0]

def idx(double[:] x, int k): return x[k]
def idx2(double[:, :] x, int k, int l): return x[k, l]
def bidx(np.ndarray[np.float64_t, ndim=2] x, int k): return x[k, 0]
def setidx(double[:] x, int k):
    x[k] = 1
    return x[k]

def div(double a, double b): return a / b
def idiv(int a, int b): return a / b
def ifd(int a, int b): return a // b
def imod(int a, int b): return a % b
def ffd(double a, double b): return a // b
def fmod(double a, double b): return a % b
@cython.cdivision(True)
def cfd(int a, int b): return a // b
@cython.cdivision(True)
def cmod(int a, int b): return a % b
@cython.cdivision(True)
def cdiv(double a, double b): return a / b
@cython.cdivision(True)
def cfmod(double a, double b): return a % b
def pw(int a, int b): return a ** b
def sq(int a, int b): return a ** 2 + b ** 3

def add(int a, int b): return a + b
def mul(int a, int b): return a * b
def addc(signed char a, signed char b): return a + b
def mulu(unsigned int a, unsigned int b): return a * b
def mixed(unsigned int a, int b): return a + b
def less(unsigned int a, int b): return a < b
def shifts(int a, int b): return a << (b & 7), a >> (b & 7)
def bits(unsigned char a, unsigned char b): return a & b, a | b, a ^ b, ~a
def neg(signed char a, int b): return -a, +a, not b
def narrow(int a, int b):
    cdef unsigned char c = a
    cdef short s = b
    cdef signed char t = a + b
    return c, s, t
def floats(int a, int b):
    cdef float x = a
    cdef double y = b
    return x * 0.1, x / 3, y / 3, x + y
def casts(double a, double b):
    return <int>a, <float>b, <double>(<int>a), <unsigned char>(<int>b)
def library(double a, double b):
    return sqrt(fabs(a)), pow(fabs(a), b), floor(a / 2)
def after(int a, int b):
    cdef int k
    for k in range(a):
        pass
    return k if a > 0 else b
def down(int a, int b):
    cdef int k, s = 0
    for k in range(a, b, -2):
        s = s * 3 + k
    return s
def loop(int a, int b):
    cdef unsigned int h = 2166136261
    cdef int k
    for k in range(100):
        h = (h ^ (a + k)) * 16777619
    return h

cdef int checked(int x) except -1:
    if x < 0:
        raise ValueError("negative")
    return x
def callg(x): return checked(x)
cpdef double scaled(double x, int y=2): return x * y

def product(matrix a, matrix b):
    cdef Py_ssize_t i, j, k
    cdef matrix c = np.zeros((a.shape[0], b.shape[1]))
    cdef double s
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s
    return np.asarray(c)

def smooth(double[:] a):
    cdef int n = a.shape[0], i
    cdef double[:] r = np.empty(n)
    for i in range(n):
        r[i] = (a[i - 1] + a[i] + a[(i + 1) % n]) / 3
    return np.asarray(r)

def parallel_sum(double[:, ::1] a):
    cdef Py_ssize_t i, j
    cdef double s = 0
    cdef long count = 0
    for i in prange(a.shape[0], nogil=True, schedule="dynamic", num_threads=2):
        for j in range(a.shape[1]):
            s += a[i, j]
            count += 1
    return s, count

def parallel_last(long n):
    cdef long i, last = -1
    for i in prange(n, nogil=True):
        last = i * 2
    return last, i
