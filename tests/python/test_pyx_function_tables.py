"""Tables of functions of C, casts of functions, long literals, casts to characters, and pointers to Python objects, beside Cython's."""

import pytest
import pyx_reference

from ungil import errors, pyx

HEAD = "# cython: language_level=3\n"
FUNCTIONS = """
ctypedef double (*f_t)(double)
cdef double sq(double x): return x * x
cdef double half(double x): return x / 2
cdef double nn(double x) noexcept nogil: return x + 1
cdef double bad(double x) except? -1:
    if x > 2: raise ValueError("too large")
    return x

ctypedef int (*binary_t)(int, int) except? -1
cdef int sub(int a, int b) except? -1: return a - b
cdef int boom(int a, int b) except? -1: raise RuntimeError("boom")
cdef binary_t operations[2]
operations[0] = &sub
operations[1] = boom
cdef int of_c = 5
cdef int row_of_c[3]
cdef int *first
cdef int *second
first = &of_c
second = &row_of_c[1]
row_of_c[1] = 7

def of_module(int i):
    return first[0], second[0], operations[i](5, 3)

def table(int i, double x):
    cdef f_t[2] t = [sq, half]
    return t[i](x)

def table_beside(int i, double x, lst):
    cdef f_t[3] t = [sq, half, bad]
    lst.append(t[i](x))
    return lst

def by_pointer(int i, double x):
    cdef f_t *t = [sq, half]
    return t[i](x)

def cast(double x):
    cdef void *p = <void *>sq
    return (<f_t>p)(x)

def cast_beside(double x, lst):
    cdef void *p = <void *>sq
    lst.append((<f_t>p)(x))
    cdef f_t f = <f_t>nn
    lst.append(f(x))
    return lst

def behind(double x, lst):
    cdef f_t f = sq
    cdef f_t *p = &f
    cdef f_t **q = &p
    q[0][0] = half
    lst.append(p[0](x))
    lst.append(f(x))
    lst.append(p[0] == half)
    lst.append(f != sq)
    lst.append(f is not NULL)
    return lst

def addresses(double x):
    cdef double a = 1, b = 2
    cdef double* ps[2]
    ps[:] = [&a, &b]
    ps[0][0] = x
    return a + ps[1][0]

cdef f_t[2] TABLE
TABLE[0] = sq
TABLE[1] = half

def of_module(int i, double x):
    return TABLE[i](x)

cdef struct S:
    f_t f
    double y

def member(double x, lst):
    cdef S s
    s.f = sq
    s.y = x
    cdef S[2] ss
    ss[0] = s
    lst.append(ss[0].f(ss[0].y))
    return lst

def numbers(lst):
    cdef int[3] a = [1, 2, 3]
    cdef int *p = [4, 5]
    lst.append(a[2] + p[1])
    return lst
"""
FUNCTION_CALLS = [
    ("of_module", 0), ("of_module", 1),
    ("table", 0, 3.0), ("table", 1, 3.0), ("table_beside", 1, 3.0, []), ("table_beside", 2, 1.0, []),
    ("table_beside", 2, 3.0, []), ("by_pointer", 0, 3.0), ("cast", 3.0), ("cast_beside", 3.0, []), ("behind", 3.0, []),
    ("addresses", 3.0), ("member", 3.0, []), ("numbers", []),
    ("of_module", 0, 3.0), ("of_module", 1, 3.0),
]  # fmt: skip

LITERALS = """
from libc.stdint cimport uint64_t, int64_t, uint32_t

def mixed(uint64_t x):
    x ^= x >> 33
    x *= 0xff51afd7ed558ccd
    return x

def product(uint32_t x):
    return x * 0x9E3779B1

def narrow(uint32_t x):
    cdef uint32_t h = x * 0x9E3779B1
    return h

def wide(uint64_t x):
    return x * 0x9E3779B97F4A7C15

def bits(int64_t x):
    return x + 5000000000, x & 0xFFFFFFFFFF, x ^ 0x80000000, x | 4294967296, x > 3000000000, x % 1000000007

def products(int64_t x):
    return x * 6364136223846793005, x * 4000000000, -5000000000 * x

def own(uint64_t x):
    cdef uint64_t h = 14695981039346656037u
    h = (h ^ x) * 1099511628211u
    return h

def beside(int64_t x, lst):
    lst.append(x * 6364136223846793005)
    lst.append(x & 0xFFFFFFFFFF)
    x += 5000000000
    lst.append(x)
    return lst

def character(int n, lst):
    lst.append(<Py_UCS4>n)
    return lst

def one(int n):
    return <Py_UCS4>n

def joined(int n):
    cdef str s = <Py_UCS4>n
    return s + "x"

def shifted(str s, int k):
    out = []
    for c in s:
        out.append(<Py_UCS4>(ord(c) + k))
    return ''.join(out)
"""
LITERAL_CALLS = [
    *[
        (name, x)
        for name in ("mixed", "product", "narrow", "wide", "bits", "products", "own")
        for x in (0, 3, 2**31 - 1)
    ],
    *[(name, -5) for name in ("bits", "products")],
    *[("beside", x, []) for x in (0, -7, 2**62)],
    ("character", 97, []), ("one", 8364), ("joined", 97), ("shifted", "abc", 1),
]  # fmt: skip

POINTERS = """
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE, PyList_GetItem
from cpython.tuple cimport PyTuple_GET_ITEM
from cpython.dict cimport PyDict_GetItem, PyDict_GetItemWithError, PyDict_Next
from cpython.ref cimport PyObject

def items(list a):
    cdef Py_ssize_t i
    s = 0
    for i in range(PyList_GET_SIZE(a)):
        s += <object>PyList_GET_ITEM(a, i)
    return s

def checked(list a, Py_ssize_t i):
    return <object>PyList_GetItem(a, i)

def found(d, k):
    cdef PyObject *p = PyDict_GetItem(d, k)
    if p is NULL:
        return None
    return <object>p

def hashed(d, k):
    cdef PyObject *p = PyDict_GetItemWithError(d, (k, 1))
    return p == NULL

def first(tuple t):
    return <object>PyTuple_GET_ITEM(t, 0)

def same(x):
    cdef PyObject *p = <PyObject *>x
    return <object>p is x

def pairs(dict d):
    cdef PyObject *key = NULL
    cdef PyObject *value = NULL
    cdef Py_ssize_t pos = 0
    out = []
    while PyDict_Next(d, &pos, &key, &value):
        out.append((<object>key, <object>value))
    return out
"""
POINTER_CALLS = [
    ("items", [1, 2, 3]), ("items", ["a"]), ("checked", [1, 2], 1), ("checked", [1, 2], 2), ("found", {1: 2}, 1),
    ("found", {1: 2}, 3), ("hashed", {1: 2}, 3), ("hashed", {1: 2}, []), ("first", (4, 5)), ("same", [1]),
    ("pairs", {"a": 1, 2: [3]}), ("pairs", {}),
]  # fmt: skip


@pytest.mark.parametrize(
    "text, calls", [(FUNCTIONS, FUNCTION_CALLS), (LITERALS, LITERAL_CALLS), (POINTERS, POINTER_CALLS)]
)
def test_they_end_as_in_cython(tmp_path, text, calls):
    source = tmp_path / "function_tables.pyx"
    source.write_text(HEAD + text)
    modules = pyx_reference.build(source, tmp_path), pyx.compile(source)
    wrong = pyx_reference.differences(*modules, calls)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "declared", ["cdef g_t g = sq", "cdef g_t g\n    g = sq", "cdef h_t h = sq\n    cdef g_t g = h"]
)
def test_functions_that_raise_are_not_assigned_where_nobody_looks(declared):
    source = (
        "ctypedef double (*g_t)(double) noexcept\nctypedef double (*h_t)(double)\n"
        f"cdef double sq(double x): return x * x\ndef f(double x):\n    {declared}\n    return g(x)\n"
    )
    with pytest.raises(errors.CompileError, match="Exception values are incompatible"):
        pyx.compile(HEAD + source)
