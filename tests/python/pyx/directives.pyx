# cython: language_level=3
cimport cython


@cython.overflowcheck(True)
def add_int(int a, int b):
    return a + b

@cython.overflowcheck(True)
def sub_int(int a, int b):
    return a - b

@cython.overflowcheck(True)
def mul_int(int a, int b):
    return a * b

@cython.overflowcheck(True)
def add_ll(long long a, long long b):
    return a + b

@cython.overflowcheck(True)
def mul_ll(long long a, long long b):
    return a * b

@cython.overflowcheck(True)
def sub_u(unsigned int a, unsigned int b):
    return a - b

@cython.overflowcheck(True)
def mul_size(size_t a, size_t b):
    return a * b

@cython.overflowcheck(True)
def shift(int a, int b):
    return a << b

@cython.overflowcheck(True)
def neg(int a):
    return -a

@cython.overflowcheck(True)
@cython.overflowcheck.fold(False)
def folded(int a, int b, int c):
    return a * b + c

@cython.overflowcheck(True)
def inplace(int a, int n):
    cdef int i
    for i in range(n):
        a += a
    return a

@cython.overflowcheck(True)
def with_objects(items, int a):
    cdef int total = a
    names = []
    for x in items:
        total = total * a + <int>x
        names.append(total)
    return names

@cython.overflowcheck(True)
def short_add(short a, short b):
    cdef short c = a + b
    return c

def in_with(int a, int b):
    with cython.overflowcheck(True):
        return a * b

def wraps(int a, int b):
    return a * b


@cython.cdivision(True)
def cdiv(int a, int b):
    return a // b, a % b

@cython.cdivision(True)
def cdiv_objects(items, int b):
    cdef int x
    out = []
    for i in items:
        x = i
        out.append(x // b)
        out.append(x % b)
    return out

@cython.cdivision_warnings(True)
@cython.cdivision(True)
def warned(int a, int b):
    return a // b

@cython.cpow(True)
def cpow_int(int a, int b):
    return a ** b

@cython.cpow(False)
def pow_int(int a, int b):
    return a ** b

@cython.cpow(True)
def cpow_double(double a, double b):
    return a ** b

def pow_double(double a, double b):
    return a ** b

def pow_const(int a):
    return a ** 2

@cython.cpow(True)
def cpow_objects(items, int b):
    cdef int x
    out = []
    for i in items:
        x = i
        out.append(x ** b)
    return out

@cython.embedsignature(True)
def signed(int a, double b=2.5, *args, c=None, **kw):
    """Doc text."""
    return a

@cython.embedsignature(True)
def signed_bare(a, double[:] b, str s="x"):
    return a

@cython.embedsignature(True)
cpdef int signed_cp(int a, float b=1.0) except -1:
    """More."""
    return a

@cython.binding(False)
def unbound_method(a, int b=1):
    return a

@cython.binding(True)
def bound_method(self, int b=1):
    return self, b

@cython.annotation_typing(False)
def annotated_no(x: int, y: float):
    return type(x).__name__, type(y).__name__

@cython.annotation_typing(True)
def annotated_yes(x: cython.int, y: float):
    return x, y

@cython.infer_types(None)
def safe_inferred(int n):
    s = 0.0
    for i in range(n):
        s += i
    return s
