"""Conjugate gradients on distributed rows of a sparse matrix: the whole solver is one kernel on each rank.

    ungil mpirun -n 4 examples/mpi/conjugate_gradients.py

The matrix is the five-point Laplacian of a square, stored by rows (CSR); a rank owns a block of rows and of every
vector. Source of the method: M. R. Hestenes and E. Stiefel, Methods of conjugate gradients for solving linear systems,
J. Res. Nat. Bur. Stand. 49 (1952) 409.
"""

import numpy as np
from mpi4py import MPI

from ungil import jit, prange

SIDE = 60


@jit
def product(values, columns, starts, x, y):
    """Multiply this rank's rows with the whole vector `x`; `y` takes this rank's part of the result."""
    for i in prange(y.size):
        total = 0.0
        for k in range(starts[i], starts[i + 1]):
            total += values[k] * x[columns[k]]
        y[i] = total


@jit
def inner(comm, a, b):
    """Return the inner product of two distributed vectors."""
    mine, total = np.array([(a * b).sum()]), np.empty(1)
    comm.Allreduce(mine, total)
    return total[0]


@jit
def solve(comm, values, columns, starts, right, counts, places, tolerance):
    """Solve for the right-hand side `right` (this rank's part); return its part of the solution and the steps taken."""
    x = np.zeros(right.size)
    residual, direction = right.copy(), right.copy()
    everywhere, image = np.empty(counts.sum()), np.empty(right.size)
    old = inner(comm, residual, residual)
    goal = tolerance * tolerance * old
    steps = 0
    while old > goal:
        comm.Allgatherv(direction, [everywhere, (counts, places)])
        product(values, columns, starts, everywhere, image)
        length = old / inner(comm, direction, image)
        x += length * direction
        residual -= length * image
        new = inner(comm, residual, residual)
        direction = residual + new / old * direction
        old = new
        steps += 1
    return x, steps


def laplacian(first, last):
    """Return values, columns and starts of the rows from `first` to `last` of the five-point Laplacian of a square."""
    values, columns, starts = [], [], [0]
    for row in range(first, last):
        y, x = divmod(row, SIDE)
        near = [(y - 1, x), (y, x - 1), (y, x), (y, x + 1), (y + 1, x)]
        inside = [(v, u) for v, u in near if 0 <= v < SIDE and 0 <= u < SIDE]
        columns += [v * SIDE + u for v, u in inside]
        values += [4.0 if (v, u) == (y, x) else -1.0 for v, u in inside]
        starts.append(len(columns))
    return np.array(values), np.array(columns), np.array(starts)


def main():
    comm = MPI.COMM_WORLD
    n = SIDE * SIDE
    counts = np.array([len(part) for part in np.array_split(np.arange(n), comm.size)])
    places = np.concatenate(([0], np.cumsum(counts)[:-1]))
    first, last = places[comm.rank], places[comm.rank] + counts[comm.rank]
    # A solution that is known: its right-hand side is made with all rows.
    expected = np.sin(np.arange(n) * 0.01)
    values, columns, starts = laplacian(first, last)
    right = np.empty(counts[comm.rank])
    product(values, columns, starts, expected, right)

    x, steps = solve(comm, values, columns, starts, right, counts, places, 1e-12)
    error = comm.allreduce(np.abs(x - expected[first:last]).max(), MPI.MAX)
    assert error < 1e-8, error
    if comm.rank == 0:
        print(f"{n} unknowns on {comm.size} ranks: solved in {steps} steps, largest error {error:.1e}")


main()
