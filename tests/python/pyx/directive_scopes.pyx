# cython: language_level=3
cimport cython
cimport cython as cy
from cython cimport boundscheck, overflowcheck as ovf, cdivision
import numpy as np
from typing import Optional

@cy.overflowcheck(True)
def alias_module(int a, int b):
    return a * b

@ovf(True)
def alias_name(int a, int b):
    return a * b

@cython.overflowcheck
def bare(int a, int b):
    return a * b

@cython.overflowcheck(None)
def none_value(int a, int b):
    return a * b

def with_alias(int a, int b):
    with ovf(True):
        return a * b

def with_alias2(int a, int b):
    with cy.overflowcheck(True):
        return a * b

def with_two(int a, int b):
    with cython.overflowcheck(True), cython.cdivision(True):
        return a * b, -7 // b, (-a) // b

@cython.overflowcheck(True, fold=False)
def keyword_sub(int a, int b):
    return a * b

@cython.overflowcheck(False)
@cython.overflowcheck(True)
def twice(int a, int b):
    return a * b

@cython.overflowcheck(True)
@cython.overflowcheck(False)
def twice2(int a, int b):
    return a * b

with cython.overflowcheck(True):
    def in_module_with(int a, int b):
        return a * b

@cython.overflowcheck(True)
def outer_inner(int a, int b):
    def inner(int c, int d):
        return c * d
    return inner(a, b)

@cython.overflowcheck(True)
def outer_inner_objects(items, int b):
    def inner(int c, int d):
        return c * d
    return [inner(x, b) for x in items]

def inner_own(int a, int b):
    @cython.overflowcheck(True)
    def inner(int c, int d):
        return c * d
    return inner(a, b)

@cython.overflowcheck(True)
def inner_off(int a, int b):
    @cython.overflowcheck(False)
    def inner(int c, int d):
        return c * d
    return inner(a, b)

def inner_in_with(int a, int b):
    with cython.overflowcheck(True):
        def inner(int c, int d):
            return c * d
    return inner(a, b)

def nested_with(int a, int b):
    with cython.overflowcheck(True):
        with cython.overflowcheck(False):
            x = a * b
        return x, (a * b if b < 10 else 0)

@cython.overflowcheck(True)
def with_off(int a, int b):
    with cython.overflowcheck(False):
        return a * b

@cython.overflowcheck(True)
def with_off_objects(list items, int b):
    cdef int a
    out = []
    for x in items:
        a = x
        with cython.overflowcheck(False):
            out.append(a * b)
        out.append(a + b)
    return out

@cython.overflowcheck(True)
def in_lambda(int a, int b):
    f = lambda int_: a * b
    return f(1)

@cython.overflowcheck(True)
def in_genexpr(int a, int b):
    return sum(a * b for i in range(2))

@cython.overflowcheck(True)
def in_comprehension(int a, int b):
    return [a * b for i in range(2)]

@cython.overflowcheck(True)
cdef int c_func(int a, int b) except? -1:
    return a * b

def call_c(int a, int b):
    return c_func(a, b)

@cython.cdivision(True)
def cdiv_outer(int a, int b):
    def inner(int c):
        return c // b, c % b
    return inner(a)

def cdiv_with(int a, int b):
    with cython.cdivision(True):
        x = a // b
        y = a % b
    return x, y, a // b, a % b

def cdiv_with_objects(list l, int b):
    cdef int a
    out = []
    for v in l:
        a = v
        with cython.cdivision(True):
            out.append(a // b)
        out.append(a // b)
    return out

@cython.cdivision(True)
def cdiv_double(double a, double b):
    return a / b, a % b, a // b

@cython.cdivision(False)
def pydiv_double(double a, double b):
    return a / b, a % b, a // b

@cython.cdivision(True)
def cdiv_pyobj(a, b):
    return a // b, a % b

@cython.cdivision(True)
def cdiv_mixed(int a, b):
    return a // b, a % b

@cython.cdivision(True)
def cdiv_true(int a, int b):
    return a / b

def true_div(int a, int b):
    return a / b

@cython.cpow(True)
def cpow_with_neg(int a, int b):
    return a ** b

@cython.cpow(False)
def pow_unsigned(int a, unsigned int b):
    return a ** b

@cython.cpow(True)
def pow_dbl_c(double a, double b):
    return a ** b

@cython.cpow(True)
def pow_mixed(int a, double b):
    return a ** b

@cython.cpow(True)
def pow_inplace(int a, int b):
    a **= b
    return a

def pow_inplace_no(double a, int b):
    a **= b
    return a


# What they do.

@cython.boundscheck(True)
@cython.wraparound(False)
def view_nowrap(double[:] a, Py_ssize_t i):
    return a[i]

@cython.wraparound(False)
def list_nowrap(list l, Py_ssize_t i):
    return l[i]

@cython.wraparound(False)
def tuple_nowrap(tuple l, Py_ssize_t i):
    return l[i]

@cython.wraparound(False)
def str_nowrap(str l, Py_ssize_t i):
    return l[i]

@cython.wraparound(False)
def list_untyped_index(list l, i):
    return l[i]

@cython.wraparound(False)
def list_store(list l, Py_ssize_t i, v):
    l[i] = v
    return l

@cython.wraparound(False)
def list_slice(list l, Py_ssize_t i):
    return l[i:]

@cython.wraparound(False)
def view_slice(double[:] a, Py_ssize_t i):
    return np.asarray(a[i:]).tolist()

@cython.boundscheck(False)
def view_slice_nb(double[:] a, Py_ssize_t i):
    return np.asarray(a[:i]).tolist()

def wrap_block(double[:] a, Py_ssize_t i):
    with cython.wraparound(False):
        return a[i]

def wrap_block_objects(list l, Py_ssize_t i):
    cdef list out = []
    out.append(l[i])
    with cython.wraparound(False):
        out.append(l[i])
    return out

def inner_bounds(double[:] a, Py_ssize_t i):
    @cython.wraparound(False)
    def g(double[:] b, Py_ssize_t k):
        return b[k]
    return g(a, i)

@cython.boundscheck(False)
def list_nobounds(list l, Py_ssize_t i):
    return l[i]

@cython.nonecheck(True)
def none_view(double[:] a):
    return a[0]

@cython.nonecheck(True)
def none_shape(double[:] a):
    return a.shape[0]

@cython.nonecheck(True)
def none_list(list l):
    return l[0]

def none_list_no(list l):
    return l[0]

def none_len(list l):
    return len(l)

def none_iter(list l):
    return [x for x in l]

def none_method(list l):
    l.append(1)
    return l

@cython.nonecheck(True)
def none_attr(list l):
    l.append(1)
    return l

@cython.nonecheck(True)
def none_view_store(double[:] a):
    a[0] = 1

def none_block(double[:] a):
    with cython.nonecheck(True):
        return a[0]

def uninit_global_view():
    return gv[0]

cdef double[:] gv

@cython.infer_types(True)
def inf_int(int a):
    x = a
    y = x * x
    return y

@cython.infer_types(True)
def inf_div(int a, int b):
    x = a
    return x / b, x // b, x % b

@cython.infer_types(True)
def inf_long(long a):
    x = a + 1
    return x

@cython.infer_types(True)
def inf_reassign(int a):
    x = a
    x = 2.5
    return x

@cython.infer_types(True)
def inf_obj(int a):
    x = a
    x = "s"
    return x

def inf_default(int a):
    x = a
    y = x * x
    return y

def inf_default_range(int n):
    x = 0
    for i in range(n):
        x = i * 65536
    return x

@cython.infer_types(True)
def inf_ptr(int a):
    cdef int[3] c
    c[0] = a
    p = &c[0]
    p[1] = p[0] * p[0]
    return c[1]

@cython.infer_types(True)
def inf_float(float a):
    x = a
    return x * 1.1

@cython.infer_types(None)
def inf_none_value(int a):
    x = a
    y = x * x
    return y

def ann(a: cython.int, b: cython.double = 2.5) -> cython.double:
    c: cython.int = 3
    return a * b + c

@cython.annotation_typing(False)
def ann_off(a: cython.int, b: cython.double = 2.5) -> cython.double:
    c: cython.int = 3
    return a, b, c

def ann_quoted(a: "cython.int"):
    return a

@cython.annotation_typing(False)
def ann_inner(a: cython.int):
    def g(b: cython.int):
        return b
    return g(a)

def ann_inner2(a):
    @cython.annotation_typing(False)
    def g(b: cython.int):
        return b
    def h(b: cython.int):
        return b
    return g(a), h(a)

def ann_ret(a) -> cython.int:
    return a


def overflowing_sum(int a, short b):
    x = a
    y = b
    z = x
    return x + y, y * y * y, x * 2, -x, z, abs(x)

def from_element(int[:] v):
    x = v[0]
    return x * x

def from_shape(double[:] v, int k):
    n = v.shape[0]
    m = k
    for i in range(n):
        m = m * 3
    return n * n, m

def shared(int a):
    x = a

    def times(int b):
        return x * b
    return times(a)

@cython.cdivision(True)
def objects_divide(a, b):
    return a / b


# Annotations.
def of_list(a: list):
    return a

def of_generic(a: list[int]):
    return a

def of_optional(a: Optional[list]):
    return a

def of_union(a: list | None):
    return a

def of_default(a: list = None):
    return a

def of_str(a: str, b: dict, c: tuple, d: set):
    return a, b, c, d

def of_bytes(a: bytes, b: bytearray, c: frozenset):
    return a, b, c

def of_bool(a: bool):
    return a

def of_complex(a: complex):
    return a

def of_object(a: object):
    return a

@cython.annotation_typing(False)
def of_nothing(a: list, b: float, c: cython.int):
    d: cython.int = a
    return a, b, c, d

def variables(x):
    y: cython.int = x
    z: float = x
    b: bool = x
    c: cython.double
    c = x
    y += 1
    return y, z, b, c

def of_class(x):
    y: list = x
    return y

def of_number(double a):
    x: cython.int = (<int> a)
    y: cython.double = a
    return x, y

def inside(a):
    @cython.annotation_typing(False)
    def no(b: cython.int):
        return b

    def yes(b: cython.int):
        return b
    return no(a), yes(a)
