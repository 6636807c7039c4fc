"""Steady-state times of several competitors, measured in turn so that a change of the machine's mood hits all alike."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# OpenMP's threads keep spinning after a loop; they shall sleep before the next competitor runs.
SETTLE = 0.003
BUDGET = 1.6
MOST_ROUNDS = 11
FEWEST_ROUNDS = 3
# Whoever takes longer is measured once.
SLOW = 0.6


@dataclass
class Entry:
    """One competitor: `prepare` sets its number of threads, `call` does the whole job once.

    Where nothing `compiles`, a slow first call counts as a sample already.
    """

    name: str
    call: Callable[[], Any]
    prepare: Callable[[], Any] = lambda: None
    compiles: bool = True
    first: float = 0.0
    samples: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.samples)


def once(call: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def measure(entries: list[Entry], inspect: Callable[[Entry, Any], None]) -> None:
    """Fills in the first call and the samples of each entry; `inspect` sees the result of the first call."""
    estimate = 0.0
    for entry in entries:
        entry.prepare()
        entry.first, result = once(entry.call)
        inspect(entry, result)
        del result
        slow = entry.first > SLOW and not entry.compiles
        seconds = entry.first if slow else once(entry.call)[0]
        if seconds > SLOW:
            entry.samples.append(seconds)
        else:
            estimate += seconds + SETTLE
    quick = [entry for entry in entries if not entry.samples]
    rounds = max(FEWEST_ROUNDS, min(MOST_ROUNDS, int(BUDGET / max(estimate, SETTLE))))
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for entry in quick:
                entry.prepare()
                time.sleep(SETTLE)
                # The result is dropped inside the time: who allocates it pays for its release too.
                seconds, _ = once(lambda entry=entry: entry.call() is None)
                entry.samples.append(seconds)
    finally:
        gc.enable()


def text(seconds: float | None) -> str:
    """A time with three digits and the unit that suits it."""
    if seconds is None:
        return "–"
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            value = seconds * factor
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"
