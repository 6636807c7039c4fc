# cython: language_level=3
"""Memoryviews beside objects, and exceptions by name in typed functions."""


class Own(Exception):
    def __init__(self, code):
        super().__init__("own %d" % code)
        self.code = code


def named(int x):
    cdef int r = 0
    try:
        if x > 5:
            raise ValueError("big", x)
        if x < 0:
            raise Own(x)
        r = 10 // x
    except (ValueError, ZeroDivisionError) as e:
        return type(e).__name__, e.args, r
    except Own as e:
        return e.code, str(e)
    return r


def again(double x):
    try:
        if x > 1:
            raise KeyError("k")
        return x
    except KeyError:
        if x > 2:
            raise
        raise Own(3) from None


def caused(double x):
    try:
        return 1 / x
    except ZeroDivisionError as e:
        raise Own(4) from e


cdef double inner(double x) except? -1:
    if x > 1:
        raise Own(<int>x)
    return x


def catches(double x):
    cdef double total = 0
    cdef int i
    for i in range(3):
        try:
            total += inner(x * i)
        except Own as e:
            total += e.code * 100
        finally:
            total += 0.5
    return total


def guarded(double[:] a, int k):
    cdef double s = 0
    cdef int i
    try:
        for i in range(k):
            s += a[i]
    except IndexError as e:
        return str(e), s
    return s


def named_values(double[:, :] a, names):
    cdef Py_ssize_t i, j
    result = {}
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if a[i, j] > 2:
                result[names[i]] = a[i, j]
    return result, a.shape[1], f"{a[0, -1]:.2f}"


def written(int[::1] a, items):
    cdef Py_ssize_t i = 0
    for item in items:
        a[i] = item
        a[i] += 1
        a[-1] *= 2
        i += 1
    return [a[i] for i in range(3)]


def by_object(float[:] a, key):
    return a[key], [a[0]]


def read_only(const long[:] a, f):
    return [f(a[0]), len(a)]


def strided(double[:, ::1] a, unsigned char[:] b, text):
    return text + str(a[1, 1] + b[2])
