"""Runs every case under every tool: checks the results, times them, returns plain data for the table and the page."""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cython_build
import numpy as np

from show import formulas, numpy_twins, timing, variants
from show.cases import CASES, Case
from show.timing import Entry

THREADS = len(os.sched_getaffinity(0))
HERE = Path(__file__).resolve().parent.parent


def cython_module(folder: Path) -> tuple[Any, float]:
    """The Cython twins of the kernels, and the seconds their build took."""
    seconds = cython_build.build(HERE / "cython_kernels.pyx", folder)
    sys.path.insert(0, str(folder))
    import cython_kernels

    return cython_kernels, seconds


def thread_counts() -> list[int]:
    """1, 2, 4 … and all threads of this machine."""
    counts = [2**power for power in range(THREADS.bit_length()) if 2**power < THREADS]
    return [*counts, THREADS]


def entries_of(case: Case, arguments: tuple[Any, ...], cython: Any) -> list[Entry]:
    import numba

    import ungil

    kernel = getattr(case.module, case.kernel)
    entries = [
        Entry(f"ungil {count}", lambda: kernel(*arguments), lambda count=count: ungil.set_num_threads(count))
        for count in thread_counts()
    ]
    twin = variants.numba(case.module)[case.kernel]
    cython_kernel = getattr(cython, case.kernel)
    for count in dict.fromkeys((1, THREADS)):
        entries.append(
            Entry(
                f"numba {count}", lambda: twin(*arguments), lambda count=count: numba.set_num_threads(count)
            )
        )
        entries.append(Entry(f"cython {count}", lambda count=count: cython_kernel(*arguments, count)))
    with_numpy = getattr(case.module, "with_numpy", None) or getattr(numpy_twins, case.kernel)
    entries.append(Entry("numpy", lambda: with_numpy(*arguments), compiles=False))
    return entries


def run_case(case: Case, cython: Any) -> dict[str, Any]:
    """All of one case: the sentence of its check, times by tool, pure Python scaled, first calls."""
    arguments = case.module.load()
    found: dict[str, Any] = {"title": case.title, "size": case.size, "script": case.script, "wrong": []}

    def inspect(entry: Entry, result: Any) -> None:
        if "result" not in found:
            # The first entry is ungil on one thread: it is checked against the case's reference, the others against it.
            found["check"], found["result"] = case.module.check(result, *arguments), result
        elif entry.name.startswith("ungil"):
            assert np.array_equal(result, found["result"]), f"{entry.name}: other bits than on one thread"
        elif not np.allclose(result, found["result"], rtol=1e-9, atol=1e-12):
            found["wrong"].append(entry.name)

    entries = entries_of(case, arguments, cython)
    timing.measure(entries, inspect)
    few, factor = case.reduce(arguments)
    seconds, _ = timing.once(lambda: variants.plain(case.module)[case.kernel](*few))
    found["times"] = {entry.name: entry.median for entry in entries}
    found["times"]["python"] = seconds * factor
    found["python_factor"] = factor
    found["first"] = {
        "ungil": entries[0].first,
        "numba": next(entry.first for entry in entries if entry.name.startswith("numba")),
    }
    found["arguments"] = arguments
    return found


def two_threads(cython: Any) -> dict[str, Any]:
    """One and two Python threads with a kernel each: ungil, Numba, Cython, and Python itself on a smaller count."""
    import two_threads as script

    twins = {"numba": variants.numba(script), "python": variants.plain(script)}
    rows = {"ungil": script.measure()}
    rows["numba"] = twins["numba"]["measure"]()
    rows["cython"] = script.measure(cython.xorshift)
    factor = 250
    one, two = twins["python"]["measure"](count=50_000_000 // factor, rounds=2)
    rows["python"] = (one * factor, two * factor)
    return {"times": rows, "python_factor": factor}


def safety() -> dict[str, Any]:
    """The texts and numbers of the safety demonstrations."""
    import interrupt
    import safety as script

    return {
        "bounds": script.message(script.off_by_one),
        "race": script.message(script.race),
        "sums": script.sums(np.random.default_rng(0).random(10_000_000)),
        "interrupt": {kind: interrupt.interrupt(kind) for kind in ("serial", "parallel")},
    }


def first_run_cache() -> None:
    """Sends ungil's disk cache to an empty folder, so that first calls compile whatever ran here before."""
    os.environ["UNGIL_CACHE_DIR"] = tempfile.mkdtemp(prefix="ungil-demo-")


def everything(build_folder: Path, say: Any) -> dict[str, Any]:
    """The whole demonstration as data; `say` reports progress."""
    say("compiling the Cython twins")
    cython, seconds = cython_module(build_folder)
    cases = []
    for case in CASES:
        begin = time.perf_counter()
        cases.append(run_case(case, cython))
        say(f"{case.title}: {cases[-1]['check']} ({time.perf_counter() - begin:.0f} s)")
        for name in cases[-1]["wrong"]:
            say(f"  {name} gives another result")
    array_formulas = formulas.everything(say)
    threads = two_threads(cython)
    one, two = threads["times"]["ungil"]
    say(f"Two Python threads: {two / one:.2f} times the time of one")
    safe = safety()
    say("Safety: bad index, race, Ctrl-C and equal sums shown")
    return {
        "cases": cases,
        "formulas": array_formulas,
        "threads": threads,
        "safety": safe,
        "cython_build": seconds,
        "count": THREADS,
    }
