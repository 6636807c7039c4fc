"""The memory that one call needs beyond its arguments, measured in a process of its own.

Run as `python memory.py SCRIPT TOOL`: prints the bytes by which the peak of the resident set grew during the second call;
the first one has compiled and loaded whatever is needed. Source: `proc_pid_clear_refs(5)`.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def of_call(script: str, tool: str) -> int:
    """The bytes that a formula needs under a tool, in a new process."""
    command = [sys.executable, str(Path(__file__)), script, tool]
    # Memory that is kept for the next call would not be counted.
    environment = {**os.environ, "UNGIL_BLOCK_CACHE": "0", "UNGIL_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return int(done.stdout)


def peak() -> int:
    """The highest resident set since the last reset, in bytes."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) * 1024


def main() -> None:
    sys.path[:0] = [str(HERE.parent)]
    from show import formulas

    script, tool = sys.argv[1:]
    formula = next(f for f in formulas.FORMULAS if f.script == script)
    arguments = formula.module.load()
    call = formula.tools()[tool]
    few = formula.module.load(100)
    call(*few)
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    result = call(*arguments)
    print(peak() - before)
    del result


if __name__ == "__main__":
    main()
