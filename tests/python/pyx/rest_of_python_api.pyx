# cython: language_level=3
# The less common modules of `cpython`.
from cpython.module cimport PyImport_ImportModule, PyModule_Check, PyModule_New, PyModule_GetNameObject, PyModule_GetDict, PyModule_AddIntConstant, PyImport_Import
from cpython.codecs cimport PyCodec_Encode, PyCodec_Decode, PyCodec_KnownEncoding, PyCodec_LookupError
from cpython.contextvars cimport get_value, get_value_no_default, PyContextVar_New_with_default, PyContextVar_Set, PyContextVar_Reset, PyContextVar_CheckExact
from cpython.conversion cimport PyOS_snprintf, PyOS_stricmp, Py_DTSF_ALT
from cpython.genobject cimport PyGen_Check
from cpython.iterobject cimport PySeqIter_New, PyCallIter_New, PySeqIter_Check, PyCallIter_Check
from cpython.longintrepr cimport PyLong_SHIFT, digit
from cpython.marshal cimport PyMarshal_WriteObjectToString, PyMarshal_ReadObjectFromString
from cpython.pylifecycle cimport Py_GetVersion, Py_IsInitialized
from cpython.pyport cimport PY_SSIZE_T_MAX, PY_SSIZE_T_MIN
from cpython.pystate cimport PyThreadState, PyThreadState_Get, PyGILState_Check, PyGILState_Ensure, PyGILState_Release, PyGILState_STATE
from cpython.pythread cimport PyThread_type_lock, PyThread_allocate_lock, PyThread_acquire_lock, PyThread_release_lock, PyThread_free_lock, WAIT_LOCK, NOWAIT_LOCK
from cpython.fileobject cimport PyFile_GetLine, PyFile_WriteObject, PyFile_WriteString, Py_PRINT_RAW
from cpython.exc cimport PyErr_SetFromErrno, PyErr_SetFromErrnoWithFilename, PyErr_SetFromErrnoWithFilenameObject, PyErr_BadArgument, PyErr_NewException
from cpython.unicode cimport PyUnicode_AsEncodedString, PyUnicode_Decode, Py_UNICODE_ISALPHA, Py_UNICODE_TOUPPER, PyUnicode_Find, PyUnicode_Tailmatch, PyUnicode_Count, PyUnicode_Replace, PyUnicode_Splitlines, PyUnicode_Substring, PyUnicode_Compare, Py_UNICODE_TODECIMAL, Py_UNICODE_ISSPACE
from cpython.tuple cimport PyTuple_Pack
from cpython.object cimport PyObject_CallFunction, PyObject_CallMethod, PyObject_Malloc, PyObject_Free
from cpython.float cimport PyFloat_Pack8, PyFloat_Unpack8
from cpython.cellobject cimport PyCell_Check, PyCell_Get
from cpython.function cimport PyFunction_GetModule
from cpython.memoryview cimport PyMemoryView_GetContiguous
from cpython cimport PyThreadState_Get as root_get
from libc.errno cimport errno
def modules(bytes name):
    m = PyImport_ImportModule(name)
    n = PyModule_New("made")
    PyModule_AddIntConstant(n, "k", 7)
    return PyModule_Check(m), PyModule_GetNameObject(m), (<object>PyModule_GetDict(n))["k"], PyModule_Check(3), PyImport_Import("math")
def codecs(o, bytes e):
    return PyCodec_Encode(o, e, "strict"), PyCodec_KnownEncoding(e)

def decoded(o, bytes e):
    return PyCodec_Decode(o, e, "replace"), PyCodec_Decode(o, e, NULL)

def unknown(bytes e):
    return PyCodec_KnownEncoding(e), PyCodec_LookupError("strict")

def variables(x):
    v = PyContextVar_New_with_default("name", 5)
    a = get_value(v), get_value(v, 6), get_value_no_default(v, 7)
    t = PyContextVar_Set(v, x)
    b = get_value(v)
    PyContextVar_Reset(v, t)
    return a, b, get_value(v), PyContextVar_CheckExact(v), PyContextVar_CheckExact(1)
def printed(int n, double x):
    cdef char b[40]
    k = PyOS_snprintf(b, 40, "%d %.2f", n, x)
    return k, b, PyOS_stricmp("Abc", "aBC"), Py_DTSF_ALT
def iterators(s):
    return list(PySeqIter_New(s)), PySeqIter_Check(PySeqIter_New(s)), PyCallIter_Check(PyCallIter_New(len, 3)), PyGen_Check(s), PySeqIter_Check(s)
def numbers():
    return PyLong_SHIFT, PY_SSIZE_T_MAX, PY_SSIZE_T_MIN, sizeof(digit)

def marshalled(o):
    b = PyMarshal_WriteObjectToString(o, 4)
    return PyMarshal_ReadObjectFromString(b, len(b))
def version():
    return Py_GetVersion(), Py_IsInitialized()

def state():
    cdef PyThreadState *t = PyThreadState_Get()
    cdef PyGILState_STATE s
    s = PyGILState_Ensure()
    PyGILState_Release(s)
    return t != NULL, PyGILState_Check(), t == root_get()
def locks():
    cdef PyThread_type_lock l = PyThread_allocate_lock()
    a = PyThread_acquire_lock(l, WAIT_LOCK)
    b = PyThread_acquire_lock(l, NOWAIT_LOCK)
    PyThread_release_lock(l)
    c = PyThread_acquire_lock(l, NOWAIT_LOCK)
    PyThread_release_lock(l)
    PyThread_free_lock(l)
    return a, b, c
def files(f, o):
    PyFile_WriteObject(o, f, Py_PRINT_RAW)
    PyFile_WriteString("!\\n", f)
    f.seek(0)
    return PyFile_GetLine(f, 0)
def failed(kind, int n):
    global errno
    errno = n
    PyErr_SetFromErrno(kind)
def failed_file(kind, int n, bytes name):
    global errno
    errno = n
    PyErr_SetFromErrnoWithFilename(kind, name)
def failed_object(kind, int n, name):
    global errno
    errno = n
    PyErr_SetFromErrnoWithFilenameObject(kind, name)
def bad():
    PyErr_BadArgument()

def texts(s, bytes e):
    b = PyUnicode_AsEncodedString(s, e, "strict")
    return b, PyUnicode_Decode(b, len(b), e, "strict"), PyUnicode_Find(s, "b", 0, 100, 1), PyUnicode_Find(s, "b", 0, 100, -1), PyUnicode_Tailmatch(s, "a", 0, 9, -1), PyUnicode_Tailmatch(s, "a", 0, 9, 1), PyUnicode_Count(s, "b", 0, 9), PyUnicode_Replace(s, "b", "xy", 1), PyUnicode_Splitlines(s, 0), PyUnicode_Substring(s, 1, 3), PyUnicode_Compare(s, "b")
def characters(str s):
    cdef Py_UCS4 c = s[0]
    return Py_UNICODE_ISALPHA(c), Py_UNICODE_TOUPPER(c), Py_UNICODE_TODECIMAL(c), Py_UNICODE_ISSPACE(c)
def packed(a, b):
    return PyTuple_Pack(2, <void*>a, <void*>b)

def called(f, int n):
    return PyObject_CallFunction(f, "ii", n, 3)

def method(o, bytes name, int n):
    return PyObject_CallMethod(o, name, "i", n)

def floats(double x):
    cdef unsigned char b[8]
    PyFloat_Pack8(x, b, 1)
    return b[:8], PyFloat_Unpack8(b, 1)
def cells(x):
    def inner(): return x
    return PyCell_Check(3)
def views(o):
    return PyMemoryView_GetContiguous(o, 0x100, c"C").tolist()

