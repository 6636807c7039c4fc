"""While loops that count: the same results, errors and final counters as the undecorated function."""

import numpy as np
import pytest
from checking import check


def forwards(a, o):
    i = 0
    n = a.shape[0]
    while i < n:
        o[i] = a[i] * 2
        i += 1
    return i


def backwards(a, o):
    i = len(a) - 1
    while i >= 0:
        o[i] = a[len(a) - 1 - i]
        i = i - 1
    return i


def by_steps(a, o, start, stop, above):
    i = start
    while i <= stop:
        o[i] = a[i] + 1
        if a[i] > above:
            break
        i += 3
    return i


def downwards_by_steps(a, o, start, stop):
    i = start
    s = np.float64(0.0)
    while stop < i:
        s += a[i]
        i -= 2
        o[0] = i
    return s, i


def skipping(a):
    i = 0
    s = np.float64(0.0)
    while i < a.shape[0]:
        i += 1
        if a[i - 1] < 0:
            continue
        s += a[i - 1]
    return s, i


def two_counters(a, b, o):
    i = 0
    j = 0
    k = 0
    while i < a.shape[0]:
        j = 0
        while j < b.shape[0]:
            o[k] = a[i] * b[j]
            k += 1
            j += 1
        i += 1
    return i, j, k


def moving_end(a):
    i = 0
    n = len(a)
    while i < n:
        if a[i] < 0:
            n -= 1
        i += 1
    return i, n


def irregular(a):
    i = 0
    while i < len(a):
        if a[i] > 0:
            i += 2
        else:
            i += 1
    return i


def with_else(a, x):
    i = 0
    while i < a.shape[0]:
        if a[i] == x:
            break
        i += 1
    else:
        return -1
    return i


def changes_both(n):
    i = 0
    j = 10
    while i < j:
        i += 1
        j -= 1
    return i, j, n


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100])
@pytest.mark.parametrize("room", [-1, 0, 3])
def test_counting(n, room):
    a = np.arange(n) - 1.5
    o = np.zeros(max(0, n + room))
    check(forwards, a, o)
    check(backwards, a, o)
    check(skipping, a)
    check(two_counters, a, a[:3], np.zeros(max(0, n * min(n, 3) + room)))
    check(moving_end, a)
    check(irregular, a)
    check(with_else, a, 2.5)
    check(with_else, a, 0.0)
    check(changes_both, n)


@pytest.mark.parametrize("start", [0, 2, -3, -20, 50])
@pytest.mark.parametrize("stop", [0, 9, 10, 11, -1])
def test_steps_and_bounds(start, stop):
    a = np.arange(10.0)
    check(by_steps, a, np.zeros(10), start, stop, 100.0)
    check(by_steps, a, np.zeros(10), start, stop, 4.0)
    check(downwards_by_steps, a, np.zeros(10), start, stop)


def test_the_ends_of_int64():
    def to_the_last(start):
        i = start
        n = 0
        while i < 2**63 - 1:
            i += 1
            n += 1
        return i, n

    check(to_the_last, 2**63 - 5)


def test_the_loop_vectorises():
    kernel = check(forwards, np.arange(9.0), np.zeros(9))
    kernel(np.arange(9.0), np.zeros(9))
    assert "x double>" in "".join(kernel.inspect_llvm().values())
