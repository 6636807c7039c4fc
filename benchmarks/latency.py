"""Latency: import, first call, cached call, call overhead, empty parallel loop; ungil beside Numba and Cython.

Every measure runs in processes of its own, the tools in turn, and the median of the rounds is shown.
`python benchmarks/latency.py [--rounds N]` prints the table; `measure` returns it as data.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import cython_build

HERE = Path(__file__).resolve().parent
TOOLS = ("ungil", "numba", "cython")


def present(tool: str) -> bool:
    """Whether the tool is installed and its folder on the path really holds it."""
    name = "Cython" if tool == "cython" else tool
    return importlib.util.find_spec(name) is not None


def run_child(tool: str, mode: str, caches: str, modules: str) -> dict[str, float]:
    environment = {
        **os.environ,
        "UNGIL_CACHE_DIR": os.path.join(caches, "ungil"),
        "NUMBA_CACHE_DIR": os.path.join(caches, "numba"),
        "PYTHONPATH": os.pathsep.join([str(HERE), modules, os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, str(HERE / "latency_child.py"), tool, mode]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{tool} {mode}: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout)


class Burners:
    """One busy process for each core, so that a parallel loop has to share them."""

    def __enter__(self) -> "Burners":
        count = len(os.sched_getaffinity(0))
        self.processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def one_round(tool: str, caches: str, modules: str) -> dict[str, float]:
    """All measures of one tool, once; the cache starts empty and is warm the second time."""
    result: dict[str, float] = {}
    if tool != "cython":
        cold = run_child(tool, "start", caches, modules)
        warm = run_child(tool, "start", caches, modules)
        result |= cold
        result["first call, from the disk cache"] = warm["first call: the pairwise kernel"]
        result["a further kernel, from the disk cache"] = warm["a further kernel of 30 lines"]
    result |= run_child(tool, "calls", caches, modules)
    result["empty parallel loop, idle machine"] = run_child(tool, "loop", caches, modules)[
        "empty parallel loop"
    ]
    with Burners():
        busy = run_child(tool, "loop", caches, modules)
    result["empty parallel loop, all cores busy"] = busy["empty parallel loop"]
    return result


def measure(rounds: int = 5) -> dict[str, dict[str, float]]:
    """Medians in seconds: measure → tool → value."""
    samples: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as modules:
        tools = [tool for tool in TOOLS if present(tool)]
        if "cython" in tools:
            cython_build.build(HERE / "latency_cython.pyx", Path(modules))
        for _ in range(rounds):
            for tool in list(tools):
                with tempfile.TemporaryDirectory() as caches:
                    try:
                        values = one_round(tool, caches, modules)
                    except RuntimeError as error:
                        print(f"latency: {error}", file=sys.stderr)
                        tools.remove(tool)
                        continue
                for name, value in values.items():
                    samples.setdefault(name, {}).setdefault(tool, []).append(value)
    return {
        name: {tool: statistics.median(found) for tool, found in by_tool.items()}
        for name, by_tool in samples.items()
    }


def seconds(value: float | None) -> str:
    """A time with the unit that suits it."""
    if value is None:
        return "–"
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.0f} ns"


def as_markdown(table: dict[str, dict[str, float]]) -> str:
    lines = ["| measure | " + " | ".join(TOOLS) + " |", "|---|" + "---:|" * len(TOOLS)]
    for name, values in table.items():
        lines.append(f"| {name} | " + " | ".join(seconds(values.get(tool)) for tool in TOOLS) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    print(as_markdown(measure(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
