"""``ungil mpirun``: command lines, launchers of both families, exceptions, threads."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ungil import mpirun

OPEN_MPI = "/usr/bin/mpiexec.openmpi"


def start(*words, ranks=2, launcher=None, timeout=60, **variables):
    """Runs a program under the launcher; its exit status, output and errors."""
    chosen = ["--launcher", launcher] if launcher else []
    line = [sys.executable, "-m", "ungil", "mpirun", "-n", str(ranks), *chosen, *words]
    # Unbuffered, the lines of ranks would mix.
    unwanted = ("UNGIL_NUM_THREADS", "OMP_NUM_THREADS", "PYTHONUNBUFFERED")
    environment = {k: v for k, v in os.environ.items() if k not in unwanted}
    done = subprocess.run(
        line, capture_output=True, text=True, timeout=timeout, env={**environment, **variables}, check=False
    )
    return done.returncode, done.stdout, done.stderr


def alive(pid):
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def lines(out, start):
    """Lines that begin with a word; MPI libraries may print of their own, for example where there is no /sys."""
    return [line for line in out.splitlines() if line.startswith(start)]


@pytest.fixture(params=["mpich", "openmpi"])
def launcher(request):
    """The launcher of the pip package ``mpich`` and that of the Debian package ``openmpi-bin``."""
    if request.param == "mpich":
        return None
    assert shutil.which(OPEN_MPI), "Open MPI is missing: ./dev test installs openmpi-bin"
    return OPEN_MPI


class TestCommandLines:
    def test_words_in_front_are_options_and_behind_are_arguments(self):
        request = mpirun.parse(
            ["-np", "3", "--threads", "2", "--host", "a,b", "-m", "pack.module", "-n", "7"]
        )
        assert (request.ranks, request.threads) == (3, 2)
        assert request.options == ["--host", "a,b"]
        assert request.program == ["-m", "pack.module", "-n", "7"]

    def test_a_program_without_the_usual_ending(self):
        assert mpirun.parse(["-n", "2", "--", "program", "x.py"]).program == ["program", "x.py"]

    @pytest.mark.parametrize(
        ("words", "text"),
        [
            (["-n", "0", "a.py"], "-n takes a positive number, found 0"),
            (["-n"], "-n takes a positive number, found nothing"),
            (["--threads", "two", "a.py"], "--threads takes a positive number, found two"),
            (["-n", "2"], "the program is missing"),
            (["-n", "2", "-m"], "the program is missing"),
            (["--launcher"], "--launcher takes a path"),
        ],
    )
    def test_mistakes(self, words, text):
        with pytest.raises(mpirun.Mistake, match=text):
            mpirun.parse(words)

    def test_what_does_not_exist(self, capsys):
        assert mpirun.run(["-n", "2", "no_such_file.py"]) == 2
        assert "no file `no_such_file.py`" in capsys.readouterr().err
        assert mpirun.run(["-n", "2", "--launcher", "no-such-launcher", __file__]) == 2
        assert "no program `no-such-launcher`" in capsys.readouterr().err

    def test_help(self, capsys):
        assert mpirun.run(["--help"]) == 0
        assert "usage: ungil mpirun" in capsys.readouterr().out

    def test_dry_runs_show_the_command(self):
        status, out, _ = start("--dry-run", "--threads", "3", __file__, "an argument", ranks=5)
        assert status == 0
        assert "UNGIL_NUM_THREADS=3" in out and "-n 5" in out and out.rstrip().endswith("'an argument'")


class TestJobs:
    def test_ranks_see_each_other_and_share_threads(self, launcher):
        program = (
            "import ungil, sys; from mpi4py import MPI; c = MPI.COMM_WORLD; "
            "all = c.gather((c.rank, ungil.get_num_threads(), sys.argv[1:])); "
            "print('told', all) if c.rank == 0 else None"
        )
        status, out, err = start("-c", program, "x", "-n", ranks=3, launcher=launcher)
        assert status == 0, err
        # Open MPI binds a rank to a core where it has enough of them; then the rank keeps what it is bound to.
        share = max(1, len(os.sched_getaffinity(0)) // 3)
        [line] = lines(out, "told ")
        told = eval(line.removeprefix("told "))
        assert [t[0] for t in told] == [0, 1, 2] and all(t[2] == ["x", "-n"] for t in told)
        assert all(1 <= t[1] <= max(share, 1) for t in told)

    def test_threads_are_as_asked_for(self, launcher):
        program = "import ungil; from mpi4py import MPI; print('threads', ungil.get_num_threads())"
        status, out, err = start("--threads", "3", "-c", program, launcher=launcher)
        assert status == 0, err
        assert lines(out, "threads") == ["threads 3"] * 2

    def test_an_exception_ends_the_job(self, launcher, tmp_path):
        script = tmp_path / "failing.py"
        script.write_text(
            "from mpi4py import MPI\n"
            "c = MPI.COMM_WORLD\n"
            "if c.rank == 1:\n"
            "    raise ValueError('on one rank only')\n"
            "c.Barrier()\n"
        )
        status, _, err = start(str(script), ranks=3, launcher=launcher)
        assert status != 0
        assert "rank 1 of 3 ended the job:" in err
        assert "ValueError: on one rank only" in err and f'File "{script}", line 4' in err
        assert "_mpi_rank.py" not in err

    def test_an_exit_status_ends_the_job(self, launcher):
        program = (
            "import sys; from mpi4py import MPI; c = MPI.COMM_WORLD; sys.exit(5) if c.rank else c.Barrier()"
        )
        status, _, _ = start("-c", program, launcher=launcher)
        assert status == 5

    def test_modules_are_run(self, tmp_path):
        (tmp_path / "greeting.py").write_text("from mpi4py import MPI\nprint('hello', MPI.COMM_WORLD.size)\n")
        path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
        status, out, err = start("-m", "greeting", PYTHONPATH=path)
        assert status == 0, err
        assert lines(out, "hello") == ["hello 2"] * 2

    @pytest.mark.parametrize("to", ["everyone", "launcher"])
    def test_ctrl_c_ends_ranks_that_wait_for_ever(self, launcher, tmp_path, to):
        script = tmp_path / "waiting.py"
        script.write_text(
            "import os\n"
            "import numpy as np\n"
            "from mpi4py import MPI\n"
            "from ungil import jit\n"
            "comm = MPI.COMM_WORLD\n"
            "@jit\n"
            "def wait(x, go):\n"
            "    if go:\n"
            "        comm.Recv(x, source=MPI.ANY_SOURCE, tag=99)\n"
            "x = np.empty(1)\n"
            "wait(x, False)\n"
            "open(f'{__file__}.{os.getpid()}', 'w').close()\n"
            "wait(x, True)\n"
        )
        chosen = ["--launcher", launcher] if launcher else []
        line = [sys.executable, "-m", "ungil", "mpirun", "-n", "3", *chosen, str(script)]
        # As a terminal does: the job is a process group of its own, which gets the signal.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        job = subprocess.Popen(line, start_new_session=True, **quiet)
        try:
            while len(ranks := [int(file.suffix[1:]) for file in tmp_path.glob("waiting.py.*")]) < 3:
                assert job.poll() is None, "the job has ended"
                time.sleep(0.05)
            # Into the call that waits.
            time.sleep(0.5)
            (os.killpg if to == "everyone" else os.kill)(job.pid, signal.SIGINT)
            assert job.wait(timeout=20) != 0
            deadline = time.monotonic() + 10
            while (left := [pid for pid in ranks if alive(pid)]) and time.monotonic() < deadline:
                time.sleep(0.1)
            assert not left, f"ranks {left} were left behind"
        finally:
            if job.poll() is None:
                os.killpg(job.pid, signal.SIGKILL)

    def test_a_library_of_another_launcher_is_reported(self):
        program = "from mpi4py import MPI; print(MPI.COMM_WORLD.size)"
        status, _, err = start("-c", program, MPI4PY_MPIABI="openmpi")
        assert status == 1
        assert "started 2 ranks" in err and "sees one" in err and "--launcher" in err
