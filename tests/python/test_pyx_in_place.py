"""Lists, tuples and small numbers are handled in place: as Cython has them, to the last reference."""

import gc
import itertools
import sys
from pathlib import Path

import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "in_place.pyx"
BIG = 2**30


class Number(int):
    def __eq__(self, other):
        return "equal"

    def __lt__(self, other):
        return []

    def __bool__(self):
        raise ValueError("neither")

    __hash__ = int.__hash__


class Sequence(list):
    def __getitem__(self, i):
        return ("item", i)

    def __setitem__(self, i, v):
        super().__setitem__(i, (v, v))

    def __iter__(self):
        yield "mine"

    def append(self, v):
        super().append((v, v))
        return "mine"


class Breaks:
    def __iter__(self):
        yield 1
        raise KeyError("in the middle")

    def append(self, v):
        raise LookupError("no")


NUMBERS = (0, 1, -1, 3, -3, BIG - 1, BIG, -BIG, 1 - BIG, 2**62, 10**30, -(10**30), True, False, 3.0, -0.0, 1e300,
           float("nan"), float("inf"))  # fmt: skip
OTHERS = ("a", "", "ä", None, [1], [], (1,), {1}, 1j)
CONTAINERS = (
    [],
    [1, 2, 3],
    (),
    (1, 2, 3),
    "abc",
    "",
    {1: 2, 2: 3},
    range(3),
    Sequence([1, 2]),
    b"ab",
    None,
    3,
)
CALLS = [
    *[(f, xs) for f in ("walk", "numbered", "numbered_from", "numbered_list", "numbered_own",
                        "numbered_parts") for xs in (*CONTAINERS, Breaks())],
    *[(f, list(range(n))) for f in ("grow", "shrink", "clear") for n in (0, 1, 2, 5, 19)],
    *[("set_all", xs, "v") for xs in ([], [1, 2.5, 10**30], None)],
    *[("first_and_last", xs) for xs in CONTAINERS if not isinstance(xs, Sequence)],
    *[("get_at", xs, i) for xs in CONTAINERS for i in (0, 2, 3, -1, -3, -4, 2**62)
      if i >= 0 or not isinstance(xs, Sequence | range)],
    *[("set_at", xs, i, "v") for xs in CONTAINERS for i in (0, 2, 3, -1, -3, -4, 2**62)],
    *[("add_at", xs, i, 1) for xs in ([1, 2], [1.5], ["a"], (1,), None) for i in (0, -1, 2)],
    ("count_three", [*NUMBERS]), ("count_three", [Number(3)]), ("count_three", [3, Number(3)]),
    *[("count_three", [3, x]) for x in OTHERS], ("count_three", None),
    ("largest", [*NUMBERS]), ("largest", (1, 3, 2)), ("largest", [1, "a"]), ("largest", []), ("largest", ["a", "c", "b"]),
    ("truths", [*NUMBERS, *OTHERS]), ("truths", [Number(1)]), ("truths", Breaks()),
    *[("order", a, b) for a, b in itertools.product(NUMBERS, NUMBERS)],
    *[("order", a, b) for a, b in itertools.product(OTHERS, (1, "a", None, [1], 2.5))], ("order", Number(1), 2),
    *[(f, xs, v) for f in ("append", "append_result") for xs in ([], [1] * 5, Sequence([1]), None, (), {1})
      for v in (1, "a")],
    ("append", Breaks(), 1), ("append_itself", []),
    *[("numbered_pairs", xs) for xs in ([(1, 2), [3, 4]], [(1, 2), ("stop", 1), (3, 4)], ["ab", "abc"], [1])],
    *[("numbered_whole", [5, "a"], start) for start in (0, 10**30)],
]  # fmt: skip


@pytest.fixture(scope="module")
def module():
    return pyx.compile(str(SOURCE))


def test_calls_end_as_in_cython(module, tmp_path_factory):
    reference = pyx_reference.build(SOURCE, tmp_path_factory.mktemp("in_place"))
    assert not pyx_reference.differences(reference, module, CALLS)


def test_what_an_item_does_when_it_goes_sees_the_new_one(module):
    seen = []

    class Leaver:
        def __del__(self):
            seen.append(list(xs))
            xs.append("more")

    xs = [Leaver()]
    assert module.drop_self(xs) == [None, "more"] and seen == [[None]]
    xs = [Leaver(), 1, 2]
    assert module.set_all(xs, 7) == [7, 7, 7, "more"]


def test_counts_of_references_are_exact(module):
    value = object()
    xs = [value] * 4
    gc.collect()
    before = [sys.getrefcount(o) for o in (value, None, xs)]
    for _ in range(1000):
        (
            module.walk(xs),
            module.walk(tuple(xs)),
            module.numbered(xs),
            module.numbered_from(xs),
            module.numbered_list(xs),
        )
        (
            module.grow([value]),
            module.shrink([value] * 3),
            module.set_all([1, value], value),
            module.get_at(xs, -1),
        )
        (
            module.set_at([None, value], 1, value),
            module.append([], value),
            module.append(Sequence([value]), value),
        )
        module.truths(xs), module.count_three([3, 2**40]), module.largest([2**40, 1])
        for f, *args in (("get_at", xs, 9), ("set_at", xs, 9, value), ("set_at", (value,), 0, value),
                         ("append", (value,), value), ("numbered_pairs", xs), ("walk", value),
                         ("largest", [value, value]), ("add_at", [value], 0, value)):  # fmt: skip
            with pytest.raises((IndexError, TypeError, AttributeError)):
                getattr(module, f)(*args)
    gc.collect()
    after = [sys.getrefcount(o) for o in (value, None, xs)]
    assert all(abs(a - b) < 50 for a, b in zip(after, before, strict=True)), (before, after)
