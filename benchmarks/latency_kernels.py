"""The kernels of the latency measures, as source without a decorator: each tool compiles the same functions."""

from math import exp, sin, sqrt

import numpy as np

prange = range  # replaced by the measured tool's own


def pairwise(p, q):
    n = p.shape[0]
    m = q.shape[1]
    r = np.empty((n, m))
    for i in range(n):
        for j in range(m):
            x = p[i, 0] - q[0, j]
            y = p[i, 1] - q[1, j]
            z = p[i, 2] - q[2, j]
            r[i, j] = 1 / (1 + sqrt(x * x + y * y + z * z))
    return r


def thirty_lines(a, b, steps):
    """About thirty lines of loops, branches and arithmetic."""
    n = a.shape[0]
    out = np.zeros(n)
    low = a[0]
    high = a[0]
    for i in range(1, n):
        if a[i] < low:
            low = a[i]
        elif a[i] > high:
            high = a[i]
    span = high - low
    if span == 0.0:
        span = 1.0
    for _ in range(steps):
        for i in range(1, n - 1):
            left = a[i - 1]
            right = a[i + 1]
            middle = a[i]
            slope = (right - left) * 0.5
            curve = right - 2 * middle + left
            if slope > 0:
                out[i] += slope * b[i] / span
            else:
                out[i] -= curve * b[i] / span
            if out[i] > 1e6:
                break
        out[0] = out[1]
        out[n - 1] = out[n - 2]
    total = 0.0
    for i in range(n):
        total += out[i]
    return total


def with_maths(a):
    """A kernel that inlines functions of the maths library."""
    out = np.empty(a.shape[0])
    for i in range(a.shape[0]):
        out[i] = sin(a[i]) * exp(-a[i] * a[i])
    return out


def add2(a, b):
    return a + b


def touch1(a):
    a[0] = 1.0


def touch3(a, b, c):
    c[0, 0] = a[0, 0] + b[0, 0]


def empty_loop(o):
    for i in prange(o.shape[0]):
        o[i] = i
