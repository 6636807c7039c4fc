"""The programs in `examples` run, check their own results, and say so."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
OPEN_MPI = "/usr/bin/mpiexec.openmpi"
SAYS = {
    "parallel_sum": "332833500005, as expected",
    "exchange": "every message arrived",
    "heat": "bit by bit",
    "conjugate_gradients": "solved in 227 steps",
    "monte_carlo_pi": "3139954 inside on any number of ranks",
}


def run(*words):
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def mpirun(ranks, program, *words, launcher=None):
    chosen = ["--launcher", launcher] if launcher else []
    return run("-m", "ungil", "mpirun", "-n", str(ranks), *chosen, str(EXAMPLES / program), *words)


@pytest.mark.parametrize("name", SAYS)
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_mpi(name, ranks):
    assert SAYS[name] in mpirun(ranks, f"mpi/{name}.py")


@pytest.mark.parametrize("name", SAYS)
def test_open_mpi(name):
    assert SAYS[name] in mpirun(3, f"mpi/{name}.py", launcher=OPEN_MPI)


def test_ping_pong():
    assert "GB/s" in mpirun(2, "mpi/ping_pong.py", "--largest", "512")


@pytest.mark.parametrize("how", ["serial", "threads", "pool"])
def test_one_machine(how):
    out = run(str(EXAMPLES / "cluster/lyapunov.py"), how, "--size", "60", "--check")
    assert "the same numbers as on one core" in out


def test_cluster():
    out = mpirun(3, "cluster/lyapunov.py", "mpi", "--size", "61", "--check")
    assert "the same numbers as on one core" in out
