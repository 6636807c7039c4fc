"""Communicators, grids, and objects by value."""

import linecache

import numpy as np
from harness import check, comm, expect, main, raises, rank, size
from mpi4py import MPI

from ungil import jit

right, left = (rank + 1) % size, (rank - 1) % size


def splitting():
    def split(x, y):
        half = comm.Split(comm.rank % 2, -comm.rank)
        half.Allreduce(x, y)
        result = half.rank, half.size, half == MPI.COMM_WORLD, half != comm
        half.Free()
        return result

    def dup(c):
        d = c.Dup()
        n = d.Get_size()
        d.Free()
        shared = c.Split_type(MPI.COMM_TYPE_SHARED)
        m = shared.size
        shared.Free()
        none = c.Split(MPI.UNDEFINED if c.rank else 0, 0)
        return n, m, none == MPI.COMM_NULL, c == MPI.COMM_WORLD

    check(split, np.arange(3.0) + rank, np.zeros(3))
    check(dup, comm)

    def kept(c):
        return c.Split(c.rank % 2, 0)

    half = jit(kept)(comm)
    expect(type(half) is MPI.Intracomm and half.size == (size + 1 - rank % 2) // 2, f"{half!r}")
    ranks = half.allgather(rank)
    expect(all(r % 2 == rank % 2 for r in ranks), f"{ranks}")
    half.Free()


def grids():
    def grid(c):
        dims = MPI.Compute_dims(c.size, [0, 0])
        cart = c.Create_cart([c.size, 1], periods=[True, False], reorder=False)
        coords = cart.Get_coords(cart.rank)
        up, down = cart.Shift(0, 1)
        a, b = cart.Shift(direction=1, disp=1)
        line = cart.Sub([True, False])
        result = dims, coords, up, down, a == MPI.PROC_NULL, b == MPI.PROC_NULL, line.size, line.dim
        back = cart.Get_cart_rank(coords)
        line.Free()
        cart.Free()
        return result, back, coords[0]

    def halo(x):
        cart = comm.Create_cart((size,), periods=(False,))
        below, above = cart.Shift(0, 1)
        cart.Sendrecv(x[1:2], below, 0, x[-1:], above, 0)
        cart.Sendrecv(x[-2:-1], above, 0, x[:1], below, 0)
        cart.Free()

    check(grid, comm)
    check(halo, np.arange(5.0) + 10 * rank)

    def passed(cart):
        return cart.rank, cart.Shift(0, 1), cart.Get_dim()

    cart = comm.Create_cart([size], periods=[True])
    check(passed, cart)

    def made():
        return comm.Create_cart([size])

    new = jit(made)()
    expect(type(new) is MPI.Cartcomm and new.Get_topo()[0] == [size], f"{new!r}")
    new.Free()
    cart.Free()


def objects():
    def ring(x):
        # One rank alone would wait for itself.
        comm.send(x, dest=right if size > 1 else MPI.PROC_NULL, tag=1)
        return comm.recv(source=left, tag=1) if size > 1 else x

    def exchange(x):
        return comm.sendrecv(x, right, source=left)

    def spread(x):
        return comm.bcast(x, root=size - 1)

    def collect(x):
        return comm.allgather(x)

    for x in (
        rank,
        2.5 * rank,
        rank > 0,
        complex(rank, 1),
        np.float32(rank),
        np.int8(rank),
        (rank, 0.5),
        (1, (rank, 2j)),
    ):
        for f in (ring, exchange, spread, collect):
            check(f, x)

    def pair(n):
        if comm.rank == 0:
            for k in range(1, comm.size):
                comm.send(k * n, k)
            return n
        status = MPI.Status()
        n = comm.recv(source=0, status=status)
        return n + status.source

    check(pair, 3)

    def gathered(x):
        got = comm.gather(x, root=0)
        return got if comm.rank == 0 else [x]

    check(gathered, 1.5 * rank)

    def scattered(xs):
        return comm.scatter(xs, root=0), comm.scatter([2 * k for k in range(size)])

    check(scattered, [float(k * k) for k in range(size)])

    def reduced(x):
        total = comm.reduce(x, op=MPI.SUM, root=0)
        return comm.allreduce(x), comm.allreduce(x, MPI.MAX), comm.scan(x), total if comm.rank == 0 else x

    check(reduced, rank + 1)
    check(reduced, float(rank))
    check(reduced, np.int32(rank))


def requests_for_objects():
    def ring(x):
        sent = comm.isend(x, dest=right, tag=3)
        arrived = comm.irecv(source=left, tag=3)
        y = arrived.wait()
        sent.wait()
        return y

    def polled(x):
        arrived = comm.irecv(source=left)
        comm.issend(x, right)
        flag, y = arrived.test()
        while not flag:
            flag, y = arrived.test()
        return y

    def gathered(x):
        sends = [comm.isend(x, k, 4) for k in range(size)]
        every = [comm.irecv(source=k, tag=4) for k in range(size)]
        found = MPI.Request.waitall(every)
        MPI.Request.waitall(sends)
        return found

    def two(x):
        sends = [comm.isend(x, right, 5), comm.isend(2 * x, right, 6)]
        found = MPI.Request.waitall([comm.irecv(source=left, tag=5), comm.irecv(source=left, tag=6)])
        MPI.Request.waitall(sends)
        return found

    for x in (rank, 2.5 * rank, rank > 0, complex(rank, 1), (rank, 0.5), (1, (rank, 2j))):
        check(ring, x)
        check(gathered, x)
    check(polled, rank)
    check(two, 1.5 * rank)

    def twice(x):
        sent = comm.isend(x, rank, 9)
        arrived = comm.irecv(source=rank, tag=9)
        a = arrived.wait()
        sent.wait()
        return a

    check(twice, 7)

    def array(x):
        return comm.isend(x, right)

    raises(array, np.zeros(2), match="comm.Isend")

    def mixed(x):
        MPI.Request.waitall([comm.isend(x, right), comm.irecv(source=left)])

    raises(mixed, 1, match="x = request.wait()")


def exchanged():
    def exchange(xs):
        return comm.alltoall(xs), comm.alltoall([(rank, 0.5 * k) for k in range(size)])

    check(exchange, [float(rank * 10 + k) for k in range(size)])

    def summed(x):
        before, largest = comm.exscan(x), comm.exscan(x, op=MPI.MAX)
        # mpi4py returns None on the first rank, kernels zero.
        return (before, largest) if comm.rank > 0 else (x, x)

    check(summed, rank + 1)
    check(summed, 0.5 * rank)

    def buffered(x):
        comm.bsend(x, MPI.PROC_NULL)
        return x

    check(buffered, 3)

    def short(xs):
        return comm.alltoall(xs)

    raises(short, [1.0] * (size + 1), match=f"expecting {size} items, got {size + 1}")


def kinds_of_communicators():
    def kinds(c):
        return c.Is_inter(), c.Is_intra(), c.is_inter, c.is_intra

    def alike(c):
        d = c.Dup()
        result = MPI.Comm.Compare(c, d) == MPI.CONGRUENT, c.Compare(c, c) == MPI.IDENT
        d.Free()
        return result

    def topology(cart):
        return cart.Get_topo(), cart.dims, cart.periods, cart.coords, cart.topo[0][0]

    def either(c, flag):
        made = c.Create_cart([c.size]) if flag else c
        n = made.size
        if flag:
            made.Free()
        return n

    check(kinds, comm)
    expect(jit(alike)(comm) == (True, True), "Compare")
    cart = comm.Create_cart([size, 1], [True, False])
    check(lambda c: c.dim, cart)
    found, expected = jit(topology)(cart), topology(cart)
    same_numbers = [list(map(int, a)) for a in found[0]] == [list(map(int, a)) for a in expected[0]]
    expect(same_numbers and found[4] == expected[4], f"{found} {expected}")
    cart.Free()
    check(either, comm, True)
    check(either, comm, False)


def absent_parts():
    """What mpi4py has and kernels have not says what to use instead."""
    for text, match in {
        "comm.Mprobe()": "Probe(source, tag, status)",
        "comm.Improbe()": "Iprobe(source, tag, status)",
        "comm.Get_name()": "ask for it in Python",
        "comm.Get_group()": "Split(color, key)",
        "comm.Isendrecv(x, 0)": "Isend",
        "comm.Psend_init(x, 1, 0)": "Send_init",
        "comm.Idup()": "Dup()",
        "comm.Cart_create([1])": "Create_cart",
        "comm.Ineighbor_allgather(x, x)": "Shift",
        "MPI.Request.waitsome([comm.Isend(x, 0)])": "Waitsome",
        "comm.Isend(x, 0).Get_status()": "Test(status)",
        "MPI.DOUBLE.Create_vector(1, 1, 1)": "make datatypes in Python",
        "MPI.Status().Set_tag(1)": "which sets it",
        "MPI.Win.Allocate(8)": "in Python",
    }.items():
        lines = ["def part(x):", f"    {text}", ""]
        # Kernels are read from their source.
        name = f"<part {text}>"
        linecache.cache[name] = (len(text), None, [f"{line}\n" for line in lines], name)
        space = {"comm": comm, "MPI": MPI}
        exec(compile("\n".join(lines), name, "exec"), space)
        raises(space["part"], np.zeros(2), match=match)


def arrays():
    def ring(x):
        if comm.rank == 0:
            comm.send(x, right)
            return comm.recv(source=left)
        received = comm.recv(source=left)
        comm.send(x, right)
        return received

    def spread(x):
        return comm.bcast(x, 0)

    def summed(x):
        return comm.allreduce(x)

    if size > 1:
        check(ring, np.arange(3.0 + rank))
        check(ring, np.arange(6, dtype="i2").reshape(2, 3) + rank)
        check(ring, (np.arange(24.0).reshape(4, 6) * rank)[::2, 1::2])
    check(spread, np.full((rank + 1, 2), rank))
    check(summed, np.arange(4.0) * rank)

    def different(x, y):
        comm.send(x, right, 1)
        comm.send(y, right, 2)
        return comm.recv(tag=2), comm.recv(tag=1)

    if size > 1:
        check(different, np.arange(4.0) + rank, rank)


def wrong_objects():
    def mixed():
        comm.Isend(np.arange(2), comm.rank)
        comm.send(1.5, MPI.PROC_NULL)
        return comm.recv(source=comm.rank)

    raises(mixed, match="does not hold the expected `float`")

    def short(xs):
        return comm.scatter(xs)

    if size == 1:
        raises(short, [1.0, 2.0], match="expecting 1 items, got 2")


if __name__ == "__main__":
    main(
        [
            splitting,
            grids,
            objects,
            requests_for_objects,
            exchanged,
            kinds_of_communicators,
            absent_parts,
            arrays,
            wrong_objects,
        ]
    )
