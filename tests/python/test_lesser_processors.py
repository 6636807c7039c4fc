"""Code for processors with less than this one has: the same bits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SUMS = ["test_in_order.py", "test_row_lanes.py::test_steps_and_bounds"]
# What the library computes, whose kernels are compiled for each set of instructions.
LIBRARY = ["test_matmul.py", "test_positions.py", "test_tables.py"]
CASES = [
    ("-avx512f", ["test_lanes.py", *SUMS, *LIBRARY]),
    ("-avx2,-fma", [*SUMS, *LIBRARY]),
    ("-avx", SUMS),
]


@pytest.mark.parametrize(("missing", "chosen"), CASES, ids=[missing for missing, _ in CASES])
def test_kernels_without(missing, chosen, tmp_path):
    env = {**os.environ, "UNGIL_CPU_FEATURES": missing, "UNGIL_CACHE_DIR": str(tmp_path)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        *(str(HERE / c) for c in chosen),
    ]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def digests(missing, directory, *options):
    env = {**os.environ, "UNGIL_CACHE_DIR": str(directory)}
    if missing:
        env["UNGIL_CPU_FEATURES"] = missing
    command = [sys.executable, str(HERE / "maths_digest.py"), *options]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


@pytest.mark.parametrize("options", [(), ("fastmath",)], ids=["strict", "fastmath"])
def test_maths_functions_have_the_same_bits(options, tmp_path):
    here = digests("", tmp_path, *options)
    assert len(here) >= 50
    for missing in ("-avx512f", "-avx2,-fma"):
        assert digests(missing, tmp_path, *options) == here, missing


def test_features_are_left_out():
    env = {**os.environ, "UNGIL_CPU_FEATURES": "-avx512f"}
    command = [sys.executable, "-m", "ungil", "doctor"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    features = next(line for line in done.stdout.splitlines() if line.startswith("features"))
    assert "avx512" not in features, done.stdout + done.stderr
