"""All mistakes of a module are told at once, on Cython's lines, before a function of it is called."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ungil import errors, pyx

PARTS = re.split(r"^### (.*)\n", (Path(__file__).parent / "pyx" / "mistakes.txt").read_text(), flags=re.M)
NAMES, BODIES = PARTS[1::2], PARTS[2::2]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What Cython says about each part: its lines with their messages."""
    folder = tmp_path_factory.mktemp("mistakes")
    paths = [folder / f"part{k}.pyx" for k in range(len(BODIES))]
    for path, body in zip(paths, BODIES, strict=True):
        path.write_text(body)
    command = [sys.executable, "-m", "cython", "-3", *map(str, paths)]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    found = {k: {} for k in range(len(BODIES))}
    for k, line, message in re.findall(r"^(?!warning)\S*?part(\d+)\.pyx:(\d+):\d+: (.*)$", said, re.M):
        # Where a name was declared first belongs to the message about the second time.
        if message != "Previous declaration is here":
            found[int(k)].setdefault(int(line), []).append(message)
    return found


@pytest.mark.parametrize("k", range(len(NAMES)), ids=NAMES)
def test_mistakes_are_those_that_cython_tells(expected, k):
    found = {}
    try:
        pyx.compile(BODIES[k])
    except errors.CompileError as error:
        for d in error.diagnostics:
            found.setdefault(d.line, []).append(d.title)
    wrong = {line: (found.get(line), expected[k].get(line)) for line in found.keys() ^ expected[k].keys()}
    assert not wrong


def test_messages_have_a_caret_and_advice():
    with pytest.raises(errors.CompileError) as caught:
        pyx.compile("def f(int n):\n    n = None\n    return nothing\ncdef int g(double d):\n    return d\n")
    text = str(caught.value)
    for said in (
        "error[U0801]: Cannot assign None to int",
        "error[U0201]: undeclared name not builtin: nothing",
        "error[U0811]: Cannot assign type 'double' to 'int'",
        "help: write a cast, `<int>…`, or declare the variable otherwise",
    ):
        assert said in text, text
    assert text.count("^") >= 3


def test_mistakes_that_stop_cython_are_told_with_all_others():
    """Cython stops at the first of these kinds, and tells the others once that is mended."""
    text = """# cython: boundscheks=False
cimport cython
from libc.nothing cimport nothing
@cython.wraparond(False)
def f(int n):
    n = None
    break
def g(q):
    return undefined
"""
    with pytest.raises(errors.CompileError) as caught:
        pyx.compile(text)
    assert {d.line for d in caught.value.diagnostics} == {1, 3, 4, 6, 7, 9}
    assert "did you mean `boundscheck`?" in str(caught.value)


def test_the_command_and_the_report_tell_all(tmp_path):
    path = tmp_path / "broken.pyx"
    path.write_text(BODIES[0])
    for arguments in (["-m", "ungil.pyx", str(path)], ["-m", "ungil.pyx", "-a", str(path)]):
        said = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
        lines = {int(n) for n in re.findall(r"broken\.pyx:(\d+)", said.stdout + said.stderr)}
        assert {3, 8, 12, 14, 15, 16, 18} <= lines, said.stderr
        assert said.returncode != 0
