"""What a C compiler made is kept between runs, and made anew where anything that it was made of has changed."""

import os
import shutil
import subprocess
import sys

import pytest

CODE = """
import sys
from ungil import pyx
from ungil.pyx import _shim
made = []
run = _shim.Shim._run
_shim.Shim._run = lambda self, line: made.append(line) or run(self, line)
print(pyx.compile(sys.argv[1]).f(5), len(made))
"""


@pytest.mark.skipif(not (shutil.which("cc") or shutil.which("gcc")), reason="needs a C compiler")
def test_libraries_are_kept(tmp_path):
    module, header, helper = (tmp_path / name for name in ("m.pyx", "h.h", "helper.c"))
    module.write_text(
        '# distutils: sources = helper.c\ncdef extern from "h.h":\n    int scaled(int)\n    int moved(int)\n'
        "def f(int x):\n    return scaled(x) + moved(x)\n"
    )

    def run():
        env = dict(os.environ, UNGIL_CACHE_DIR=str(tmp_path / "cache"))
        command = [sys.executable, "-c", CODE, str(module)]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.split()

    def write(factor, offset):
        header.write_text(f"int moved(int);\nstatic inline int scaled(int x) {{ return x * {factor}; }}\n")
        helper.write_text(f'#include "h.h"\nint moved(int x) {{ return x + {offset}; }}\n')

    write(2, 100)
    assert run() == ["115", "2"] and run() == ["115", "0"]
    write(3, 100)
    assert run() == ["120", "2"] and run() == ["120", "0"]
    write(3, 200)
    assert run() == ["220", "2"]
    # A library that somebody took away is no reason to fail.
    for path in (tmp_path / "cache" / "shims").glob("*.so"):
        path.unlink()
    assert run() == ["220", "2"]
