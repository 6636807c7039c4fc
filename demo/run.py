"""The demonstration: runs every script of this folder under every tool, prints the table, writes out/index.html."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "benchmarks")]

# OpenMP's threads (Numba, Cython) would spin for milliseconds after each loop and disturb whoever comes next.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")
os.environ.setdefault("NUMBA_THREADING_LAYER", "omp")
# scikit-learn's helper warns where it cannot count the processors itself.
os.environ.setdefault("LOKY_MAX_CPU_COUNT", str(len(os.sched_getaffinity(0))))

from show import measure, page, steps, table  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "out", help="the folder of the page")
    out = parser.parse_args().out
    start = time.perf_counter()

    def say(line: str) -> None:
        print(f"[{time.perf_counter() - start:5.1f} s] {line}", flush=True)

    measure.first_run_cache()
    data = measure.everything(out / "cython", say)
    say("the Cython language in five steps")
    data["steps"] = steps.run(out / "steps", say)
    page.write(data, out / "index.html")
    numbers = [
        {key: case[key] for key in ("title", "size", "check", "times", "first")} for case in data["cases"]
    ]
    formulas = [{key: row[key] for key in ("title", "check", "times", "memory")} for row in data["formulas"]]
    results = {"cases": numbers, "formulas": formulas, "threads": data["threads"], "steps": data["steps"]}
    (out / "results.json").write_text(json.dumps(results, indent=1))
    print("\n" + table.terminal(data))
    print(f"\nthe page: {out / 'index.html'}")


if __name__ == "__main__":
    main()
