"""One program from one core to a cluster: a Lyapunov fractal, the same numbers four times.

    python examples/cluster/lyapunov.py serial
    python examples/cluster/lyapunov.py threads
    python examples/cluster/lyapunov.py pool
    ungil mpirun -n 4 examples/cluster/lyapunov.py mpi

Options: `--size N` pixels on a side, `--picture FILE`, `--check` compares with the serial result.
The logistic map x → r x (1 − x) is driven by two growth rates a and b in turns; the exponent tells order from chaos:
M. Markus and B. Hess, Lyapunov exponents of the logistic map with periodic forcing, Computers & Graphics 13 (1989) 553.
"""

import argparse
import time

import numpy as np

import ungil
from ungil import jit, prange

TURNS, WARM_UP = 120, 40


@jit
def exponent(a, b):
    """Return the Lyapunov exponent for the sequence ABABAB…"""
    x, total = 0.5, 0.0
    for turn in range(WARM_UP + TURNS):
        rate = a if turn % 2 == 0 else b
        if turn >= WARM_UP:
            total += np.log(abs(rate * (1.0 - 2.0 * x)) + 1e-300)
        x = rate * x * (1.0 - x)
    return total / TURNS


@jit
def rows_serial(rates, first, last):
    """Compute the rows from `first` to `last` (exclusive) on one core."""
    picture = np.empty((last - first, rates.size))
    for i in range(first, last):
        for j in range(rates.size):
            picture[i - first, j] = exponent(rates[i], rates[j])
    return picture


@jit
def rows_threads(rates, first, last):
    """Compute the same rows on all cores: `prange` instead of `range` is the whole difference."""
    picture = np.empty((last - first, rates.size))
    for i in prange(first, last):
        for j in range(rates.size):
            picture[i - first, j] = exponent(rates[i], rates[j])
    return picture


def rows_pool(rates, n):
    """Compute all rows as tasks of a pool: threads, since the function is compiled."""
    bounds = [(part[0], part[-1] + 1) for part in ungil.split(np.arange(n), 16) if part.size]
    with ungil.Pool() as pool:
        return np.vstack(pool.starmap(rows_serial, [(rates, *b) for b in bounds]))


def rows_mpi(rates, n):
    """Compute a block of rows on each rank, with all its threads; rank 0 gets the picture, the others None."""
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    own = np.array_split(np.arange(n), comm.size)[comm.rank]
    part = rows_threads(rates, own[0], own[-1] + 1)
    picture = np.empty((n, n)) if comm.rank == 0 else None
    counts = comm.gather(part.size)
    comm.Gatherv(part, [picture, (counts, None)] if comm.rank == 0 else None)
    return picture


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("how", choices=["serial", "threads", "pool", "mpi"])
    parser.add_argument("--size", type=int, default=900)
    parser.add_argument("--picture")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    rates = np.linspace(2.6, 4.0, args.size)
    compute = {
        "serial": lambda: rows_serial(rates, 0, args.size),
        "threads": lambda: rows_threads(rates, 0, args.size),
        "pool": lambda: rows_pool(rates, args.size),
        "mpi": lambda: rows_mpi(rates, args.size),
    }[args.how]
    compute()  # compiles, or loads what an earlier run compiled
    start = time.perf_counter()
    picture = compute()
    seconds = time.perf_counter() - start
    if picture is None:
        return
    print(f"{args.how}: {args.size} x {args.size} pixels in {seconds * 1e3:.1f} ms, sum {picture.sum():.12f}")
    if args.check:
        assert np.array_equal(picture, rows_serial(rates, 0, args.size)), "not the serial picture"
        print("the same numbers as on one core, bit by bit")
    if args.picture:
        draw(picture, args.picture)


def draw(picture, path):
    """Save the exponents as a picture: order is dark, chaos bright."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    image = axes.imshow(picture, origin="lower", extent=(2.6, 4.0, 2.6, 4.0), cmap="magma", vmin=-2, vmax=0.7)
    axes.set(title="Lyapunov exponent of the forced logistic map", xlabel="rate b", ylabel="rate a")
    figure.colorbar(image, label="exponent (1 / step)")
    figure.savefig(path, dpi=120)
    print(f"picture: {path}")


if __name__ == "__main__":
    main()
