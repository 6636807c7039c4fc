"""Messages round a ring and between pairs of ranks.

ungil mpirun -n 4 examples/mpi/exchange.py
"""

import numpy as np
from mpi4py import MPI

from ungil import jit


@jit
def ring(comm, rounds):
    """Pass each rank's number round the ring; return what this rank has seen go by, in the order of arrival."""
    seen = np.empty(rounds, np.int64)
    out, received = np.array([comm.rank]), np.empty(1, np.int64)
    right, left = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
    for i in range(rounds):
        comm.Sendrecv(out, right, 0, received, left, 0)
        seen[i] = received[0]
        out[0] = received[0]
    return seen


@jit
def exchange_with_partner(comm, a):
    """Swap the even elements of `a` with the partner's: ranks 0 and 1, 2 and 3, …; a rank without partner keeps its own."""
    partner = comm.rank ^ 1
    if partner >= comm.size:
        partner = MPI.PROC_NULL
    received = a[::2].copy()
    requests = [comm.Irecv(received, partner, 7), comm.Isend(a[::2], partner, 7)]
    MPI.Request.Waitall(requests)
    a[::2] = received


def main():
    comm = MPI.COMM_WORLD
    seen = ring(comm, 2 * comm.size)
    expected = [(comm.rank - 1 - i) % comm.size for i in range(2 * comm.size)]
    assert seen.tolist() == expected, (seen, expected)

    a = np.arange(10.0) + 100 * comm.rank
    exchange_with_partner(comm, a)
    partner = comm.rank ^ 1 if comm.rank ^ 1 < comm.size else comm.rank
    whole = np.arange(10.0) + 100 * comm.rank
    whole[::2] += 100 * (partner - comm.rank)
    assert np.array_equal(a, whole), (a, whole)
    if comm.rank == 0:
        print(f"ring and pairs of {comm.size} ranks: every message arrived")


main()
