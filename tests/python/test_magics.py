"""The cell magics, in IPython where it is there and in a stand-in for it."""

import re

import numpy as np
import pytest

import ungil
from ungil import _magic


class Shell:
    """What of a shell the magics use."""

    def __init__(self):
        self.magics, self.user_ns, self.shown = {}, {}, []

    def register_magic_function(self, function, kind):
        assert kind == "cell"
        self.magics[function.__name__] = function

    def push(self, names):
        self.user_ns |= names

    def displayhook(self, value):
        self.shown.append(value)


@pytest.fixture
def shell():
    made = Shell()
    ungil.load_ipython_extension(made)
    return made


CELL = """import numpy as np
SCALE = 2.0

def total(a, *, twice=False):
    '''Sum.'''
    s = 0.0
    for x in a:
        s += x * SCALE
    return s

@ungil.jit(fastmath=True)
def own(x):
    return x + 1

class Plain:
    def method(self):
        return 5

total(np.ones(4))
"""


def test_the_functions_of_a_cell_are_compiled(shell):
    shell.user_ns["ungil"] = ungil
    shell.magics["ungil"]("", CELL)
    assert shell.shown == [8.0]
    total = shell.user_ns["total"]
    assert total.signatures == ["(float64[::1], *, twice: bool) -> float64"] or len(total.signatures) == 1
    assert total.__doc__ == "Sum." and shell.user_ns["own"](1) == 2
    assert shell.user_ns["Plain"]().method() == 5 and not hasattr(shell.user_ns["Plain"].method, "signatures")
    assert "__ungil_jit__" not in shell.user_ns
    assert "s: float64" in total.annotate()


def test_options_of_a_cell(shell):
    shell.magics["ungil"]("boundscheck=False fastmath=True", "def f(a):\n    return a[0]\n")
    assert shell.user_ns["f"](np.ones(2)) == 1.0
    with pytest.raises(ValueError, match="no option '--fast'"):
        shell.magics["ungil"]("--fast", "x = 1")
    with pytest.raises(Exception, match="option"):
        shell.magics["ungil"]("frob=1", "def f():\n    return 1\n")
    with pytest.raises(SyntaxError):
        shell.magics["ungil"]("", "def f(:\n")


def test_an_error_of_a_cell_leaves_what_was_before_it(shell):
    with pytest.raises(ZeroDivisionError):
        shell.magics["ungil"]("", "a = 1\n1 / 0\n")
    assert shell.user_ns["a"] == 1 and "__ungil_jit__" not in shell.user_ns


def test_reports_of_cells(shell, monkeypatch):
    pages = []
    monkeypatch.setattr(_magic, "_show", pages.append)
    shell.user_ns["ungil"] = ungil
    shell.magics["ungil"]("-a", CELL)
    assert "total" in pages[0] and "(float64[::1]" in pages[0] and "not called yet" in pages[0]
    text = "def f(double[:] a):\n    cdef double s = 0\n    cdef Py_ssize_t i\n    for i in range(a.shape[0]):\n        s += a[i]\n    return s"
    shell.magics["ungil_pyx"]("-a", text)
    assert shell.user_ns["f"](np.ones(3)) == 3.0
    assert "s: float64" in pages[1] and "(float64[::1]) -&gt; float" in pages[1]


def test_in_ipython(capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "ungil")
    shell.run_cell_magic("ungil", "", "def twice(x):\n    return 2 * x\ntwice(21)")
    assert "42" in capsys.readouterr().out
    shell.run_cell_magic("ungil_pyx", "-a", "def thrice(int x):\n    return 3 * x")
    assert "HTML object" in capsys.readouterr().out
    assert shell.user_ns["thrice"](5) == 15


def test_mistakes_in_cells(capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "ungil")
    shell.run_cell("%%ungil_pyx\n\ndef f(int x):\n    return y +\n")
    shown = capsys.readouterr().out
    assert "pyx:3:" in shown and "expected an expression" in shown
    shell.run_cell("%%ungil_pyx\nx = 1\n1 / 0\n")
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "ZeroDivisionError" in shown and "2 1 / 0" in shown.replace("----> ", "")
    # What compiles a cell is no part of the cell's traceback.
    assert "_module.py" not in shown and "_magic.py" not in shown
    shell.run_cell("%%ungil fastmath=maybe\ndef f(x): return x\n")
    assert "the option fastmath of %%ungil is 'maybe'" in capsys.readouterr().out
    shell.run_cell("%%ungil\ndef quiet(x): return x\nquiet(1234);")
    assert "1234" not in capsys.readouterr().out
    # A cell is a module of its own, which imports what others have defined.
    shell.run_cell("offset = 100\n")
    shell.run_cell("%%ungil_pyx\nfrom __main__ import offset\ndef shifted(int x): return x + offset\n")
    assert shell.user_ns["shifted"](1) == 101
