from cpython.bytes cimport PyBytes_FromFormat
from cpython.exc cimport PyErr_Format
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_FromFormat


def raised(o):
    PyErr_Format(ValueError, "a %R b %S c %A", <void*>o, <void*>o, <PyObject*>o)


def raised_with_numbers(int x):
    PyErr_Format(KeyError, "%.3d|%5d|%x|%i|%u|%ld|%lld|%zd|%zu", <int>3, x, <int>255, <int>7, <unsigned int>8, <long>9,
                 <long long>10, <Py_ssize_t>11, <size_t>12)


def raised_with_texts(char *text, int x):
    PyErr_Format(ValueError, b"%s|%.2s|%c|%%|%d", text, text, <int>65, x)


cdef int checked(double x) except -1 nogil:
    if x < 0:
        with gil:
            PyErr_Format(ValueError, "bad %d", <int>x)
            return -1
    return 1


def under_the_lock(double x):
    return checked(x)


def named(name, int line):
    PyErr_Format(IndexError, "%U:%d", <PyObject*>name, line)


def text(o):
    return PyUnicode_FromFormat("%R %S %U %A|%V|%.2R|%8S", <void*>o, <void*>o, <void*>o, <void*>o, <void*>o, b"x", <void*>o,
                                <void*>o)


def text_or(o):
    return PyUnicode_FromFormat("%V|%V", NULL, "xyz", <void*>o, "q")


def text_of_numbers():
    return PyUnicode_FromFormat("%.3d|%05d|%x|%zd|%s|%c|%%|%lu", <int>3, <int>6, <int>255, <Py_ssize_t>11, b"abc", <int>8364,
                                <unsigned long>3)


def bytes_of():
    return PyBytes_FromFormat("%s %d %c %x %ld %%", b"abc", <int>3, <int>65, <int>255, <long>7)
