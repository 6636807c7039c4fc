"""Functions that handle Python objects are compiled: as Cython has them, to the texts of errors and the last reference."""

import gc
import resource
import sys
import traceback
from pathlib import Path

import pytest
from pyx_reference import build, check, ending

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "objects.pyx"
BIG = 1 << 70


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return build(SOURCE, tmp_path_factory.mktemp("objects")), pyx.compile(SOURCE)


class Plain:
    pass


class Half:
    def __index__(self):
        return 7

    def __float__(self):
        return 0.5


class Fresh:
    def __init__(self, items):
        self.items = items

    def __iter__(self):
        return iter(self.items)


class Odd:
    """Raises wherever it is asked."""

    def __bool__(self):
        raise ValueError("no truth")

    def __lt__(self, other):
        return self

    def __iter__(self):
        yield 1
        raise ValueError("in the middle")


def echo(*args, **keywords):
    return args, keywords


def divide(x):
    if x == "deep":
        raise LookupError("deep")
    if isinstance(x, str):
        raise TypeError(x)
    if x == 7:
        raise KeyError(x)
    if x == 8:
        raise ValueError(x)
    if x == 9:
        raise MemoryError
    return 6 / x


def late(x):
    if x < 3:
        raise ValueError(x)
    return x


class Manager:
    def __init__(self, swallows):
        self.log, self.depth, self.swallows = [], 0, swallows

    def __enter__(self):
        if self.depth == 0:
            self.log = []
        self.depth += 1
        self.log.append("enter")
        return self.log

    def __exit__(self, kind, value, trace):
        self.depth -= 1
        self.log.append((kind, repr(value), trace is None))
        if self.swallows is None:
            raise OSError("exit")
        return self.swallows


class Get:
    def get(self, *args):
        return args


CALLS = {
    "caught": [(divide, x) for x in (2, 0, 7, 8, 9, "x", "again", "other", "return")] + [(3, 1)],
    "returns": [(divide, x) for x in (0, 1, 2, 5)] + [(late, 0), (late, 5), (print, 3)],
    "finally_wins": [(divide,), (late,)],
    "finally_fails": [(divide, x) for x in (1, 0, 7, "x")],
    "managed": [(Manager(s), divide, x) for s in (False, True, None) for x in (1, 2, 0)] + [(3, divide, 1), (Get(), divide, 1)],
    "not_managed": [(Manager(True),), (None,)],
    "imports": [("",), ("bad",), ("none",)],
    "lookups": [({}, 1), ({1: 2}, 1), ({}, []), (Get(), 1), (3, 1)],
    "retry": [(late, 5), (late, 1)],
    "points": [([(1.0, 2.0), (3, 4)],), ([[1, 2]],), (((1, 2), "ab"),), ([(1, 2, 3)],), ([(1,)],), ([3],), (3,), ((),)],
    "typed_points": [([(1, 2), (3.5, 4)], 2), ([], 1), ([(1, "a")], 1), ([(1, 2)], "x"), ([(1, Half())], Half())],
    "counted": [(["a", "b", "c"], 7), (["a"], -3), ([], BIG), (["a", 1, 2], 1), (["x"] * 5, 1)],
    "convert": [
        (1, 2, 3, 4), (-1, 255, 1.5, 0), (1 << 31, 1, 1, 1), (1, 256, 1, 1), (1, -1, 1, 1), (BIG, 1, 1, 1), (-BIG, 1, 1, 1),
        (1, BIG, 1, 1), (1, 1, "a", 1), ("a", 1, 1, 1), (2.7, 1, 1, 1), (None, 1, 1, 1), (True, Half(), Half(), "a"),
        (1, 1, 1, Odd()), (1, 1, 1 << 2000, 1), (1j, 1, 1, 1),
    ],
    "size": [(3,), (-1,), (1 << 63,), (1.5,), (Half(),), ("a",)],
    "wide": [(3,), (-1,), ((1 << 64) - 1,), (1 << 64,), (BIG,), (-BIG,)],
    "word_counts": [("a b a c",), ("",)],
    "displays": [({"a": 1}, 1, 0, 2), ({},), (1, 2), ({1: 2}, [])],
    "nested": [([[1, 2], [], [0, 3]],), ([1],), ([(1, "a")],)],
    "flow": [(9, [0, 1, 2, 3]), (2, [0, None]), (5, "ab"), (4.5, []), ("a", [])],
    "chains": [(1, 2, 3), (1, 1, 1), (3, 2, 1), (1, "a", 2), ("q", ["q"], [["q"]])],
    "operators": [(5, 3), (5.5, -2.0), (1, 2.5), (BIG, 3), (1, 0), (1.0, 0.0), ("a", 2), (True, 2), (2, -1)],
    "bits": [(12, 3), ({1, 2}, {2}), (1.5, 1), (1, -1)],
    "divide": [(7, 2, 2), (-7, 2, 0.5), (1, 0, 1), (1, 1, 0), (7, -2, 3), (1 << 31, 1, 1)],
    "typed_calls": [([1, 2.5], 3), (["a"], 1), ([1 << 30], 1), ([], 1)],
    "calls": [(echo, (3,), {"q": 3}), (echo, (), {}), (lambda *a, **k: a, [1], {"y": 1})],
    "first_double": [([1, 2],), ([0, 2],), ([],), (3,)],
    "count_up": [(1,), (2,), ("a",)],
    "depth": [(5, [1]), (1, 2)],
    "attributes": [(3,)],
}  # fmt: skip

FAILURES = [
    (0, None), (1, 0), (2, 0), (3, 0), (4, [1]), (5, 0), (6, [1]), (6, [1, 2, 3]), (6, 5), (6, (1,)), (6, Fresh([1])), (6, Odd()),
    (6, Fresh([1, 2, 3])), (7, [1]), (7, Fresh("abcd")), (8, {}), (8, [1]), (9, [1]), (9, (1, 2)), (9, {5: "five"}), (9, {}),
    (9, 3), (10, None), (11, 1), (12, 0), (13, 3), (14, 5), (14, Odd()), (15, KeyError), (15, ValueError("v")), (16, Plain()),
    (17, 3), (18, (1,)), (18, []), (18, [5]), (20, 3), (20, [1]), (21, []), (22, "a"), (22, 5), (23, "%d"), (23, "a"), (23, 5),
    (24, 0), (26, Odd()), (26, 2), (27, 0), (28, {"a": 1}), (29, "ab"), (5, 1),
]  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_as_cython(modules, name):
    check(*modules, name, *CALLS[name])


def test_errors(modules):
    check(*modules, "fails", *FAILURES)


def test_compiled(modules):
    for name in CALLS:
        ending(getattr(modules[1], name), CALLS[name][0])
        ending(getattr(modules[1], name), (object(),) * len(CALLS[name][0]))
    assert not {name for name in CALLS if "objects" not in repr(getattr(modules[1], name))}


def test_attributes(modules):
    assert [m.attributes(Plain()) for m in modules] == [(6, {}, False)] * 2


def test_traceback(modules):
    with pytest.raises(ValueError, match="one") as info:
        modules[1].fails(1, "text")
    last = traceback.extract_tb(info.value.__traceback__)[-1]
    text = SOURCE.read_text().splitlines()
    assert (last.name, last.filename) == ("fails", str(SOURCE))
    assert text[last.lineno - 1].strip() == 'raise ValueError("one")'


def test_handled_exceptions_are_forgotten(modules):
    for module in modules:
        module.caught(divide, 7)
        module.finally_fails(late, 0)
        assert sys.exc_info() == (None, None, None)
        try:
            raise OSError
        except OSError as outer:
            module.caught(divide, 8)
            assert sys.exc_info()[1] is outer


def test_frames_of_exceptions_that_pass(modules):
    for x, names in ((9, ["caught", "divide"]), ("again", ["caught", "divide"]), ("other", ["caught"])):
        with pytest.raises((MemoryError, TypeError, RuntimeError)) as info:
            modules[1].caught(divide, x)
        assert [frame.name for frame in traceback.extract_tb(info.value.__traceback__)][1:] == names


def test_cause(modules):
    for module in modules:
        with pytest.raises(ValueError, match="c") as info:
            module.fails(12, "text")
        assert repr(info.value.__cause__) == "KeyError('k')"


def test_keywords(modules):
    for module in modules:
        assert module.counted(["a"], step=2, sep="+") == ("a0" + "+" * 8, 0)
        with pytest.raises(TypeError, match="missing 1 required positional|takes|exactly"):
            module.counted(["a"])
        with pytest.raises(TypeError, match="unexpected keyword"):
            module.counted(["a"], 1, no=2)


def test_recursion(modules):
    module = modules[1]
    assert module.depth(200, [1]) == [0] + [1] * 200


def held(objects):
    return [sys.getrefcount(o) for o in objects]


def test_references(modules):
    module = modules[1]
    a, b, text, rows = object(), [1.5, 2.5], "one two one " + str(len(modules)), [(1.5, 2.5), (Plain(), 1)]
    cases = [
        ("points", (rows,)), ("points", ([rows[0]],)), ("points", ([b, rows],)), ("word_counts", (text,)), ("displays", ({"k": a}, a, b)),
        ("displays", (a, b)), ("nested", ([b, [a]],)), ("flow", (9, [a, b, None])), ("flow", (a, b)), ("fails", (6, rows)),
        ("fails", (6, Fresh([a]))), ("fails", (6, Fresh([a, b, text]))), ("fails", (7, [a])), ("fails", (7, [a, b, text])), ("fails", (8, {"k": a})),
        ("fails", (11, b)), ("fails", (21, b)), ("fails", (29, [a])), ("calls", (echo, (a, b), {"k": text})),
        ("calls", (a, (b,), {})), ("typed_points", ([(1, a)], 1.0)), ("keep", ([a],)), ("chains", (b, b, a)), ("operators", (b, 2)),
        ("caught", (divide, 0)), ("caught", (divide, 7)), ("caught", (divide, "again")), ("caught", (divide, "return")), ("caught", (a, b)),
        ("returns", (divide, 0)), ("returns", (late, 0)), ("finally_wins", (divide,)), ("finally_fails", (divide, 0)), ("retry", (late, 1)),
        ("managed", (Manager(True), divide, 0)), ("managed", (Manager(None), divide, 1)), ("managed", (Manager(False), divide, 1)),
        ("lookups", ({"k": a}, "k")), ("lookups", (Get(), a)), ("imports", ("bad",)), ("first_double", (rows,)), ("depth", (3, b)), ("depth", (3, a)), ("fails", (14, Odd())), ("fails", (26, Odd())),
    ]  # fmt: skip
    for name, args in cases:
        ending(getattr(module, name), args)
    gc.collect()
    everything = [a, b, text, *rows, *rows[1], None, echo, 1.5, ValueError, TypeError]
    for name, args in cases:
        function = getattr(module, name)
        gc.collect()
        before = held(everything)
        for _ in range(50):
            ending(function, args)
        gc.collect()
        # What is shared by the whole process moves a little.
        moved = [abs(x - y) for x, y in zip(before, held(everything), strict=True)]
        assert max(moved) < 20, (name, args, moved)


def test_flat_memory(modules):
    module = modules[1]
    rows = [(1.5, 2.5), (2, 3)]

    def spin(n):
        for i in range(n):
            module.points(rows)
            module.word_counts("a b a")
            try:
                module.fails(6, rows[0][0])
            except TypeError:
                pass
            try:
                module.displays(i, i)
            except AttributeError:
                pass

    spin(20_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spin(100_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096
