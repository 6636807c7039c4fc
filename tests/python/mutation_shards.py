"""Mutated modules through the parser and the compiler, in processes of their own: what none may do is crash or hang.

    python tests/python/mutation_shards.py --count 100000 [--seed 1] [--jobs 2] [--shard 500] [--limit 60] [--minutes 20]

Each text is read (parser and checks), and each mutated function is compiled for the types that it declares. A shard writes what it is
about to read into a file; where it dies, or takes longer than the limit for one text, the file is the finding. Findings are kept in
`mutation-findings`, one text each, and the shard goes on behind it.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import subprocess
import sys
import time
import warnings
from pathlib import Path

FINDINGS = Path("mutation-findings")


def one(rng: random.Random, known: list[str], path: Path) -> None:
    """Reads one mutated text and compiles one mutated function."""
    import test_pyx_mutations as mutations

    from ungil import _ungil, errors, pyx

    path.write_text(text := mutations.mutated_text(rng), errors="surrogatepass")
    try:
        _ungil.pyx_read(text, "mutated.pyx", False, "3", {}, {})
    except errors.CompileError as error:
        assert error.code != "U0500", error
    path.write_text(mutations.mutated_function(rng, known))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            page = pyx.annotate(path)
        except Exception as error:
            # The code of the module runs too, and may raise anything of its own.
            assert getattr(error, "code", "") != "U0500" and not isinstance(error, SystemError), error
        else:
            assert "U0500" not in Path(page).read_text(), "an internal error"


def shard(first: int, count: int, folder: Path) -> None:
    """Texts `first` … `first + count - 1`, each with a seed of its own; says how far it came."""
    import test_pyx_mutations as mutations

    faulthandler.enable()
    known = list(mutations.functions())
    for number in range(first, first + count):
        (folder / "at").write_text(str(number))
        one(random.Random(number), known, folder / "mutated.pyx")
    (folder / "at").write_text(str(first + count))


def run(first: int, count: int, folder: Path, limit: float) -> list[str]:
    """A shard in a process; after a finding it goes on with the next text."""
    folder.mkdir(parents=True, exist_ok=True)
    found, at, end = [], first, first + count
    while at < end:
        command = [sys.executable, __file__, "--run", str(at), str(end - at), str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=(folder / "log").open("w"))
        place, since, why = folder / "at", time.monotonic(), ""
        seen = None
        while process.poll() is None:
            time.sleep(0.2)
            now = place.read_text() if place.exists() else None
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > limit:
                why = f"no answer in {limit:.0f} s"
                process.kill()
        at = int(place.read_text() or at) if place.exists() else at
        if process.returncode == 0:
            break
        why = why or f"ended with status {process.returncode}"
        FINDINGS.mkdir(exist_ok=True)
        kept = FINDINGS / f"{at}.pyx"
        kept.write_bytes((folder / "mutated.pyx").read_bytes())
        (FINDINGS / f"{at}.log").write_bytes((folder / "log").read_bytes())
        found.append(f"{kept}: {why}")
        print(found[-1], flush=True)
        at += 1
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--shard", type=int, default=500)
    parser.add_argument("--limit", type=float, default=120.0)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--run", nargs=3)
    args = parser.parse_args()
    if args.run:
        shard(int(args.run[0]), int(args.run[1]), Path(args.run[2]))
        return 0
    import tempfile
    from concurrent.futures import ThreadPoolExecutor

    start, done, found = time.monotonic(), 0, []

    def work(number: int) -> tuple[int, list[str]]:
        if args.minutes and time.monotonic() - start > args.minutes * 60:
            return 0, []
        first = args.seed * 10_000_000 + number * args.shard
        size = min(args.shard, args.count - number * args.shard)
        with tempfile.TemporaryDirectory() as folder:
            return size, run(first, size, Path(folder), args.limit)

    with ThreadPoolExecutor(args.jobs) as pool:
        for size, bad in pool.map(work, range(-(-args.count // args.shard))):
            done += size
            found += bad
    print(f"{done} mutations in {time.monotonic() - start:.0f} s, {len(found)} findings", *found, sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.exit(main())
