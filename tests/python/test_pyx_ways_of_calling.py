"""Ways of calling functions, and what calls of methods and sums of numbers do at once: as Cython has them."""

import gc
import subprocess
import sys
import threading
from array import array
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "ways_of_calling.pyx"


class Text(str):
    pass


class Number(int):
    def __add__(self, other):
        return "added"

    def __eq__(self, other):
        return "equal"

    __hash__ = int.__hash__


class Loud:
    def upper(self, *args):
        return "LOUD", args


class Pretender:
    __class__ = list


class Every:
    def __instancecheck__(self, instance):
        raise KeyError("all of them")


CALLS = """
m.setg(b'abc'), m.getg()
m.setd(array('d',[1.5,2])), m.getd()
m.mv(b'abc')
m.mv(b'abc')
m.mv(bytearray(b'xbc'))
m.mv(memoryview(b'abcd')[::2])
m.mv(memoryview(b'abcd')[::-1])
m.mv(b'')
m.mv(bytearray())
m.mvw(b'abc')
m.mvw(bytearray(b'abc'))
m.mvw(bytearray(b'abc'))
m.mvw(memoryview(b'abc'))
bytes(m.ret(b'abc'))
bytes(m.ret(b'abc'))
bytes(m.ret(bytearray(b'abc')))
m.md(array('d',[1.5,2]))
m.md(array('d',[1.5,2]))
m.md(array('f',[1.5,2]))
m.md1(memoryview(array('d',[1.5,2,3]))[::2])
m.md1(memoryview(array('d',[1.5,2,3]))[:2])
m.md(memoryview(array('d',[1.5,2,3]))[::2])
m.mdc(memoryview(array('d',[1.5,2,3])).toreadonly())
m.md(memoryview(array('d',[1.5,2,3])).toreadonly())
m.m2(memoryview(np.ones((2,3))))
m.m2(memoryview(np.ones((2,3)).T))
m.m2(memoryview(np.ones((2,3))[:, ::2]))
m.m2(b'abc')
m.m2(memoryview(b'abc'))
m.mi(array('i',[3]))
m.mi(array('l',[3]))
m.ml(array('l',[3]))
m.ml(array('q',[3]))
m.ml(array('l',[3]))
m.mll(array('l',[3]))
m.mll(array('q',[3]))
m.mq(array('L',[3]))
m.mq(array('l',[3]))
m.ch(bytearray(b'abc'))
m.ch(array('b',[3]))
m.sch(array('b',[3]))
m.sch(bytearray(b'a'))
m.mv(5)
m.mv(None)
m.mv('abc')
m.bn(5)
m.bn(0)
m.bn(2**70)
m.bn(-2**70)
m.bn('')
m.bn([1])
m.bn(1.5)
m.bn(None)
m.bn(True)
m.bn2(7, 3)
m.bn2(True, True)
m.ul(5)
m.ul(2**64-1)
m.ul(2**64)
m.ul(-1)
m.ul(True)
m.ul(1.5)
m.ul(2**63)
m.sz(0, 3)
m.sz(2**40, 0)
m.sz(-1, 0)
m.ult(1,2)
m.ult(True,2)
m.ult(2**64-1,2)
m.kw1(1)
m.kw1(1,d=2)
m.kw1(1,2,3,4,d=2)
m.kw1(1,2,3,4,d=2,e=5,g=6,h=7)
m.kw1(1,a=2,d=3)
m.kw1(1,d=3,b=4)
m.kw1(1,d=3,c=4)
m.kw1(b=1,d=3)
m.kw1(d=3,a=2)
m.kw1()
m.kw1(1,2,d=0)
m.kw2(1,2)
m.kw2(1,b=2)
m.kw2(a=1,b=2)
m.kw2(1,2,3)
m.kw2(1,2,c=4)
m.kw2(1,2,d=4)
m.kw2(1)
m.kw3()
m.kw3(a=1,self=2)
m.kw3(1)
m.kw3(**{Text('a'):1})
m.kw4(1,a=2)
m.kw4(a=2)
m.nine(1)
m.nine(1,j=5)
m.nine(*range(15))
m.nine(*range(15),l=4)
m.nine(1,2,3,b=5)
m.nine(b=5)
m.nine(**{'a':1,'l':3})
m.ik(1)
m.ik(1,c=4)
m.ik(1,d=4,c=2)
m.ik(1,d='x')
m.ik(1,2)
m.kw2(**{Text('b'):1, Text('a'):2})
m.ik(**{Text('a'):1, Text('c'):2})
m.ik(**{'%s' % 'a':1, ''.join(['c']):2})
m.kw4(5, **{1:2})
m.unused(1)
m.unused(1, 2, b=3)
m.unused(1, 2, a=3)
m.unused(a=3, b=4)
m.total([1.5, 2.5, 3], 0.0)
m.total([1.5, 2.5, 3], 0)
m.total([1.5, True, 3], 10**20)
m.total([1000, 2000, -4000], 500)
m.total([2**30 - 1, 1, 2**30, -2**31], 300)
m.total([-2**30, -1, 7], -300)
m.total([100, 100, 56, 1, -252], 1)
m.total(["b", "c"], "a")
m.total([[1]], [2])
m.total([(1,)], 2.5)
m.total([float("nan"), 1], 1.5)
m.total([True, True], 1000)
m.total([0.5], True)
m.total([0.5], Number(3))
m.total([Number(4)], 3.5)
m.totals([1000, 1000, 0.5, 0.25, 10**12, 1])
m.totals([300, 5, -1000, 2**29, 2**29, 2**29])
m.grown(1.5, 2)
m.grown(1000, 2)
m.grown(1000, 2.5)
m.equal([0, 3, -7, 2**30 - 1, 3.0, True, False, None, "a", 2**60, -3, 7, 2**30 + 3, -(2**30), Number(3)], 3)
m.upper("aé")
m.upper(b"a")
m.upper(Text("a"))
m.upper(5)
m.upper(None)
m.upper(Loud())
m.typed_upper("ab")
m.method([1, 2, 1], 1)
m.method((1, 2, 1), 2)
m.method("abca", "a")
m.method([1], 2)
m.no_such("a")
m.no_such([])
m.no_such(Loud())
m.keys({2: 3, 1: 4})
m.keys(5)
m.split("a,b c,d")
m.split(b"a")
m.too_many("a")
m.too_many(Loud())
m.from_keys(dict)
m.from_keys({})
m.attribute("a")
m.attribute(1)
m.kinds([])
m.kinds(True)
m.kinds(Number(1))
m.kinds(Text())
m.kinds(Pretender())
m.kind_of(Pretender(), Text)
m.kind_of(Text(), Text)
m.kind_of(Text(), (int, Text))
m.kind_of(1, Every())
m.kind_of(1, (str, Every()))
m.kind_of(1, 2)
m.kind_of(1, (2, 3))
m.kind_of(1, (int, 3))
m.kind_of(1, ((str, int), list))
m.kind_of(1, int | str)
m.kind_of(np.float64(1), float)
m.searches("abcabc", "bc", 2, 5)
m.searches("abcabc", "", -2, 100)
m.searches("abcabc", "c", -100, -1)
m.searches("abcabc", "", 7, 8)
m.searches("é😀é", "é", 1, 3)
m.searches("é😀é", "x", 1, 3)
m.searches("abc", "c", 0, None)
m.searches("abc", "c", None, 2)
m.searches("abc", "c", True, 10**20)
m.searches("abc", Text("c"), 0, 3)
m.searches("abc", 5, 0, 3)
m.searches(b"abcc", b"c", 0, 3)
m.searches(Text("abc"), "c", 0, 3)
m.searches([], "c", 0, 3)
m.found("abc", "c")
m.begins("abc", "ab")
m.begins("abc", ("x", "ab"))
m.nothing()
m.nothing(1)
m.nothing(a=1)
m.nothing(*())
m.half()
m.half(**{})
m.with_default(1)
m.with_default(1, 5)
m.with_default(1, b=5)
m.with_default(b=5, a=1)
m.with_default(b=5)
m.with_default()
m.with_default(1, 2, 3)
m.with_default(1, a=2)
m.with_default(1, c=2)
m.with_default(2**31)
m.with_default(2**31 - 1)
m.with_default(True, np.int8(3))
m.with_default(np.int64(2**40))
m.with_default(1.5)
m.with_default("a")
m.with_default(Number(4), Number(5))
m.with_default(None)
m.doubles(1.5)
m.doubles(1)
m.doubles(True, np.float32(0.5))
m.doubles(np.float64(3), z=np.int16(4))
m.doubles(1, z=4)
m.doubles(1, z="a")
m.doubles(x=1, y=2, z=3)
m.doubles(z=1, y=2, x=3)
m.doubles(2**70)
m.doubles(10**400)
m.doubles(np.uint64(2**64 - 1), np.longdouble(2))
m.doubles(1j)
m.doubles(1, 2, 3, 4)
m.doubles(np.array(2.5))
m.flags(None)
m.flags([], b=None)
m.flags(np.bool_(True), np.bool_(False))
m.flags("", {})
m.flags(0.0, ())
m.flags(b"", b"a")
m.flags(np.float64(0), np.int8(2))
m.flags(np.array([1, 2]))
m.flags(Every(), set())
m.flags(10**30)
m.sizes(3)
m.sizes(-3)
m.sizes(2**62, m=2)
m.sizes(np.uint64(3), np.int32(4))
m.sizes(True)
m.sizes(1.5)
m.small(255)
m.small(256)
m.small(-1)
m.small(1, 2**15)
m.small(s=3, c=4)
m.mixed(1, 2)
m.mixed(1.0, 2)
m.mixed(x=1, n=2)
m.three(1, 2, 3)
m.three(1, c=3, b=2)
m.three(1, 2)
m.unasked(1)
m.unasked(1, b=2, c=3)
m.unasked(a=1, b=2)
m.unasked(**{"".join(["", "a"]): 4})
m.unasked(**{Text("a"): 4})
m.unasked(1, a=2)
m.unasked(1, 2)
m.unasked(b=2)
m.unasked(1, **{2: 3})
m.kws()
m.kws(a=1, kws=2)
m.kws(1)
m.seen(1, b=2)
m.told(1, b=2)
m.both()
m.both(1, [], a=3)
m.both(a=3)
m.counted()
m.counted(1)
m.counted("a", "b")
m.counted([1], 2, 3)
m.named(1, b=2)
m.named(1, c=4, b=2)
m.named(a=1, c=4, b=2)
m.named(1)
m.named(1, 2)
m.named(1, 2, b=3)
m.named(b=3)
m.ordered(1)
m.ordered(1, 2, 3, 4, c=5)
m.ordered(1, c=5)
m.ordered(1, 2, b=3)
m.ordered(b=3)
m.letter(b"abc")
m.letter(bytearray(b"xyz"))
m.letter(b"")
m.letter("abc")
m.letter(None)
m.letter(memoryview(b"abc"))
m.letters(b"abc", 2)
m.letters(bytearray(b"abcd"))
m.letters(s=b"a")
m.letters(np.zeros(3, np.int8))
m.absolute(-5)
m.absolute(2**31)
m.absolute(np.int8(-7))
m.absolute("a")
m.root(4)
m.root(-1)
m.outer(3)
m.outer(30)
m.outer(n=3)
m.down(5)
m.down(-1)
m.down("a")
m.falls(7)
m.falls(n=200)
m.gcd(12, 18)
m.gcd(0, 0)
m.gcd(b=4, a=6)
m.divided(1)
m.divided(7, 2)
m.divided(1, b=0)
m.fused_sum(1, 2)
m.fused_sum(1)
m.fused_sum(1.5)
m.fused_sum(1.5, 2)
m.fused_sum(1, 2.5)
m.fused_sum(True, 2)
m.fused_sum(np.float64(1.5), 2)
m.fused_sum(np.int64(1), 2)
m.fused_sum(a=1, b=2)
m.fused_sum(1, b=2.5)
m.fused_sum("a", 2)
m.fused_sum(None)
m.fused_sum()
m.fused_sum(1, 2, 3)
m.fused_sum(1, c=2)
m.fused_sorts(1)
m.fused_sorts(1.0)
m.fused_sorts(True)
m.fused_sorts(Number(3))
m.fused_first(np.ones(2), 3)
m.fused_first(np.ones(2, np.intc), 3)
m.fused_first(np.ones(2, np.intc), 3.5)
m.fused_first(np.ones((2, 2)), 3)
m.fused_first(np.ones(2, np.float32), 3)
m.fused_first(array("d", [1.5]), 3)
m.fused_first(None, 3)
m.gives_up(5)
m.calls_one(5)
partial(m.doubles, 1, z=4)(y=5)
partial(m.with_default, b=4)(3)
partial(m.nothing)()
list(map(m.doubles, [1, 2.5], [3, 4]))
list(map(m.with_default, [1, 2, True]))
sorted([3, 1, -2], key=m.absolute)
sorted("bca", key=m.unasked)
m.Owner.method(1)
m.Owner().method()
m.Owner().also()
max([1, 2], key=m.with_default)
list(map(m.unasked, "ab"))
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return pyx_reference.build(SOURCE, tmp_path_factory.mktemp("ways_of_calling")), pyx.compile(SOURCE)


def ended(module, call):
    names = {"m": module, "np": np, "array": array, "Text": Text, "Number": Number, "Loud": Loud}
    names["partial"] = partial
    names |= {"Pretender": Pretender, "Every": Every}
    try:
        result = eval(call, names)
    except Exception as error:
        return type(error).__name__, str(error)
    return type(result).__name__, repr(result)


def test_calls_end_as_in_cython(modules):
    reference, module = modules
    wrong = []
    # The first call of each kind compiles, the second one finds what was compiled.
    for call in 2 * CALLS.strip().splitlines():
        expected, found = ended(reference, call), ended(module, call)
        if expected != found:
            wrong.append(f"{call}: Cython {expected}, ungil {found}")
    assert not wrong, "\n".join(wrong)


def test_changed_defaults_of_keywords_do_not_count(modules):
    _, module = modules
    module.ik.py_func.__kwdefaults__["c"] = 100
    assert module.ik(1) == 4


def test_buffers_are_given_back(modules):
    _, module = modules
    data = bytearray(b"abc")
    for _ in range(3):
        module.mv(data)
        with pytest.raises(TypeError):
            module.m2(data[0])
        data.append(1)
    for name in ("ret", "mvw"):
        view = getattr(module, name)(data)
        del view
        gc.collect()
        data.append(1)
    assert len(data) == 8


def test_references_stay_as_they_are(modules):
    _, module = modules
    key, value, items = object(), object(), [1000.5, 2000.5]
    before = [sys.getrefcount(x) for x in (key, value, items, items[0])]
    for _ in range(100):
        module.kw1(key, value, key, value, d=key, e=value, f=items)
        module.kw3(a=key, b=value)
        module.nine(key, j=value, l=items)
        module.total(items, 1.5)
        module.total(items, items[0])
        module.totals([3000, 3000])
        module.method([key, value], value)
        with pytest.raises(TypeError):
            module.kw1(key, value, key, a=value)
    assert before == [sys.getrefcount(x) for x in (key, value, items, items[0])]


def test_defaults_are_those_of_the_definition(modules):
    _, module = modules
    for function in (module.doubles, module.unasked, module.ordered):
        function.py_func.__defaults__ = None
    assert module.doubles(1) == 121.0
    assert module.ordered(1) == (1, [], (), 4)
    module.ordered(1)[1].append(2)
    assert module.ordered(1)[1] == [2]
    module.ordered(1)[1].clear()


def test_references_of_bound_arguments_stay_as_they_are(modules):
    _, module = modules
    key, data = object(), bytearray(b"abc")
    before = [sys.getrefcount(x) for x in (key, data, None, ())]
    for _ in range(1000):
        module.unasked(key, b=key)
        module.both(key, key, c=key)
        module.named(key, c=key, b=key)
        module.counted(1, key)
        module.letter(data)
        module.flags(None, key)
        module.nothing()
        for call in (module.named, module.unasked, module.with_default, module.letter):
            with pytest.raises(TypeError):
                call(key, key, key)
        with pytest.raises(TypeError):
            module.with_default(key, b=key)
    after = [sys.getrefcount(x) for x in (key, data, None, ())]
    assert after[:2] == before[:2]
    assert all(abs(now - then) < 100 for now, then in zip(after, before, strict=True))
    data.append(1)


def test_exceptions_leave_nothing_behind(modules):
    _, module = modules
    for _ in range(3):
        with pytest.raises(ValueError, match="11"):
            module.outer(11)
        with pytest.raises(ZeroDivisionError):
            module.divided(1)
        with pytest.raises(RecursionError):
            module.down(10**9)
        assert module.outer(1) == 2 and module.divided(1, 1) == 1 and module.down(3) == 3


def test_the_lock_is_given_up_where_that_is_said(modules):
    _, module = modules
    for name in LOCKS:
        getattr(module, name)(*(3, 2)[: 1 + (name == "gcd")])
    asked = {name: [f["releases_gil"] for f in getattr(module, name)._facts()] for name in LOCKS}
    assert asked == {name: [expected] for name, expected in LOCKS.items()}


LOCKS = {"gives_up": True, "calls_one": True, "gcd": False, "down": False, "absolute": False, "falls": False}


def test_loops_that_hold_the_lock_are_interrupted():
    program = f"""
import os, signal, threading
from pathlib import Path
from ungil import pyx
m = pyx.compile(Path({str(SOURCE)!r}))
pid = os.fork()
if pid == 0:
    import time
    time.sleep(1)
    os.kill(os.getppid(), signal.SIGINT)
    os._exit(0)
try:
    m.spin()
except KeyboardInterrupt:
    print("interrupted")
os.waitpid(pid, 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout == "interrupted\n", done.stderr


def test_numbers_that_others_hold_are_not_changed(modules):
    _, module = modules
    for start in (1000, 1.5):
        kept = start
        held = [start]
        assert module.total([1, 2], start) == start + 3
        assert kept == held[0] and module.grown(start, 5) == (start, start + 5)
    assert module.totals([1000] * 3) == [1000, 2000, 3000]


def test_threads_and_forks_have_contexts_of_their_own(modules):
    _, module = modules
    found = []

    def work(n):
        found.append([module.bn2(True, k) for k in range(n)])

    for _ in range(3):
        threads = [threading.Thread(target=work, args=(50,)) for _ in range(4)]
        [t.start() for t in threads]
        [t.join() for t in threads]
    assert found == [[k + 1 for k in range(50)]] * 12
    program = """
import os, threading
from ungil import pyx
m = pyx.compile("def f(int n): return n + 1\\ndef g(x): return [x]", name="forked")
# The first thread with a context ends before the fork.
t = threading.Thread(target=lambda: m.f(1) + len(m.g(1)))
t.start()
t.join()
assert m.f(2) == 3
child = os.fork()
threads = [threading.Thread(target=lambda: [m.f(k) + len(m.g(k)) for k in range(100)]) for _ in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
assert m.f(3) == 4
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", program], check=True)
