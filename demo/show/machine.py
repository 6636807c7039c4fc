"""The machine and the versions that the numbers belong to."""

import importlib.metadata
import os
import platform
from pathlib import Path


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.split(":", 1)[1].split())
    return platform.machine()


def memory() -> str:
    kilobytes = int(Path("/proc/meminfo").read_text().split(maxsplit=2)[1])
    return f"{kilobytes / 2**20:.0f} GiB"


def system() -> str:
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.split("=", 1)[1].strip('"')
    return platform.platform()


def describe() -> dict[str, str]:
    """Facts in the order in which they are shown."""
    facts = {
        "Processor": processor(),
        "Threads": str(len(os.sched_getaffinity(0))),
        "Memory": memory(),
        "System": f"{system()}, Linux {platform.release()}",
        "Python": platform.python_version(),
    }
    for package in ("ungil", "numpy", "numba", "cython", "scikit-image", "scikit-learn"):
        try:
            facts[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            facts[package] = "not installed"
    return facts
