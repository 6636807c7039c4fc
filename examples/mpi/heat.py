"""Heat flow in a plate that is cut into strips of rows, one for each rank.

    ungil mpirun -n 4 examples/mpi/heat.py [--picture plate.png]

A rank computes the rows that need no neighbour while the rows at its edges travel. Whatever the number of ranks, the
plate is the one of the serial run to the last bit.
"""

import sys

import numpy as np
from mpi4py import MPI

from ungil import jit, prange

ROWS, COLUMNS, STEPS, FLOW = 300, 400, 400, 0.24


@jit
def advance(old, new, first, last):
    """Compute one step for the rows from `first` to `last` (exclusive); the edges of the plate stay as they are."""
    for i in prange(first, last):
        for j in range(1, old.shape[1] - 1):
            around = old[i - 1, j] + old[i + 1, j] + old[i, j - 1] + old[i, j + 1]
            new[i, j] = old[i, j] + FLOW * (around - 4.0 * old[i, j])


@jit
def distributed(comm, old, new, steps):
    """Advance a strip whose first and last rows belong to the neighbours; return the newer of the two arrays."""
    above = comm.rank - 1 if comm.rank > 0 else MPI.PROC_NULL
    below = comm.rank + 1 if comm.rank < comm.size - 1 else MPI.PROC_NULL
    last = old.shape[0] - 1
    for _ in range(steps):
        requests = [
            comm.Irecv(old[0], above, 1),
            comm.Irecv(old[last], below, 2),
            comm.Isend(old[1], above, 2),
            comm.Isend(old[last - 1], below, 1),
        ]
        advance(old, new, 2, last - 1)
        MPI.Request.Waitall(requests)
        advance(old, new, 1, 2)
        if last - 1 > 1:
            advance(old, new, last - 1, last)
        old, new = new, old
    return old


@jit
def serial(old, new, steps):
    """Advance a whole plate; return the newer of the two arrays."""
    for _ in range(steps):
        advance(old, new, 1, old.shape[0] - 1)
        old, new = new, old
    return old


def plate():
    """Return a cold plate with a hot edge and a warm disc."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    temperature = np.where((y - 120) ** 2 + (x - 250) ** 2 < 3600, 60.0, 0.0)
    temperature[:, 0] = 100.0
    return temperature


def main():
    comm = MPI.COMM_WORLD
    start = plate()
    # The rows inside the plate are shared out; each strip also holds one row of each neighbour (or an edge).
    own = np.array_split(np.arange(1, ROWS - 1), comm.size)[comm.rank]
    strip = start[own[0] - 1 : own[-1] + 2].copy()
    strip = distributed(comm, strip, strip.copy(), STEPS)

    parts = comm.gather(strip[1:-1], 0)
    if comm.rank == 0:
        whole = np.vstack([start[:1], *parts, start[-1:]])
        expected = serial(plate(), plate(), STEPS)
        assert np.array_equal(whole, expected), np.abs(whole - expected).max()
        print(
            f"{STEPS} steps on {comm.size} ranks: the same {ROWS} x {COLUMNS} numbers as one rank computes, bit by bit"
        )
        if "--picture" in sys.argv:
            draw(whole, comm.size, sys.argv[sys.argv.index("--picture") + 1])


def draw(temperature, ranks, path):
    """Save the plate as a picture, with the cuts between the ranks."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 5), layout="constrained")
    image = axes.imshow(temperature, cmap="inferno")
    for part in np.array_split(np.arange(1, ROWS - 1), ranks)[1:]:
        axes.axhline(part[0] - 0.5, color="white", linewidth=0.8, linestyle="--")
    axes.set(title=f"Temperature after {STEPS} steps on {ranks} ranks", xlabel="column", ylabel="row")
    figure.colorbar(image, label="temperature (°C)")
    figure.savefig(path, dpi=120)
    print(f"picture: {path}")


main()
