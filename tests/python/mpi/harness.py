"""What the programs share: a check runs a function in Python, on mpi4py, and as a kernel, and compares."""

import traceback

import numpy as np
from mpi4py import MPI

from ungil import jit

comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
failures = []


def _copy(x):
    if isinstance(x, np.ndarray):
        whole = x
        while isinstance(whole.base, np.ndarray):
            whole = whole.base
        memory = whole.copy(order="K")
        offset = x.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
        flat = memory.reshape(-1, order="A").view(np.uint8) if memory.size else memory
        if memory.size == 0:
            return x.copy()
        copy = np.ndarray(x.shape, x.dtype, flat.data, offset, x.strides)
        copy.flags.writeable = x.flags.writeable
        return copy
    if isinstance(x, (list, tuple)):
        return type(x)(_copy(item) for item in x)
    return x


def same(a, b):
    """Whether two results are alike, types and dtypes included."""
    if isinstance(a, np.ndarray):
        return (
            isinstance(b, np.ndarray)
            and a.dtype == b.dtype
            and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
        )
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or a != a)


def check(func, *args):
    """Compares a function with its kernel, and what they have done to their arguments."""
    kernel = jit(func)
    theirs, ours = _copy(args), _copy(args)
    expected = func(*theirs)
    comm.Barrier()
    found = kernel(*ours)
    comm.Barrier()
    if not same(expected, found):
        failures.append(f"rank {rank} of {size}: {func.__name__}: expected {expected!r}, found {found!r}")
    if not same(theirs, ours):
        failures.append(
            f"rank {rank} of {size}: {func.__name__}: arguments: expected {theirs!r}, found {ours!r}"
        )


def raises(func, *args, match=""):
    """Runs a kernel that must fail; the exception."""
    try:
        jit(func)(*args)
    except Exception as error:
        if match not in str(error):
            failures.append(f"rank {rank} of {size}: {func.__name__}: {error!r} does not say {match!r}")
        return error
    failures.append(f"rank {rank} of {size}: {func.__name__} did not fail")
    return None


def refused(func, *args):
    """Runs a kernel whose argument C's `int` does not hold: OverflowError, as on mpi4py."""
    error = raises(func, *args, match="is too large for C's int")
    expect(isinstance(error, OverflowError), f"{func.__name__}{args[-1:]}: {error!r}")
    try:
        func(*args)
    except OverflowError:
        return
    expect(False, f"{func.__name__}: mpi4py takes {args[-1:]}")


def expect(condition, text):
    """Notes a failure unless the condition holds."""
    if not condition:
        failures.append(f"rank {rank} of {size}: {text}")


def main(checks):
    """Runs checks in order on all ranks; a rank that is in trouble ends the job."""
    for one in checks:
        try:
            one()
        except BaseException:
            print(f"rank {rank} of {size}: {one.__name__}", traceback.format_exc(), flush=True)
            comm.Abort(1)
    every = comm.gather(failures)
    if rank == 0:
        found = [text for own in every for text in own]
        vendor = MPI.get_vendor()[0]
        print("\n".join(found) or f"all {len(checks)} checks passed on {size} ranks of {vendor}", flush=True)
