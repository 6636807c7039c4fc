"""Language level 2: the print statement, `<>`, `xrange`, integer division, beside Cython's own at that level."""

import contextlib
import io

import pytest
from pyx_reference import build

from ungil import pyx

SOURCE = """
def printed(x, int n):
    print x, n
    print "a", "b",
    print
    print("one")
    print ("x", 1)
    if x <> n:
        print "different"

def ranges(int n):
    cdef int i
    cdef long total = 0
    for i in xrange(n):
        total += i
    for j in xrange(2, n, 3):
        total += j
    return total

def division(int a, int b):
    return a / b, a // b, a % b

def python_division(a, b):
    return a / b

def written_out():
    return 3/2, 7 / -2, (1 + 2)/(1 << 1), 3.0/2, 3/2.0

def floats(double a, double b):
    return a / b, a // b

def differ(int a, int b):
    return a <> b, a != b

def caught(x):
    try:
        if x == 1:
            raise ValueError("one")
        if x == 2:
            raise KeyError, "two"
        return x
    except (ValueError, KeyError), error:
        return type(error).__name__, error.args

def octal():
    return 0o777, 10L, 0xFFL

def backticks(x, int n):
    return `x` + `n, x` + `1 + n`[0], [`k` for k in range(n)]

def strings():
    return "abc" + 'd', u"e"

def unbound(long x):
    return `x`

def execs(x):
    return isinstance(x, unicode), isinstance(x, basestring), isinstance(x, (int, long))

def listed(d):
    return [x for x in d], sorted(d)

cdef int seven = 7
cdef int half = seven / 2
quotients = [seven / 2, -seven / 2, seven / 2.0, half]
seven /= 2
after = seven

def of_module():
    return quotients, after
"""
CALLS = {
    "printed": [(1, 2), (2, 2), ("s", 3)],
    "ranges": [(0,), (10,), (-3,), (1000,)],
    "division": [(7, 2), (-7, 2), (7, -2), (-8, 2), (1, 0)],
    "python_division": [(7, 2), (-7, 2), (7.0, 2), (1, 0), (2**70, 3)],
    "written_out": [()],
    "floats": [(7, 2), (-7, 2), (1, 0)],
    "differ": [(1, 2), (2, 2)],
    "caught": [(0,), (1,), (2,)],
    "octal": [()],
    "backticks": [(2.5, 2), ("a", 0), (None, 3)],
    "strings": [()],
    "execs": [("a",), (1,), (1.0,)],
    "of_module": [()],
    "listed": [({"b": 1, "a": 2},)],
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    source = SOURCE.replace("def unbound(long x):\n    return `x`\n", "")
    folder = tmp_path_factory.mktemp("two")
    (folder / "two.pyx").write_text(source)
    reference = build(folder / "two.pyx", folder, level=2)
    return reference, pyx.compile(source, "two", level="2")


def outcome(function, args):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            result = function(*args)
            found = type(result).__name__, repr(result)
        except Exception as error:
            found = type(error).__name__, str(error)
    return found, out.getvalue()


@pytest.mark.parametrize("name", sorted(CALLS))
def test_as_cython(pair, name):
    reference, module = pair
    wrong = []
    for args in CALLS[name]:
        expected, found = outcome(getattr(reference, name), args), outcome(getattr(module, name), args)
        if expected != found:
            wrong.append(f"{name}{args!r}: Cython {expected}, ungil {found}")
    assert not wrong, "\n".join(wrong)


FUTURE = """
from __future__ import division, print_function, unicode_literals

def divided(int a, int b): return a / b, 7 / 2, a // b
def printed(*args): print(*args, sep="-"); print("a", end="")
"""


def test_imports_from_the_future(tmp_path):
    (tmp_path / "future.pyx").write_text(FUTURE)
    modules = build(tmp_path / "future.pyx", tmp_path, level=2), pyx.compile(FUTURE, "future", level="2")
    for name, args in [("divided", (7, 2)), ("divided", (1, 0)), ("printed", (1, 2))]:
        expected, found = (outcome(getattr(module, name), args) for module in modules)
        assert found == expected
