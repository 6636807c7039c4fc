"""Universal functions and stencils beside Numba's and NumPy's own.

    python benchmarks/ufuncs.py [--quick] [--no-numba]

Prints a table: milliseconds of the best of several runs, and how many times as fast ungil is. Runs are interleaved, so that
a busy machine disturbs all alike.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

import ungil


def polynomial(x):
    return ((2 * x - 3) * x + 1) * x - 5


def waves(x, y):
    return np.exp(-x) * np.sin(y) + np.sqrt(x * x + y * y)


def collatz(n):
    steps = 0
    while n > 1 and steps < 1000:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def add(x, y):
    return x + y


def centred(x, out):
    mean = 0.0
    for i in range(x.shape[0]):
        mean += x[i]
    mean /= x.shape[0]
    for i in range(x.shape[0]):
        out[i] = x[i] - mean


def cross(a, b, out):
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]


def laplace(a):
    return a[-1, 0] + a[1, 0] + a[0, -1] + a[0, 1] - 4 * a[0, 0]


def cube(a):
    return (a[-1, 0, 0] + a[1, 0, 0] + a[0, -1, 0] + a[0, 1, 0] + a[0, 0, -1] + a[0, 0, 1]) / 6


def moving(a):
    total = 0.0
    for i in range(-5, 6):
        total += a[i]
    return total / 11


def numpy_laplace(a):
    out = np.zeros_like(a)
    out[1:-1, 1:-1] = a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] - 4 * a[1:-1, 1:-1]
    return out


def cases(n: int) -> list[tuple[str, Any, tuple[Any, ...], Any]]:
    """Name, how a package makes the function, arguments, NumPy's way if there is one."""
    rng = np.random.default_rng(0)
    x, y = rng.random((2, n))
    f4 = x.astype("f4")
    side = int(n**0.5)
    square = rng.random((side, side))
    box = rng.random((int(n ** (1 / 3)),) * 3)
    rows = x[: n // 100 * 100].reshape(-1, 100)
    points = rng.random((n // 3, 3))
    whole = np.arange(1, n // 10 + 1)
    one, two = "float64(float64)", "float64(float64, float64)"

    def over(signatures: Any, function: Any, **options: Any) -> Any:
        return lambda package: package.vectorize(signatures, **options)(function)

    def rowwise(signature: str, layout: str, function: Any, **options: Any) -> Any:
        return lambda package: package.guvectorize([signature], layout, **options)(function)

    def neighbours(kernel: Any, **options: Any) -> Any:
        def make(package: Any) -> Any:
            made = package.stencil(**options)(kernel) if options else package.stencil(kernel)
            # Numba compiles a stencil at every call from Python.
            return made if package is ungil else package.njit(lambda a: made(a))

        return make

    return [
        ("polynomial, float64", over([one], polynomial), (x,), polynomial),
        ("polynomial, float32", over(["float32(float32)"], polynomial), (f4,), polynomial),
        ("polynomial, every 2nd", over([one], polynomial), (x[::2],), polynomial),
        ("polynomial, parallel", over([one], polynomial, target="parallel"), (x,), polynomial),
        ("exp sin sqrt", over([two], waves), (x, y), waves),
        ("exp sin sqrt, scalar", over([two], waves), (x, 0.5), waves),
        ("collatz", over(["int64(int64)"], collatz), (whole,), None),
        ("collatz, parallel", over(["int64(int64)"], collatz, target="parallel"), (whole,), None),
        ("add, 10 elements", over([two], add), (x[:10], y[:10]), np.add),
        ("add.reduce", lambda p: p.vectorize([two], identity=0)(add).reduce, (x,), np.add.reduce),
        ("add.reduce, axis 0", lambda p: p.vectorize([two], identity=0)(add).reduce, (square,), np.add.reduce),
        ("add.accumulate", lambda p: p.vectorize([two], identity=0)(add).accumulate, (x,), np.add.accumulate),
        ("rows centred", rowwise("void(float64[:], float64[:])", "(n)->(n)", centred), (rows,), lambda r: r - r.mean(axis=1)[:, None]),
        ("rows centred, strided", rowwise("void(float64[:], float64[:])", "(n)->(n)", centred), (rows.T,), lambda r: r - r.mean(axis=1)[:, None]),
        ("cross products", rowwise("void(float64[:], float64[:], float64[:])", "(n),(n)->(n)", cross), (points, points[::-1]), np.cross),
        ("5 points", neighbours(laplace), (square,), numpy_laplace),
        ("7 points, 3 axes", neighbours(cube), (box,), None),
        ("moving mean of 11", neighbours(moving, neighborhood=((-5, 5),)), (x,), lambda a: np.convolve(a, np.full(11, 1 / 11), "same")),
    ]  # fmt: skip


def best(functions: list[Any], arguments: tuple[Any, ...], rounds: int) -> list[float]:
    """Milliseconds of each function, in interleaved runs."""
    times = [float("inf")] * len(functions)
    for function in functions:
        function(*arguments)
    for _ in range(rounds):
        for k, function in enumerate(functions):
            count, start = 0, time.perf_counter()
            while count == 0 or time.perf_counter() - start < 0.002:
                function(*arguments)
                count += 1
            times[k] = min(times[k], (time.perf_counter() - start) / count)
    return [1e3 * t for t in times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small arrays, few runs")
    parser.add_argument("--no-numba", action="store_true")
    options = parser.parse_args()
    numba: Any = None
    if not options.no_numba:
        import numba  # type: ignore[no-redef]
    n, rounds = (30_000, 5) if options.quick else (1_000_000, 25)
    print(f"{'':24}{'ungil ms':>10}{'Numba ms':>10}{'NumPy ms':>10}{'Numba/ungil':>13}{'NumPy/ungil':>13}")
    for name, make, arguments, reference in cases(n):
        packages = [make(ungil)] + ([make(numba)] if numba else [])
        times = best(packages + ([reference] if reference else []), arguments, rounds)
        own = times[0]
        peer = times[1] if numba else None
        numpy_time = times[-1] if reference else None
        shown = [f"{t:10.4f}" if t is not None else f"{'-':>10}" for t in (own, peer, numpy_time)]
        ratios = [f"{t / own:12.2f}x" if t is not None else f"{'-':>13}" for t in (peer, numpy_time)]
        print(f"{name:24}{''.join(shown)}{''.join(ratios)}", flush=True)


if __name__ == "__main__":
    main()
