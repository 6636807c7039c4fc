"""Blocking communication."""

import numpy as np
from harness import check, comm, expect, main, raises, rank, size
from mpi4py import MPI

from ungil import jit

DTYPES = "? i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 c8 c16".split()
right, left = (rank + 1) % size, (rank - 1) % size


def ranks_and_sizes():
    def f(c):
        return c.rank, c.size, c.Get_rank(), c.Get_size(), MPI.COMM_WORLD.rank, MPI.COMM_SELF.size

    check(f, comm)
    check(f, MPI.COMM_SELF)

    def g():
        comm.Barrier()
        comm.barrier()
        return MPI.ANY_SOURCE, MPI.PROC_NULL, MPI.UNDEFINED, MPI.Get_processor_name()

    check(g)

    def clock():
        start = MPI.Wtime()
        return MPI.Wtime() - start, MPI.Wtick()

    elapsed, tick = jit(clock)()
    expect(0 <= elapsed < 60 and 0 < tick < 1, "Wtime, Wtick")


def ring():
    def shift(x, y):
        if rank % 2 == 0:
            comm.Send(x, dest=right, tag=7)
            comm.Recv(y, source=left, tag=7)
        else:
            comm.Recv(y, left, 7)
            comm.Send(x, right, 7)

    def swap(x, y):
        status = MPI.Status()
        comm.Sendrecv(x, dest=right, sendtag=3, recvbuf=y, source=left, recvtag=3, status=status)
        return status.source, status.tag, status.Get_count(MPI.BYTE), status.count, status.Get_source()

    def replace(x):
        comm.Sendrecv_replace(x, right, 1, left, 1)

    for dtype in DTYPES:
        x = (np.arange(24) * (rank + 1) % 2 if dtype == "?" else np.arange(24) * (rank + 1)).astype(dtype)
        y = np.zeros(24, dtype)
        if size > 1 and size % 2 == 0:
            check(shift, x, y)
        check(swap, x, y)
        check(replace, x)
    big = np.random.default_rng(rank).random(300_000)
    check(swap, big, np.empty_like(big))
    check(swap, np.empty(0), np.empty(0))
    check(swap, np.array(1.5 + rank), np.array(0.0))
    frozen = np.arange(5.0)
    frozen.flags.writeable = False
    check(swap, frozen, np.zeros(5))


def parts_of_buffers():
    def count(x, y):
        status = MPI.Status()
        comm.Sendrecv([x, 3], right, 0, [y, 5], left, 0, status)
        return status.Get_count(MPI.DOUBLE), status.Get_elements(MPI.DOUBLE), status.Get_count()

    def typed(x, y):
        comm.Sendrecv([x, MPI.DOUBLE], right, 0, [y, MPI.BYTE], left, 0)

    def both(x, y):
        comm.Sendrecv([x, 4, MPI.DOUBLE], right, 0, [y, 4, MPI.DOUBLE], left, 0)

    def placed(x, y):
        comm.Sendrecv([x, (2, 3), MPI.DOUBLE], right, 0, [y, 2, 6, MPI.DOUBLE], left, 0)

    x = np.arange(10.0) + 100 * rank
    for f in (count, typed, both, placed):
        check(f, x, np.zeros(10))

    def odd(x, y):
        status = MPI.Status()
        comm.Sendrecv([x, 3, MPI.CHAR], right, 0, [y, MPI.BYTE], left, 0, status)
        return status.Get_count(MPI.DOUBLE), status.Get_count(MPI.BYTE)

    check(odd, x, np.zeros(10))

    def pieces(x, y):
        comm.Sendrecv(x[2:5], right, 0, y[4:7], left, 0)

    check(pieces, x, np.zeros(10))


def strides():
    """Arrays that mpi4py does not take: compared with copies."""

    def exchange(x, y):
        comm.Sendrecv(x, right, 0, y, left, 0)

    def copied(x, y):
        send, recv = np.ascontiguousarray(x), np.ascontiguousarray(y)
        comm.Sendrecv(send, right, 0, recv, left, 0)
        y[...] = recv

    cube = np.arange(6 * 5 * 4).reshape(6, 5, 4) + 1000 * rank
    views = [
        lambda a: a[::2],
        lambda a: a[:, 1],
        lambda a: a[::-1, ::2, 3],
        lambda a: a[1:3, :, ::3],
        lambda a: a[:, :, 0],
        lambda a: a[5:0:-2, 4::-1, 1:1],
        lambda a: a[0, ::-1, ::-1],
        lambda a: a[3:4, ::2, ::2],
    ]
    kernel = jit(exchange)
    for view in views:
        for dtype in ("i8", "u1", "c16"):
            x = cube.astype(dtype)
            expected, found = np.zeros_like(x), np.zeros_like(x)
            copied(view(x), view(expected))
            kernel(view(x), view(found))
            expect(np.array_equal(expected, found), f"strides {view(x).strides}")

    def columns(a, b):
        comm.Sendrecv(a[:, 0], right, 0, b[:, -1], left, 0)
        comm.Bcast(b[:, 2], 0)
        comm.Bcast(b[::2, 1], size - 1)

    a, b = np.arange(20.0).reshape(5, 4) + rank, np.full((5, 4), float(rank))
    jit(columns)(a, b)
    expect(np.array_equal(b[:, -1], a[:, 0] - rank + left), "columns")
    expect(
        np.array_equal(b[:, 2], np.zeros(5)) and np.array_equal(b[::2, 1], np.full(3, size - 1.0)),
        "bcast columns",
    )
    fortran = np.asfortranarray(np.arange(12.0).reshape(3, 4)) + rank
    check(exchange, fortran, np.zeros((3, 4), order="F"))


def collectives():
    def bcast(x):
        comm.Bcast(x, root=size - 1)
        comm.Bcast([x, 2], 0)

    def reduce(x, y, z):
        comm.Reduce(x, y, op=MPI.SUM, root=size - 1)
        comm.Allreduce(x, z, MPI.MAX)
        comm.Reduce(x, None if rank else z, MPI.MIN)

    def defaults(x, y):
        comm.Allreduce(x, y)

    def in_place(x):
        comm.Allreduce(MPI.IN_PLACE, x, op=MPI.PROD)
        if rank == 0:
            comm.Reduce(MPI.IN_PLACE, x, MPI.SUM, 0)
        else:
            comm.Reduce(x, None, MPI.SUM, 0)

    def scans(x, y, z):
        comm.Scan(x, y)
        z[:] = 0
        comm.Exscan(x, z, op=MPI.SUM)

    for dtype in "i1 i4 i8 u2 f4 f8 c16".split():
        x = (np.arange(1, 8) * (rank + 1)).astype(dtype)
        y, z = np.zeros(7, dtype), np.zeros(7, dtype)
        check(bcast, x)
        if dtype != "c16":
            check(reduce, x, y, z)
        check(defaults, x, y)
        check(in_place, x)
        check(scans, x, y, z)

    def logical(a, b, c):
        comm.Allreduce(a, b, MPI.LAND)
        comm.Allreduce(a, c, MPI.LOR)

    flags = np.arange(size) == rank
    check(logical, flags, np.zeros(size, bool), np.zeros(size, bool))

    def block(x, y):
        comm.Reduce_scatter_block(x, y)

    check(block, np.arange(3.0 * size), np.zeros(3))

    def parts(x, y, counts):
        comm.Reduce_scatter(x, y, counts)
        comm.Reduce_scatter(x, y, op=MPI.MAX)
        comm.Reduce_scatter(x, y, recvcounts=None)

    def parts_in_place(x, counts):
        comm.Reduce_scatter(MPI.IN_PLACE, x, counts, MPI.SUM)

    counts = np.arange(1, size + 1)
    x = np.arange(float(counts.sum())) * (rank + 1)
    check(parts, x, np.zeros(rank + 1), counts)
    check(parts, x, np.zeros(rank + 1), counts.tolist())
    check(parts_in_place, x, tuple(counts.tolist()))
    raises(parts, x, np.zeros(rank + 1), np.arange(size), match="sum(counts)")
    raises(parts, x, np.zeros(rank + 1), np.arange(size + 1), match=f"expecting {size} items")
    if size == 1:
        raises(parts, x, np.zeros(1), np.full(1, -1), match="negative")


def blocks():
    def gather(x, y, root):
        comm.Gather(x, y if comm.rank == root else None, root)

    def gather_array(x, y):
        comm.Gather(x, y, root=0)

    def scatter(x, y):
        comm.Scatter(x, y, root=size - 1)

    def both(x, y, z):
        comm.Allgather(x, y)
        comm.Alltoall(y, z)

    def in_place(y):
        y[2 * rank : 2 * rank + 2] = rank
        comm.Allgather(MPI.IN_PLACE, y)

    x, y, z = np.arange(2.0) + rank, np.zeros(2 * size), np.zeros(2 * size)
    check(gather_array, x, y)
    check(scatter, np.arange(2.0 * size), x)
    check(both, x, y, z)
    check(in_place, y)

    def strided(table, own, back):
        comm.Scatter(table[:, ::2], own, 0)
        comm.Gather(own, back[::-1, 1::2], 0)

    table = np.arange(4.0 * size).reshape(size, 4)
    own, back = np.zeros(2), np.zeros((size, 4))
    jit(strided)(table, own, back)
    expect(np.array_equal(own, table[rank, ::2]), "scatter of a strided table")
    if rank == 0:
        expected = np.zeros((size, 4))
        expected[::-1, 1::2] = table[:, ::2]
        expect(np.array_equal(back, expected), "gather into a strided table")

    def reduced(x, y):
        comm.Allreduce(x[::2], y[:, 1])

    y2 = np.zeros((3, 3))
    jit(reduced)(np.arange(6.0), y2)
    expect(np.array_equal(y2[:, 1], np.array([0.0, 2, 4]) * size), "allreduce of strided arrays")


def vectors():
    counts = np.arange(1, size + 1)
    displs = np.concatenate([[0], np.cumsum(counts + 1)[:-1]])
    total = int(displs[-1] + counts[-1])

    def gatherv(x, y):
        comm.Gatherv(x, [y, counts], root=0)

    def gatherv_placed(x, y, counts, displs):
        comm.Gatherv(x, [y, (counts, displs), MPI.DOUBLE], root=size - 1)

    def scatterv(x, y, counts, displs):
        comm.Scatterv([x, counts, displs, MPI.DOUBLE], y, root=0)

    def allgatherv(x, y, counts):
        comm.Allgatherv([x, MPI.DOUBLE], [y, counts, MPI.DOUBLE])

    def even(x, y):
        comm.Allgatherv(x, y)

    x = np.arange(rank + 1.0) + 10 * rank
    check(gatherv, x, np.zeros(counts.sum()))
    check(gatherv_placed, x, np.full(total, -1.0), counts, displs)
    check(gatherv_placed, x, np.full(total, -1.0), counts.tolist(), tuple(displs.tolist()))
    check(gatherv_placed, x, np.full(total, -1.0), np.repeat(counts, 2)[::2], displs.astype("i4"))
    check(scatterv, np.arange(float(total)), np.zeros(rank + 1), counts, displs)
    check(allgatherv, x, np.zeros(counts.sum()), counts)
    n = 7
    own = n // size + (n % size > rank)
    check(even, np.arange(float(own)) + rank, np.zeros(n))

    def alltoallv(x, y, sc, sd, rc, rd):
        comm.Alltoallv([x, (sc, sd), MPI.INT64_T], [y, (rc, rd), MPI.INT64_T])

    sc = np.full(size, rank + 1)
    rc = np.arange(size) + 1
    sd, rd = np.arange(size) * (rank + 1), np.concatenate([[0], np.cumsum(rc)[:-1]])
    check(alltoallv, np.arange(size * (rank + 1)), np.zeros(rc.sum(), "i8"), sc, sd, rc, rd)


def datatypes():
    """A datatype for each rank."""

    def exchange(x, y, sc, sd, rc, rd):
        doubles = [MPI.DOUBLE] * size
        comm.Alltoallw([x, (sc, sd), doubles], [y, (rc, rd), doubles])

    def one_each(x, y):
        comm.Alltoallw([x, [MPI.INT64_T] * size], [y, [MPI.INT64_T] * size])

    sc, rc = np.full(size, rank + 1), np.arange(size) + 1
    sd, rd = 8 * np.arange(size) * (rank + 1), 8 * np.concatenate([[0], np.cumsum(rc)[:-1]])
    check(exchange, np.arange(float(size * (rank + 1))), np.zeros(rc.sum()), sc, sd, rc, rd)
    check(one_each, np.arange(3), np.zeros(3, "i8"))
    raises(exchange, np.zeros(1), np.zeros(rc.sum()), sc, sd + 2**40, rc, rd, match="is outside")

    def by_columns(a, b, column):
        ones, at = np.ones(size, np.int64), 8 * np.arange(size)
        comm.Alltoallw([a, ones, at, [column] * size], [b, ones, at, [column] * size])

    # A column of a table of `size` columns.
    column = MPI.DOUBLE.Create_vector(3, 1, size).Commit()
    check(by_columns, np.arange(3.0 * size).reshape(3, size) + 100 * rank, np.zeros((3, size)), column)
    column.Free()

    def no_types(x):
        comm.Alltoallw(x, np.zeros(1))

    raises(no_types, np.zeros(size), match="a buffer with a datatype for each rank")


def errors():
    world = comm.Dup()

    def truncated(c, x, y):
        c.Sendrecv(x, right, 0, y, left, 0)

    # Open MPI does not notice it where a rank talks to itself.
    if size > 1:
        error = raises(truncated, world, np.zeros(10), np.zeros(3))
        expect(isinstance(error, MPI.Exception), f"{error!r}")
        expect(error is not None and error.Get_error_class() == MPI.ERR_TRUNCATE, f"class of {error!r}")

    def nobody(c, x):
        c.Send(x, 99)

    error = raises(nobody, world, np.zeros(1))
    expect(isinstance(error, MPI.Exception) and error.Get_error_class() == MPI.ERR_RANK, f"{error!r}")

    def overlapping(c, x):
        c.Sendrecv(x[:4], c.rank, 0, x[2:6], c.rank, 0)

    expect(isinstance(raises(overlapping, world, np.zeros(8), match="overlap"), ValueError), "overlap")

    def too_many(c, x):
        c.Send([x, 20], MPI.PROC_NULL)
        c.Send([x, 20], c.rank)

    expect(isinstance(raises(too_many, world, np.zeros(8), match="count 20"), ValueError), "count")

    def uneven(c, x, y):
        c.Allgather(x, y)

    if size > 1:
        raises(uneven, world, np.zeros(2), np.zeros(2 * size + 1), match="multiple")

    def wrong(c, x, y):
        c.Allreduce(x, y)

    raises(wrong, world, np.zeros(2), np.zeros(3), match="mismatch in send count 2 and receive count 3")
    raises(wrong, world, np.zeros(2), np.zeros(2, "i8"), match="mismatch")

    def counts(c, x, y):
        c.Allgatherv(x, [y, (1, 2, 3, 4, 5, 6), MPI.DOUBLE])

    raises(counts, world, np.zeros(2), np.zeros(30), match=f"expecting {size} items, got 6")
    world.Free()


if __name__ == "__main__":
    main([ranks_and_sizes, ring, parts_of_buffers, strides, collectives, blocks, vectors, datatypes, errors])
