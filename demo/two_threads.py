"""Two Python threads, each running one kernel: the time of one, because no kernel holds the interpreter's lock."""

import threading
import time

import numpy as np

from ungil import jit


@jit
def xorshift(count, x):
    """A random generator's steps: each needs the one before, so that no compiler can shorten the loop."""
    for _ in range(count):
        x ^= x << 13
        x ^= x >> 7
        x ^= x << 17
    return x


SEEDS = [np.uint64(88172645463325252), np.uint64(1234567891234567)]


def seconds(work, threads):
    """The time until all threads have done `work(thread number)`."""
    team = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    begin = time.perf_counter()
    for thread in team:
        thread.start()
    for thread in team:
        thread.join()
    return time.perf_counter() - begin


def measure(kernel=xorshift, count=50_000_000, rounds=5):
    """The best times of one thread and of two threads that do the same each; results are checked."""
    results = [kernel(count, seed) for seed in SEEDS]
    found = list(results)

    def work(number):
        found[number] = kernel(count, SEEDS[number])

    one = min(seconds(work, 1) for _ in range(rounds))
    two = min(seconds(work, 2) for _ in range(rounds))
    assert found == results, "the threads disturbed each other"
    return one, two


if __name__ == "__main__":
    plain = getattr(xorshift, "py_func", xorshift)
    with np.errstate(over="ignore"):
        assert all(int(xorshift(1000, seed)) == int(plain(1000, seed)) for seed in SEEDS)
    one, two = measure()
    print(f"one thread {one:.3f} s, two threads doing twice the work {two:.3f} s: {two / one:.2f} times")
