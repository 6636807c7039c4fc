"""`bytes` and what else has memory, but is no array: its operators are Python's."""

import numpy as np

ctypedef fused text:
    bytes
    str

cdef list kept = [1, 2]


def same(s): return s == b'ab', b'ab' == s, s != s


def rest(s): return s[1:], s[::-1], s[0], len(s)


def twice(s): return s * 2, s + s


def inside(s): return 97 in s, not s, s is None


def less(s, t): return s < t, s <= t


def total(s):
    t = 0
    for x in s: t += x
    return t


def unchanged(s): return s


def own_rest(bytes s): return s[1:]


def own_same(bytes s): return s == s, s + b'x'


def own_item(bytes s, int i): return s[i], len(s)


def own_sum(bytes s):
    cdef unsigned char c
    cdef int t = 0
    for c in s: t += c
    return t


def own_array(bytearray s):
    s[0] = 65
    return s[0], s


def beside(s, double[:] v): return s + s, v[0]


def of_fused(text s): return s + s, text is bytes


def module_class(x):
    global kept
    kept = x
    return kept


def generated(unsigned char c, str s='x'):
    yield c
    yield s
