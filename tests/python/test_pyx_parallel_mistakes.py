"""Misuse of parallel loops and blocks is told when a module is compiled, on Cython's lines and in its words."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ungil import errors, pyx

HEAD = "cimport cython\nfrom cython.parallel cimport prange, parallel, threadid\n"
PARTS = re.split(
    r"^### (.*)\n", (Path(__file__).parent / "pyx" / "parallel_mistakes.txt").read_text(), flags=re.M
)
NAMES, BODIES = PARTS[1::2], PARTS[2::2]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What Cython says about each part: its lines with their messages."""
    folder = tmp_path_factory.mktemp("mistakes")
    paths = [folder / f"part{k}.pyx" for k in range(len(BODIES))]
    for path, body in zip(paths, BODIES, strict=True):
        path.write_text(HEAD + body)
    command = [sys.executable, "-m", "cython", "-3", *map(str, paths)]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    found = {k: {} for k in range(len(BODIES))}
    for k, line, message in re.findall(r"^\S*?part(\d+)\.pyx:(\d+):\d+: (.*)$", said, re.M):
        found[int(k)].setdefault(int(line), []).append(message)
    return found


@pytest.mark.parametrize("k", range(len(NAMES)), ids=NAMES)
def test_mistakes_are_those_that_cython_tells(expected, k):
    found = {}
    try:
        pyx.compile(HEAD + BODIES[k])
    except errors.CompileError as error:
        for d in error.diagnostics:
            found.setdefault(d.line, []).append(d.title)
    assert set(found) == set(expected[k]), (found, expected[k])


def test_messages_have_a_caret_and_advice():
    text = "def f(int n):\n    cdef int i\n    for i in prange(n, nogil=True, chunksize=3):\n        pass\n"
    with pytest.raises(errors.CompileError) as caught:
        pyx.compile(HEAD + text)
    assert "error[U0810]: Must provide schedule with chunksize" in str(caught.value)
    assert "^" in str(caught.value) and 'help: add `schedule="static"`' in str(caught.value)
