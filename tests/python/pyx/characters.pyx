# cython: language_level=3
"""Characters of strings as numbers: declared, and inferred where strings are walked."""


def convert(o):
    cdef Py_UCS4 c = o
    return c


def parameter(Py_UCS4 c):
    return c


def arithmetic(Py_UCS4 c):
    return c + 'x', 'x' + c, c * 2, [1, 2, 3][c == 'a'], {'a': 1}.get(c)


def bad_arithmetic(Py_UCS4 c):
    return c + 1


def numbers(Py_UCS4 c):
    cdef int n = c
    cdef long m = <long>c
    return n, m, <int>c, ord(c)


def back(int n):
    cdef Py_UCS4 c = n
    return c


def comparisons(Py_UCS4 c):
    return (c == 97, c == 'ab', c == 'a', 'a' == c, c != 'b', 'b' < c, c >= '\u1234', c in 'abc', c not in 'abc', c in '',
            c in ('a', 'b'))


def branches(Py_UCS4 c):
    k = 0
    if c == 'a':
        k += 1
    if 'b' <= c:
        k += 10
    if c in 'xyz\u1234':
        k += 100
    if c not in 'ab':
        k += 1000
    if 'a' <= c <= 'z':
        k += 10000
    if c:
        k += 100000
    if c in 'abcdefghijklmnopqrstuvwxyz0123':
        k += 1000000
    if c not in ('a', 'x', 98):
        k += 10000000
    if c in '':
        k += 100000000
    return k


def methods(Py_UCS4 c):
    return c.isdigit(), c.upper(), c.isspace(), c.isalpha()


def texts(Py_UCS4 c):
    return f"{c}", f"{c!r}", str(c), repr(c), len(c), bool(c)


def loop(str s):
    cdef Py_UCS4 c
    k = 0
    for c in s:
        if c == 'a':
            k += 1
        if c in 'xyz':
            k += 10
        if c > 'm':
            k += 100
    return k


def loop_over_anything(s):
    cdef Py_UCS4 c
    out = []
    for c in s:
        out.append(c)
    return out


def at(str s, int i):
    cdef Py_UCS4 c = s[i]
    return c


def literal():
    cdef Py_UCS4 c = 'x'
    d = c
    c = '\u1234'
    return d, c


cdef int is_a(Py_UCS4 c):
    return c == 'a'


cdef Py_UCS4 same(Py_UCS4 c):
    return c


def own(Py_UCS4 c):
    return is_a(c), same(c)


def count(str s):
    cdef int k = 0
    for c in s:
        if c == 'a':
            k += 1
    return k


def kinds(str s):
    k = [0] * 5
    for c in s:
        if c == 'b':
            k[0] += 1
        elif '\xe4' == c:
            k[1] += 1
        elif c >= '\u1000':
            k[2] += 1
        elif c in 'xyz':
            k[3] += 1
        elif c not in 'ab':
            k[4] += 1
    return k


def find(str s):
    n = 0
    for c in s:
        if c == 'x':
            break
        if c == ' ':
            continue
        n += 1
    else:
        return -1
    return n


def reassigned(str s):
    n = 0
    for c in s:
        s = 'q'
        if c == 'a':
            n += 1
    return n, s


def in_try(str s, o):
    n = 0
    for c in s:
        try:
            if c == 'a':
                n += len(o)
        except TypeError:
            n += 100
    return n


def twice(str s, str t):
    n = 0
    for c in s:
        if c == 'a':
            n += 1
    for c in t:
        if c == 'a':
            n += 10
    return n


def of_literal():
    n = 0
    for c in "abcab":
        if c == 'b':
            n += 1
    return n


def other_uses(str s):
    out = []
    for c in s:
        if c == 'a':
            out.append(c)
        out.append(c * 2)
    return out


def after(str s):
    c = None
    for c in s:
        if c == 'a':
            pass
    return c


def nested(str s, str t):
    n = 0
    for c in s:
        for d in t:
            if c == 'a':
                if d != 'b':
                    n += 1
    return n


def by_index(str s):
    n = 0
    for i in range(len(s)):
        if s[i] == 'b':
            n += 1
        if 'a' < s[-1]:
            n += 10
    return n


def beyond(str s, Py_ssize_t i):
    if s[i] == 'a':
        return 1
    return 0


def none_beyond(str s):
    if s[0] == 'a':
        return 1
    return 0


def as_text(Py_UCS4 c):
    return chr(c)
