"""Calls of MPI in parallel loops where MPI was initialised for fewer threads."""

import os

import mpi4py
import numpy as np

mpi4py.rc.thread_level = "serialized"
# A loop that one thread runs may call MPI.
os.environ["UNGIL_NUM_THREADS"] = "2"

from harness import expect, main, raises  # noqa: E402
from mpi4py import MPI  # noqa: E402

from ungil import jit, prange  # noqa: E402
from ungil.errors import ParallelError  # noqa: E402

comm = MPI.COMM_WORLD


@jit
def look():
    return comm.Iprobe()


def levels():
    def inside(x):
        for i in prange(x.size):
            comm.Iprobe()

    def called(x):
        n = 0
        for i in prange(x.size):
            if look():
                n += 1
        return n

    def outside(x):
        for i in prange(x.size):
            x[i] = i
        return comm.Iprobe(), x.sum()

    expect(MPI.Query_thread() < MPI.THREAD_MULTIPLE, "this MPI allows any thread to call it")
    error = raises(inside, np.zeros(4), match="U0318")
    expect(isinstance(error, ParallelError), f"{error!r}")
    error = raises(called, np.zeros(4), match="not initialised with THREAD_MULTIPLE")
    expect(isinstance(error, RuntimeError), f"{error!r}")
    expect(jit(outside)(np.zeros(4)) == (False, 6.0), "MPI outside of the loop")


if __name__ == "__main__":
    main([levels])
