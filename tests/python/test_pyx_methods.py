"""Methods of classes in the Cython language beside Cython's own: they are compiled, with Python's rules for class bodies.

`pyx/methods.pyx` is compiled by Cython and a C compiler once, where both are there, and by ungil; each expression must end alike.
"""

import cProfile
import gc
import inspect
import pickle
import pstats
import sys
import textwrap
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
from pyx_reference import build, ending

from ungil import errors, pyx

SOURCE = Path(__file__).parent / "pyx" / "methods.pyx"


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """The module as Cython compiles it."""
    with pytest.MonkeyPatch.context() as patch:
        # `dataclass` looks for its module.
        patch.setitem(sys.modules, "methods", sys)
        return build(SOURCE, tmp_path_factory.mktemp("cython"))


@pytest.fixture(scope="session")
def module():
    return pyx.compile(SOURCE)


TYPED = """
m.Acc.scale | m.Acc('a') | m.Acc(1.5, 2.5).n | m.Acc(1).add(np.arange(3.)) | m.Acc(1).add(None) | m.Acc(1).add(np.arange(3))
m.Acc(1).wrap(100000, 100000) | m.Acc(1).wrap(1 << 40, 1) | m.Acc(1).div(7, 2) | m.Acc(1).div(7, 0) | m.Acc(1).cdiv(-7, 2)
m.Acc.st(2**31 - 1) | m.Acc.st('q') | m.B.cl(255) | m.B.cl(256) | m.Acc(1).prop | m.Acc(1).callpriv(3)
m.Acc(1).callpriv('x') | list(m.Acc(1).gen(4)) | m.Acc(1).clo(4)(3) | len(m.Acc(1, 7)) | list(m.Acc(2, 3)) | m.Acc(1)['a']
(m.Acc(1) + m.Acc(2)).x | m.B(1).add(np.arange(3.)) | m.B(1).who() | m.Acc.add.__name__ | m.Acc.add.__qualname__ | m.Acc.__doc__
m.Acc(1).add() | m.Acc.wrap(m.Acc(1)) | m.Acc.wrap() | m.Acc(1).wrap(1, 2, 3) | m.Acc(1).wrap(1, c=3) | m.CD().d(-7, 2)
m.NpMeth().m(np.eye(3), 1) | m.NpMeth().m(np.eye(3, dtype='i'), 1) | m.cls_in_fn(3)().f(4)
m.Memory.whole | m.Memory().cast(300.9) | m.Memory().squares(4) | m.Memory().looks()
"""

CLASSES = """
m.P.made | m.P(3) | m.P[int] | m.Q.sub | m.P('a') | m.P(3) == m.P(3) | hash(m.P(3)) | {m.P(1): 2}[m.P(1)] | m.P(4)(2)
list(m.P(3)) | 4 in m.P(4) | 'a' in m.P(4) | bool(m.P(0)) | m.P(1).q_hello | m.P(1).nope | sorted([m.P(3), m.P(1)])
m.Q(7).b | m.Q(7).a | m.Q().kw(x=3, y=4) | m.Q().kw(x='a') | m.Q(2).cached(4) | m.Q(2).cp | m.Q.Inner().f(255) | m.Q.Inner().f(256)
list(m.E) | m.E.A.twice() | m.E.B.twice(4) | m.E.mk(2) | m.E.A.twice('a') | m.Ab() | m.Co().f() | m.D(1).total(2) | m.D(1) == m.D(1)
m.Priv().get() | m.Priv().ff() | m.Priv().kw() | m.Priv().lam() | m.Priv().comp() | vars(m.Priv())
m.De().f(2) | m.De().g(3) | m.De().h(4) | len(list(m.De().gen())) > 3 | m.De().f('a') | m.Dia().f(0) | m.L().f(1)
m.ListSub().append('3') | m.DictSub()[3] | m.Loop0().f() | m.Loop().f() | setattr(m.Q(), 'v', 5) | setattr(m.Q(), 'v', 'a')
type(m.P.__dict__['__new__']).__name__ | type(m.P.__dict__['__class_getitem__']).__name__ | inspect.signature(m.Q().kw)
"""

FUSED = """
m.F().f(1.5) | m.F().g(np.arange(3.), 1) | m.F().g(np.arange(3., dtype='f'), 1) | m.F().f('a') | m.F.s(3) | m.F.c(2.0) | m.G().f(2.0)
m.F().f['float'](1.5) | m.F.f['double'](m.F(), 1.5)
"""


def expressions(text):
    return [e.strip() for line in text.strip().splitlines() for e in line.split("|") if e.strip()]


@pytest.mark.parametrize("text", [TYPED, CLASSES, FUSED], ids=["typed", "classes", "fused"])
def test_methods(reference, module, text):
    names = {"np": np, "inspect": inspect}
    wrong = []
    for expression in expressions(text):
        expected, found = (
            ending(lambda m=m, e=expression: eval(e, names | {"m": m}), ()) for m in (reference, module)
        )
        if expected != found:
            wrong.append(f"{expression}: Cython {expected}, ungil {found}")
    assert not wrong, "\n".join(wrong)


def test_with_statements_and_properties(module):
    p = module.P(4)
    with p:
        raise ZeroDivisionError
    assert p.exc is ZeroDivisionError
    q = module.Q()
    q.v = 5
    assert q.v == 5
    found = module.ListSub()
    found.append(3)
    assert found == [6] and found.tot() == 6


def test_methods_are_compiled(module):
    module.Acc(1).wrap(2, 3)
    module.Dia().f(0)
    assert "objects" in repr(module.Acc.wrap) and "objects" in repr(module.Dia.f)


def test_pickled_methods(module, monkeypatch):
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert pickle.loads(pickle.dumps(module.Q.kw)) is module.Q.kw
    assert pickle.loads(pickle.dumps(module.Acc(1.0).st))(3) == 4


def test_objects_are_freed(module):
    p = module.Acc(2.0)
    p.wrap(2, 3)
    gone = weakref.ref(p)
    del p
    gc.collect()
    assert gone() is None


def test_parallel_methods_use_all_threads():
    found = pyx.compile(
        textwrap.dedent("""
    from cython.parallel cimport parallel, prange, threadid
    class W:
        def __init__(self): self.k = 2
        def tot(self, double[:] a, int nt=2):
            cdef double s = 0
            cdef Py_ssize_t i
            for i in prange(a.shape[0], nogil=True, num_threads=nt):
                s += a[i]
            self.last = s
            return s * self.k
        @staticmethod
        def ids(long[:] out):
            with nogil, parallel(num_threads=4):
                out[threadid()] = threadid()
    """)
    )
    w = found.W()
    assert w.tot(np.arange(10.0)) == 90 and w.last == 45
    ids = np.zeros(4, int)
    found.W.ids(ids)
    assert ids.tolist() == [0, 1, 2, 3]


def test_methods_in_pure_python_mode(tmp_path):
    path = tmp_path / "pure_methods.py"
    path.write_text(
        textwrap.dedent("""
    import cython
    class A:
        k: int = 3
        def __init__(self, x: cython.double):
            self.x = x
        def f(self, n: cython.int):
            i: cython.int
            s: cython.double = 0
            t = cython.declare(cython.int, 5)
            for i in range(n):
                s += i * self.x
            return s + cython.cast(cython.int, 3.7) + t
        @cython.cfunc
        def g(self, a: cython.int) -> cython.int:
            return a * a
        @staticmethod
        @cython.locals(v="double[:]")
        def h(v):
            return v[1]
        @cython.cdivision(True)
        def d(self, a: cython.int, b: cython.int):
            return a // b
    """)
    )
    a = pyx.compile(path).A(2)
    assert (a.x, a.f(3), a.g(100_000), a.h(np.arange(3.0)), a.d(-7, 2)) == (2.0, 14.0, 1410065408, 1.0, -3)
    with pytest.raises(OverflowError, match="value too large to convert to int"):
        a.f(2**40)


def test_a_method_that_cannot_stand_outside_of_its_class_is_told_of():
    with pytest.warns(errors.PerformanceWarning, match=r"`B.f` is not compiled .* in a function inside"):
        found = pyx.compile(
            "class A:\n    def f(self): return 1\n"
            "class B(A):\n    def f(self):\n        def g(self): return super().f()\n        return g(self) + 1\n"
        )
    assert found.B().f() == 2


def test_arguments_are_not_asked_for_attributes():
    """A method `__getattr__` gets its own object as an argument."""
    found = pyx.compile("def f(x): return 3\ndef g(x, int y): return [x]\n")

    class Asked:
        def __getattribute__(self, name):
            raise AssertionError(name)

    assert found.f(Asked()) == 3 and len(found.g(Asked(), 1)) == 1


def test_calls_of_fused_functions_in_profiles():
    found = pyx.compile(
        "# cython: profile=True\nfrom cython cimport floating\n"
        "def f(floating x): return x * 2\ndef g(floating[:] a): return a[0]\n"
    )
    ones = np.ones(1)
    found.f(0.5), found.g(ones)
    profile = cProfile.Profile()
    profile.enable()
    results = [found.f(1.5), found.f(2.5), found.g(ones), found.g(ones)]
    profile.disable()
    assert results == [3.0, 5.0, 1.0, 1.0]
    rows = {name: calls for (_, _, name), (_, calls, *_) in pstats.Stats(profile).stats.items()}
    rows = {name: calls for name, calls in rows.items() if "disable" not in name}
    assert rows == {"f": 2, "g": 2}


def test_fused_functions_in_threads():
    found = pyx.compile("from cython cimport floating\ndef f(floating x, y=0): return x * 2\n")
    wrong = []

    def work():
        wrong.extend(
            x for x in range(1000) if found.f(float(x)) != 2.0 * x or found.f(float(x), y=1) != 2 * x
        )

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_fused_functions_take_truth_values_for_unsigned_bytes():
    found = pyx.compile(
        "from libc.stdint cimport int8_t, uint8_t\nctypedef fused T:\n    int8_t\n    uint8_t\n    double\n"
        "def f(T[:] a): return a[0], T is uint8_t\n"
    )
    assert found.f(np.array([True, False])) == (1, True)
    assert found.f(np.array([-1], np.int8)) == (-1, False)
