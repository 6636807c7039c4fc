"""π from random points, the same on any number of ranks and threads.

    ungil mpirun -n 4 examples/mpi/monte_carlo_pi.py

Random numbers that are a function of a counter need no state: point number i is the same whichever rank draws it. The
mixing function is SplitMix64's: G. L. Steele, D. Lea, C. H. Flood, Fast splittable pseudorandom number generators,
OOPSLA 2014.
"""

import numpy as np
from mpi4py import MPI

from ungil import jit, prange

POINTS, SEED = 4_000_000, 2026


@jit
def uniform(counter):
    """Return the random number in [0, 1) that belongs to a counter."""
    z = (np.uint64(counter) + np.uint64(SEED)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return float(z >> np.uint64(11)) * 2.0**-53


@jit
def inside(comm, points):
    """Return how many of the first `points` points lie in the unit circle; every rank draws every size-th one."""
    own = 0
    for i in prange(comm.rank, points, comm.size):
        x, y = uniform(2 * i), uniform(2 * i + 1)
        if x * x + y * y < 1.0:
            own += 1
    mine, total = np.array([own]), np.empty(1, np.int64)
    comm.Allreduce(mine, total)
    return total[0]


def main():
    comm = MPI.COMM_WORLD
    total = inside(comm, POINTS)
    alone = inside(MPI.COMM_SELF, POINTS) if comm.rank == 0 else total
    assert total == alone, (total, alone)
    if comm.rank == 0:
        estimate = 4.0 * total / POINTS
        # Four standard deviations of the mean of the indicator.
        assert abs(estimate - np.pi) < 4 * 1.6422 / POINTS**0.5, estimate
        print(
            f"pi is about {estimate:.6f} from {POINTS:,} points on {comm.size} ranks, {total} inside on any number of ranks"
        )


main()
