"""MPI inside kernels beside C, mpi4py and numba-mpi: `./dev bench --mpi`, or `ungil mpirun -n 2 benchmarks/mpi.py`.

Ping-pong between two ranks from 8 B to 64 MB, Allreduce, and a step of heat flow with halo exchange. The C functions are
compiled with the mpicc of the same MPI and run in the same processes. Ways take turns; the best of several rounds counts.
Needs mpicc and gcc; numba-mpi is optional.
"""

import argparse
import ctypes
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from mpi4py import MPI

from ungil import jit

SOURCE = """
#include <mpi.h>

double ping_pong(MPI_Comm comm, char *buffer, int size, int turns) {
    int rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Barrier(comm);
    double start = MPI_Wtime();
    for (int i = 0; i < turns; i++) {
        if (rank == 0) {
            MPI_Send(buffer, size, MPI_BYTE, 1, 0, comm);
            MPI_Recv(buffer, size, MPI_BYTE, 1, 0, comm, MPI_STATUS_IGNORE);
        } else if (rank == 1) {
            MPI_Recv(buffer, size, MPI_BYTE, 0, 0, comm, MPI_STATUS_IGNORE);
            MPI_Send(buffer, size, MPI_BYTE, 0, 0, comm);
        }
    }
    return (MPI_Wtime() - start) / (2 * turns);
}

double reduce_all(MPI_Comm comm, double *mine, double *sum, int n, int turns) {
    MPI_Barrier(comm);
    double start = MPI_Wtime();
    for (int i = 0; i < turns; i++)
        MPI_Allreduce(mine, sum, n, MPI_DOUBLE, MPI_SUM, comm);
    return (MPI_Wtime() - start) / turns;
}

static void rows(const double *restrict old, double *restrict new, long first, long last, long m) {
    for (long i = first; i < last; i++)
        for (long j = 1; j < m - 1; j++) {
            const double *o = old + i * m + j;
            new[i * m + j] = o[0] + 0.24 * (o[-m] + o[m] + o[-1] + o[1] - 4.0 * o[0]);
        }
}

double heat(MPI_Comm comm, double *old, double *new, long n, long m, int above, int below, int turns) {
    if (above < 0) above = MPI_PROC_NULL;
    if (below < 0) below = MPI_PROC_NULL;
    MPI_Barrier(comm);
    double start = MPI_Wtime();
    for (int i = 0; i < turns; i++) {
        MPI_Request requests[4];
        MPI_Irecv(old, m, MPI_DOUBLE, above, 1, comm, &requests[0]);
        MPI_Irecv(old + (n - 1) * m, m, MPI_DOUBLE, below, 2, comm, &requests[1]);
        MPI_Isend(old + m, m, MPI_DOUBLE, above, 2, comm, &requests[2]);
        MPI_Isend(old + (n - 2) * m, m, MPI_DOUBLE, below, 1, comm, &requests[3]);
        rows(old, new, 2, n - 2, m);
        MPI_Waitall(4, requests, MPI_STATUSES_IGNORE);
        rows(old, new, 1, 2, m);
        rows(old, new, n - 2, n - 1, m);
        double *swap = old; old = new; new = swap;
    }
    return (MPI_Wtime() - start) / turns;
}
"""


@jit
def ping_pong(comm, buffer, turns):
    """Send `buffer` there and back; return the seconds for one way."""
    comm.Barrier()
    start = MPI.Wtime()
    for _ in range(turns):
        if comm.rank == 0:
            comm.Send(buffer, 1, 0)
            comm.Recv(buffer, 1, 0)
        elif comm.rank == 1:
            comm.Recv(buffer, 0, 0)
            comm.Send(buffer, 0, 0)
    return (MPI.Wtime() - start) / (2 * turns)


@jit
def reduce_all(comm, mine, total, turns):
    """Add arrays over the ranks; return the seconds for one Allreduce."""
    comm.Barrier()
    start = MPI.Wtime()
    for _ in range(turns):
        comm.Allreduce(mine, total)
    return (MPI.Wtime() - start) / turns


@jit
def rows(old, new, first, last):
    """Compute one step for some rows."""
    for i in range(first, last):
        for j in range(1, old.shape[1] - 1):
            around = old[i - 1, j] + old[i + 1, j] + old[i, j - 1] + old[i, j + 1]
            new[i, j] = old[i, j] + 0.24 * (around - 4.0 * old[i, j])


@jit
def heat(comm, old, new, turns):
    """Advance a strip of a plate; return the seconds for one step."""
    above = comm.rank - 1 if comm.rank > 0 else MPI.PROC_NULL
    below = comm.rank + 1 if comm.rank < comm.size - 1 else MPI.PROC_NULL
    last = old.shape[0] - 1
    comm.Barrier()
    start = MPI.Wtime()
    for _ in range(turns):
        requests = [
            comm.Irecv(old[0], above, 1),
            comm.Irecv(old[last], below, 2),
            comm.Isend(old[1], above, 2),
            comm.Isend(old[last - 1], below, 1),
        ]
        rows(old, new, 2, last - 1)
        MPI.Request.Waitall(requests)
        rows(old, new, 1, 2)
        rows(old, new, last - 1, last)
        old, new = new, old
    return (MPI.Wtime() - start) / turns


def heat_numpy(comm, old, new, turns):
    """The same step with mpi4py and NumPy."""
    above = comm.rank - 1 if comm.rank > 0 else MPI.PROC_NULL
    below = comm.rank + 1 if comm.rank < comm.size - 1 else MPI.PROC_NULL
    comm.Barrier()
    start = MPI.Wtime()
    for _ in range(turns):
        requests = [
            comm.Irecv(old[0], above, 1),
            comm.Irecv(old[-1], below, 2),
            comm.Isend(old[1], above, 2),
            comm.Isend(old[-2], below, 1),
        ]
        MPI.Request.Waitall(requests)
        near = old[:-2, 1:-1] + old[2:, 1:-1] + old[1:-1, :-2] + old[1:-1, 2:]
        new[1:-1, 1:-1] = old[1:-1, 1:-1] + 0.24 * (near - 4.0 * old[1:-1, 1:-1])
        old, new = new, old
    return (MPI.Wtime() - start) / turns


def build():
    """Compile the C functions; every rank does for itself."""
    folder = Path(tempfile.mkdtemp())
    (folder / "ways.c").write_text(SOURCE)
    mpicc = shutil.which("mpicc", path=str(Path(sys.executable).parent)) or shutil.which("mpicc")
    flags = ["-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run([mpicc, *flags, "-o", folder / "ways.so", folder / "ways.c"], check=True)
    library = ctypes.CDLL(str(folder / "ways.so"))
    for name in ("ping_pong", "reduce_all", "heat"):
        getattr(library, name).restype = ctypes.c_double
    return library


def numba_ways():
    """The same loops for numba-mpi, or an empty dict."""
    try:
        import numba
        import numba_mpi
    except ImportError:
        return {}

    @numba.njit
    def ping_pong_numba(buffer, turns):
        numba_mpi.barrier()
        start = numba_mpi.wtime()
        for _ in range(turns):
            if numba_mpi.rank() == 0:
                numba_mpi.send(buffer, dest=1, tag=0)
                numba_mpi.recv(buffer, source=1, tag=0)
            elif numba_mpi.rank() == 1:
                numba_mpi.recv(buffer, source=0, tag=0)
                numba_mpi.send(buffer, dest=0, tag=0)
        return (numba_mpi.wtime() - start) / (2 * turns)

    @numba.njit
    def reduce_all_numba(mine, total, turns):
        numba_mpi.barrier()
        start = numba_mpi.wtime()
        for _ in range(turns):
            numba_mpi.allreduce(mine, total, numba_mpi.Operator.SUM)
        return (numba_mpi.wtime() - start) / turns

    return {"ping-pong": ping_pong_numba, "Allreduce": reduce_all_numba}


def best(comm, ways, rounds):
    """The least time of each way over rounds in which they take turns; the slowest rank's time counts."""
    least = dict.fromkeys(ways, np.inf)
    for _ in range(rounds):
        for name, way in ways.items():
            least[name] = min(least[name], comm.allreduce(way(), MPI.MAX))
    return least


def show(comm, label, least):
    """Print one row: microseconds of each way, and ungil's as a ratio to C."""
    if comm.rank == 0:
        cells = "".join(f"{least[n] * 1e6:12.2f}" if n in least else f"{'-':>12}" for n in WAYS)
        print(f"{label:>22}{cells}{least['ungil'] / least['C']:10.2f}", flush=True)


WAYS = ["ungil", "C", "numba-mpi", "mpi4py"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    comm = MPI.COMM_WORLD
    assert comm.size == 2, "two ranks are needed: ungil mpirun -n 2 …"
    library, numba = build(), numba_ways()
    handle = ctypes.c_void_p(MPI._handleof(comm))
    if comm.rank == 0:
        print(MPI.Get_library_version().split("\n")[0])
        print(f"{'microseconds':>22}" + "".join(f"{name:>12}" for name in WAYS) + f"{'to C':>10}")
    for size in [8, 64, 512, 4096, 32768, 1 << 18, 1 << 21, 1 << 24, 1 << 26]:
        buffer = np.full(size, 1, np.uint8)
        turns = max(3, min(2000, 100_000_000 // (size + 20_000)))
        ways = {
            "ungil": partial(ping_pong, comm, buffer, turns),
            "C": partial(library.ping_pong, handle, buffer.ctypes.data_as(ctypes.c_void_p), size, turns),
            "mpi4py": partial(ping_pong.py_func, comm, buffer, turns),
        }
        if numba:
            ways["numba-mpi"] = partial(numba["ping-pong"], buffer, turns)
        show(comm, f"ping-pong {size} B", best(comm, ways, args.rounds))
    for n in [1, 1000, 1_000_000]:
        mine, total = np.ones(n), np.empty(n)
        pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (mine, total)]
        turns = max(10, 2_000_000 // (n + 1000))
        ways = {
            "ungil": partial(reduce_all, comm, mine, total, turns),
            "C": partial(library.reduce_all, handle, *pointers, n, turns),
            "mpi4py": partial(reduce_all.py_func, comm, mine, total, turns),
        }
        if numba:
            ways["numba-mpi"] = partial(numba["Allreduce"], mine, total, turns)
        show(comm, f"Allreduce {n} doubles", best(comm, ways, args.rounds))
    for n, m in [(66, 64), (258, 512)]:
        old, new = np.random.rand(n, m), np.zeros((n, m))
        pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (old, new)]
        above, below = comm.rank - 1, comm.rank + 1 if comm.rank + 1 < comm.size else -1
        ways = {
            "ungil": partial(heat, comm, old, new, 200),
            "C": partial(
                library.heat, handle, *pointers, ctypes.c_long(n), ctypes.c_long(m), above, below, 200
            ),
            "mpi4py": partial(heat_numpy, comm, old, new, 200),
        }
        show(comm, f"heat step {n - 2} x {m}", best(comm, ways, args.rounds))


if __name__ == "__main__":
    main()
