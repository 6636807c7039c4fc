"""Ctrl-C ends a kernel at once: a process runs an endless loop, serial or parallel, and gets the signal."""

import signal
import subprocess
import sys
import time

from ungil import jit, prange


@jit
def serial(n):
    while n > 0:
        n = n % 1000 + 1
    return n


@jit
def parallel(n):
    total = 0
    for i in prange(n):
        step = i
        while step >= 0:
            step = step % 1000 + 1
        total += step
    return total


def interrupt(name):
    """Seconds from Ctrl-C to the end of a process that runs the kernel of this name on 64 iterations."""
    child = subprocess.Popen(
        [sys.executable, __file__, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    child.stdout.readline()
    time.sleep(1)  # the kernel is compiled and running
    begin = time.perf_counter()
    child.send_signal(signal.SIGINT)
    errors = child.communicate(timeout=60)[1]
    assert "KeyboardInterrupt" in errors, errors
    return time.perf_counter() - begin


if __name__ == "__main__":
    if len(sys.argv) == 2:
        # A shell starts what runs in the background with the signal ignored, and children inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("running", flush=True)
        {"serial": serial, "parallel": parallel}[sys.argv[1]](64)
    for kind in ("serial", "parallel"):
        print(f"Ctrl-C ended the process of the {kind} loop after {1000 * interrupt(kind):.0f} ms")
