"""Functions that pool tests run in workers; importable, as tasks under spawn must be."""

import os
import signal
import sys
import time

import numpy as np

from ungil import jit

STATE = None
KEPT = []


def square(x):
    return x * x


def add(a, b=2):
    return a + b


def fail(x):
    raise ValueError(f"no {x}")


def fail_at_three(x):
    if x == 3:
        raise KeyError(x)
    return x


def exit_hard(code):
    os._exit(code)


def exit_softly(code):
    sys.exit(code)


def kill_self(number):
    os.kill(os.getpid(), number)
    time.sleep(30)


def die_at_five(x):
    if x == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def die_once(path):
    """Kills the worker at the first call, which leaves a file."""
    if not os.path.exists(path):
        open(path, "w").close()
        os._exit(1)
    return "alive"


def pid(_=None):
    return os.getpid()


def nap(seconds):
    time.sleep(seconds)
    return seconds


def set_state(value):
    global STATE
    STATE = value


def get_state(_=None):
    return STATE


def bad_initializer():
    raise RuntimeError("no start")


def unpicklable(_):
    return (i for i in range(3))


class Awkward(Exception):
    """Cannot be rebuilt from its arguments."""

    def __init__(self, a, b):
        super().__init__(f"{a} {b}")


def raise_awkward(_):
    raise Awkward(1, 2)


class Scale:
    def __init__(self, factor):
        self.factor = factor

    def times(self, x):
        return self.factor * x

    def __call__(self, x):
        return self.factor * x


def set_tools(lock, queue, raw):
    global STATE
    STATE = lock, queue, raw


def use_tools(i):
    lock, queue, raw = STATE
    with lock:
        raw[i] += 1.5
        queue.put(i)
    return i


@jit
def compiled(x):
    return x * x + 1


@jit
def square_into(out, x):
    for i in range(x.shape[0]):
        out[i] = x[i] ** 2


def total(a):
    return float(a.sum())


def doubled(a):
    return 2 * a


def increment(a):
    a += 1
    return np.arange(3)


def fill(a, value):
    a[...] = value


def fill_and_return(a, value):
    a[...] = value
    return a


def same(x):
    return x


def keep_and_sum(a):
    """Keeps all that it gets."""
    KEPT.append(a)
    return [float(x.sum()) for x in KEPT]


def make_shared(n):
    import ungil.shared

    return ungil.shared.array(np.arange(n))


def segments(_=None):
    """Number of segments of shared memory that this process has open."""
    import gc

    gc.collect()
    found = set()
    for fd in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("/memfd:ungil ("):
                found.add(os.stat(f"/proc/self/fd/{fd}").st_ino)
        except OSError:
            pass
    return len(found)


def put_shared(queue, n):
    queue.put(make_shared(n))


def fill_from_queue(queue, done):
    a = queue.get(timeout=10)
    a += 1
    done.put((a.shape, a.flags.writeable))


def kill_holding(a):
    a[0] = -1
    os.kill(os.getpid(), signal.SIGKILL)


def hold(a, seconds):
    time.sleep(seconds)
    return a


def pick(a, i):
    return float(a[i])
