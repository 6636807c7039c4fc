"""Compiles a `.pyx` file with Cython and gcc into a folder, once for each state of its text."""

import hashlib
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

# The same rules of floating point as NumPy and ungil: no contraction, so that results can be compared bit for bit.
FLAGS = ["-O3", "-march=native", "-ffp-contract=off", "-fopenmp", "-shared", "-fPIC", "-fwrapv"]


def build(source: Path, folder: Path) -> float:
    """Builds the module into `folder` and returns the seconds it took when it was built (not now, if up to date)."""
    import numpy

    folder.mkdir(parents=True, exist_ok=True)
    module = folder / (source.stem + sysconfig.get_config_var("EXT_SUFFIX"))
    stamp = folder / (source.stem + ".built")
    state = hashlib.sha256(source.read_bytes() + repr(FLAGS).encode()).hexdigest()
    if module.exists() and stamp.exists():
        known, seconds = stamp.read_text().split()
        if known == state:
            return float(seconds)
    begin = time.perf_counter()
    c_file = folder / (source.stem + ".c")
    include = ["-I" + sysconfig.get_path("include"), "-I" + numpy.get_include()]
    subprocess.run([sys.executable, "-m", "cython", "-3", str(source), "-o", str(c_file)], check=True)
    subprocess.run(["gcc", *FLAGS, *include, str(c_file), "-o", str(module), "-lm"], check=True)
    seconds = time.perf_counter() - begin
    stamp.write_text(f"{state} {seconds}")
    return seconds
