"""Loops that clear the lowest set bit until none is left: counted at once, with the results of the loop."""

import numpy as np
import pytest
import pyx_reference

import ungil
import ungil.pyx

SOURCE = """
def of_bytes(unsigned char[:] a):
    cdef Py_ssize_t i
    cdef unsigned char x
    cdef short n = 0
    for i in range(a.shape[0]):
        x = a[i]
        while x != 0:
            x = x & (x - 1)
            n -= 2
    return n

def of_shorts(short x, long step):
    cdef long n = 5
    cdef char m = 100
    while x:
        m += 1
        x &= x - 1
        n = step + n
    return n, m, x

def distance(unsigned long long a, unsigned long long b):
    cdef int n = 0
    a ^= b
    while a:
        n += 1
        a &= a - 1
    return n

def last_cleared(unsigned int x):
    cdef unsigned int last = 0
    while x:
        last = x
        x &= x - 1
    return last
"""


def bits(number, size):
    return bin(int(number) & (1 << size) - 1).count("1")


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint32, np.int64, np.uint64])
def test_of_every_width(dtype):
    @ungil.jit
    def count(a):
        n = 0
        for x in a:
            while x:
                x &= x - 1
                n += 3
        return n

    info = np.iinfo(dtype)
    a = np.random.default_rng(5).integers(info.min, info.max, 1001, dtype, endpoint=True)
    a[:4] = [0, 1, info.min, info.max]
    assert count(a) == 3 * sum(bits(x, info.bits) for x in a)
    assert "ctpop" in "".join(count.inspect_llvm().values())


def test_beside_cython(tmp_path):
    file = tmp_path / "bit_counts.pyx"
    file.write_text(SOURCE)
    theirs, ours = pyx_reference.build(file, tmp_path), ungil.pyx.compile(file)
    numbers = np.arange(256, dtype=np.uint8)
    cases = [
        ("of_bytes", numbers),
        ("of_bytes", numbers[::-3]),
        ("distance", 2**64 - 1, 5),
        ("distance", 7, 7),
    ]
    cases += [("of_shorts", x, step) for x in (0, 1, -1, -(2**15), 2**15 - 1) for step in (1, -3, 2**40)]
    cases += [("last_cleared", x) for x in (0, 12, 2**32 - 1)]
    for name, *arguments in cases:
        assert getattr(ours, name)(*arguments) == getattr(theirs, name)(*arguments), (name, arguments)


def test_what_each_iteration_sees():
    @ungil.jit
    def total(x, y):
        s = 0
        while x != 0:
            s += x
            x &= x - 1
        n = 0
        while y != 0:
            y &= y - 1
            n += y
        return s, n, x, y

    for x in (0, 1, 6, 255, 2**40 + 5):
        assert total(x, x) == total.py_func(x, x)
