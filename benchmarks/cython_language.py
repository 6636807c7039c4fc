"""The Cython language under ungil beside Cython itself (gcc -O3 -march=native -fopenmp): compile times and run times.

    ./dev bench --cython [NAME…]

Both run `cython_kernels.pyx` as it stands; a third column runs ungil with its bounds checks on. Runs are interleaved and the best of
each counts. The answers must agree.
"""

import importlib.util
import os
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import numpy as np
from cython_build import build

# Compile times are those of a first run. The folder is removed when the interpreter ends.
CACHE = tempfile.TemporaryDirectory()
os.environ["UNGIL_CACHE_DIR"] = CACHE.name

from ungil import pyx  # noqa: E402

SOURCE = Path(__file__).parent / "cython_kernels.pyx"
EDITED = Path(__file__).parent / "cython_edited.pyx"
ROUNDS = 7


def cases():
    rng = np.random.default_rng(0)
    x, a, b = rng.normal(size=(1000, 8)), rng.normal(size=(1500, 1500)), np.zeros((1500, 1500))
    text = " ".join(f"word{i % 97}" for i in range(5000))
    names = [f"name{i}" if i % 5 else "" for i in range(5000)]
    values = [float(i) for i in range(20000)]
    points = [(float(i), float(-i)) for i in range(5000)]
    return {
        "pairwise": (x, np.zeros((1000, 1000))),
        "pairwise_parallel": (x, np.zeros((1000, 1000))),
        "heat": (a, b),
        "mandelbrot": (np.zeros((300, 400), np.int32), 500),
        "logistic": (rng.normal(size=1_000_000), np.zeros(1_000_000)),
        "add": (1.0, 2.0),
        "fused_add": (1.0, 2.0),
        "first": (np.ones(3),),
        "word_counts": (text,),
        "joined": (names,),
        "untyped_sum": (values,),
        "distances_of_points": (points,),
    }


def compiled_by_cython(source, folder):
    """The module, and the seconds that compiling it took."""
    seconds = build(source, folder)
    library = folder / (source.stem + sysconfig.get_config_var("EXT_SUFFIX"))
    spec = importlib.util.spec_from_file_location(source.stem, library)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, seconds


def compiled_by_ungil(text, calls):
    """The module and the time until each function has given a result."""
    begin = time.perf_counter()
    module = pyx.compile(text, "cython_kernels")
    for name, args in calls.items():
        getattr(module, name)(*args)
    return module, time.perf_counter() - begin


def edited(folder):
    """The times from an edit of a module of 40 lines to its result: Cython's and ungil's, the best of three edits."""
    points = np.random.default_rng(0).random((50, 3))

    def timed(make, *args):
        begin = time.perf_counter()
        module = make(*args)
        result = module.summary(module.potentials(points))
        return time.perf_counter() - begin, result

    times = []
    for k in range(3):
        text = EDITED.read_text().replace("1e-9", f"{k + 2}e-9")
        source = folder / f"edited{k}.pyx"
        source.write_text(text)
        c, expected = timed(lambda *args: compiled_by_cython(*args)[0], source, folder)
        u, found = timed(pyx.compile, text, "edited")
        assert np.allclose(found, expected, rtol=1e-12)
        times.append((c, u))
    return np.min(times, axis=0)


def once(function, args, n):
    begin = time.perf_counter()
    for _ in range(n):
        function(*args)
    return (time.perf_counter() - begin) / n


def best(functions, args):
    """The least time of one call of each, in turns."""
    counts = [max(1, int(0.03 / max(once(f, args, 1), 1e-7))) for f in functions]
    times = [[] for _ in functions]
    for _ in range(ROUNDS):
        for i, function in enumerate(functions):
            times[i].append(once(function, args, counts[i]))
    return [min(t) for t in times]


def answer(function, args):
    """The result, or what was written to the array that is for it."""
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    if len(arrays) > 1 or arrays and arrays[0].ndim == 2:
        arrays[-1][...] = 0
    result = function(*args)
    return np.copy(arrays[-1]) if result is None else result


def same(a, b):
    if isinstance(a, (dict, str)):
        return a == b
    return np.allclose(np.asarray(a, dtype=float), np.asarray(b, dtype=float), rtol=1e-12)


def shown(seconds):
    for unit, scale in (("s ", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:7.3g} {unit}"
    return f"{seconds * 1e9:7.3g} ns"


def main(names):
    calls = {name: args for name, args in cases().items() if not names or name in names}
    text = SOURCE.read_text()
    checked = text.replace("boundscheck=False, wraparound=False, ", "")
    assert checked != text
    with tempfile.TemporaryDirectory() as folder:
        cython, c_seconds = compiled_by_cython(SOURCE, Path(folder))
        ungil, seconds = compiled_by_ungil(text, calls)
        safe, _ = compiled_by_ungil(checked, calls)
        print(
            f"compile and run once: Cython {shown(c_seconds)}, ungil {shown(seconds)} ({len(calls)} functions)"
        )
        c, u = edited(Path(folder))
        print(
            f"from an edit to the result, 40 lines: Cython {shown(c)}, ungil {shown(u)}, {c / u:.0f} times as long"
        )
        print(f"{'':22}{'Cython':>10}{'ungil':>11}{'ratio':>7}{'checked':>11}{'ratio':>7}")
        for name, args in calls.items():
            functions = [getattr(m, name) for m in (cython, ungil, safe)]
            answers = [answer(function, args) for function in functions]
            assert same(answers[0], answers[1]) and same(answers[0], answers[2]), name
            c, u, s = best(functions, args)
            print(f"{name:22}{shown(c)}{shown(u):>11}{u / c:7.2f}{shown(s):>11}{s / c:7.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
