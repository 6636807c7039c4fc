"""Functions of the Cython language keep no reference: counts are exact and memory is flat over many calls and exceptions."""

import gc
import resource
import sys

import numpy as np
import pytest

from ungil import pyx

SOURCE = """
from cython.parallel cimport prange

def total(double[:] a):
    cdef double s = 0
    cdef Py_ssize_t i
    for i in range(a.shape[0]):
        s += a[i]
    return s

def parallel(double[:] a):
    cdef double s = 0
    cdef Py_ssize_t i
    for i in prange(a.shape[0], nogil=True):
        s += a[i]
    return s

def view(double[:, :] a):
    return a[1:]

def same(x):
    return x

def number(int x):
    return x + 1

def refuse(int x, double[:] a):
    if x < 0:
        raise ValueError("negative")
    return a[x]

def words(str text, n):
    counts = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + n
    return counts

def raises(dict d, key):
    try:
        return d[key]
    except KeyError:
        raise LookupError(key)

def defaults(double[:] a=None, *, str name="x", int k=3):
    return name if a is None else k

cdef double inner(double[:] a, int i):
    return a[i]

cpdef double outer(double[:] a, int i):
    return inner(a, i) + 1

def count(int n):
    while n:
        yield n
        n -= 1
"""


@pytest.fixture(scope="module")
def module():
    return pyx.compile(SOURCE)


class Token:
    """An object of no other use."""


def quiet(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except Exception:
        return None


def calls(m):
    """Names, calls, and the objects whose counts must not change."""
    a, b, text, token = np.arange(6.0), np.ones((3, 4)), "a b a " + "c" * 50, Token()
    long_number, d = 2**40 + 17, {}
    return {
        "view argument": (lambda: m.total(a), [a]),
        "strided argument": (lambda: m.total(b[:, 1]), [b]),
        "parallel": (lambda: m.parallel(a), [a]),
        "view result": (lambda: m.view(b), [b]),
        "object through": (lambda: m.same(token), [token]),
        "text": (lambda: m.words(text, long_number), [text, long_number]),
        "keywords": (lambda: m.defaults(a, name=text, k=5), [a, text]),
        "nested": (lambda: m.outer(a, 2), [a]),
        "generator": (lambda: list(m.count(5)), []),
        "raise": (lambda: m.refuse(-1, a), [a]),
        "index error": (lambda: m.refuse(6, a), [a]),
        "nested index error": (lambda: m.outer(a, 9), [a]),
        "overflow": (lambda: m.number(long_number), [long_number]),
        "wrong type": (lambda: m.total(token), [token]),
        "wrong dimensions": (lambda: m.total(b), [b]),
        "wrong number": (lambda: m.number(token), [token]),
        "missing": (lambda: m.refuse(1), []),
        "unknown keyword": (lambda: m.total(a, nothing=token), [a, token]),
        "raise in a handler": (lambda: m.raises(d, token), [d, token]),
        "wrong object": (lambda: m.words(token, 1), [token]),
    }


NAMES = sorted(calls(pyx.compile("def f(): pass\n")))


@pytest.mark.parametrize("name", NAMES)
def test_counts_are_exact(module, name):
    call, objects = calls(module)[name]
    for _ in range(3):
        quiet(call)
    gc.collect()
    watched = [*objects, getattr(module, "refuse"), None.__class__, ValueError, KeyError, OverflowError]
    before = [sys.getrefcount(o) for o in watched]
    for _ in range(1000):
        quiet(call)
    gc.collect()
    after = [sys.getrefcount(o) for o in watched]
    assert all(abs(x - y) <= 1 for x, y in zip(before, after)), (before, after)


def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def test_memory_is_flat(module):
    every = [call for call, _ in calls(module).values()]
    # Each is called 5000 times; all in all 10^5 calls, half of them with exceptions.
    for call in every:
        for _ in range(500):
            quiet(call)
    gc.collect()
    blocks, before = sys.getallocatedblocks(), rss()
    for call in every:
        for _ in range(5000):
            quiet(call)
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 2000
    assert rss() - before < 8 << 20


def test_modules_that_are_dropped_free_their_memory():
    text = "cdef int k = 3\ndef f(int x):\n    return x + k\ndef g(str s):\n    return s\n"

    def one():
        module = pyx.compile(text)
        assert module.f(1) == 4 and module.g("s") == "s"

    for _ in range(20):
        one()
    gc.collect()
    blocks = sys.getallocatedblocks()
    for _ in range(100):
        one()
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 3000
