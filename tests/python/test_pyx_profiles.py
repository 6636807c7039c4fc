"""Compiled functions in profiles: by function in cProfile, by line while lines are traced, by name in perf, by line in gdb."""

import cProfile
import os
import pstats
import shutil
import subprocess
import sys
import traceback
import types
from pathlib import Path

import numpy as np
import pytest

from ungil import _profile, jit, pyx

TEXT = """\
# cython: profile=True
def outer(x):
    return [inner(v) for v in x]

cpdef double inner(double v) except? -1:
    if v > 90:
        raise ValueError("large")
    return v + 1

def plain_numbers(int n, *rest, int more=0):
    cdef int i, s = more
    for i in range(n):
        s += i
    return s + len(rest)

def keys(**named):
    return sorted(named)
"""


def profiled(call):
    profile = cProfile.Profile()
    profile.enable()
    try:
        result = call()
    finally:
        profile.disable()
    stats = pstats.Stats(profile).stats
    return result, {(Path(file).name, line, name): value[1] for (file, line, name), value in stats.items()}


def test_functions_of_a_module(tmp_path):
    path = tmp_path / "profiled.pyx"
    path.write_text(TEXT)
    module = pyx.compile(path)
    for _ in range(2):
        result, counts = profiled(lambda: module.outer([1.0, 2.0, 3.0]))
        assert result == [2.0, 3.0, 4.0]
        assert counts[("profiled.pyx", 2, "outer")] == 1
        assert counts[("profiled.pyx", 5, "inner")] == 3
    result, counts = profiled(lambda: [module.plain_numbers(4, 1, 2, more=3), module.keys(b=1, a=2)])
    assert result == [11, ["a", "b"]]
    assert counts[("profiled.pyx", 10, "plain_numbers")] == counts[("profiled.pyx", 16, "keys")] == 1
    with pytest.raises(ValueError, match="large"):
        module.inner(91.0)
    with pytest.raises(TypeError):
        module.inner()


@pytest.mark.parametrize("directive", ["profile", "linetrace"])
def test_tracebacks_name_each_function_once(tmp_path, directive):
    path = tmp_path / "raises.pyx"
    path.write_text(
        f"# cython: {directive}=True\n"
        "def outer(a):\n    return inner(a, 7) + 1\n\ndef inner(a, int i):\n    return a[i]\n\n"
        "def typed(double[:] a, int i):\n    if i > 0:\n        return typed(a, i - 1)\n    return a[i + 5]\n"
    )
    module = pyx.compile(path)

    def places(call, *args):
        with pytest.raises((IndexError, TypeError)) as caught:
            call(*args)
        return [(place.name, place.lineno) for place in traceback.extract_tb(caught.value.__traceback__)[1:]]

    for _ in range(2):
        assert places(module.outer, [1]) == [("outer", 3), ("inner", 6)]
        assert places(module.typed, np.zeros(3), 2) == [("typed", 10), ("typed", 10), ("typed", 11)]
        assert places(module.outer) == []


def test_decorator_and_with(tmp_path):
    text = (
        "cimport cython\n@cython.profile(True)\ndef seen(x):\n    return x\n\ndef unseen(x):\n    return x\n"
    )
    module = pyx.compile(text, "some")
    _, counts = profiled(lambda: (module.seen(1.0), module.unseen(1.0)))
    assert [name for _, _, name in counts if "seen" in name] == ["seen"]


def test_kernels():
    @jit(profile=True)
    def kernel(x, y=2):
        return x * y

    @jit
    def caller(x):
        return kernel(x) + 1

    line = kernel.__code__.co_firstlineno if hasattr(kernel, "__code__") else None
    result, counts = profiled(lambda: [kernel(2.0), kernel(2.0, y=3.0), caller(1.0)])
    assert result == [4.0, 6.0, 3.0]
    found = [(n, file, at) for (file, at, name), n in counts.items() if name == "kernel"]
    assert found[0][:2] == (2, Path(__file__).name) and (line is None or found[0][2] == line)
    assert not [name for _, _, name in counts if name == "caller"]


def test_environment(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from ungil import jit\n@jit\ndef kernel(x):\n    return x + 1\n"
        "import cProfile, pstats\np = cProfile.Profile()\np.enable()\nkernel(1.0)\np.disable()\n"
        "print([k[2] for k in pstats.Stats(p).stats if k[2] == 'kernel'])\n"
    )
    for value, expected in [("1", "['kernel']"), ("0", "[]")]:
        env = os.environ | {"UNGIL_PROFILE": value}
        done = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected


def test_lines(tmp_path):
    path = tmp_path / "traced.pyx"
    path.write_text(
        "# cython: linetrace=True\ndef f(int n):\n    cdef int i, s = 0\n    for i in range(n):\n        s += i\n    return s\n"
    )
    module = pyx.compile(path)
    assert module.f(4) == 6
    seen = []

    def trace(frame, event, argument):
        if event == "line" and frame.f_code.co_filename == str(path):
            seen.append(frame.f_lineno)
        return trace

    sys.settrace(trace)
    try:
        assert module.f(3) == 3
    finally:
        sys.settrace(None)
    assert seen.count(5) == 3 and seen[-1] == 6
    seen.clear()
    assert module.f(3) == 3 and not seen


def test_lines_of_kernels():
    @jit(linetrace=True)
    def kernel(n):
        s = 0
        for i in range(n):
            s += i
        return s

    assert kernel(4) == 6
    seen = []
    previous = sys.gettrace()
    sys.settrace(lambda frame, event, argument: seen.append(frame.f_code.co_name))
    try:
        assert kernel(5) == 10
    finally:
        sys.settrace(previous)
    assert "kernel" in seen


class Monitoring:
    """As much of `sys.monitoring` as counts: what one tool asks for, everywhere and of one code."""

    PROFILER_ID = 2
    events = types.SimpleNamespace(LINE=1, PY_START=2, CALL=4)

    def __init__(self, tool, everywhere, locally):
        self.tool, self.everywhere, self.locally = tool, everywhere, locally

    def get_tool(self, tool):
        return "tool" if tool == self.tool else None

    def get_events(self, tool):
        return self.everywhere

    def get_local_events(self, tool, code):
        assert code.co_name == "plain"
        return self.locally


@pytest.mark.parametrize(
    ("tool", "everywhere", "locally", "expected"),
    [
        (1, 0, 0, "compiled"),
        (1, 1, 0, "plain"),
        # A tool that asks for the lines of each code when it begins, and one that has asked.
        (1, 2, 0, "plain"),
        (1, 0, 1, "plain"),
        (1, 4, 0, "compiled"),
        # What cProfile asks for.
        (2, 2 | 4, 0, "compiled"),
    ],
)
def test_monitoring(monkeypatch, tool, everywhere, locally, expected):
    def plain():
        return "plain"

    previous = sys.gettrace()
    sys.settrace(None)
    try:
        monkeypatch.setattr(sys, "monitoring", Monitoring(tool, everywhere, locally), raising=False)
        assert _profile.frame(plain, lambda: "compiled", plain)() == expected
    finally:
        sys.settrace(previous)


@pytest.mark.skipif(not shutil.which("gdb"), reason="gdb is not installed")
def test_gdb(tmp_path):
    path = tmp_path / "stopped.pyx"
    path.write_text(
        "def f(double[:] a):\n    cdef double s = 0\n    cdef Py_ssize_t i\n    for i in range(a.shape[0]):\n        s += a[i] / (i + 1.0)\n    return s\n"
    )
    script = tmp_path / "run.py"
    # Enough elements for the vectors and for the rest: the debugger stops at the first code of the line, in either.
    script.write_text(
        f"import numpy as np\nfrom ungil import pyx\nf = pyx.compile({str(path)!r}).f\nf(np.ones(103))\nf(np.ones(103))\n"
    )
    commands = [
        "set breakpoint pending on",
        "set pagination off",
        "break stopped.pyx:5",
        "run",
        "bt 1",
        "kill",
    ]
    arguments = [part for command in commands for part in ("-ex", command)]
    env = os.environ | {"UNGIL_GDB": "1"}
    done = subprocess.run(
        ["gdb", "-nx", "-batch", *arguments, "--args", sys.executable, str(script)],
        env=env, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert "Breakpoint 1, " in done.stdout and "stopped.pyx:5" in done.stdout.split("Breakpoint 1, ")[1], (
        done.stdout[-2000:] + done.stderr[-1000:]
    )


def test_perf_map(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import os\nfrom ungil import pyx\nf = pyx.compile('def mapped(double x):\\n    return x * 2\\n', 'm').mapped\nf(1.0)\n"
        "print(open(f'/tmp/perf-{os.getpid()}.map').read())\nos.unlink(f'/tmp/perf-{os.getpid()}.map')\n"
    )
    env = os.environ | {"UNGIL_PERF": "1"}
    done = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True)
    assert "mapped" in done.stdout, done.stderr


def test_lines_that_do_not_run_are_not_seen():
    module = pyx.compile(
        "# cython: linetrace=True\ncpdef int f(int x):\n    if x > 3:\n        return 1\n    return x\n"
    )
    seen = set()

    def trace(frame, event, argument):
        if frame.f_code.co_name == "f" and event == "line":
            seen.add(frame.f_lineno)
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        module.f(2)
    finally:
        sys.settrace(previous)
    assert seen == {2, 3, 5}


def test_what_stands_for_c_in_plain_code_is_not_traced():
    """Debuggers that step through a function do not step into conversions."""
    module = pyx.compile(
        "# cython: linetrace=True\ndef f(int n):\n    cdef int s = n\n    s += 2\n    return s\n"
    )
    files = set()

    def trace(frame, event, argument):
        files.add(frame.f_code.co_filename)
        return trace

    assert module.f(1) == 3
    sys.settrace(trace)
    try:
        result = module.f(1)
    finally:
        sys.settrace(None)
    assert result == 3 and any("pyx_module" in file for file in files)
    assert not any("_fallback" in file for file in files), files
