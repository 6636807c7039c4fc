"""A kernel's first call is as good as any other: it polls signals, prints and raises while the lock is released."""

import subprocess
import sys

SCRIPT = """
import signal
import numpy as np
from ungil import jit, prange

@jit(cache=False)
def long(n):
    total = 0
    for i in prange(n):
        x = i
        for j in range(2_000_000):
            x = (x * 1103515245 + 12345) % 2147483648
        total += x % 2
    return total

@jit(cache=False)
def talkative(n):
    for i in prange(n):
        print("line", i)

print(0 <= long(200) <= 200)
talkative(3)
"""


def test_a_long_first_call_polls_and_prints(tmp_path):
    script = tmp_path / "first.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert first == "True"
    assert sorted(lines) == ["line 0", "line 1", "line 2"]
