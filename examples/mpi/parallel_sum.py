"""The sum of an array that is scattered over the ranks: Scatterv, a kernel on each part, Allreduce.

    ungil mpirun -n 4 examples/mpi/parallel_sum.py

The numbers are whole, so that every order of adding gives the same sum, and the check is exact.
"""

import numpy as np
from mpi4py import MPI

from ungil import jit, prange

N = 1_000_003


@jit
def sum_of_squares(comm, everything, part, counts, starts):
    """Return the sum of squares of `everything`, which only rank 0 has to fill; `part` takes this rank's share."""
    comm.Scatterv([everything, (counts, starts)], part, 0)
    own = 0.0
    for i in prange(part.size):
        own += part[i] * part[i]
    mine, total = np.array([own]), np.empty(1)
    comm.Allreduce(mine, total)
    return total[0]


def main():
    comm = MPI.COMM_WORLD
    # The sizes of np.array_split: the first ranks take one element more.
    counts = np.full(comm.size, N // comm.size)
    counts[: N % comm.size] += 1
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    everything = np.arange(float(N)) % 1000 if comm.rank == 0 else np.empty(0)
    part = np.empty(counts[comm.rank])
    total = sum_of_squares(comm, everything, part, counts, starts)
    if comm.rank == 0:
        expected = (everything**2).sum()
        assert total == expected, (total, expected)
        print(f"sum of {N:,} squares on {comm.size} ranks: {total:.0f}, as expected")


main()
