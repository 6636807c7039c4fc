"""Dispatchers and the garbage collector: cycles through compiled code go, and what is left of them is harmless."""

import gc
import sys
import types
import weakref

import ungil
from ungil import jit

RECURSIVE = """
from ungil import jit

@jit
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)

@jit
def even(n):
    return True if n == 0 else odd(n - 1)

@jit
def odd(n):
    return False if n == 0 else even(n - 1)
"""


def loaded(tmp_path):
    path = tmp_path / "recursive_module.py"
    path.write_text(RECURSIVE)
    module = types.ModuleType("recursive_module")
    exec(compile(RECURSIVE, str(path), "exec"), module.__dict__)
    return module


def dispatchers():
    return [o for o in gc.get_objects() if type(o) is ungil._ungil.Dispatcher]


def test_recursive_functions_are_collected(tmp_path):
    gc.collect()
    before = len(dispatchers())
    for _ in range(3):
        module = loaded(tmp_path)
        assert module.down(5) == 5 and module.even(4) is True
        dead = [weakref.ref(module.down), weakref.ref(module.even)]
        del module
        gc.collect()
        assert [d() for d in dead] == [None, None]
    assert len(dispatchers()) == before


def test_what_is_being_collected_may_still_be_called():
    said = []

    class Holder:
        pass

    @jit
    def f(x):
        return x + 1

    assert f(1) == 2
    holder = Holder()
    holder.me, holder.f = holder, f
    weakref.finalize(holder, said.append, "gone")
    f.holder = holder
    del holder, f
    gc.collect()
    assert said == ["gone"]


def test_every_dispatcher_answers():
    gc.collect()
    for dispatcher in dispatchers():
        assert dispatcher.__code__.co_filename and repr(dispatcher)


def test_counts_of_functions_are_steady(tmp_path):
    module = loaded(tmp_path)
    for _ in range(3):
        module.down(3)
    before = sys.getrefcount(module.down)
    for _ in range(100):
        module.down(3)
    after = sys.getrefcount(module.down)
    assert after == before
