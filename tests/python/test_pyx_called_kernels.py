"""Kernels that become part of the functions of objects which call them, compared with Cython."""

import os
import signal
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "called_kernels.pyx"
SEVERAL = (0, 1, 2.5, -3, True, None, "a", 2**31, 2**64, 1j)
CALLS = [
    ("distances", [(1, 2), (3.5, 4)]), ("distances", [(1, "a")]), ("distances", [1]), ("distances", []),
    *[(f, o) for f in ("conversions", "narrow_numbers", "wide_numbers", "nested", "with_global") for o in SEVERAL],
    ("narrow_numbers", 255), ("narrow_numbers", 256), ("wide_numbers", 2**64 - 1), ("wide_numbers", 2**63),
    *[(f, xs, *more) for f, more in (("raising", ()), ("unhandled", ("o",)))
      for xs in ([1, 2], [1, 101, 3], [100], [1, "a"], [2**31], 3, [])],
    ("quotients", 1, 2), ("quotients", 1, 0), ("quotients", 1, "a"),
    *[("without_lock", "o", n) for n in (0, 3, 101, 102, 500)],
    *[("pointers", o, n) for o in (3, "a") for n in (3, 8, 9)],
    ("texts", b"abc"), ("texts", b""), ("texts", "abc"), ("texts", None),
]  # fmt: skip


@pytest.fixture(scope="module")
def module():
    return pyx.compile(str(SOURCE))


def test_calls_end_as_in_cython(module, tmp_path_factory):
    reference = pyx_reference.build(SOURCE, tmp_path_factory.mktemp("called"))
    assert not pyx_reference.differences(reference, module, CALLS)


def test_kernels_are_part_of_their_callers(module):
    module.distances([(1, 2)])
    module.without_lock([], 3)
    assert "objects" in repr(module.distances)
    # One that reads a variable of Python must see what that is now.
    assert module.with_global(1)[0] == 11
    module.OFFSET = 20
    assert module.with_global(1)[0] == 21
    module.OFFSET = 10


def test_inlined_kernels_have_no_code_of_their_own():
    program = f"""
import os
from ungil import pyx
module = pyx.compile({str(SOURCE)!r})
module.distances([(1, 2)]), module.raising([1, 101]), module.with_global(1)
map = open(f"/tmp/perf-{{os.getpid()}}.map").read()
os.unlink(f"/tmp/perf-{{os.getpid()}}.map")
print([name for name in ("distances", "dist", "checked", "calls_module") if f"ungil_{{name}}_" in map])
"""
    said = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "UNGIL_PERF": "1"}, capture_output=True, text=True
    )
    assert said.stdout == "['distances', 'calls_module']\n", said.stderr


def test_tracebacks_show_each_function_once(module):
    with pytest.raises(ValueError, match="too big") as caught:
        module.unhandled([1, 100], None)
    frames = [(f.name, f.line) for f in traceback.extract_tb(caught.value.__traceback__)[1:]]
    assert frames == [
        ("unhandled", "return keep, [outer(x) for x in xs]"),
        ("outer", "return checked(x) + checked(x + 1)"),
        ("checked", 'raise ValueError("too big")'),
    ]


def test_references_are_exact_after_errors(module):
    marker = object()
    before = sys.getrefcount(marker)
    for _ in range(50):
        with pytest.raises(ValueError, match="too big"):
            module.unhandled([1, 100], marker)
        with pytest.raises(ValueError, match="too big"):
            module.without_lock([marker], 500)
        module.without_lock([marker], 5)
    assert sys.getrefcount(marker) == before


def test_threads_raise_without_the_lock(module):
    failed = []

    def work():
        for _ in range(100):
            try:
                module.without_lock([], 200)
            except ValueError as error:
                failed.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == ["too big"] * 400


def test_long_kernels_are_interrupted():
    text = """
cdef double endless(double x) noexcept:
    cdef long i
    for i in range(1 << 62):
        x += x * 0.5 + i
    return x
def f(o):
    return [endless(o), {}]
"""
    module = pyx.compile(text)

    def handler(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        with pytest.raises(KeyboardInterrupt):
            module.f(1.0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
