"""Loops whose iterations take different times: ungil in vector lanes, ungil as scalar code, Numba.

    python benchmarks/lanes.py [--threads N] [name …]

All competitors run interleaved; the table has the best time of each and says if results do not agree to the bit.
"""

from __future__ import annotations

import argparse
import functools
import math
import time
import types

import numpy as np

import ungil
from ungil import prange

# --- kernels, as plainly as a user would write them -----------------------------------------------------------------


@ungil.jit
def escape_time(zr, zi, cr, ci, lim, cutoff):
    count = 0
    while (zr * zr + zi * zi) < (lim * lim) and count < cutoff:
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
        count += 1
    return count


def mandelbrot(g, lim, cutoff):
    n = g.shape[0]
    o = np.empty((n, n), np.int64)
    for i in prange(n):
        for j in range(n):
            o[i, j] = escape_time(0.0, 0.0, g[i], g[j], lim, cutoff)
    return o


def angular_cut(o, ps, cmax):
    n, m = o.shape[0], ps.shape[0]
    hit = np.zeros(n, np.uint8)
    for i in prange(n):
        for j in range(m):
            c = 0.0
            for t in range(3):
                c += o[i, t] * ps[j, t]
            if c > cmax:
                hit[i] = 1
                break
    return hit


def newton_fractal(re, im, steps):
    out = np.full((im.shape[0], re.shape[0]), -1, np.int8)
    for i in prange(im.shape[0]):
        for j in range(re.shape[0]):
            x, y = re[j], im[i]
            for _ in range(steps):
                a, b = x * x - y * y, 2.0 * x * y
                d = 3.0 * (a * a + b * b)
                if d == 0.0:
                    break
                x, y = (2.0 * x) / 3.0 + a / d, (2.0 * y) / 3.0 - b / d
                if abs(x - 1.0) < 1e-6 and abs(y) < 1e-6:
                    out[i, j] = 0
                    break
                if abs(x + 0.5) < 1e-6 and abs(y - 0.8660254037844386) < 1e-6:
                    out[i, j] = 1
                    break
                if abs(x + 0.5) < 1e-6 and abs(y + 0.8660254037844386) < 1e-6:
                    out[i, j] = 2
                    break
    return out


def sphere_march(dx, dy, radius, steps):
    out = np.empty((dy.shape[0], dx.shape[0]))
    for i in prange(dy.shape[0]):
        for j in range(dx.shape[0]):
            norm = math.sqrt(dx[j] * dx[j] + dy[i] * dy[i] + 1.0)
            x, y, z = dx[j] / norm, dy[i] / norm, 1.0 / norm
            t = 0.0
            hit = -1.0
            for _ in range(steps):
                px, py, pz = x * t, y * t, z * t - 5.0
                distance = math.sqrt(px * px + py * py + pz * pz) - radius
                if distance < 1e-9:
                    hit = t
                    break
                t += distance
                if t > 50.0:
                    break
            out[i, j] = hit
    return out


def bifurcation(r, settle, limit, tolerance):
    period = np.zeros(r.shape[0], np.int64)
    for i in prange(r.shape[0]):
        x = 0.5
        for _ in range(settle):
            x = r[i] * x * (1.0 - x)
        x0 = x
        k = 0
        while k < limit:
            x = r[i] * x * (1.0 - x)
            k += 1
            if abs(x - x0) < tolerance:
                break
        period[i] = k
    return period


def row_roots(p, tolerance):
    out = np.empty(p.shape[0])
    for i in prange(p.shape[0]):
        x = 10.0
        for _ in range(100):
            value = ((p[i, 3] * x + p[i, 2]) * x + p[i, 1]) * x + p[i, 0]
            slope = (3.0 * p[i, 3] * x + 2.0 * p[i, 2]) * x + p[i, 1]
            if slope == 0.0 or abs(value) < tolerance:
                break
            x -= value / slope
        out[i] = x
    return out


def random_walk(seeds, size, steps):
    out = np.empty(seeds.shape[0], np.int64)
    for i in prange(seeds.shape[0]):
        state = seeds[i]
        x, y, n = size // 2, size // 2, 0
        while n < steps:
            state = (state * 1103515245 + 12345) & 2147483647
            direction = (state >> 16) & 3
            if direction == 0:
                x += 1
            elif direction == 1:
                x -= 1
            elif direction == 2:
                y += 1
            else:
                y -= 1
            n += 1
            if x < 0 or y < 0 or x >= size or y >= size:
                break
        out[i] = n
    return out


def collatz(n):
    out = np.zeros(n, np.int64)
    for i in prange(n):
        x = i + 1
        steps = 0
        while x != 1:
            if x % 2 == 0:
                x //= 2
            else:
                x = 3 * x + 1
            steps += 1
        out[i] = steps
    return out


# --- measurement ----------------------------------------------------------------------------------------------------


def sphere(n, rng):
    theta, phi = np.arccos(2 * rng.random(n) - 1), 2 * np.pi * rng.random(n)
    return np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)]).T.copy()


def cases():
    rng = np.random.default_rng(7)
    line = np.linspace(-2, 2, 1000)
    yield mandelbrot, (line, 2.0, 1000)
    yield angular_cut, (sphere(20000, rng), sphere(2000, rng), math.cos(math.radians(1)))
    yield newton_fractal, (np.linspace(-2, 2, 600), np.linspace(-2, 2, 600), 60)
    yield sphere_march, (np.linspace(-1, 1, 600), np.linspace(-1, 1, 600), 1.5, 200)
    yield bifurcation, (np.linspace(2.5, 4.0, 20000), 500, 500, 1e-9)
    yield row_roots, (rng.normal(size=(200000, 4)) + [0, 0, 0, 3], 1e-9)
    yield random_walk, (np.arange(20000) * 7919 % 10007, 31, 3000)
    yield collatz, (300000,)


def numba_version(function, threads):
    import numba

    numba.set_num_threads(threads)
    names = dict(globals(), prange=numba.prange, escape_time=numba.njit(escape_time.py_func))
    copy = types.FunctionType(function.__code__, names, function.__name__)
    return numba.njit(copy, parallel=threads > 1, error_model="numpy")


def measure(runs, threads, rounds=7):
    """The best time of each, interleaved: of one thread the processor time, which other processes disturb less."""
    clock = time.process_time if threads == 1 else time.perf_counter
    best = [math.inf] * len(runs)
    for _ in range(rounds):
        for k, run in enumerate(runs):
            start = clock()
            run()
            best[k] = min(best[k], clock() - start)
    return best


def rows(names, threads):
    """Name, best milliseconds of lanes, scalar code and Numba, and what is to be noted."""
    ungil.set_num_threads(threads)
    for function, args in cases():
        if names and function.__name__ not in names:
            continue
        lanes, scalar = ungil.jit(function), ungil.jit(simd=False)(function)
        other = numba_version(function, threads)
        other(*args)
        runs = [functools.partial(f, *args) for f in (lanes, scalar, other)]
        results = [run() for run in runs]
        same = all(np.array_equal(results[0], result, equal_nan=True) for result in results[1:])
        notes = [] if same else ["RESULTS DIFFER"]
        notes += [] if "runs in lanes" in lanes.diagnostics() else ["not in lanes"]
        yield function.__name__, [1e3 * t for t in measure(runs, threads)], ", ".join(notes)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    print("| loop | lanes, ms | scalar, ms | Numba, ms | Numba / lanes | |")
    print("|---|---:|---:|---:|---:|---|")
    for name, (a, b, c), notes in rows(options.names, options.threads):
        print(f"| {name} | {a:.2f} | {b:.2f} | {c:.2f} | {c / a:.2f} | {notes} |", flush=True)


if __name__ == "__main__":
    main()
