"""Persistent collectives, where the library has them."""

import numpy as np
from harness import check, comm, expect, main, raises, rank, size
from mpi4py import MPI

from ungil import jit


def all_of_them():
    def rounds(x, y, z, table, other, n):
        requests = [
            comm.Barrier_init(),
            comm.Bcast_init(x, 0),
            comm.Allreduce_init(x, y),
            comm.Reduce_init(x, y, MPI.MAX, 0),
            comm.Allgather_init(y, table),
            comm.Alltoall_init(table, other),
            comm.Gather_init(x, table, root=0),
            comm.Scatter_init(other, z, 0),
            comm.Scan_init(x, y),
            comm.Exscan_init(x, z, op=MPI.SUM),
            comm.Reduce_scatter_block_init(other, z),
        ]
        for k in range(n):
            x[0] += k
            for request in requests:
                request.Start()
                request.Wait()
        for request in requests:
            request.Free()
        return requests[0].Test()

    def vectors(x, y, back, counts, n):
        own = np.full(size, 1)
        one, many = np.full(size, 1.0 * rank), np.zeros(size)
        requests = [
            comm.Allgatherv_init(x, [y, counts]),
            comm.Gatherv_init(x, [y, counts], 0),
            comm.Scatterv_init([y, counts], back, 0),
            comm.Alltoallv_init([one, own], [many, own]),
            comm.Reduce_scatter_init(y, back, counts),
        ]
        for k in range(n):
            x += k
            for request in requests:
                request.Start()
                request.Wait()
        MPI.Prequest.Startall(requests[3:4])
        MPI.Request.Waitall(requests)
        for request in requests:
            request.Free()
        return many

    def missing():
        comm.Barrier_init()

    try:
        comm.Barrier_init().Free()
    except NotImplementedError:
        # Open MPI 4 is a library of MPI 3.
        error = raises(missing, match="this MPI library has no MPI_Barrier_init")
        expect(isinstance(error, NotImplementedError), f"{error!r}")
        return
    x = np.arange(3.0) + rank
    check(rounds, x, np.zeros(3), np.zeros(3), np.zeros((size, 3)), np.zeros((size, 3)), 3)
    counts = np.arange(1, size + 1)
    check(vectors, np.arange(rank + 1.0), np.zeros(counts.sum()), np.zeros(rank + 1), counts, 3)

    def strided(x, y):
        comm.Allreduce_init(x[::2], y)

    error = raises(strided, np.zeros(6), np.zeros(3), match="need arrays that are contiguous")
    expect(isinstance(error, NotImplementedError), f"{error!r}")

    def fresh(n):
        return comm.Allreduce_init(np.full(n, 1.0), np.zeros(n))

    def held(n, rounds):
        # The arrays are nobody else's.
        request = fresh(n)
        for _ in range(rounds):
            request.Start()
            request.Wait()
        request.Free()

    jit(held)(5000, 3)


if __name__ == "__main__":
    main([all_of_them])
