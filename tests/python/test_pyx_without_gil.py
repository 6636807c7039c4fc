"""Python operations without the lock: all of a module's are told at once, on Cython's lines and in its words."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ungil import errors, pyx

PARTS = re.split(r"^### (.*)\n", (Path(__file__).parent / "pyx" / "without_gil.txt").read_text(), flags=re.M)
NAMES, BODIES = PARTS[1::2], PARTS[2::2]
SOURCE = """
import numpy as np
import os
from cython.parallel cimport prange, parallel
from libc.math cimport sqrt
cdef int plain(int x):
    return x
cdef int fast(int x) noexcept nogil:
    return x
def pyf(x):
    return x
cdef class_free(object o):
    pass
def f(x, int n, double[:] v, object o, list l, str s):
    cdef int i
    cdef object obj
    with nogil:
        i = n + 1
        print(i)
        plain(i)
        pyf(i)
        i = fast(i)
        x + 1
        i = x
        i = len(l)
        l.append(i)
        np.sum(v)
        obj = [1, 2]
        obj = {1: 2}
        obj = {1}
        i = o[0]
        o[0] = i
        o.attr = 1
        o.attr
        if o:
            pass
        while o:
            pass
        for k in l:
            pass
        del l
        obj = None
        o()
        os.getpid()
        i = <int>sqrt(i)
        with gil:
            print(o)
            obj = [i]
def h(int n):
    cdef int i, t
    t = 0
    for i in prange(n, nogil=True):
        t += pyf(i)
        print(i)
    return t
cdef int bad(object x, int n) nogil:
    n = len(x)
    return n
def team(object o, double[:] v):
    cdef int i = 0
    with nogil, parallel():
        o.x = 1
    with nogil:
        if v is None:
            i = 1
        if o is None:
            i = 2
        raise ValueError("text %s" % i)
"""


def places(text):
    """Lines with the messages that stand on them."""
    found = {}
    for line, message in re.findall(r"\.pyx:(\d+):\d+: (.*)$", text, re.MULTILINE):
        found.setdefault(int(line), set()).add(message)
    return found


def test_all_operations_are_told_as_cython_tells_them(tmp_path):
    path = tmp_path / "module.pyx"
    path.write_text(SOURCE)
    command = [sys.executable, "-m", "cython", "-3", str(path), "-o", str(tmp_path / "module.c")]
    expected = places(subprocess.run(command, capture_output=True, text=True).stderr)
    with pytest.raises(errors.CompileError) as caught:
        pyx.compile(path)
    found = {}
    for diagnostic in caught.value.diagnostics:
        assert diagnostic.code == "U0809", diagnostic
        found.setdefault(diagnostic.line, set()).add(diagnostic.title)
    # A function that needs the lock is declared without it: Cython says so once more where it begins.
    expected = {line: words for line, words in expected.items() if "gil" in " ".join(words).lower()}
    assert set(found) == {line for line in expected if not SOURCE.splitlines()[line - 1].startswith("cdef")}
    for line, titles in found.items():
        assert titles <= expected[line], (line, titles, expected[line])


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What Cython says about each part: its lines with their messages."""
    folder = tmp_path_factory.mktemp("without_gil")
    paths = [folder / f"part{k}.pyx" for k in range(len(BODIES))]
    for path, body in zip(paths, BODIES, strict=True):
        path.write_text(body)
    said = subprocess.run(
        [sys.executable, "-m", "cython", "-3", *map(str, paths)], capture_output=True, text=True
    )
    found = {k: {} for k in range(len(BODIES))}
    for k, line, message in re.findall(
        r"^(?!warning)\S*?part(\d+)\.pyx:(\d+):\d+: (.*)$", said.stderr, re.MULTILINE
    ):
        found[int(k)].setdefault(int(line), set()).add(message)
    return found


@pytest.mark.parametrize("k", range(len(NAMES)), ids=NAMES)
def test_operations_are_refused_where_cython_refuses_them(expected, k):
    found = {}
    try:
        pyx.compile(BODIES[k])
    except errors.CompileError as error:
        for d in error.diagnostics:
            found.setdefault(d.line, set()).add(d.title)
    # That a function has objects as variables is told where they are assigned.
    wanted = {
        line: messages
        for line, messages in expected[k].items()
        if line in found or messages != {"Function declared nogil has Python locals or temporaries"}
    }
    assert set(found) == set(wanted), (found, wanted)
    for line, titles in found.items():
        assert titles <= wanted[line], (line, titles, wanted[line])


def test_places_have_carets_and_help():
    with pytest.raises(errors.CompileError) as caught:
        pyx.compile("def f(o):\n    with nogil:\n        o.x\n        print(1)\n")
    text = str(caught.value)
    assert text.count("error[U0809]") == 2
    assert "^" in text and "with gil" in text


def test_code_of_c_without_the_lock_is_fine():
    module = pyx.compile("""
from libc.math cimport sqrt
from cython.parallel cimport prange
cdef enum:
    SIZE = 4
cdef double twice(double x) noexcept nogil:
    return 2 * x
cdef double checked(double x) except? -1 nogil:
    if x < 0:
        raise ValueError("negative")
    return sqrt(x)
def f(double[:] v, int n=3):
    cdef double s = 0
    cdef Py_ssize_t i
    cdef int a[SIZE]
    with nogil:
        for i in range(v.shape[0]):
            s += twice(v[i]) + checked(v[i]) + abs(v[i]) + min(v[i], 1.0)
        for i in range(SIZE):
            a[i] = n
        if v is not None and n in (1, 2, 3):
            s += a[0]
    for i in prange(v.shape[0], nogil=True):
        s += v[i]
    return s
""")
    assert module.f(np.array([1.0, 4.0])) == pytest.approx(2 + 8 + 1 + 2 + 5 + 2 + 3 + 5)
    with pytest.raises(ValueError, match="negative"):
        module.f(np.array([-1.0]))
