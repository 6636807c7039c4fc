"""``ungil bench FILE.py::FUNCTION``: times a function under Python and under ungil.

The file must define ``bench_args()`` or ``FUNCTION_args()``, which returns the arguments as a tuple; a function
without parameters needs neither.
"""

from __future__ import annotations

import runpy
import sys
import time
from collections.abc import Callable
from typing import Any

import ungil
from ungil import _ungil


def run(path: str, name: str, most: int | None) -> int:
    """Time the function and print a table; the exit status is 1 if there is nothing to time."""
    try:
        namespace = runpy.run_path(path, run_name="ungil_bench")
    except OSError as error:
        print(f"ungil bench: {error}", file=sys.stderr)
        return 1
    function = namespace.get(name)
    if not callable(function):
        print(f"ungil bench: {path} has no function {name}", file=sys.stderr)
        return 1
    plain = getattr(function, "py_func", function)
    compiled: Any = function if isinstance(function, _ungil.Dispatcher) else ungil.jit(function)
    make = namespace.get(f"{name}_args") or namespace.get("bench_args")
    if make is None and plain.__code__.co_argcount > 0:
        print(
            f"ungil bench: {path} needs a function {name}_args() that returns the arguments", file=sys.stderr
        )
        return 1
    args = tuple(make()) if make is not None else ()
    start = time.perf_counter()
    compiled(*args)
    print(f"first call      {_show(time.perf_counter() - start)}")
    reference = best(lambda: plain(*args))
    print(f"python          {_show(reference)}")
    for threads in range(1, min(most or _ungil.max_threads(), _ungil.max_threads()) + 1):
        with ungil.threads(threads):
            seconds = best(lambda: compiled(*args))
        print(
            f"ungil {threads:3d} thread{'s' if threads > 1 else ' '} {_show(seconds)}  {reference / seconds:9.1f}x"
        )
    return 0


def best(call: Callable[[], Any]) -> float:
    """Shortest of several runs: at least three, and as many as fit into half a second."""
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < 3 or (time.perf_counter() - begin < 0.5 and len(times) < 1000):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
        if times[-1] > 5:
            break
    return min(times)


def _show(seconds: float) -> str:
    for unit, scale in (("s ", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:9.3f} {unit}"
    return f"{seconds * 1e9:9.1f} ns"
