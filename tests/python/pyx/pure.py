"""A module in pure-Python mode, which Cython and ungil both compile."""

import cython
from cython.cimports.libc.math import floor, sqrt
from cython.parallel import prange

real = cython.typedef(cython.double)
COUNT = cython.declare(cython.int, 3)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def square(x: cython.double) -> cython.double:
    return x * x


@cython.ccall
def scaled(x: real, n: cython.int = 2) -> cython.double:
    y: cython.double = x * n
    return y


@cython.boundscheck(False)
@cython.wraparound(False)
def distances(x: cython.double[:, ::1], out: cython.double[:, :]):
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    k: cython.Py_ssize_t
    s: cython.double
    for i in prange(x.shape[0], nogil=True):
        for j in range(x.shape[0]):
            s = 0
            for k in range(x.shape[1]):
                s = s + square(x[i, k] - x[j, k])
            out[i, j] = sqrt(s)


@cython.locals(a=cython.int, b=cython.uchar)
@cython.returns(cython.int)
@cython.cfunc
def wrapped(a, c):
    b = a
    return b + c


def call(a, c):
    return wrapped(a, c)


@cython.cfunc
@cython.exceptval(-1)
def refuse(a: cython.int) -> cython.int:
    if a < 0:
        raise ValueError("negative")
    return a * 2


@cython.cfunc
@cython.exceptval(-1, check=True)
def maybe(a: cython.int) -> cython.int:
    if a > 100:
        raise OverflowError("large")
    return a - 3


def refused(a):
    return refuse(a) + maybe(a)


@cython.cdivision(True)
def divided(a: cython.int, b: cython.int):
    if a > 0:
        t: cython.int = a // b
    else:
        t = -a // b
    return t, a % b


def python_division(a: cython.int, b: cython.int):
    return a // b, a % b


def casts(x: cython.double):
    with cython.nogil:
        n = cython.cast(cython.int, x)
    return n, cython.cast(cython.uchar, n)


def sizes():
    return (
        cython.sizeof(cython.int),
        cython.sizeof(cython.double),
        cython.sizeof(cython.longlong),
        cython.sizeof(cython.short),
    )


def compiled():
    if cython.compiled:
        return 1
    return 0


def declared(n: "cython.int"):
    cython.declare(i=cython.int, s=cython.double)
    t = cython.declare(cython.double, 0.5)
    s = 0
    for i in range(n):
        s += i * t
    return s + COUNT


def array(n: cython.int):
    v = cython.declare(cython.double[4])
    i: cython.int
    for i in range(4):
        v[i] = i * n
    return v[0] + v[3]


def flag(x: cython.bint):
    return x


def widths(a: cython.uchar, b: cython.short, c: cython.uint, d: cython.longlong, e: cython.ulong):
    return a, b, c, d, e


def pyfloat(x: float):
    z: float = x
    return z


def pyint(x: int):
    w: int = x * 2**70
    return w


def text(x: cython.int, name: str = "a"):
    return name * x


def defaults(a: cython.int, b: cython.double = 1.5, *, c: cython.int = 4):
    return a + b * c


def total(v: cython.double[:]) -> cython.double:
    s: cython.double = 0
    i: cython.Py_ssize_t
    for i in range(v.shape[0]):
        s += v[i]
    return s


def at(v: cython.double[:], i: cython.Py_ssize_t):
    return v[i]


def table(v: cython.int[:, :], k: cython.int):
    v[0, 0] = k
    return v[0, 0] + floor(2.5)


def small(a: cython.int):
    b: cython.uchar = 0
    if a > 3:
        b: cython.uchar
        b = cython.cast(cython.uchar, a)
    return b


class Thing:
    """Classes run as Python."""

    x: int = 1

    def go(self, n: cython.int):
        return n + self.x


def comprehension(n: cython.int):
    return [i * i for i in range(n)]


def python_classes(a: tuple, b: str = None, c: list[int] = None, d: dict | None = None):
    return a, b, c, d


def class_inside(o):
    x: list = o
    return x


def casts_of_objects(o):
    return cython.cast(list, o)


def checked_cast(o):
    return cython.cast(list, o, typecheck=True)


def casts_by_name(x: cython.double, n: cython.int):
    return cython.cast("int", x), cython.cast("unsigned char", n), cython.cast("double", n)
