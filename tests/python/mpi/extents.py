"""Numbers that C's `int` does not hold: refused, never cut off."""

import os

import numpy as np
from harness import comm, expect, main, raises, rank, refused, size
from mpi4py import MPI

from ungil import jit

FAR = [2**32, 2**32 + 1, -(2**40), 2**31, -(2**31) - 1]


def peers_and_tags():
    x = np.zeros(2)

    def dest(n):
        comm.Send(x, n)

    def tag(n):
        comm.Send(x, MPI.PROC_NULL, n)

    def sliced(n):
        comm.Send(x[::2], n)

    def source(n):
        comm.Recv(np.empty(2), n)

    def exchange(n):
        comm.Sendrecv(x, MPI.PROC_NULL, 0, np.empty(2), MPI.PROC_NULL, n)

    def start(n):
        comm.Isend(x, n)

    def probe(n):
        comm.Iprobe(n)

    def obj(n):
        comm.send(1, n)

    for n in FAR:
        for f in (dest, tag, sliced, source, exchange, start, probe, obj):
            refused(f, n)

    def persistent(n):
        comm.Send_init(x, n)

    # mpi4py leaves requests of a failed call behind; it is not asked.
    raises(persistent, 2**32, match="MPI_Send_init: 4294967296 is too large")

    def unsigned(n):
        comm.Send(x, n)

    # As a signed number it would be MPI.PROC_NULL or ANY_SOURCE of some library.
    raises(unsigned, np.uint64(2**64 - 1), match="too large")


def roots_and_colours():
    x = np.zeros(2)

    def bcast(n):
        comm.Bcast(x, n)

    def gather(n):
        comm.Gather(x, None, n)

    def reduce(n):
        comm.Ireduce(x, None, MPI.SUM, n)

    def split(n):
        comm.Split(n, 0)

    def key(n):
        comm.Split(0, n)

    def by_type(n):
        comm.Split_type(MPI.COMM_TYPE_SHARED, n)

    for n in FAR[:3]:
        for f in (bcast, gather, reduce, split, key, by_type):
            refused(f, n)


def grids():
    def sizes(n):
        comm.Create_cart([n])

    def dims(n):
        return MPI.Compute_dims(4, [n, 0])

    def nodes(n):
        return MPI.Compute_dims(n, 2)

    cart = comm.Create_cart([size], [True])

    def coords(n):
        return cart.Get_coords(n)

    def back(n):
        return cart.Get_cart_rank([n])

    def shift(n):
        return cart.Shift(0, n)

    for n in FAR[:3]:
        for f in (sizes, dims, nodes, coords, back, shift):
            refused(f, n)

    def truths(n):
        line = cart.Sub([n])
        ring = comm.Create_cart([comm.size], [n])
        result = line.dim, ring.periods
        line.Free()
        ring.Free()
        return result

    found = jit(truths)(2**32)
    expect(found == (1, [1]), f"a truth value of 2**32: {found}")
    cart.Free()


def counts():
    """Counts and displacements are checked against the buffer, whatever their products are."""
    x = np.zeros(4)

    def count(n):
        comm.Send([x, n], MPI.PROC_NULL if n < 0 else rank)

    def placed(n):
        comm.Send([x, (1, n), MPI.DOUBLE], rank)

    def each(counts, displs):
        comm.Allgatherv([x, 0], [np.empty(4), (counts, displs), MPI.DOUBLE])

    for n in (2**61, 2**62, 2**63 - 1, 2**32):
        raises(count, n, match=f"count {n} is more than")
        raises(placed, n, match=f"displacement {n}")
        for many in (np.full(size, n), np.full(size, 1)):
            at = np.full(size, n)
            raises(each, many, at, match="is outside the 4 entries")


def large_counts():
    """Counts beyond C's `int`."""
    alone = MPI.COMM_SELF
    n = 2**31 + 8

    def untouched(x):
        # A communicator of one rank copies nothing.
        alone.Bcast(x, 0)
        alone.Allreduce(MPI.IN_PLACE, x)
        alone.Scan(MPI.IN_PLACE, x, MPI.MAX)
        return x.size, x[n - 1]

    def exchange(x, y):
        status = MPI.Status()
        alone.Sendrecv(x, 0, 0, y, 0, 0, status)
        return status.count, y[0], y[n - 1]

    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    # Zeros that nobody writes to need no memory.
    if rank == 0:
        expect(jit(untouched)(np.zeros(n, np.int8)) == (n, 0), "large Bcast and Allreduce")
    if rank == 0 and size == 1 and free > 8e9:
        x = np.zeros(n, np.int8)
        x[0], x[-1] = 3, 5
        found = jit(exchange)(x, np.zeros(n, np.int8))
        expect(found == (n, 3, 5), f"large Sendrecv: {found}")


if __name__ == "__main__":
    main([peers_and_tags, roots_and_colours, grids, counts, large_counts])
