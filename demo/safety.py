"""What goes wrong is said, not suffered: bad indices, races, and sums that depend on the number of threads."""

import traceback

import numpy as np

import ungil
from ungil import jit, prange


@jit
def off_by_one(a):
    for i in range(a.size):
        a[i] = a[i + 1]


@jit
def race(a):
    x = 1.0
    for i in prange(a.size):
        x = x * 0.5 + a[i]  # each iteration needs the one before
    return x


@jit
def total(a):
    s = 0.0
    for i in prange(a.size):
        s += a[i]
    return s


def message(kernel):
    """The traceback of a call that must fail."""
    try:
        kernel(np.ones(10))
    except Exception:
        return traceback.format_exc()
    raise AssertionError(f"{kernel} did not fail")


def sums(a):
    """The same sum on 1 … all threads (at most eight): number of threads and hexadecimal result."""
    before, found = ungil.get_num_threads(), {}
    for threads in range(1, min(before, 8) + 1):
        ungil.set_num_threads(threads)
        found[threads] = float(total(a)).hex()
    ungil.set_num_threads(before)
    assert len(set(found.values())) == 1, found
    return found


if __name__ == "__main__":
    print(message(off_by_one))
    print(message(race))
    print(sums(np.random.default_rng(0).random(10_000_000)))
