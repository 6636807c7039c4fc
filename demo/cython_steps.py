"""From plain Python to all cores in five steps, in the Cython language: the time of each, and its annotate report.

    python demo/cython_steps.py [--out FOLDER]

Every step gives the first one's answer. No C compiler is asked for.
"""

import argparse
import os
from pathlib import Path

from show import steps

HERE = Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "out" / "steps", help="the folder of the reports")
    out = parser.parse_args().out
    print(
        f"The energy of {steps.PARTICLES} particles in five steps, on {len(os.sched_getaffinity(0))} cores:\n"
    )
    rows = steps.run(out)
    first = ", ".join(steps.shown(row["first"]) for row in rows)
    print(f"\nbest of several calls; the first call, which compiles, took {first}")


if __name__ == "__main__":
    main()
