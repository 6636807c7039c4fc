"""What every rank of ``ungil mpirun`` runs: threads shared out, then the program under mpi4py's runner.

This file is run by its path and imports nothing of ungil, so that the number of threads is settled first.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
# Ranks on this machine and in the job, as the process managers of MPICH, Open MPI and Slurm tell them.
ON_THIS_MACHINE = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", "PALS_LOCAL_SIZE")
IN_THE_JOB = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE")
# Seconds for Python to answer Ctrl-C before the rank is ended.
PATIENCE = 1.5
RANK = ("PMI_RANK", "OMPI_COMM_WORLD_RANK")


def number(names: tuple[str, ...]) -> int:
    """Return the number in the first of these variables that holds one, else 0."""
    return next((int(os.environ[n]) for n in names if os.environ.get(n, "").isdecimal()), 0)


def share_out_threads() -> None:
    """Give each rank its share of the machine's cores, unless its user or a bound rank's affinity already did."""
    ranks = number(ON_THIS_MACHINE)
    if ranks < 2 or "UNGIL_NUM_THREADS" in os.environ or "OMP_NUM_THREADS" in os.environ:
        return
    own, all_cores = len(os.sched_getaffinity(0)), os.cpu_count() or 1
    # A launcher that binds its ranks has shared the cores out already.
    share = own if own < all_cores else max(1, own // ranks)
    os.environ["UNGIL_NUM_THREADS"] = str(share)


def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print a traceback that begins in the program and names the rank; the hook for exceptions nobody catches."""
    hidden = (__file__, os.path.join("mpi4py", "run.py"), "<frozen runpy>")
    first = trace
    while first is not None and first.tb_frame.f_code.co_filename.endswith(hidden):
        first = first.tb_next
    print(f"rank {number_of_rank()} of {number(IN_THE_JOB)} ended the job:", file=sys.stderr)
    sys.__excepthook__(kind, error.with_traceback(first or trace), first or trace)
    sys.stderr.flush()


def end_on_ctrl_c() -> None:
    """End the rank when Ctrl-C is not answered: MPI calls that wait for ever let Python's handler wait as long.

    Launchers pass Ctrl-C on and leave it to the ranks, so that all would wait on. A thread is told of the signal at once; handlers
    of the program's own are left alone.
    """
    # Not earlier: see `main`.
    import signal
    import socket
    import threading

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    answered = threading.Event()

    def handler(number: int, frame: object) -> None:
        answered.set()
        raise KeyboardInterrupt

    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.signal(signal.SIGINT, handler)
    # Open for ever.
    signal.set_wakeup_fd(theirs.detach(), warn_on_full_buffer=False)
    # Signals to children that a fork makes are not for this process.
    os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))

    def watch() -> None:
        while number := ours.recv(1):
            if number[0] != signal.SIGINT or signal.getsignal(signal.SIGINT) is not handler:
                continue
            if not answered.wait(PATIENCE):
                print(
                    f"rank {number_of_rank()} was interrupted in a call that waits",
                    file=sys.stderr,
                    flush=True,
                )
                os._exit(128 + signal.SIGINT)

    threading.Thread(target=watch, name="ungil-interrupts", daemon=True).start()


def number_of_rank() -> int:
    """Return the number of this rank, as the launcher tells it."""
    return number(RANK)


def lonely() -> str | None:
    """Return an explanation when the launcher started several ranks but the MPI library knows of one."""
    module = sys.modules.get("mpi4py.MPI")
    started = number(IN_THE_JOB)
    if module is None or started < 2 or not module.Is_initialized() or module.Is_finalized():
        return None
    if module.COMM_WORLD.size != 1:
        return None
    library = module.Get_library_version().split("\n")[0].strip(" \0")
    return (
        f"ungil mpirun: the launcher started {started} ranks, but the MPI library that mpi4py loaded ({library}) sees "
        "one: they belong to different MPI installations. Name the right launcher with --launcher, or the library "
        "with MPI4PY_LIBMPI."
    )


def main() -> None:
    """Run the program whose name and arguments stand in ``sys.argv``."""
    # Python put the folder of this file first, whose `types.py` is not the standard library's.
    sys.path[0] = ""
    share_out_threads()
    sys.excepthook = report
    end_on_ctrl_c()
    from mpi4py import run

    sys.argv[0] = run.__file__ or sys.argv[0]
    try:
        run.main()
    finally:
        why = lonely()
        if why:
            print(why, file=sys.stderr, flush=True)
            os._exit(1)


if __name__ == "__main__":
    main()
