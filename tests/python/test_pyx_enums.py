"""Values of `cpdef enum` types come to Python as Cython gives them: as members, named or not."""

from pathlib import Path

import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "enums.pyx"
CALLS = [
    ("get", 0), ("get", 1), ("get2", 1), ("get2", 5), ("get2", 9), ("get2", -1), ("pick2", 6), ("pick2", 7), ("lit",),
    ("dotted",), ("lits",), ("hid",), ("par", 5), ("par", 99), ("park", 5), ("parh", 3), ("inlist",), ("asstr",),
    ("flags", 3), ("flags", 4), ("flags", 0), ("anon",), ("arith",), ("cmp_", 5), ("typ",), ("fl",), ("tup", 1),
    ("par", "x"), ("par", 2.5), ("objarg", 5), ("objarg", 77), ("objarg", "s"), ("par", 2**40),
    ("cast_to", 3), ("cast_to", 9), ("cast_in_loop", 3),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return pyx_reference.build(SOURCE, tmp_path_factory.mktemp("cython")), pyx.compile(SOURCE)


def test_values_are_members(modules):
    wrong = pyx_reference.differences(*modules, CALLS)
    assert not wrong, "\n".join(wrong)


def test_generators_and_classes(modules):
    yielded = [[repr(value) for value in module.gen(3)] for module in modules]
    assert yielded[0] == yielded[1]
    for name in ("Color", "Flags"):
        found = [getattr(module, name) for module in modules]
        assert [c.__name__ for c in found] == [name, name] and list(found[0]) == list(found[1])
        assert repr(found[0](77)) == repr(found[1](77)) and [repr(c) for c in found[0]] == [
            repr(c) for c in found[1]
        ]
