# cython: language_level=3
"""Python's C interface with pointers of C: bytes and texts that are made from memory, and memory of objects."""
from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_FromStringAndSize, PyByteArray_Resize
from cpython.bytes cimport (PyBytes_AS_STRING, PyBytes_AsString, PyBytes_AsStringAndSize, PyBytes_FromString,
                            PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from cpython.unicode cimport PyUnicode_DecodeLatin1, PyUnicode_DecodeUTF8
from libc.string cimport memcpy


def filled(int n):
    """The usual way to make bytes: memory that is filled afterwards."""
    cdef bytes made = PyBytes_FromStringAndSize(NULL, n)
    cdef char *p = PyBytes_AS_STRING(made)
    cdef int i
    for i in range(n):
        p[i] = 97 + i % 26
    return made

def part(bytes text, Py_ssize_t low, Py_ssize_t high):
    cdef char *p = PyBytes_AsString(text)
    return PyBytes_FromStringAndSize(p + low, high - low), PyBytes_FromString(p), PyBytes_GET_SIZE(text)

def of_object(text):
    cdef char *p = PyBytes_AsString(text)
    return p[0]

def both(text):
    cdef char *p = NULL
    cdef Py_ssize_t n = 0
    PyBytes_AsStringAndSize(text, &p, &n)
    cdef long total = 0
    cdef Py_ssize_t i
    for i in range(n):
        total += p[i]
    return total, n

def decoded(bytes text, kind):
    cdef const char *p = text
    if kind == "latin":
        return PyUnicode_DecodeLatin1(p, len(text), NULL)
    return PyUnicode_DecodeUTF8(p, len(text), kind)

def doubled(bytes text):
    cdef Py_ssize_t n = len(text)
    cdef bytearray made = PyByteArray_FromStringAndSize(text, n)
    PyByteArray_Resize(made, 2 * n)
    cdef char *p = PyByteArray_AS_STRING(made)
    memcpy(p + n, p, n)
    return made
