# cython: language_level=3
# Python's C interface by cimport, and libraries cimported under every kind of name.
from cpython cimport PyObject, Py_DECREF, Py_INCREF, PyDict_Contains, PyList_New, PyList_SET_ITEM
from cpython cimport array
import array
from cpython.bool cimport bool
from cpython.exc cimport (
    PyErr_CheckSignals, PyErr_Clear, PyErr_GivenExceptionMatches, PyErr_NoMemory, PyErr_Occurred, PyErr_SetObject,
    PyErr_Format, PyErr_SetString, PyErr_WarnEx,
)
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport Py_EQ, Py_GE, Py_GT, Py_LE, Py_LT, Py_NE, PyObject_RichCompareBool
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from cpython.version cimport PY_MAJOR_VERSION
from libc cimport math
from libc.time cimport difftime, gmtime, localtime, mktime, strftime, time_t, tm
cimport cpython.list
cimport cython.parallel as team
cimport libc.math
cimport libc.math as m


def squares(int n):
    cdef object x
    cdef list out = PyList_New(n)
    cdef int i
    for i in range(n):
        x = i * 1000
        Py_INCREF(x)
        PyList_SET_ITEM(out, i, x)
    return out


def tuple_of(xs):
    cdef tuple out = PyTuple_New(len(xs))
    cdef int i
    for i in range(len(xs)):
        x = xs[i]
        Py_INCREF(x)
        PyTuple_SET_ITEM(out, i, x)
    return out


def total(xs):
    cdef Py_ssize_t n = cpython.list.PyList_Size(xs), i
    cdef double *p = <double*>PyMem_Malloc(n * sizeof(double))
    if p is NULL:
        raise MemoryError()
    try:
        for i in range(n):
            p[i] = xs[i]
        PyErr_CheckSignals()
        s = 0.0
        for i in range(n):
            s += p[i]
        return s
    finally:
        PyMem_Free(p)


def grown(double[:] v):
    cdef Py_ssize_t i, n = v.shape[0]
    cdef double *p = <double*>PyMem_Calloc(1, sizeof(double))
    cdef double s = p[0]
    p = <double*>PyMem_Realloc(p, (n + 1) * sizeof(double))
    for i in range(n):
        p[i] = v[i]
    for i in range(n):
        s += p[i]
    PyMem_Free(p)
    return s


def arrays(list xs):
    cdef array.array a = array.array("i", xs)
    cdef int[:] v = a
    v[0] = 7
    cdef array.array b = array.clone(a, 3, True)
    array.extend(b, a)
    array.resize(b, 4)
    return a, b, v[0]


def arrays_of_both(o, int n):
    cdef array.array a = array.clone(array.array("d"), n, zero=True)
    cdef double[:] v = a
    v[0] = 2.5
    a.append(o)
    return a, list(array.copy(a)), array.typecodes


def compared(a, b):
    return [PyObject_RichCompareBool(a, b, op) for op in (Py_LT, Py_LE, Py_EQ, Py_NE, Py_GT, Py_GE)]


def flags(bool b, d, k):
    return b, PyDict_Contains(d, k), PY_MAJOR_VERSION


def counted(x):
    Py_INCREF(x)
    Py_DECREF(x)
    return x


def names(double x):
    return math.sin(x) + m.cos(x) + libc.math.sqrt(x)


def in_team(double[:] a):
    cdef double s = 0
    cdef Py_ssize_t i
    for i in team.prange(a.shape[0], nogil=True):
        s += a[i]
    return s


cdef int failing(object kind) except -1:
    PyErr_SetString(kind, "no good")
    return -1


cdef int failing_with(object kind, object what) except -1:
    PyErr_SetObject(kind, what)
    return -1


def raised(kind, what=None):
    if what is None:
        return failing(kind)
    return failing_with(kind, what)


cdef int formatted(object kind, int n) except -1:
    PyErr_Format(kind, "%d%% of %s, %04x %.2s %zd %c", n, b"text", n, b"long", <Py_ssize_t>n, 65)
    return -1


def raised_with(kind, int n):
    return formatted(kind, n)


def out_of_memory():
    PyErr_NoMemory()


def asked(error, kind):
    PyErr_Clear()
    PyErr_CheckSignals()
    return bool(PyErr_GivenExceptionMatches(error, kind)), PyErr_Occurred() == NULL


def warned(kind):
    return PyErr_WarnEx(kind, "careful", 1)


def parts_of_time(long seconds):
    cdef time_t t = seconds
    cdef tm* p = gmtime(&t)
    return p.tm_year + 1900, p.tm_mon, p.tm_mday, p.tm_hour, p.tm_min, p.tm_sec, p.tm_wday, p.tm_yday


def text_of_time(long seconds):
    cdef time_t t = seconds
    cdef tm parts = gmtime(&t)[0]
    cdef char text[64]
    n = strftime(text, 64, b"%Y-%m-%d %H:%M:%S", &parts)
    return text[:n].decode("ascii")


def days_later(long seconds, int days):
    cdef time_t t = seconds
    cdef tm* p = localtime(&t)
    p.tm_mday += days
    return difftime(mktime(p), t)
