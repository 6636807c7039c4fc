# cython: language_level=3
"""`Py_UCS4` in generators, which run as plain Python."""


def chars(text):
    cdef Py_UCS4 c
    for c in text:
        yield c


def gen(str text):
    cdef Py_UCS4 c
    cdef int n = 0
    for c in text:
        if c.isdigit() or c == u'a':
            n += 1
            yield c, n


def words(str text, Py_UCS4 sep=u' '):
    cdef Py_UCS4 c
    cdef list word = []
    for c in text:
        if c == sep:
            yield "".join(word)
            word = []
        else:
            word.append(c)
    yield "".join(word)


def compared(str text):
    cdef Py_UCS4 c
    cdef int n = 0, k
    for c in text:
        yield 48 <= c <= 57, c > 109, c in u"xyz1", c != u"4"


def numbers(str text):
    cdef Py_UCS4 c
    cdef int k
    for c in text:
        k = c
        yield k, <int>c, c


def computed(str text):
    cdef Py_UCS4 c
    for c in text:
        yield c - 48


def plus(str text):
    cdef Py_UCS4 c
    for c in text:
        c = c + 1
        yield c


def from_number(int n):
    cdef Py_UCS4 c = n
    yield c
