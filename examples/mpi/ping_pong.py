"""Latency and bandwidth between two ranks, measured inside a kernel and from Python.

ungil mpirun -n 2 examples/mpi/ping_pong.py [--largest BYTES] [--picture ping_pong.png]
"""

import argparse

import numpy as np
from mpi4py import MPI

from ungil import jit


@jit
def kernel(comm, buffer, turns):
    """Send `buffer` there and back `turns` times; return the seconds for one way."""
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--largest", type=int, default=1 << 22)
    parser.add_argument("--picture")
    args = parser.parse_args()
    comm = MPI.COMM_WORLD
    assert comm.size == 2, "two ranks are needed: ungil mpirun -n 2 …"
    sizes, rows = [8 << 2 * i for i in range(13) if 8 << 2 * i <= args.largest], []
    for size in sizes:
        buffer = np.full(size, comm.rank, np.uint8)
        turns = max(4, min(2000, 20_000_000 // (size + 2000)))
        # The two ways take turns, and the best of five counts, so that a disturbance meets both.
        times = [(kernel(comm, buffer, turns), kernel.py_func(comm, buffer, turns)) for _ in range(5)]
        rows.append([size, *np.min(times, axis=0)])
        assert (buffer == 0).all(), "the bytes of rank 0 came back"
    if comm.rank == 0:
        print(f"{'bytes':>10}  {'in a kernel':>12}  {'from Python':>12}  {'bandwidth':>11}")
        for size, inside, outside in rows:
            print(
                f"{size:>10}  {inside * 1e6:9.2f} us  {outside * 1e6:9.2f} us  {size / inside / 1e9:6.2f} GB/s"
            )
        if args.picture:
            draw(np.array(rows), args.picture)


def draw(rows, path):
    """Save the times by message size as a picture."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.loglog(rows[:, 0], rows[:, 2] * 1e6, "o--", color="tab:gray", label="mpi4py from Python")
    axes.loglog(rows[:, 0], rows[:, 1] * 1e6, "o-", color="tab:blue", label="inside a kernel")
    axes.set(title="Time of one message between two ranks", xlabel="message (bytes)", ylabel="time (µs)")
    axes.grid(which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
    print(f"picture: {path}")


main()
