"""Functions of Python objects under ungil beside Cython (gcc -O3 -march=native): lists, dictionaries, strings, calls.

    ./dev bench --objects [NAME…]

Both run `cython_objects.pyx` as it stands. Rounds are interleaved, the best of each counts, and the answers must agree.
Values of more than one digit of CPython's, or of several types, stand in most arguments, as they do in programs.
"""

import copy
import sys
import tempfile
import timeit
from pathlib import Path

from cython_language import compiled_by_cython, shown

from ungil import pyx

SOURCE = Path(__file__).parent / "cython_objects.pyx"
ROUNDS = 7
#: Seconds of one round.
ROUND = 0.02


class Point:
    def __init__(self):
        self.x = 0

    def get(self, i):
        return i


def cases():
    mixed = [*range(999), 10**30]
    words = ("the quick brown fox jumps over the lazy dog " * 20).split()
    small = [[i + j for j in range(12)] for i in range(12)]
    tree = None
    for depth in range(7):
        tree = (tree, depth, tree)
    return [
        ("list_sum", mixed), ("list_sum_f", [1, 2.5] * 500), ("index_loop", mixed), ("index_list", mixed),
        ("typed_index", [1, 2.5] * 500), ("set_items", mixed, 1), ("count_eq", mixed), ("while_loop", 1000),
        ("dict_count", words), ("dict_get", words), ("dict_items", {i: i for i in range(500)}),
        ("build_list", 1000), ("comp", mixed), ("strs", 200), ("chars", "abcabc" * 100), ("pairs", mixed),
        ("enum", mixed), ("fib", 15), ("tuples", [(1, 2), (3, 4.5)] * 200), ("attrs", Point(), 300),
        ("methods", Point(), 300), ("concat", "ab", "cd"), ("isin", words, "dog"), ("minmax", mixed),
        ("nested", [[1, 2.5, 3] * 5] * 20), ("sieve", 1000), ("gcd", 10**25, 10**24 + 7), ("sets", mixed),
        ("fmt", mixed[:200]), ("slices", mixed), ("tryit", ["1", "x", "3"] * 30),
        ("bubble", [*range(40, 0, -1), 10**20]), ("matmul", small, small),
        ("tree_sum", tree), ("flatten", [[1, [2, [3]], 4], 5, [6]] * 20), ("columns", small),
        ("find_all", " ".join(words), "o"), ("distance", "kitten sitting on a mat" * 3, "sitting kittens at mats" * 3),
        ("key_errors", {i: i for i in range(0, 200, 2)}, list(range(200))), ("grouped", [(w, len(w)) for w in words]),
        ("factorial", 60), ("between", mixed),
    ]  # fmt: skip


def measured(reference, module, name, args):
    """Seconds per call of both."""
    functions = [getattr(m, name) for m in (reference, module)]
    answers = [f(*copy.deepcopy(args)) for f in functions]
    assert answers[0] == answers[1], f"{name}: {answers}"
    timers = [timeit.Timer(lambda f=f: f(*args)) for f in functions]
    count = max(1, int(ROUND / min(timers[0].repeat(3, 3)) * 3))
    best = [float("inf")] * 2
    for _ in range(ROUNDS):
        best = [min(old, timer.timeit(count) / count) for old, timer in zip(best, timers, strict=True)]
    return best


def main(names):
    with tempfile.TemporaryDirectory() as folder:
        reference, _ = compiled_by_cython(SOURCE, Path(folder))
        module = pyx.compile(SOURCE.read_text(), "cython_objects")
        print(f"{'':14}{'Cython':>10}{'ungil':>11}{'ratio':>7}")
        for name, *args in cases():
            if not names or name in names:
                c, u = measured(reference, module, name, args)
                print(f"{name:14}{shown(c)}{shown(u):>11}{u / c:7.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
