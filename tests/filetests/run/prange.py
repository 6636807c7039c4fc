# test run
# Reductions, privates, lasts, stores; the same on any number of threads.
# run: total(array([1, 2, 3, 4, 5], float64)) == 15.0
# run: harmonic(5000) == 9.094508852984436
# run: squares(6) == array([0.0, 1.0, 4.0, 9.0, 16.0, 25.0], float64)
# run: last(5) == 16
# run: smallest(array([3, -1, 2], int64)) == -1
# run: histogram(array([0, 1, 1, 3, 1], int64)) == array([1, 3, 0, 1], int64)
# run: failing(10, 4) raises ValueError "too far"
import numpy as np
from ungil import prange


def total(a):
    s = 0.0
    for i in prange(a.shape[0]):
        s += a[i]
    return s


def harmonic(n):
    s = 0.0
    for i in prange(1, n + 1):
        s += 1.0 / i
    return s


def squares(n):
    r = np.empty(n)
    for i in prange(n):
        t = i * 1.0
        r[i] = t * t
    return r


def last(n):
    x = -1
    for i in prange(n):
        x = i * i
    return x


def smallest(a):
    m = 1000
    for i in prange(a.shape[0]):
        m = min(m, a[i])
    return m


def histogram(b):
    h = np.zeros(4, np.int64)
    for i in prange(b.shape[0]):
        h[b[i]] += 1
    return h


def failing(n, k):
    for i in prange(n):
        if i >= k:
            raise ValueError("too far")
