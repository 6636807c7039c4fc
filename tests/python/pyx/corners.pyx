# What single programs found; each function is the smallest case.
from cpython.long cimport PyLong_AsLong, PyLong_AsLongLong, PyLong_AsSsize_t, PyLong_AsDouble
from cpython.float cimport PyFloat_AsDouble

cdef enum Sized:
    SUFFIXED = 0x10ULL
    CAST = <int>10
    NARROW = <unsigned char>300
    NEXT
cpdef enum Shown: FIRST = <int>7, SECOND = 97U, THIRD
cdef int in_order[CAST]

def enumerated(): return SUFFIXED, CAST, NARROW, NEXT, FIRST, SECOND, list(Shown), sizeof(in_order)
def beside_words(x):
    cdef int n = 3
    cdef int *p
    if<int>x:p=&n
    else:return<double>x
    return<int>x if p==&n and<int>x else<int>x,[k for k in<list>[1]]
def any_text(basestring s):
    cdef basestring t = s
    return t, len(s)
def numbers(l):
    cdef int i = 5
    return [i for i in l], {i for i in l}, {i: 1 for i in l}, i
def generated(l):
    cdef double x
    return sum(x for x in l), list(x for x in l), sorted(x for x in l)
def rows(list l):
    cdef list row
    return [row[0] for row in l]
def words(l):
    cdef str w
    return [w for w in l], tuple(w for w in l)
def letters(s):
    cdef Py_UCS4 c
    return [c for c in s]
def quotes(): return c'"', c"'", c'\'', c'\\', c"\"", c'\x41', c'\0'
def separated(char sep=b',', unsigned char quote='"', Py_UCS4 mark=u'é', char end=c'\n'): return sep, quote, mark, end
def stars(*args: list, **keywords: str): return args, keywords
def starred(first: list, *rest: list, key: str = 'k', **more: dict): return first, rest, key, more
def not_none(x not None, object y not None=1): return x, y
def not_none_beside(x not None, *args): return [x, args]
def in_tuple((int, short) t): return t[0] + t[1]
cdef int checked(int x) except? -1:
    if x < 0: raise ValueError(x)
    return x
def inverse(double x):
    if x < 0: raise ValueError("negative")
    return 1 / x
def element(double[:] v, int i): return v[i]
def context(f, *args):
    try:
        raise KeyError(1)
    except KeyError:
        try:
            f(*args)
        except Exception as e:
            return repr(e), repr(e.__context__), repr(e.__cause__), e.__suppress_context__
def context_of_c():
    try:
        checked(-1)
    except ValueError:
        try:
            checked(-2)
        except ValueError as e:
            return repr(e.__context__), repr(e.__context__.__context__)
def context_in_finally():
    try:
        try: inverse(0)
        finally: inverse(-1)
    except ValueError as e: return repr(e.__context__)
def to_long(o): return PyLong_AsLong(o)
def to_long_long(o): return PyLong_AsLongLong(o)
def to_size(o): return PyLong_AsSsize_t(o)
def to_double(o): return PyFloat_AsDouble(o)
def int_to_double(o): return PyLong_AsDouble(o)
