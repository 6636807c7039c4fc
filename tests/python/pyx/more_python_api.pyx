# cython: language_level=3
# Further modules of `cpython`.
from cpython.buffer cimport PyObject_GetBuffer, PyBuffer_Release, PyObject_CheckBuffer, PyBUF_SIMPLE, PyBUF_FORMAT, PyBUF_ND, Py_buffer, PyBUF_WRITABLE, PyBuffer_IsContiguous
from cpython.pycapsule cimport PyCapsule_New, PyCapsule_GetPointer, PyCapsule_IsValid, PyCapsule_CheckExact, PyCapsule_GetName
from cpython.slice cimport PySlice_Check, PySlice_New, PySlice_Unpack, PySlice_GetIndicesEx, PySlice_AdjustIndices
from cpython cimport PyObject_CheckBuffer as cb
from cpython.memoryview cimport PyMemoryView_FromMemory, PyMemoryView_FromObject, PyMemoryView_Check
from cpython.weakref cimport PyWeakref_NewRef, PyWeakref_CheckRef
from cpython.number cimport PyNumber_InPlaceAdd, PyNumber_MatrixMultiply, PyIndex_Check, PyNumber_InPlacePower
from cpython.dict cimport PyDict_Merge, PyDict_SetItemString, PyDict_DelItemString
from cpython.set cimport PySet_Discard
from cpython.list cimport PyList_SetSlice
from cpython.sequence cimport PySequence_ITEM, PySequence_InPlaceConcat
from cpython.mapping cimport PyMapping_Check, PyMapping_GetItemString, PyMapping_HasKeyString
from cpython.long cimport PyLong_AsUnsignedLong, PyLong_AsVoidPtr
from cpython.object cimport PyObject_SetAttrString, PyObject_Bytes, PyObject_Format


def sum_of_bytes(obj):
    cdef Py_buffer buf
    cdef Py_ssize_t i
    cdef long s = 0
    PyObject_GetBuffer(obj, &buf, PyBUF_SIMPLE)
    try:
        for i in range(buf.len):
            s += (<unsigned char*>buf.buf)[i]
        return s, buf.len, buf.itemsize, buf.readonly, buf.ndim
    finally:
        PyBuffer_Release(&buf)

def shape(obj, int flags):
    cdef Py_buffer b
    PyObject_GetBuffer(obj, &b, PyBUF_FORMAT | PyBUF_ND | flags)
    r = [b.shape[i] for i in range(b.ndim)], b.format, PyBuffer_IsContiguous(&b, b'C')
    PyBuffer_Release(&b)
    return r

def exports(o): return PyObject_CheckBuffer(o), cb(o)

cdef double value = 2.5

def capsule():
    c = PyCapsule_New(<void*>&value, "my.name", NULL)
    return (<double*>PyCapsule_GetPointer(c, "my.name"))[0], PyCapsule_IsValid(c, "my.name"), PyCapsule_IsValid(c, "other"), PyCapsule_CheckExact(c), PyCapsule_GetName(c)

def wrong_capsule():
    c = PyCapsule_New(<void*>&value, "my.name", NULL)
    return (<double*>PyCapsule_GetPointer(c, "other"))[0]

def slices(s, Py_ssize_t n):
    cdef Py_ssize_t a, b, c, l
    PySlice_GetIndicesEx(s, n, &a, &b, &c, &l)
    return a, b, c, l, PySlice_Check(s), PySlice_New(a, b, None)

def views():
    cdef char[4] a
    a[0] = 1; a[1] = 2; a[2] = 3; a[3] = 4
    m = PyMemoryView_FromMemory(a, 4, 0x100)
    return m.tolist(), PyMemoryView_Check(m)

def references(f):
    r = PyWeakref_NewRef(f, None)
    return PyWeakref_CheckRef(r), r() is f

def numbers(a, b): return PyNumber_InPlaceAdd(a, b), PyIndex_Check(a), PyNumber_InPlacePower(a, b, None)

def dictionaries(d, e):
    PyDict_Merge(d, e, 0); PyDict_SetItemString(d, "new", 5); PyDict_DelItemString(d, "old")
    return d

def others(s, l):
    PyList_SetSlice(l, 0, 1, [7, 8])
    return PySet_Discard(s, 3), PySet_Discard(s, 99), PySequence_ITEM(l, 1), PySequence_InPlaceConcat(l, [1])

def mappings(m): return PyMapping_Check(m), PyMapping_GetItemString(m, "k"), PyMapping_HasKeyString(m, "z")

def unsigned_of(x): return PyLong_AsUnsignedLong(x)

def attrs(o):
    PyObject_SetAttrString(o, "abc", 3)
    return o.abc, PyObject_Bytes(b"x"), PyObject_Format(3.5, ".2f")
