"""Parallel loops whose iterations take different times, under each schedule, beside Numba and Cython with OpenMP.

    python benchmarks/uneven.py [--threads 1,2] [--quick] [name …]

A triangular loop, the rows of a Mandelbrot set, and a sparse matrix whose last rows are the long ones. All competitors
run interleaved; the table has the median of each in milliseconds. The results of all must agree to the bit.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

import cython_build
import latency
import numpy as np

import ungil
from ungil import prange

HERE = Path(__file__).resolve().parent
SCHEDULES = ("static", "dynamic", "guided")
#: As `omp_sched_t` numbers them.
OPENMP = {"static": 1, "dynamic": 2, "guided": 3}
#: Iterations that Numba's workers take at a time in the row "dynamic".
NUMBA_CHUNK = 4


def triangle(args, out, i):
    (a,) = args
    s = 0.0
    for j in range(i + 1):
        s += a[i, j] / (i - j + 1)
    out[i] = s


def mandelbrot(args, out, i):
    line, cutoff = args
    for j in range(line.shape[0]):
        cr, ci = line[j], line[i]
        x = y = 0.0
        k = 0
        while x * x + y * y < 4.0 and k < cutoff:
            x, y = x * x - y * y + cr, 2.0 * x * y + ci
            k += 1
        out[i, j] = k


def sparse(args, out, i):
    start, column, value, x = args
    s = 0.0
    for k in range(start[i], start[i + 1]):
        s += value[k] * x[column[k]]
    out[i] = s


def cases(quick):
    rng = np.random.default_rng(3)
    n = 600 if quick else 2000
    yield triangle, (rng.random((n, n)),), np.zeros(n)
    n = 250 if quick else 1000
    yield mandelbrot, (np.linspace(-2, 2, n), 500), np.zeros((n, n), np.int64)
    n = 20_000 if quick else 100_000
    lengths = rng.integers(0, 10, n) + np.where(np.arange(n) > 0.9 * n, 200, 0)
    start = np.concatenate([[0], np.cumsum(lengths)])
    column = rng.integers(0, n, start[-1])
    yield sparse, (start, column, rng.random(start[-1]), rng.random(n)), np.zeros(n)


# --- competitors ----------------------------------------------------------------------------------------------------


def with_ungil(row, schedule):
    row = ungil.jit(row)

    @ungil.jit
    def run(args, out):
        for i in prange(out.shape[0], schedule=schedule):
            row(args, out, i)

    return run


def with_numba(row, schedule):
    """Numba cuts a loop into one part for each thread, or into chunks that its scheduler hands out."""
    if schedule == "guided":
        return None
    numba = importlib.import_module("numba")
    row = numba.njit(error_model="numpy")(row)
    numba_prange = numba.prange

    @numba.njit(parallel=True, error_model="numpy")
    def loop(args, out):
        for i in numba_prange(out.shape[0]):
            row(args, out, i)

    def run(args, out):
        with numba.parallel_chunksize(NUMBA_CHUNK if schedule == "dynamic" else 0):
            loop(args, out)

    return run


def with_cython(row, schedule):
    module = importlib.import_module("uneven_cython")
    openmp = ctypes.CDLL("libgomp.so.1", mode=ctypes.RTLD_GLOBAL)
    kernel = getattr(module, row.__name__)

    def run(args, out):
        openmp.omp_set_schedule(OPENMP[schedule], 0)
        kernel(*args, out)

    return run


COMPETITORS = {"ungil": with_ungil, "numba": with_numba, "cython": with_cython}


def set_threads(threads, tools):
    ungil.set_num_threads(threads)
    if "numba" in tools:
        importlib.import_module("numba").set_num_threads(threads)
    if "cython" in tools:
        ctypes.CDLL("libgomp.so.1", mode=ctypes.RTLD_GLOBAL).omp_set_num_threads(threads)


# --- measurement ----------------------------------------------------------------------------------------------------


def measure(runs, args, out, rounds):
    """The median seconds of each, interleaved; whether all results are the same."""
    samples = [[] for _ in runs]
    results = []
    for run in runs:
        out[...] = -1
        run(args, out)
        results.append(out.copy())
    for _ in range(rounds):
        for run, times in zip(runs, samples):
            # Pools of OpenMP spin for a while behind a loop.
            time.sleep(0.002)
            begin = time.perf_counter()
            run(args, out)
            times.append(time.perf_counter() - begin)
    same = all(np.array_equal(results[0], other) for other in results)
    return [statistics.median(times) for times in samples], same


def rows(tools, thread_counts, quick, names):
    for row, args, out in cases(quick):
        if names and row.__name__ not in names:
            continue
        made = [(tool, s, COMPETITORS[tool](row, s)) for s in SCHEDULES for tool in tools]
        made = [(tool, s, run) for tool, s, run in made if run is not None]
        for threads in thread_counts:
            set_threads(threads, tools)
            times, same = measure([run for *_, run in made], args, out, 5 if quick else 9)
            found = {(tool, s): t for (tool, s, _), t in zip(made, times)}
            for schedule in SCHEDULES:
                yield row.__name__, threads, schedule, [found.get((t, schedule)) for t in tools], same


def table(thread_counts=(1, 2), quick=False, names=()):
    """The measurements as a table in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        tools = [tool for tool in COMPETITORS if latency.present(tool)]
        if "cython" in tools:
            cython_build.build(HERE / "uneven_cython.pyx", Path(folder))
            sys.path.insert(0, folder)
        lines = ["| loop | threads | schedule | " + " | ".join(f"{tool}, ms" for tool in tools) + " |"]
        lines.append("|---|---|---|" + "---:|" * len(tools))
        for name, threads, schedule, times, same in rows(tools, thread_counts, quick, names):
            cells = ["–" if t is None else f"{1e3 * t:.2f}" for t in times]
            wrong = "" if same else " RESULTS DIFFER"
            lines.append(f"| {name}{wrong} | {threads} | {schedule} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    print(table([int(n) for n in options.threads.split(",")], options.quick, options.names))


if __name__ == "__main__":
    main()
