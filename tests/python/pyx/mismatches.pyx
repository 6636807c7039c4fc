# cython: language_level=3
"""Parameters of every kind of view, to be given what does not fit."""
cimport cython
from cython cimport view
cimport numpy as np


def d1(double[:] v): return v is None
def d2(double[:, :] v): return v is None
def c1(double[::1] v): return v is None
def c2(double[:, ::1] v): return v is None
def f2(double[::1, :] v): return v is None
def c3(double[:, :, ::1] v): return v is None
def const1(const double[:] v): return v is None
def const2(const double[:, ::1] v): return v is None
def i1(int[:] v): return v is None
def l1(long[:] v): return v is None
def ll1(long long[:] v): return v is None
def u1(unsigned char[:] v): return v is None
def s1(signed char[:] v): return v is None
def ch1(char[:] v): return v is None
def us1(unsigned short[:] v): return v is None
def sz1(Py_ssize_t[:] v): return v is None
def fl1(float[:] v): return v is None
def cx1(double complex[:] v): return v is None
def cf1(float complex[:] v): return v is None
def nn(double[:] v not None): return v is None
def generic1(double[::view.generic] v): return v is None
def strided1(double[::view.strided] v): return v is None
def contig1(double[::view.contiguous] v): return v is None
def sc2(double[::view.strided, ::view.contiguous] v): return v is None
def gg2(double[::view.generic, ::view.generic] v): return v is None
def b1(object[double, ndim=1] v): return v is None
def b2(object[double, ndim=2] v): return v is None
def bc(object[double, ndim=2, mode="c"] v): return v is None
def bf(object[double, ndim=2, mode="fortran"] v): return v is None
def bi(object[int, ndim=1] v): return v is None
def bn(object[double, ndim=1] v not None): return v is None
def n1(np.ndarray[np.float64_t, ndim=1] v): return v is None
def n2(np.ndarray[np.float64_t, ndim=2] v): return v is None
def nc(np.ndarray[double, ndim=2, mode="c"] v): return v is None
def nf(np.ndarray[double, ndim=2, mode="fortran"] v): return v is None
def ni(np.ndarray[np.int32_t, ndim=1] v): return v is None
def nu(np.ndarray[np.uint8_t, ndim=1] v): return v is None
def nx(np.ndarray[np.complex128_t, ndim=1] v): return v is None
def nnn(np.ndarray[double, ndim=1] v not None): return v is None


def assigned(x):
    cdef double[::1] v = x
    return v is None


def assigned2(x):
    cdef int[:, :] v
    v = x
    return v is None


def written_buffer(object[double, ndim=1] v):
    if v is None:
        return None
    v[0] = 1
    return v[0]


def written_array(np.ndarray[double, ndim=1] v):
    if v is None:
        return None
    v[0] = 1
    return v[0]
