"""The program in five steps of the Cython language: runs, times and reports them."""

import importlib.util
import time
from pathlib import Path

import numpy as np

from ungil import pyx

FOLDER = Path(__file__).resolve().parent.parent / "steps"
STEPS = [
    ("plain Python", "step1.py", "as CPython runs it"),
    ("typed variables", "step2.pyx", "cdef double, cdef Py_ssize_t"),
    ("cdef kernel", "step3.pyx", "the arithmetic in a function of C"),
    ("memoryviews, directives", "step4.pyx", "double[:, ::1], boundscheck=False, cdivision=True"),
    ("nogil and prange", "step5.pyx", "without the lock, on all cores"),
]
PARTICLES = 1200


def load(path):
    """The module of a step: CPython's own for plain Python."""
    if path.suffix == ".pyx":
        return pyx.compile(path)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def best(function, points):
    """The first call's time, the best of the later ones, and the answer."""
    begin = time.perf_counter()
    answer = function(points)
    first = least = time.perf_counter() - begin
    end = time.perf_counter() + 1.0
    for _ in range(50):
        if time.perf_counter() > end:
            break
        begin = time.perf_counter()
        answer = function(points)
        least = min(least, time.perf_counter() - begin)
    return first, least, answer


def shown(seconds):
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def run(out, say=print):
    """Runs the steps; returns a row of figures for each."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    side = int(np.ceil(PARTICLES ** (1 / 3)))
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3), -1).reshape(-1, 3)[:PARTICLES]
    points = 1.1 * grid + rng.uniform(-0.05, 0.05, grid.shape)
    as_list = [tuple(map(float, p)) for p in points]
    rows, expected = [], None
    for number, (title, name, words) in enumerate(STEPS, 1):
        path = FOLDER / name
        takes_array = number >= 4
        first, least, answer = best(load(path).energy, points if takes_array else as_list)
        expected = answer if expected is None else expected
        assert abs(answer - expected) <= 1e-9 * abs(expected), (title, answer, expected)
        report = out / f"step{number}.html"
        source = path
        if path.suffix == ".py":
            # What the same lines become when they are compiled as they are.
            source = out / "step1.pyx"
            source.write_text(path.read_text())
        pyx.annotate(source, report)
        rows.append({"title": title, "words": words, "seconds": least, "first": first, "report": report.name})
        faster = rows[0]["seconds"] / least
        say(f"{number}. {title:24} {shown(least):>9}  {faster:8.1f} x   {report}")
    return rows
