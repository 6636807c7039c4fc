"""Requests, statuses, probes, persistent and non-blocking communication."""

import gc

import numpy as np
from harness import check, comm, expect, main, raises, rank, size
from mpi4py import MPI

from ungil import jit

right, left = (rank + 1) % size, (rank - 1) % size


def one_by_one():
    def exchange(x, y):
        s = comm.Isend(x, dest=right, tag=5)
        r = comm.Irecv(y, source=left, tag=5)
        status = MPI.Status()
        done = r.Wait(status)
        s.Wait()
        return done, status.source, status.tag, status.Get_count(MPI.DOUBLE), r.Test(), s.Wait()

    def lower(x, y):
        r = comm.Irecv([y, 3, MPI.DOUBLE])
        s = comm.Issend([x, 3], right)
        r.wait()
        return s.wait()

    def polled(x, y):
        r = comm.Irecv(y, left)
        s = comm.Isend(x, right)
        while not r.Test():
            pass
        flag, message = s.test()
        while not flag:
            flag, message = s.test()
        return flag

    x, y = np.arange(6.0) + rank, np.zeros(6)
    for f in (exchange, lower, polled):
        check(f, x, y)


def several():
    def pair(x, y):
        reqs = [comm.Isend(x, right, 1), comm.Irecv(y, left, 1)]
        return MPI.Request.Waitall(reqs)

    def many(x, table):
        reqs = []
        for k in range(size):
            reqs.append(comm.Irecv(table[k], k, 2))
        for k in range(size):
            reqs.append(comm.Isend(x, k, 2))
        MPI.Request.Waitall(reqs)
        return MPI.Request.Testall(reqs), MPI.Request.Waitany(reqs)

    def any_of(x, table):
        reqs = [comm.Irecv(table[k], k, 3) for k in range(size)]
        sends = [comm.Isend(x, k, 3) for k in range(size)]
        seen = np.zeros(size, np.int64)
        for _ in range(size):
            status = MPI.Status()
            k = MPI.Request.Waitany(reqs, status)
            seen[k] += 1 + status.source
        MPI.Request.waitall(sends)
        return seen

    def statuses(x, y):
        a, b = MPI.Status(), MPI.Status()
        r = comm.Irecv(y, left, 4)
        s = comm.Isend(x, right, 4)
        MPI.Request.Waitall((r, s), [a, b])
        return a.source, a.tag, a.Get_count(MPI.DOUBLE)

    def tested(x, y):
        reqs = [comm.Irecv(y, left, 6), comm.Isend(x, right, 6)]
        while not MPI.Request.Testall(reqs):
            pass
        index, flag = MPI.Request.Testany(reqs)
        return index, flag

    def some_of(x, table):
        reqs = [comm.Irecv(table[k], k, 7) for k in range(size)]
        sends = [comm.Isend(x, k, 7) for k in range(size)]
        seen = np.zeros(size, np.int64)
        while seen.sum() < size:
            for k in MPI.Request.Waitsome(reqs):
                seen[k] += 1
        MPI.Request.Waitall(sends)
        return seen

    def polled_some(x, y):
        a, b = MPI.Status(), MPI.Status()
        reqs = [comm.Irecv(y, left, 8), comm.Isend(x, right, 8)]
        seen = 0
        while seen < 2:
            done = reqs[0].Testsome(reqs, [a, b])
            seen += len(done)
        return seen, len(MPI.Request.Testsome([MPI.REQUEST_NULL]) or [])

    def mixed(x, y):
        # Requests of both kinds in one list.
        reqs = [comm.Recv_init(y, left, 12), comm.Isend(x, right, 12)]
        held = comm.Recv_init(y, left, 12)
        held.Free()
        reqs.pop(0).Free()
        comm.Recv(y, left, 12)
        MPI.Request.Waitall(reqs)
        return len(reqs)

    def nothing():
        reqs = [MPI.REQUEST_NULL, MPI.REQUEST_NULL]
        return MPI.Request.Waitall(reqs), MPI.Request.Waitany(reqs) == MPI.UNDEFINED

    x, y, table = np.arange(4.0) * rank, np.zeros(4), np.zeros((size, 4))
    check(pair, x, y)
    check(many, x, table)
    check(any_of, x, table)
    check(statuses, x, y)
    check(tested, x, y)
    check(some_of, x, table)
    check(mixed, x, y)
    expect(jit(polled_some)(x, y) == (2, 0), "Testsome")
    check(nothing)


def strided_and_fresh():
    """Buffers that the function does not keep are alive until their request completes."""

    def columns(a):
        r = comm.Irecv(a[:, 0], left)
        s = comm.Isend(a[::-1, -2], right)
        r.Wait()
        s.Wait()

    a = np.arange(12.0).reshape(4, 3) + 100 * rank
    b = a.copy()
    jit(columns)(a)
    b[:, 0] = np.arange(12.0).reshape(4, 3)[::-1, -2] + 100 * left
    expect(np.array_equal(a, b), "columns")

    def start(n, k):
        return comm.Isend(np.full(n, float(k)), right, k % 7)

    def fresh(n, rounds):
        total = 0.0
        reqs = [start(n, k) for k in range(rounds)]
        for k in range(rounds):
            y = np.empty(n)
            comm.Recv(y, left, k % 7)
            total += y.sum()
        MPI.Request.Waitall(reqs)
        return total

    check(fresh, 20_000, 20)


def across_calls():
    """A request may outlive the call that made it; the array is held."""

    def begin(y):
        comm.Irecv(y, left, 8)

    def begin_send(x):
        comm.Isend(x, right, 8)

    y = np.zeros(50_000)
    jit(begin)(y)
    jit(begin_send)(np.arange(50_000.0) + rank)
    gc.collect()
    comm.Barrier()
    deadline = MPI.Wtime() + 10
    while y[-1] == 0 and MPI.Wtime() < deadline:
        # MPI makes progress where it finds nothing.
        comm.Iprobe(tag=1000)
    expect(y[-1] == 49_999.0 + left, f"sent from an array that nobody else held: {y[-1]}")


def probes():
    def probe(x):
        s = comm.Isend(x[: rank + 1], right, 9)
        status = MPI.Status()
        found = comm.Probe(left, 9, status)
        y = np.empty(status.Get_count(MPI.DOUBLE))
        comm.Recv(y, status.source, status.tag)
        s.Wait()
        return found, y, comm.Iprobe(tag=77)

    check(probe, np.arange(8.0) + rank)

    def nobody(x):
        comm.Send(x, MPI.PROC_NULL)
        status = MPI.Status()
        comm.Recv(x, MPI.PROC_NULL, status=status)
        return status.source == MPI.PROC_NULL, status.tag == MPI.ANY_TAG, status.count, MPI.Status().source

    check(nobody, np.arange(3.0))


def persistent():
    def rounds(x, y, n):
        s = comm.Send_init(x, right, 11)
        r = comm.Recv_init(y, left, 11)
        total = 0.0
        for k in range(n):
            x[0] = k
            r.Start()
            s.Start()
            r.Wait()
            s.Wait()
            total += y[0]
        both = [s, r]
        MPI.Prequest.Startall(both)
        MPI.Request.Waitall(both)
        s.Free()
        r.Free()
        return total, s.Test()

    check(rounds, np.arange(4.0) + rank, np.zeros(4), 5)


def collectives():
    def all_of_them(x, y, table, other):
        comm.Ibarrier().Wait()
        reqs = [comm.Ibcast(x, 0)]
        reqs.append(comm.Iallreduce(y, table[0], MPI.MAX))
        MPI.Request.Waitall(reqs)
        comm.Iallgather(y, table).Wait()
        comm.Ialltoall(table, other).Wait()
        comm.Igather(y, table, root=0).Wait()
        comm.Iscatter(table, y, 0).Wait()
        comm.Iscan(x, y).Wait()
        r = comm.Ireduce(x, table[0], MPI.SUM, 0)
        r.Wait()

    n = size
    check(all_of_them, np.arange(3.0) + rank, np.ones(3) * rank, np.zeros((n, 3)), np.zeros((n, 3)))

    def vector(x, y, counts):
        comm.Iallgatherv(x, [y, counts]).Wait()

    counts = np.arange(1, size + 1)
    check(vector, np.arange(rank + 1.0), np.zeros(counts.sum()), counts)

    def strided(x, y):
        r = comm.Iallreduce(x[::2], y[::-2])
        r.Wait()

    y = np.zeros(6)
    jit(strided)(np.arange(6.0), y)
    expect(np.array_equal(y[::-2], np.array([0.0, 2, 4]) * size) and y[0] == 0, f"strided Iallreduce: {y}")


def borders():
    """Requests and statuses stay on their side of the call; errors say what to do."""

    def taken(request):
        request.Wait()

    def asked(status):
        return status.source

    def given(x):
        return comm.Isend(x, MPI.PROC_NULL)

    def several(x):
        return [comm.Isend(x, MPI.PROC_NULL)]

    def found():
        return MPI.Status()

    request = comm.Irecv(np.zeros(1), MPI.PROC_NULL)
    raises(taken, request, match="wait for it in Python, or make it in the kernel")
    request.Wait()
    raises(asked, MPI.Status(), match="make one in the kernel: `status = MPI.Status()`")
    raises(given, np.zeros(1), match="wait for it in the kernel: `request.Wait()`")
    raises(several, np.zeros(1), match="MPI.Request.Waitall(requests)")
    raises(found, match="status.source, status.tag")

    def null(request):
        return request == MPI.REQUEST_NULL

    check(null, MPI.REQUEST_NULL)


def errors():
    def cancelled(c, y):
        r = c.Irecv(y, c.rank, 3)
        r.Cancel()
        status = MPI.Status()
        r.Wait(status)
        return status.cancelled, status.Is_cancelled()

    expect(jit(cancelled)(comm, np.zeros(2)) == (True, True), "Cancel")

    def truncated(c, x, y):
        r = c.Irecv(y, left, 3)
        c.Send(x, right, 3)
        r.Wait()

    world = comm.Dup()
    # Open MPI does not notice it where a rank talks to itself.
    if size > 1:
        error = raises(truncated, world, np.zeros(9), np.zeros(2))
        expect(isinstance(error, MPI.Exception) and error.Get_error_class() == MPI.ERR_TRUNCATE, f"{error!r}")

    def freed(x):
        s = comm.Send_init(x, right)
        s.Free()
        s.Start()

    raises(freed, np.zeros(2), match="freed")
    world.Free()


if __name__ == "__main__":
    main(
        [
            one_by_one,
            several,
            strided_and_fresh,
            across_calls,
            probes,
            persistent,
            collectives,
            borders,
            errors,
        ]
    )
