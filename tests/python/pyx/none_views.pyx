# cython: language_level=3
"""`None` as a memoryview, in every use."""
cimport cython


def isnone(double[:] v): return v is None
def isnotnone(double[:] v): return v is not None
def eqnone(double[:] v): return v == None
def length(double[:] v): return len(v)
def shape(double[:] v): return v.shape[0]
def item(double[:] v): return v[0]
def setitem(double[:] v):
    v[0] = 1
def setall(double[:] v):
    v[...] = 1
def setcolon(double[:] v):
    v[:] = 1
def slice_(double[:] v): return v[1:] is None
def slice2(double[:] v): return v[1:]
def slice3(double[:, :] v): return v[1]
def slice4(double[:, :] v): return v[:, 1:]
def copy(double[:] v): return v.copy()
def copyf(double[:] v): return v.copy_fortran()
def T(double[:] v): return v.T
def T2(double[:, :] v): return v.T
def base(double[:] v): return v.base
def nbytes(double[:] v): return v.nbytes
def size(double[:] v): return v.size
def ndim(double[:] v): return v.ndim
def strides(double[:] v): return v.strides[0]
def subo(double[:] v): return v.suboffsets[0]
def itemsize(double[:] v): return v.itemsize
def cc(double[:] v): return v.is_c_contig()
def fc(double[:] v): return v.is_f_contig()
def ret(double[:] v): return v
def local():
    cdef double[:] v = None
    return v is None
def local_item():
    cdef double[:] v = None
    return v[0]
def local_len():
    cdef double[:] v = None
    return len(v)
def loop(double[:] v):
    cdef double s = 0
    for x in v: s += x
    return s
def augm(double[:] v):
    v[0] += 1
def assignview(double[:] v, double[:] w):
    v[:] = w
def assignview2(double[:] v, double[:] w):
    w[...] = v
def nogilitem(double[:] v):
    cdef double x
    with nogil: x = v[0]
    return x
def nogilset(double[:] v):
    with nogil: v[0] = 1
def nogilslice(double[:] v):
    cdef double[:] w
    with nogil: w = v[1:]
    return w is None
def reassign(double[:] v):
    v = None
    return v is None
def later(n):
    cdef double[:] v
    v = None
    if n: v = n
    return v is None
def call(double[:] v): return isnone(v)
cdef double inner(double[:] v): return v[0]
def callc(double[:] v): return inner(v)
def notnone(double[:] v not None): return v[0]
def default(double[:] v=None): return v is None
def strv(double[:] v): return str(v)
def attr(double[:] v): return v.foo
def index2(double[:, :] v): return v[0, 1]
def memv(double[:] v): return memoryview(v)
def list_(double[:] v): return list(v)
