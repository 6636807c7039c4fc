"""`./dev bench --pool`: `ungil.Pool` beside multiprocessing.Pool, concurrent.futures and joblib, interleaved.

Each row is a task; every tool does it in turn, round after round. Where arrays travel, the time of the work itself, measured
inside the workers, is taken off: what is left is what the tool costs. Also runs by itself: ``python benchmarks/pool.py --quick``.
"""

import argparse
import concurrent.futures
import multiprocessing
import statistics
import sys
import time

import joblib
import numpy as np

import ungil

WORKERS = 2
SIZE = 10_000_000


def nothing(x):
    return x


def total(a):
    """A sum, and the time that it took."""
    begin = time.perf_counter()
    result = float(a.sum())
    return result, time.perf_counter() - begin


def doubled(a):
    """An array, and the time that it took."""
    begin = time.perf_counter()
    result = a * 2
    return result, time.perf_counter() - begin


@ungil.jit
def square_into(out, x):
    for i in range(x.shape[0]):
        out[i] = x[i] ** 2


@ungil.jit
def square_parallel(out, x):
    for i in ungil.prange(x.shape[0]):
        out[i] = x[i] ** 2


class Tools:
    """One pool of each kind, alive for the whole run."""

    def __init__(self):
        self.peer = multiprocessing.Pool(WORKERS)
        self.own = ungil.Pool(WORKERS, backend="processes")
        self.executor = concurrent.futures.ProcessPoolExecutor(WORKERS)
        self.joblib = joblib.Parallel(n_jobs=WORKERS)
        self.threads = ungil.Pool(WORKERS, backend="threads")
        self.peer_threads = concurrent.futures.ThreadPoolExecutor(WORKERS)

    def close(self):
        self.peer.terminate()
        self.own.terminate()
        self.executor.shutdown()
        self.threads.terminate()
        self.peer_threads.shutdown()


def wall(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def beyond_work(call):
    """Time of a map beyond the longest of its tasks, which run side by side."""
    begin = time.perf_counter()
    results = list(call())
    spent = time.perf_counter() - begin
    return spent - max(result[1] for result in results)


def single_tasks(tools, count):
    """Many tasks, one by one."""
    tasks = range(count)
    return {
        "ungil": lambda: [r.get() for r in [tools.own.apply_async(nothing, (i,)) for i in tasks]],
        "multiprocessing": lambda: [r.get() for r in [tools.peer.apply_async(nothing, (i,)) for i in tasks]],
        "futures": lambda: [r.result() for r in [tools.executor.submit(nothing, i) for i in tasks]],
        "joblib": lambda: tools.joblib(joblib.delayed(nothing)(i) for i in tasks),
    }


def round_trips(tools, count):
    """Tasks that wait for each other."""
    tasks = range(count)
    return {
        "ungil": lambda: [tools.own.apply(nothing, (i,)) for i in tasks],
        "multiprocessing": lambda: [tools.peer.apply(nothing, (i,)) for i in tasks],
        "futures": lambda: [tools.executor.submit(nothing, i).result() for i in tasks],
    }


def long_map(tools, count):
    """A map over many numbers."""
    items = range(count)
    return {
        "ungil": lambda: tools.own.map(nothing, items),
        "multiprocessing": lambda: tools.peer.map(nothing, items),
        "futures": lambda: list(tools.executor.map(nothing, items, chunksize=count // (4 * WORKERS))),
        "joblib": lambda: tools.joblib(joblib.delayed(nothing)(i) for i in items),
    }


def halves(tools, function, size, shared):
    """A map over the halves of an array; with `shared`, ungil's array is a shared one."""
    parts = ungil.split(np.arange(float(size)), WORKERS)
    own = ungil.split(ungil.shared.array(np.arange(float(size))), WORKERS) if shared else parts
    return {
        "ungil": lambda: tools.own.map(function, own),
        "multiprocessing": lambda: tools.peer.map(function, parts),
        "futures": lambda: tools.executor.map(function, parts),
        "joblib": lambda: tools.joblib(joblib.delayed(function)(part) for part in parts),
    }


def compiled(tools, size):
    """A compiled function on threads."""
    x = np.arange(float(size))
    out = np.empty_like(x)
    parts = list(zip(ungil.split(out, WORKERS), ungil.split(x, WORKERS)))
    return {
        "ungil": lambda: tools.threads.starmap(square_into, parts),
        "prange": lambda: square_parallel(out, x),
        "futures": lambda: list(tools.peer_threads.map(square_into, *zip(*parts))),
    }


def measure(calls, timer, rounds):
    """Median seconds of each tool; the tools take turns, the first round is not counted."""
    times = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            times[name].append(timer(call))
    return {name: statistics.median(spent[1:]) for name, spent in times.items()}


NAMES = ("ungil", "multiprocessing", "futures", "joblib", "prange")


def line(title, times):
    """A row: ungil's time, then the others' with their ratio to it."""
    own = times["ungil"]
    cells = [title, f"{own * 1e3:.1f} ms"]
    for name in NAMES[1:]:
        cells.append(f"{times[name] * 1e3:.1f} ms ({times[name] / own:.2f}x)" if name in times else "")
    return "| " + " | ".join(cells) + " |"


def table(quick=False):
    """The table, as Markdown."""
    rounds = 5 if quick else 15
    size = SIZE // 5 if quick else SIZE
    many = 10_000
    tools = Tools()
    rows = [
        (f"{many} tasks by apply_async", single_tasks(tools, many), wall),
        ("300 tasks, each after the last", round_trips(tools, 300), wall),
        ("map over 100,000 numbers", long_map(tools, 100_000), wall),
        (
            f"sums of two halves of {size} floats, beyond the work",
            halves(tools, total, size, False),
            beyond_work,
        ),
        ("the same, the array shared", halves(tools, total, size, True), beyond_work),
        (
            f"two halves of {size} floats doubled, beyond the work",
            halves(tools, doubled, size, False),
            beyond_work,
        ),
        (f"x**2 of {size} floats, compiled, on threads", compiled(tools, size), wall),
    ]
    lines = ["| task | " + " | ".join(NAMES) + " |", "|" + "---|" * (1 + len(NAMES))]
    try:
        for title, calls, timer in rows:
            lines.append(line(title, measure(calls, timer, rounds)))
            print(lines[-1], file=sys.stderr, flush=True)
    finally:
        tools.close()
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller arrays")
    print(table(parser.parse_args().quick))


if __name__ == "__main__":
    main()
