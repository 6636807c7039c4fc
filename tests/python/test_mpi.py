"""MPI inside kernels: the programs of ``mpi/`` on one to four ranks, with MPICH and with Open MPI.

The programs compare kernels with the same functions on mpi4py. A missing MPI is a failure: pip installs ``mpi4py`` and
``mpich``, Open MPI is the system's (``apt-get install openmpi-bin``).
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import ungil

PROGRAMS = Path(__file__).parent / "mpi"


def launcher(library):
    """The command that starts ranks, and what the environment must say."""
    if library == "mpich":
        own = Path(sysconfig.get_path("scripts")) / "mpiexec"
        assert own.exists(), "pip install mpich"
        return [str(own)], {}
    found = shutil.which("mpiexec.openmpi")
    assert found, "apt-get install openmpi-bin"
    options = ["--oversubscribe", "--allow-run-as-root", "--mca", "btl_vader_single_copy_mechanism", "none"]
    return [found, *options], {"MPI4PY_MPIABI": "openmpi", "OMPI_MCA_mpi_yield_when_idle": "1"}


def run(library, ranks, program):
    """What a program has printed."""
    command, extra = launcher(library)
    package = str(Path(ungil.__file__).parent.parent)
    path = os.pathsep.join([package, str(PROGRAMS), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, **extra, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "UNGIL_NUM_THREADS": "1"}
    command = [*command, "-n", str(ranks), sys.executable, str(PROGRAMS / program)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
@pytest.mark.parametrize("library", ["mpich", "openmpi"])
def test_kernels_communicate_as_mpi4py_does(library, ranks):
    lines = run(library, ranks, "everything.py").strip().splitlines()
    passed = [line for line in lines if line.startswith("all ")]
    assert len(passed) == 1, "\n".join(lines)
    vendor = "MPICH" if library == "mpich" else "Open MPI"
    assert passed[0].endswith(f"checks passed on {ranks} ranks of {vendor}"), passed[0]


@pytest.mark.parametrize("library", ["mpich", "openmpi"])
def test_parallel_loops_respect_the_level_of_threads(library):
    assert "all 1 checks passed" in run(library, 2, "levels.py")
