"""Memoryviews and memory of C in functions of Python objects, and in functions inside them, beside Cython's."""

import numpy as np
import pyx_reference

from ungil import pyx

HEAD = "# cython: language_level=3\n"
MEMORY = """
cimport cython
import numpy as np
from libc.stdlib cimport malloc, free
cdef extern from "stdlib.h":
    ctypedef struct div_t:
        int quot
        int rem
    div_t div(int a, int b)
    ctypedef struct ldiv_t:
        long quot
        long rem
    ldiv_t ldiv(long a, long b)

cdef packed struct P:
    double x
    int n

def structs(P[:] v, d):
    cdef Py_ssize_t i
    out = []
    for i in range(v.shape[0]):
        out.append((v[i].x, v[i].n, d.get(v[i].n)))
        v[i].x += 1
    return out

def record(P[:] v, i):
    d = {}
    d['a'] = v[i]
    return d

def records(const P[:, :] v, i, j):
    return [v[i, j].n, v[i, j], v[0, 0] is None]

def set_record(P[:] v, i, d):
    v[i] = d
    return [v[i].x]

def copied(P[:] v, i, j, out):
    v[i] = v[j]
    cdef P *p = &v[i]
    p.n += 1
    out.append(v[i].n)
    return out

def over_pointer(n, lst):
    cdef double *p = <double*>malloc(8 * max(len(lst), 1))
    cdef double[:] v
    try:
        for i in range(len(lst)):
            p[i] = lst[i]
        v = <double[:n]>p
        return [v[i] for i in range(n)], np.asarray(v).tolist()
    finally:
        free(p)

def over_pointer_of_two(n, m, lst):
    cdef double *p = <double*>malloc(n * m * sizeof(double))
    cdef int i
    for i in range(n * m):
        p[i] = lst[i]
    s = np.asarray(<double[:n, :m]>p).tolist(), np.asarray(<double[:n:1, :m]>p).tolist()
    free(p)
    return s

def over_nothing(n):
    cdef double *p = NULL
    return [<double[:n]>p]

def over_array(lst):
    cdef double[4] a
    cdef double[:] v
    for i, x in enumerate(lst):
        a[i] = x
    v = a
    v[0] = 9
    return [a[0], v[1], [x for x in v]]

def base(double[:] v, d):
    d['b'] = v.base
    return v.base is not None, v.base.shape, type(d['b']).__name__

def base_of_part(b, lst):
    cdef unsigned char[:] v = b
    cdef unsigned char[:] w = v[1:]
    lst.append(w.base is b)
    w = bytearray(3)
    lst.append(w.base)
    return lst, v.base

def over_range(double[:] v, lst):
    for x in v:
        lst.append(x)
        if x > 2:
            break
    else:
        lst.append("end")
    return lst

def quotients(int a, int b, out):
    cdef div_t r = div(a, b)
    out.append(r.quot)
    out.append(div(a, b).rem)
    out.append(ldiv(a, b))
    return out, div(a, b)

def powers(int a, int b, unsigned int n, double x, out):
    cdef int whole = a ** b
    cdef double real = x ** b
    out += [a ** b, a ** 3, a ** n, x ** b, x ** 2, x ** -1, 2 ** a, a ** -2, whole, real, x ** n]
    return out

def roots(double x, double y, out):
    cdef double z = x ** y
    out.append(z)
    x **= 2
    out.append(x)
    return out

def complexes(double complex[:] v, lst):
    v[0] = v[1] * 2
    lst.append(v[0])
    return lst

def buffers(b, out):
    cdef const unsigned char[:] v = b
    cdef Py_ssize_t i
    for i in range(v.shape[0]):
        out[v[i]] = out.get(v[i], 0) + 1
    return out
"""
PAIR = np.dtype([("x", "f8"), ("n", "i4")])


def pairs(*shape):
    made = np.zeros(shape or 2, PAIR)
    made["x"] = np.arange(made.size).reshape(made.shape) + 1.5
    made["n"] = np.arange(made.size).reshape(made.shape) + 2
    return made


MEMORY_CALLS = [
    ("structs", pairs(), {2: "z"}), ("structs", pairs()[::-1], {}), ("structs", np.zeros(2), {}), ("record", pairs(), 1),
    ("record", pairs(), -1), ("record", pairs(), 5), ("record", pairs(), "a"), ("records", pairs(2, 3), 1, 2),
    ("records", pairs(2, 3).T, 2, 1), ("records", pairs(2, 3), 2, 0), ("set_record", pairs(), 1, {"x": 1, "n": 3}),
    ("set_record", pairs(), 1, {"x": 1}), ("set_record", pairs(), 1, 3), ("copied", pairs(), 0, 1, []),
    ("over_pointer", 3, [1.0, 2.0, 3.0]), ("over_pointer", 0, []), ("over_pointer", -1, []),
    ("over_pointer_of_two", 2, 2, [1.0, 2.0, 3.0, 4.0]), ("over_nothing", 2), ("over_array", [1.0, 2.0, 3.0, 4.0]),
    ("base", np.arange(3.0), {}), ("base", np.arange(6.0)[::2], {}), ("base", None, {}),
    ("base_of_part", bytearray(b"abc"), []), ("over_range", np.arange(5.0), []), ("over_range", np.arange(2.0)[::-1], []),
    ("over_range", None, []), ("quotients", 7, 2, []), ("quotients", -7, 2, []), ("powers", 2, 10, 3, 1.5, []),
    ("powers", 2, -2, 0, -2.0, []), ("powers", -3, 3, 2, 0.5, []), ("roots", 2.0, 0.5, []), ("roots", -2.0, 0.5, []),
    ("complexes", np.array([1, 2j]), []), ("buffers", b"abca", {}), ("buffers", bytearray(b"ab"), {}), ("buffers", "ab", {}),
]  # fmt: skip

INSIDE = """
cimport cython
import numpy as np

cdef struct Pair:
    int a
    double b

def read(double[:] v, lst):
    def inner(i):
        return v[i] * 2
    return [inner(i) for i in lst]

def by_key(double[:, ::1] v, lst):
    cdef double[:] row = v[0]
    f = lambda i: row[i] + v.shape[1]
    v[0, 0] = 10
    return sorted(lst, key=f), f(0)

def rebound(double[:] v):
    def setter(i, x):
        v[i] = x
    def rebind(w):
        nonlocal v
        v = w
    setter(0, 4)
    rebind(np.ones(2))
    setter(1, 7)
    return [v[0], v[1], v.shape[0]]

def late(lst):
    cdef double[:] v
    def get(i):
        return v[i]
    try:
        get(0)
    except (NameError, UnboundLocalError) as error:
        lst.append(type(error).__name__ in ("NameError", "UnboundLocalError"))
    v = np.arange(3.0)
    lst.append(get(2))
    return lst

def deeper(double[:] v, k):
    def outer(n):
        def inner(i):
            return v[i] + n
        return inner
    return [outer(j)(k) for j in range(3)]

def own_parameter(lst):
    def inner(double[:] v, int i):
        return v[i]
    return [inner(np.arange(3.0), i) for i in lst]

def addressed(lst):
    cdef int x = 3
    cdef int *p = &x
    def inner():
        return x + 1
    p[0] = 8
    lst.append(inner())
    return lst

def addressed_inside(lst):
    cdef int x = 3
    def inner():
        cdef int *p = &x
        p[0] += 1
        return x
    lst.append(inner())
    lst.append(inner() + x)
    return lst

def array_shared(lst):
    cdef int[3] a
    a[0] = 1; a[1] = 2; a[2] = 3
    def g(i):
        return a[i]
    def h(i, n):
        a[i] = n
    h(1, 7)
    return [g(i) for i in lst], a

def struct_shared(lst):
    cdef Pair p
    p.a = 1
    def more(n):
        p.a += n
        p.b = n / 2
        return p
    lst.append(more(3))
    lst.append(p.a)
    return lst

def undeclared_value(n):
    cdef int k
    def get():
        return k
    k = n
    return get() + 1
"""
INSIDE_CALLS = [
    ("read", np.arange(3.0), [0, 1, 2]), ("read", np.arange(3.0), [0, -1]), ("read", np.arange(3.0), [7]),
    ("read", np.arange(6.0)[::2], [2]), ("by_key", np.array([[3.0, 1.0, 2.0], [0, 0, 0]]), [0, 1, 2]),
    ("rebound", np.arange(3.0)), ("late", []), ("deeper", np.arange(3.0), 1), ("own_parameter", [0, 2]), ("own_parameter", [3]),
    ("addressed", []), ("addressed_inside", []), ("array_shared", [0, 1, 2]), ("struct_shared", []), ("undeclared_value", 4),
]  # fmt: skip

DIRECTIVES = """
cimport cython

@cython.wraparound(False)
def unwrapped(double[:] v, lst, int i):
    lst.append(v[i])
    return lst

@cython.cdivision(True)
def divides(int a, int b):
    def inner(int x, int y):
        return x // y, x % y
    return [inner(a, b), a // b]

def inside(int a, int b):
    @cython.cdivision(True)
    def inner(int x, int y):
        return x // y, x % y
    return [inner(a, b), a // b]

def in_block(int a, int b, lst):
    def inner(int x, int y):
        with cython.cdivision(True):
            q = x // y
        return q, x % y
    lst.append(inner(a, b))
    with cython.cdivision(True):
        lst.append(a % b)
    return lst

@cython.wraparound(False)
def view_inside(double[:] v, lst):
    def inner(int i):
        return v[i]
    return [inner(i) for i in lst]

def view_inside_only(double[:] v, lst):
    @cython.wraparound(False)
    def inner(int i):
        return v[i]
    return [inner(i) for i in lst], v[-1]

def block_inside(double[:] v, int i, lst):
    def inner():
        with cython.wraparound(False):
            return v[i]
    lst.append(v[i])
    lst.append(inner())
    return lst

@cython.boundscheck(False)
def unchecked(double[:] v, lst):
    def inner(int i):
        return v[i]
    return [inner(i) for i in lst] + [v[-1]]

@cython.boundscheck(False)
def partly_checked(double[:] v, int i, lst):
    with cython.boundscheck(True):
        lst.append(v[i])
    return lst
"""
DIRECTIVE_CALLS = [
    *[("unwrapped", np.arange(3.0), [], i) for i in (0, 2, -1, 3)], ("divides", -7, 2), ("inside", -7, 2),
    ("in_block", -7, 2, []), ("view_inside", np.arange(3.0), [0, 2]), ("view_inside", np.arange(3.0), [-1]),
    ("view_inside_only", np.arange(3.0), [0, 2]), ("view_inside_only", np.arange(3.0), [-1]),
    ("block_inside", np.arange(3.0), 1, []), ("block_inside", np.arange(3.0), -1, []), ("unchecked", np.arange(3.0), [0, -3]),
    ("partly_checked", np.arange(3.0), 1, []), ("partly_checked", np.arange(3.0), 3, []),
]  # fmt: skip


def compare(folder, text, calls):
    source = folder / "shared_memory.pyx"
    source.write_text(HEAD + text)
    modules = pyx_reference.build(source, folder), pyx.compile(source)
    wrong = pyx_reference.differences(*modules, calls)
    assert not wrong, "\n".join(wrong)
    for name in {call[0] for call in calls}:
        assert "not compiled" not in repr(getattr(modules[1], name)), name


def test_memory_beside_objects_is_that_of_cython(tmp_path):
    compare(tmp_path, MEMORY, MEMORY_CALLS)


def test_functions_inside_share_memory(tmp_path):
    compare(tmp_path, INSIDE, INSIDE_CALLS)


def test_directives_hold_in_functions_inside_and_blocks(tmp_path):
    compare(tmp_path, DIRECTIVES, DIRECTIVE_CALLS)


def test_references_to_shared_views_are_counted_exactly():
    import sys

    module = pyx.compile(HEAD + INSIDE)
    array, values = np.arange(3.0), [0, 1, 2]
    before = sys.getrefcount(array)
    for _ in range(50):
        module.read(array, values)
        module.rebound(array)
        module.deeper(array, 1)
    assert sys.getrefcount(array) == before
