"""`pop` of lists and others, truths of containers, and membership of sets, beside Cython."""

import sys

import pyx_reference

from ungil import pyx

SOURCE = """
class Stack(list):
    def pop(self, *at):
        return ("mine", *at)

class Box:
    def pop(self, x=3):
        return x

def last(x): return x.pop(), x
def at(x, i): return x.pop(i), x
def named(x): return x.pop(index=1)
def or_else(d, key, value): return d.pop(key, value), d
def statement(x):
    x.pop()
    x.pop(0)
    return x
def drained(n):
    queue, out = [str(i) for i in range(n)], []
    while queue:
        out.append(queue.pop())
    return out
def drained_inside(n):
    queue, out = [str(i) for i in range(n)], []
    while queue:
        out.append(queue.pop(len(queue) // 2))
    return out
def truth(x):
    if x:
        return 1
    return 0
def truths(*xs): return [not x for x in xs]
def inside(x, s): return x in s, x not in s
def breadth_first(graph, start):
    seen, queue, order = {start}, [start], []
    while queue:
        u = queue.pop(0)
        order.append(u)
        for v in graph[u]:
            if v not in seen:
                seen.add(v)
                queue.append(v)
    return order
def counters():
    def make():
        c = 0
        def step(by=1):
            nonlocal c
            c += by
            return c
        return step
    steps = [make() for i in range(40)]
    return [f() for f in steps], [f(by=5) for f in steps], sorted([3, 1, 2], key=lambda x: -x)
"""
EMPTY_OR_NOT = [
    [],
    [0],
    (),
    (0,),
    "",
    "a",
    "ä",
    b"",
    {},
    {1: 1},
    set(),
    {0},
    0,
    -1,
    2**80,
    0.0,
    1e-300,
    None,
    True,
    1j,
]
INDICES = [0, -1, -3, -4, 3, True, 2**70, 1.0, None, "a"]


def calls(module):
    yield from (("last", x) for x in ([1, 2, 3], [], (1,), {5}, set(), {}, bytearray(b"ab"), None))
    yield from (("at", [1, 2, 3], i) for i in INDICES)
    yield from (("at", x, 1) for x in ([], {1: 2}, {2: 3}, bytearray(b"abc"), module.Stack([1, 2])))
    yield from (
        ("last", module.Stack([1])),
        ("named", [1, 2]),
        ("or_else", {1: 2}, 1, 5),
        ("or_else", {}, 1, 5),
    )
    yield from (("statement", [1, 2, 3]), ("statement", [1]), ("truths", *EMPTY_OR_NOT))
    yield from ((name, n) for name in ("drained", "drained_inside") for n in (0, 1, 2, 57, 300))
    yield from (("truth", x) for x in EMPTY_OR_NOT)
    sets = [{1, 2}, {frozenset({1})}, frozenset({1}), {1: 2}]
    yield from (("inside", x, s) for x in (1, 3, {1}, frozenset({1}), [1], {}) for s in sets)
    yield from (("breadth_first", {i: [i * 3 % 17, i * 5 % 17] for i in range(17)}, 1), ("counters",))


def outcome(module, name, *args):
    try:
        return repr(getattr(module, name)(*args))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def test_all_end_as_in_cython(tmp_path):
    file = tmp_path / "queues.pyx"
    file.write_text(SOURCE)
    theirs, ours = pyx_reference.build(file, tmp_path), pyx.compile(file)
    for a, b in zip(calls(theirs), calls(ours), strict=True):
        assert outcome(theirs, *a) == outcome(ours, *b), b
    assert ours.last(ours.Box())[0] == 3 and ours.at(ours.Box(), 7)[0] == 7


def test_references_are_exact():
    module = pyx.compile(SOURCE, name="queues_counted")
    item = object()
    before = sys.getrefcount(item)
    for n in (1, 2, 9):
        items = [item] * n
        module.last(items)
        module.last([item] * n)
        module.at([item] * n, 0)
        module.at([item] * n, -1)
        module.statement([item] * (n + 1))
        del items
    assert sys.getrefcount(item) == before


def test_what_code_carries_goes_with_it():
    for i in range(60):
        module = pyx.compile(SOURCE + f"\nNUMBER = {i}\n", name=f"queues_{i % 2}")
        assert module.counters() == ([1] * 40, [6] * 40, [3, 2, 1])


def test_a_list_that_is_being_sorted_has_nothing_to_pop():
    # It has no items then, and room for -1.
    module = pyx.compile(
        """
def sort_by(items):
    told = []
    def last(x):
        try:
            items.pop()
        except IndexError as error:
            told.append(str(error))
        return x
    def inside(x):
        try:
            items.pop(0)
        except IndexError as error:
            told.append(str(error))
        return x
    items.sort(key=last)
    items.sort(key=inside)
    return items, told
""",
        name="queues_sorted",
    )
    assert module.sort_by([3, 1, 2]) == ([1, 2, 3], ["pop from empty list"] * 6)
