"""What bounds checks cost: each kernel of peer_impl.py with and without them, one thread, interleaved.

`python benchmarks/checks.py [--rounds N]` prints a table; `table` returns it as Markdown.
"""

import argparse
import time

import numpy as np
import peer_impl as kernels

import ungil


def cases() -> dict[str, tuple]:
    """Arguments for each kernel: a few milliseconds of work."""
    rng = np.random.default_rng(0)
    a, b, o = rng.random((600, 600)), rng.random((600, 600)), np.empty((600, 600))
    points, x, y = rng.random((500, 3)), rng.random(1_000_000), rng.random(100_000)
    return {
        "pairwise_serial": (rng.random((600, 3)), rng.random((3, 600)), o),
        "expression_serial": (a, b, o),
        "mandelbrot_serial": (np.linspace(-2, 2, 300), 2.0, 500),
        "matmul_serial": (a[:200, :200].copy(), b[:200, :200].copy()),
        "calc_serial": (rng.random(300), rng.random((300, 300)), 20),
        "contaminated_serial": (rng.random((3000, 3)), rng.random((300, 3)), 2.9),
        "polynomial_serial": (x,),
        "transcendental_serial": (y, y),
        "combination_serial": (y, y),
        "total": (x,),
        "argmax": (x,),
        "sum_columns": (a,),
        "sum_rows_serial": (a,),
        "farthest": (rng.random((100_000, 3)), np.zeros(3)),
        "distances_serial": (points,),
        "differences_serial": (x,),
        "heat_serial": (a, 0.2, 10),
        "nbody": (rng.random((5, 3)), rng.random((5, 3)), rng.random(5), 20_000, 0.001),
        "spectral_serial": (300,),
        "fannkuch": (8,),
    }


def lower_third(times: list[float]) -> float:
    return sorted(times)[len(times) // 3]


def measure(name: str, arguments: tuple, rounds: int) -> tuple[float, float]:
    """Seconds with and without checks."""
    checked = getattr(kernels, name)
    unchecked = ungil.jit(boundscheck=False)(checked.py_func)
    times: dict[object, list[float]] = {checked: [], unchecked: []}
    for kernel in times:
        kernel(*arguments)
    for _ in range(rounds):
        for kernel, found in times.items():
            start = time.perf_counter()
            kernel(*arguments)
            found.append(time.perf_counter() - start)
    return lower_third(times[checked]), lower_third(times[unchecked])


def table(rounds: int) -> str:
    lines = ["| kernel | checked, ms | unchecked, ms | ratio |", "|---|---:|---:|---:|"]
    with ungil.threads(1):
        for name, arguments in cases().items():
            with_checks, without = measure(name, arguments, rounds)
            lines.append(
                f"| {name} | {with_checks * 1e3:.3f} | {without * 1e3:.3f} | {with_checks / without:.2f} |"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="interleaved rounds")
    print(table(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
