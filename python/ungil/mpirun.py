"""``ungil mpirun``: start a program on several MPI ranks.

The launcher is the one that belongs to the MPI library of this Python: the ``mpiexec`` beside the interpreter (which
``pip install "ungil[mpi]"`` brings), else the one on the path. Every rank runs the program through mpi4py's own
runner, so that an exception which nobody catches ends the whole job with its traceback instead of leaving the other
ranks waiting; threads are shared out among the ranks of a machine.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

USAGE = """\
usage: ungil mpirun [-n N] [OPTION…] PROGRAM [ARGUMENT…]

  -n N             ranks; as many as there are processor cores by default
  --threads N      threads of each rank; by default the ranks of a machine share its cores
  --launcher PATH  the mpiexec to use, by default $UNGIL_MPIEXEC, the one beside this Python or the one on the path
  --dry-run        print the command instead of running it

PROGRAM is FILE.py, -m MODULE or -c CODE. Other options in front of it go to mpiexec as they are (--hostfile, …);
`--` says that the program follows.
"""


class Mistake(Exception):
    """What is wrong with a command line or an installation, as a text for its user."""


@dataclass
class Request:
    """A command line that has been read.

    Attributes
    ----------
    ranks : int or None
        Number of ranks.
    threads : int or None
        Threads of each rank.
    launcher : str or None
        Path or name of the launcher.
    dry_run : bool
        Whether the command is only printed.
    options : list of str
        Words for the launcher.
    program : list of str
        The program and its arguments.
    """

    ranks: int | None = None
    threads: int | None = None
    launcher: str | None = None
    dry_run: bool = False
    options: list[str] = field(default_factory=list)
    program: list[str] = field(default_factory=list)


def parse(words: list[str]) -> Request:
    """Read the words behind ``ungil mpirun``.

    Parameters
    ----------
    words : list of str
        The words.

    Returns
    -------
    Request
        What they ask for.

    Raises
    ------
    Mistake
        When a number or the program is missing.

    Examples
    --------
    >>> request = parse(["-n", "4", "--hostfile", "hosts", "heat.py", "-n", "100"])
    >>> request.ranks, request.options, request.program
    (4, ['--hostfile', 'hosts'], ['heat.py', '-n', '100'])
    """
    request = Request()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            request.program = rest
            break
        if word in ("-m", "-c") or (word.endswith(".py") and not word.startswith("-")):
            request.program = [word, *rest]
            break
        if word in ("-n", "-np", "--n", "--np"):
            request.ranks = _count(word, rest)
        elif word == "--threads":
            request.threads = _count(word, rest)
        elif word == "--launcher":
            if not rest:
                raise Mistake("--launcher takes a path")
            request.launcher = rest.pop(0)
        elif word == "--dry-run":
            request.dry_run = True
        else:
            request.options.append(word)
    if not request.program or request.program in (["-m"], ["-c"]):
        raise Mistake("the program is missing: FILE.py, -m MODULE or -c CODE")
    return request


def _count(option: str, rest: list[str]) -> int:
    word = rest.pop(0) if rest else "nothing"
    if not (word.isdecimal() and int(word) > 0):
        raise Mistake(f"{option} takes a positive number, found {word}")
    return int(word)


def find_launcher(asked: str | None, environment: Mapping[str, str]) -> str:
    """Find the program that starts ranks.

    Parameters
    ----------
    asked : str or None
        Path or name from the command line.
    environment : mapping
        The environment variables; ``UNGIL_MPIEXEC`` and ``PATH`` count.

    Returns
    -------
    str
        Its path.

    Raises
    ------
    Mistake
        When there is none.
    """
    path = environment.get("PATH", os.defpath)
    asked = asked or environment.get("UNGIL_MPIEXEC")
    if asked:
        found = shutil.which(asked, path=path)
        if found is None:
            raise Mistake(f"no program `{asked}`")
        return found
    beside = str(Path(sys.executable).parent)
    for folder in (beside, path):
        for name in ("mpiexec", "mpirun"):
            found = shutil.which(name, path=folder)
            if found is not None:
                return found
    raise Mistake('no mpiexec beside this Python or on the path: pip install "ungil[mpi]" brings one')


def vendor(launcher: str) -> str:
    """Tell which MPI a launcher belongs to, by what it says of its version.

    Parameters
    ----------
    launcher : str
        Its path.

    Returns
    -------
    str
        ``"mpich"``, ``"openmpi"`` or ``"other"``.
    """
    said = subprocess.run([launcher, "--version"], capture_output=True, text=True, timeout=60, check=False)
    text = said.stdout + said.stderr
    if re.search(r"open ?mpi|open-mpi|prrte", text, re.IGNORECASE):
        return "openmpi"
    return "mpich" if re.search(r"hydra|mpich|intel\(r\) mpi", text, re.IGNORECASE) else "other"


def library_of(launcher: str, of: str) -> str | None:
    """Find the MPI library that was installed with a launcher.

    Parameters
    ----------
    launcher : str
        Path of the launcher.
    of : str
        What :func:`vendor` said of it.

    Returns
    -------
    str or None
        Its path; None when it is not where installations put it.
    """
    # The version numbers are those of the two families' binary interfaces.
    names = {"mpich": ["libmpi.so.12"], "openmpi": ["libmpi.so.40"]}.get(of, [])
    for program in (Path(launcher), Path(launcher).resolve()):
        for folder in ("lib", "lib64", f"lib/{sysconfig.get_config_var('MULTIARCH')}"):
            for name in names:
                file = program.parent.parent / folder / name
                if file.exists():
                    return str(file)
    return None


def command(request: Request, launcher: str, of: str, cores: int) -> tuple[list[str], dict[str, str]]:
    """Make the command line of the launcher and the variables to set for it.

    Parameters
    ----------
    request : Request
        What is asked for.
    launcher : str
        Path of the launcher.
    of : str
        What :func:`vendor` said of it.
    cores : int
        Cores of this machine.

    Returns
    -------
    tuple
        The words, and the environment variables by name.
    """
    ranks = request.ranks or cores
    words = [launcher, *request.options, "-n", str(ranks), sys.executable]
    # The file itself is run, not `-m`: importing ungil would settle the number of threads before the rank can.
    words += [str(Path(__file__).with_name("_mpi_rank.py")), *request.program]
    variables = {}
    library = library_of(launcher, of)
    if library is not None and "MPI4PY_MPIABI" not in os.environ:
        # mpi4py's wheels load whichever library they find first, which need not be the launcher's.
        variables["MPI4PY_LIBMPI"] = library
    if request.threads is not None:
        variables["UNGIL_NUM_THREADS"] = str(request.threads)
    if of == "openmpi":
        # More ranks than cores are a matter of course while a program is being written; Open MPI refuses them and
        # the superuser unless told otherwise (names of version 4 and of version 5).
        variables["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
        variables["PRTE_MCA_rmaps_default_mapping_policy"] = ":oversubscribe"
        if os.geteuid() == 0:
            variables["OMPI_ALLOW_RUN_AS_ROOT"] = variables["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    return words, variables


def run(words: list[str]) -> int:
    """Run ``ungil mpirun`` with the words behind it.

    Parameters
    ----------
    words : list of str
        Options, program and arguments.

    Returns
    -------
    int
        The exit status, when there was nothing to start; else the launcher takes this process's place.
    """
    if not words or words[0] in ("-h", "--help"):
        print(USAGE, end="")
        return 0 if words else 2
    try:
        request = parse(words)
        if find_spec("mpi4py") is None:
            raise Mistake('mpi4py is not installed: pip install "ungil[mpi]" brings it and an MPI library')
        program = request.program[0]
        if program.endswith(".py") and not Path(program).exists():
            raise Mistake(f"no file `{program}`")
        launcher = find_launcher(request.launcher, os.environ)
        from ungil import _ungil

        line, variables = command(request, launcher, vendor(launcher), _ungil.max_threads())
    except Mistake as why:
        print(f"ungil mpirun: {why}", file=sys.stderr)
        return 2
    variables = {
        name: value
        for name, value in variables.items()
        if name not in os.environ or name == "UNGIL_NUM_THREADS"
    }
    if request.dry_run:
        print(" ".join([*(f"{n}={shlex.quote(v)}" for n, v in variables.items()), shlex.join(line)]))
        return 0
    # The launcher takes this process's place, so that Ctrl-C and other signals reach it and nothing stands between.
    os.execve(line[0], line, {**os.environ, **variables})
