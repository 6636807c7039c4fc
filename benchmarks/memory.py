"""The memory that calls need beyond their arguments and results: `./dev bench --memory`.

Each call runs in a process of its own, compiled before; the growth of the peak of the resident set during it is compared with the
bytes of its results. Source: `proc_pid_clear_refs(5)`; Linux only.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import ungil

__all__ = ["main"]

N = 1_000_000
SIDE = 1500
# What is not the call's: the stack, pages of code that run for the first time.
SLACK = 2 << 20

CASES = {
    "2*a - 4.5*b + 1.1*(sin(a) + cos(b))": (
        lambda a, b: 2.0 * a - 4.5 * b + 1.1 * (np.sin(a) + np.cos(b)),
        "vectors",
    ),
    "d = a - b; (d * d).sum()": (lambda a, b: squares(a, b), "vectors"),
    "s = a*b; s.sum(), s.max()": (lambda a, b: consumers(a, b), "vectors"),
    "c = 2*a + b; d = a - b": (lambda a, b: siblings(a, b), "vectors"),
    "sqrt(a*a + b*b).max()": (lambda a, b: np.sqrt(a * a + b * b).max(), "vectors"),
    "argmax(abs(a) - b)": (lambda a, b: np.argmax(np.abs(a) - b), "vectors"),
    "a.std()": (lambda a, b: a.std(), "vectors"),
    "where(a > b, a, b).cumsum()": (lambda a, b: np.where(a > b, a, b).cumsum(), "vectors"),
    "a[:] = sin(a) + b": (lambda a, b: assigned(a, b), "vectors"),
    "sqrt(((x[:, None, :] - x)**2).sum(-1))": (
        lambda x, y: np.sqrt(((x[:, None, :] - x) ** 2).sum(axis=-1)),
        "points",
    ),
    "argmax(abs(r[:, None] - r))": (lambda x, y: np.argmax(np.abs(y[:, None] - y)), "points"),
    "abs(r[:, None] - r).sum()": (lambda x, y: np.abs(y[:, None] - y).sum(), "points"),
    "argmax(((x[:, None, :] - x)**2).sum(-1))": (
        lambda x, y: np.argmax(((x[:, None, :] - x) ** 2).sum(axis=-1)),
        "points",
    ),
    "sqrt(((x[:, None, :] - x)**2).sum(-1)).max()": (
        lambda x, y: np.sqrt(((x[:, None, :] - x) ** 2).sum(axis=-1)).max(),
        "points",
    ),
    "((x[:, None, :] - x)**2).sum(-1).sum()": (
        lambda x, y: ((x[:, None, :] - x) ** 2).sum(axis=-1).sum(),
        "points",
    ),
}


@ungil.jit
def squares(a, b):
    d = a - b
    return (d * d).sum()


@ungil.jit
def consumers(a, b):
    s = a * b
    t = s.sum()
    u = s.max()
    return t, u


@ungil.jit
def siblings(a, b):
    c = 2 * a + b
    d = a - b
    return c, d


@ungil.jit
def assigned(a, b):
    a[:] = np.sin(a) + b
    return 0


def arguments(kind, small):
    """Two vectors, or points and their radii."""
    rng = np.random.default_rng(2)
    if kind == "vectors":
        n = 100 if small else N
        return rng.random(n), rng.random(n)
    n = 100 if small else SIDE
    return rng.random((n, 3)), rng.random(n)


def peak():
    """The highest resident set since the last reset, in bytes."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def measure(name, tool):
    """Prints the bytes by which a call raises the peak, and those of its result."""
    function, kind = CASES[name]
    if tool == "ungil":
        call = ungil.jit(function)
    else:
        kernels = {"squares": squares, "assigned": assigned, "consumers": consumers, "siblings": siblings}
        globals().update({name: kernel.py_func for name, kernel in kernels.items()})
        call = function
    call(*arguments(kind, True))
    full = arguments(kind, False)
    call(*(x[: len(x) // 8].copy() for x in full))
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    result = call(*full)
    results = result if isinstance(result, tuple) else (result,)
    print(peak() - before, sum(np.asarray(r).nbytes for r in results))


def of_call(name, tool):
    """What a call needs in a new process, and the bytes of its result."""
    environment = {**os.environ, "UNGIL_BLOCK_CACHE": "0", "UNGIL_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--of", name, tool]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return tuple(map(int, done.stdout.split()))


def main():
    """Prints the table; says which calls need more than their results."""
    if sys.argv[1:2] == ["--of"]:
        measure(*sys.argv[2:])
        return
    print("| formula | result MB | ungil MB | NumPy MB |")
    print("|---|---|---|---|")
    more = []
    for name in CASES:
        used, result = of_call(name, "ungil")
        numpy_used, _ = of_call(name, "numpy")
        print(f"| `{name}` | {result / 1e6:.1f} | {used / 1e6:.1f} | {numpy_used / 1e6:.1f} |", flush=True)
        if used > result + SLACK:
            more.append(name)
    print("need more than inputs and outputs:", "; ".join(more) or "none")


if __name__ == "__main__":
    main()
