# cython: language_level=3
"""NumPy's arrays as declared parameters and variables, and its C interface."""
import numpy as np
cimport numpy as cnp
cimport numpy as np
from numpy cimport PyArray_SIZE as size_of

cnp.import_array()

cdef double memory[3]
memory[0] = 1
memory[1] = 2
memory[2] = 3


def extent(cnp.ndarray a):
    return a.shape[0]


def none_refused(cnp.ndarray a not None):
    return a.ndim


def none_taken(cnp.ndarray a=None):
    return a is None


def variable(o):
    cdef cnp.ndarray a = o
    return a


def cast(o):
    return <cnp.ndarray?>o


def fields(cnp.ndarray a):
    return (cnp.PyArray_SIZE(a), size_of(a), np.PyArray_NDIM(a), cnp.PyArray_NBYTES(a), cnp.PyArray_ITEMSIZE(a),
            cnp.PyArray_TYPE(a), cnp.PyArray_TYPE(a) == cnp.NPY_DOUBLE, cnp.PyArray_FLAGS(a) & cnp.NPY_ARRAY_WRITEABLE)


def axes(cnp.ndarray a):
    cdef cnp.npy_intp *shape = cnp.PyArray_DIMS(a)
    cdef cnp.npy_intp *strides = cnp.PyArray_STRIDES(a)
    return cnp.PyArray_DIM(a, 0), cnp.PyArray_STRIDE(a, 0), shape[0], strides[0], a.strides[0]


def questions(a):
    return cnp.PyArray_Check(a), cnp.PyArray_CheckExact(a)


def contiguous(cnp.ndarray a):
    return cnp.PyArray_ISCONTIGUOUS(a), cnp.PyArray_IS_F_CONTIGUOUS(a), cnp.PyArray_ISWRITEABLE(a)


def not_an_array(o):
    return cnp.PyArray_SIZE(o)


def first(cnp.ndarray a):
    return (<double*>a.data)[0], <size_t>a.data == <size_t>cnp.PyArray_DATA(a)


def element(cnp.ndarray a not None, int i, int j):
    return (<double*>cnp.PyArray_GETPTR2(a, i, j))[0]


def buffer_data(cnp.ndarray[double, ndim=1] a):
    cdef double *p = <double*>a.data
    cdef double s = 0
    cdef int i
    for i in range(a.shape[0]):
        s += p[i]
    return s


def buffer_free(cnp.ndarray[double, ndim=2] a):
    cdef double *p = <double*>cnp.PyArray_DATA(a)
    cdef double s = 0
    cdef Py_ssize_t i
    with nogil:
        for i in range(a.shape[0] * a.shape[1]):
            s += p[i]
    return s


def buffer_beside(cnp.ndarray[double, ndim=1] a, d):
    d["x"] = (<double*>a.data)[1]
    return d, cnp.PyArray_DIM(a, 0)


def zeros(int n):
    cdef cnp.npy_intp d = n
    return cnp.PyArray_ZEROS(1, &d, cnp.NPY_INT32, 0)


def made(int n, int k):
    cdef cnp.npy_intp d[2]
    d[0] = n
    d[1] = k
    cdef cnp.ndarray r = cnp.PyArray_SimpleNew(2, d, cnp.NPY_DOUBLE)
    cdef double *p = <double*>cnp.PyArray_DATA(r)
    cdef int i
    for i in range(n * k):
        p[i] = i
    return r


def alike(cnp.ndarray a):
    return cnp.PyArray_EMPTY(a.ndim, a.shape, cnp.NPY_FLOAT64, 1)


def over_memory():
    cdef cnp.npy_intp n = 3
    return cnp.PyArray_SimpleNewFromData(1, &n, cnp.NPY_DOUBLE, memory).tolist()


def converted(o):
    return cnp.PyArray_FROM_OTF(o, cnp.NPY_DOUBLE, cnp.NPY_ARRAY_IN_ARRAY)


def bad_type(int n):
    return cnp.PyArray_ZEROS(0, NULL, n, 0)


def typed(cnp.dtype d not None):
    return d.name


cdef cnp.dtype as_dtype(x):
    return x


def typed_result(x):
    return as_dtype(x)
