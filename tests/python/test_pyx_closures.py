"""Functions inside functions, generator expressions, `match` and keywords are compiled, and mean what they mean in Cython."""

import gc
import sys
from pathlib import Path

import pytest
from pyx_reference import build, check, ending

from ungil import pyx

FOLDER = Path(__file__).parent / "pyx"


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return build(FOLDER / "closures.pyx", tmp_path_factory.mktemp("closures")), pyx.compile(
        FOLDER / "closures.pyx"
    )


class Base:
    pass


class Odd:
    def __bool__(self):
        raise ValueError("no truth")

    def __gt__(self, other):
        return self


CALLS = {
    "count_with": [(3, [1, 2]), (1.5, []), ("a", [1])],
    "after_reset": [(3,)],
    "sorted_by": [([{"k": 2}, {"k": 1, "j": 3}, {"k": 1}], "k"), ([{}], "k"), (["ab", "aa"], 0), (3, 1)],
    "adders": [(3,), (0,), ("a",)],
    "late_binding": [(3,), (0,)],
    "factorial": [(1,), (5,), (20,), ("a",)],
    "typed_inside": [([1, 2, 3], 4), ([1.5], 4), (["a"], 1), ([1 << 40], 1), ([], 1)],
    "unbound": [(1,)],
    "decorated": [([],), (None,)],
    "wrapper": [(3,)],
    "inner_class": [(Base, 3), (int, 4), (3, 3)],
    "inner_generator": [(3,), ("ab",)],
    "consumers": [([1, 2, 3],), ([0],), ([],), ([1, "a"],), (3,), ((1.5, -2),)],
    "extremes": [([3, 1, 2],), ([],), ([1, "a"],)],
    "nested_any": [([[1, 2], [0, 3]], 3), ([[1], []], 5), ([], 1), ([1], 2), ([["a"]], 1)],
    "stops": [([1, 2, 3],), ([1],), ([Odd(), 4],)],
    "truths": [([1, 2, 3],), ([-1, 5],), ([None],), ([1, None],), ([],)],
    "passed_on": [([1, 2], list), ([1, 2], sorted), ([3], lambda g: g)],
    "in_comprehension": [([[1, 2], [3]],), ([["a"]],), (["b"],), ([],)],
    "sum_error": [(["a"],), ([1, "a"],), ([[1]],)],
    "keywords": [(1,), (1, 2, 3)],
    "only_keywords": [()],
    "walrus": [([1, 5, 2],), ([1],), ([],)],
    "grid": [([{"ab": 1, "c": None}, {"d": 2}],), ([],), ([{"a": "x"}],), ([3],)],
    "calls_own": [([("a", 1), ("b", 2)],), ([("a", 1.5)],), ([(1, "x")],), ([(1, 1 << 40)],), ([("q", 1 << 30)],)],
    "call_wrapped": [(1,), ("a",)],
    "lambdas_of_list": [(10,), (0,)],
    "lambdas_of_others": [([1, 2],), ([],), (3,), (["a"],)],
    "generators_of_list": [([1, 2],), ("ab",), ([None],)],
    "lambdas_after_errors": [([[1, "a"], [2], ["b", 3]],), ([],)],
    "name_of_wrapped": [()],
    "failing_own": [([(1, 2), (3, 4)],), ([(1, 99)],), ([("a", 1)],)],
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_as_cython(modules, name):
    check(*modules, name, *CALLS[name])


@pytest.mark.parametrize("named", [{}, {"b": 5}, {"c": 1, "d": 2}, {"a": 4}, {"args": 3}, {"kw": 1}])
def test_keywords(modules, named):
    for args in [(1,), (1, 2), ()]:
        found = [ending(lambda *a, m=m: m.keywords(*a, **named), args) for m in modules]
        if found[0][0] == "TypeError":
            assert found[1][0] == "TypeError"
        else:
            assert found[0] == found[1]
    found = [m.only_keywords(**named) for m in modules]
    assert found[0] == found[1]


def test_chains(modules):
    values = [0, 1, 2.5, "a", [1], ["a", [1]]]
    for a in values:
        for b in values:
            check(*modules, "chain", *((a, b, c, d) for c in values for d in values[:3]))


def test_they_are_compiled(modules):
    _, module = modules
    for name, calls in CALLS.items():
        for args in calls:
            ending(getattr(module, name), args)
        shown = repr(getattr(module, name))
        # Numbers alone make kernels.
        assert "objects" in shown or name in ("factorial", "unbound") and "->" in shown, shown


def test_functions_are_functions(modules):
    _, module = modules
    advance, _ = module.counter(3)
    assert advance.__name__ == "advance" and advance.__kwdefaults__ == {"twice": False}
    assert advance.__qualname__ == "counter.<locals>.advance"
    advance.note = 3
    assert advance.note == 3 and advance() == 4
    with pytest.raises(TypeError, match="unexpected keyword argument 'q'"):
        advance(q=1)


def test_nothing_is_kept(modules):
    _, module = modules
    item = object()
    gc.collect()
    before = sys.getrefcount(item)
    for _ in range(100):
        module.wrapper(item)
        module.passed_on([], lambda g, item=item: g)
        module.keywords(item, item, b=item, c=item)
        module.stops([])
        ending(module.consumers, ([item],))
        ending(module.nested_any, ([[item, item]], item))
        module.truths([]), module.grid([{"a": None}])
        ending(module.inner_class, (Base, item))
        ending(module.calls_own, ([(item, item)],))
    gc.collect()
    assert sys.getrefcount(item) == before


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Bad:
    __match_args__ = ["x"]


class Odder:
    __match_args__ = (3, "y")


KINDS = [
    0, 1, True, False, 5, 500, "a", "bc", None, [], (), [7], (1, 2), [1, 2, 3, 4], range(3), {}, {"x": 1}, {"x": 3}, {"x": [1]}, b"ab",
    {"kind": "k", "items": [1, 2], "more": 3}, {"kind": "k", "items": [1]}, {"kind": "k", "items": "ab"}, 2 + 0j, 2 + 1j, 1.0, object,
    Point(1, 2), {1, 2},
]  # fmt: skip


def test_match():
    text = (FOLDER / "matching.pyx").read_text()
    python = {}
    exec(text, python)
    module = pyx.compile(FOLDER / "matching.pyx")
    for x in KINDS:
        assert ending(module.kind, (x,)) == ending(python["kind"], (x,)), x
    points = [Point(0, 1), Point(2, 2), Point(1, 2), 3, Bad(), Odder(), (0, 1)]
    for p in points:
        for cls in (Point, int, Bad, Odder, 3):
            assert ending(module.points, (p, cls)) == ending(python["points"], (p, cls)), (p, cls)
    for items in [[1, ("a", 2), ("skip", 1, 2), ("stop",), 3], [(1, 2)], [], [("skip",)], [[1, 2], "ab"]]:
        assert ending(module.loop, (items,)) == ending(python["loop"], (items,))
    for x in ([1, 5], [1, 6], 3, [5, 5]):
        assert ending(module.keeps, (x,)) == ending(python["keeps"], (x,))
    for name in ("kind", "points", "loop", "keeps"):
        assert "objects" in repr(getattr(module, name)), name
    item = object()
    before = sys.getrefcount(item)
    for _ in range(50):
        module.kind([item, item]), module.kind({"kind": item, "items": [item, item]}), module.keeps([item, 6])
    assert sys.getrefcount(item) == before
