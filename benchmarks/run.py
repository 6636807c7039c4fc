"""`./dev bench`: latencies, uneven loops, the kernels of peer_impl.py beside their peers; --write makes BENCHMARKS.md.

The peer suite is a checkout of its own (its `run.py` is named by UNGIL_PEER_SUITE, by default ../shared/bench/run.py).
Where there is none, only the latencies are measured, and that is said.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import checks
import latency
import uneven

ROOT = Path(__file__).resolve().parent.parent
SUITE = Path(os.environ.get("UNGIL_PEER_SUITE", ROOT.parent / "shared" / "bench" / "run.py"))


def run_suite(quick: bool, only: str | None, runs: int) -> list[dict]:
    """Runs the peer suite and pools the samples of its runs: the list of its cases."""
    pooled: dict[tuple, dict] = {}
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder) / "results.json"
            command = [sys.executable, str(SUITE), "--json", str(results)]
            command += ["--quick"] if quick else []
            command += ["--only", only] if only else []
            environment = {**os.environ, "UNGIL_BENCH_IMPL": str(ROOT / "benchmarks" / "peer_impl.py")}
            subprocess.run(command, check=True, cwd=ROOT, env=environment)
            cases = json.loads(results.read_text())
        for case in cases:
            key = (case["id"], case["title"], case["threads"])
            known = pooled.setdefault(key, case)
            if known is not case:
                rows = {row["name"]: row for row in known["rows"]}
                for row in case["rows"]:
                    rows.get(row["name"], {}).get("samples", []).extend(row.get("samples", []))
    return list(pooled.values())


def lanes(features: str) -> str:
    """The table of lanes.py without some features of the processor."""
    environment = {**os.environ, "UNGIL_CPU_FEATURES": features}
    command = [sys.executable, str(ROOT / "benchmarks" / "lanes.py")]
    return subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout


def is_default(name: str) -> bool:
    """Whether a peer's row is Numba or Cython with the defaults of floating point."""
    return name.startswith(("numba", "cython")) and "fastmath" not in name and "fm+" not in name


def best(rows: list[dict], wanted) -> tuple[float, str] | None:
    timed = [(statistics.median(row["samples"]), row["name"]) for row in rows if row.get("samples")]
    return min(((time, name) for time, name in timed if wanted(name)), default=None)


READING = """\
Ratios are ungil's time over the other's: below 1, ungil is faster. Kernels are plain loops with bounds checks on and strict
arithmetic; peers include fastmath versions and other algorithms (OpenBLAS). `./dev bench --quick --write` makes this file. docs/speed.md
says where others are ahead, and why.
"""
UNEVEN = """\
Parallel loops whose iterations take different times (`benchmarks/uneven.py`); Numba has no guided schedule, and its dynamic one
is chunks of 4.
"""
#: Titles of the tables of divergent loops, with what the processor must do without.
LANES = {
    "Divergent loops in lanes": "",
    "Divergent loops in lanes, AVX2 (`UNGIL_CPU_FEATURES=-avx512f`)": "-avx512f",
    "Divergent loops in lanes, SSE4.2 (`UNGIL_CPU_FEATURES=-avx`)": "-avx",
}
HEADER = [
    "workload",
    "threads",
    "ungil",
    "Numba / Cython",
    "ratio",
    "best of all peers",
    "ratio",
    "limit",
    "ratio",
]
#: Workloads of the mean: those that a kernel compiler can win or lose.
MEAN = ("W1", "W2", "W3", "W5", "W6", "W7", "W8", "W9", "W10")


def summary(cases: list[dict]) -> str:
    """One line per case: ungil, the better of Numba and Cython (no fastmath), the best of all peers, the hand-written
    limit, their ratios (below 1: ungil is faster); then the geometric mean against the best peer."""
    lines = ["| " + " | ".join(HEADER) + " |", "|" + "---|" * len(HEADER)]
    gains = []
    for case in cases:
        right = [row for row in case["rows"] if row.get("ok") is not False]
        own = best([row for row in right if row["kind"] == "ungil"], lambda _: True)
        peers = [row for row in right if row["kind"] == "peer"]
        limits = [row for row in right if row["kind"] == "limit"]
        wrong = [row["name"] for row in case["rows"] if row["kind"] == "ungil" and row.get("ok") is False]
        failed = [row["err"] for row in case["rows"] if row["kind"] == "ungil" and row.get("err")]
        cells = [f"{case['id']} {case['title']}", str(case["threads"])]
        if own is None:
            if not wrong and not failed:
                continue
            cells += ["WRONG" if wrong else f"error: {failed[0][:60]}"] + [""] * 6
        else:
            cells.append(latency.seconds(own[0]) + (" WRONG" if wrong else ""))
            others = (best(peers, is_default), best(peers, lambda _: True), best(limits, lambda _: True))
            for other in others:
                cells += beside(own[0], other)
            if others[1] and case["id"] in MEAN:
                gains.append(others[1][0] / own[0])
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    text = "\n".join(lines) + "\n"
    if gains:
        text += f"\nGeometric mean of best peer / ungil over {len(gains)} rows of {', '.join(MEAN)}: "
        text += f"{statistics.geometric_mean(gains):.2f}\n"
    return text


def beside(own: float, other: tuple[float, str] | None) -> list[str]:
    """A competitor's time and name, and the ratio of ours to it."""
    return [f"{latency.seconds(other[0])} {other[1]}", f"{own / other[0]:.2f}"] if other else ["–", ""]


def machine() -> str:
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    versions = []
    for name in ("numpy", "numba", "Cython"):
        try:
            versions.append(f"{name} {__import__(name).__version__}")
        except ImportError:
            continue
    cores = len(os.sched_getaffinity(0))
    python = platform.python_version()
    return f"{model}, {cores} cores; Python {python}, {', '.join(versions)}; {datetime.date.today()}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer rounds")
    parser.add_argument(
        "--only", help="workloads by the beginning of their names: w01,w03, `latency`, `uneven`, `lanes`"
    )
    parser.add_argument("--pool", action="store_true", help="only pools of tasks beside their peers")
    parser.add_argument("--runs", type=int, default=1, help="runs of the peer suite, pooled")
    parser.add_argument("--write", action="store_true", help="keep the tables in BENCHMARKS.md")
    options = parser.parse_args()
    if options.pool:
        # Imported here: its workers must not have what the other tables need.
        import pool

        print(pool.table(options.quick))
        return

    parts = ["# Benchmarks\n", f"Medians on: {machine()}.\n", READING]
    if options.only in (None, "latency"):
        table = latency.as_markdown(latency.measure(1 if options.quick else 5))
        print(table, flush=True)
        parts += ["## Latency\n", table]
    if options.only in (None, "uneven"):
        table = uneven.table(quick=options.quick)
        print(table, flush=True)
        parts += ["## Uneven work\n", UNEVEN, table + "\n"]
    if options.only in (None, "lanes"):
        for title, features in LANES.items():
            table = lanes(features)
            print(table, flush=True)
            parts += [f"## {title}\n", table]
    if options.only not in ("latency", "uneven", "lanes"):
        if SUITE.exists():
            table = summary(run_suite(options.quick, options.only, options.runs))
            print(table)
            parts += ["## Kernels beside their peers\n", table]
            table = checks.table(9 if options.quick else 25)
            print(table)
            parts += ["## What bounds checks cost\n", table + "\n"]
        else:
            print(f"no peer suite at {SUITE}: only the latencies were measured")
    if options.write:
        (ROOT / "BENCHMARKS.md").write_text("\n".join(parts))
        print("written: BENCHMARKS.md")


if __name__ == "__main__":
    main()
