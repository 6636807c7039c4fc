"""Functions of the Cython language beside Cython's own: results, exceptions and messages.

`pyx/border.pyx` is compiled by Cython and a C compiler once, where both are there, and by ungil; each call must end alike.
"""

import array
from pathlib import Path

import numpy as np
import pytest
from pyx_reference import build, check

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "border.pyx"


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """The module as Cython compiles it."""
    return build(SOURCE, tmp_path_factory.mktemp("cython"))


@pytest.fixture(scope="session")
def module():
    return pyx.compile(SOURCE)


SCALARS = [1, True, 1.5, -1, 127, 128, 255, 256, 300, 2**31, 2**40, 2**70, -(2**70), "1", None, np.int64(3), np.float64(2.5),
           np.int32(-7), np.uint8(7), np.float32(0.1), 1j, [1], np.bool_(True), float("nan")]  # fmt: skip


@pytest.mark.parametrize("name", ["i", "uc", "sc", "ui", "ll", "sz", "pss", "d", "f", "b", "z"])
def test_scalars(reference, module, name):
    integer = name in ("i", "uc", "sc", "ui", "ll", "sz", "pss")
    # C's conversion of NaN is undefined.
    values = [x for x in SCALARS if not (integer and x != x)]
    check(reference, module, name, *[(x,) for x in values])


def arrays():
    a, b = np.arange(6.0), np.arange(12.0).reshape(3, 4)
    locked = a.copy()
    locked.flags.writeable = False
    return [a, a[::2], b, b.T, b[:, ::2], np.asfortranarray(b), a.astype("f4"), a.astype("i8"), a.astype("i4"), a.astype("u1"),
            locked, [1.0, 2.0], array.array("d", [1.0, 2.0]), np.empty(0), "x", b"abcdefgh", bytearray(b"abc"),
            a.astype(">f8"), np.zeros((2, 2, 2)), a * 1j, a.astype(object), a > 2, np.array(3.0)]  # fmt: skip


@pytest.mark.parametrize("name", ["v1", "v1c", "v2", "v2c", "v2f", "vn", "vi", "vl", "vu", "vcst", "buf"])
def test_views(reference, module, name):
    check(reference, module, name, *[(a,) for a in arrays()])


def test_none_for_a_view_that_refuses_it(reference, module):
    check(reference, module, "vn", (None,))


def test_indices(reference, module):
    a, b = np.arange(6.0), np.arange(12.0).reshape(3, 4)
    for k in (0, -1, 5, 6, -6, -7):
        check(reference, module, "idx", (a, k))
        check(reference, module, "idx2", (b, k, 0), (b, 0, k))
        check(reference, module, "bidx", (b, k))
        check(reference, module, "setidx", (a.copy(), k))


NUMBERS = [
    (7, 2),
    (-7, 2),
    (7, -2),
    (-7, -2),
    (1, 0),
    (0, 0),
    (-8, 3),
    (2, -1),
    (2**31 - 1, 1),
    (100, 100),
    (3, 40),
]


@pytest.mark.parametrize(
    "name",
    ["div", "idiv", "ifd", "imod", "ffd", "fmod", "pw", "sq", "add", "mul", "mixed", "less", "shifts", "narrow", "floats",
     "casts", "library", "after", "down", "loop"],
)  # fmt: skip
def test_arithmetic(reference, module, name):
    numbers = [n for n in NUMBERS if not (name == "less" and n[1] < 0 and n[0] < 0)]
    check(reference, module, name, *numbers)


@pytest.mark.parametrize("name", ["cfd", "cmod", "cdiv", "cfmod"])
def test_c_division(reference, module, name):
    # Division of integers by zero ends Cython's process.
    numbers = [n for n in NUMBERS if n[1] != 0 or name in ("cdiv", "cfmod")]
    check(reference, module, name, *numbers)


@pytest.mark.parametrize("name", ["addc", "mulu", "bits", "neg"])
def test_small_integers(reference, module, name):
    numbers = [(7, 2), (100, 100), (127, 127), (0, 1), (-1, 3), (200, 2**20), (2**31, 3)]
    check(reference, module, name, *numbers)


def test_calls(reference, module):
    check(reference, module, "callg", (3,), (-1,), ("s",), (2**40,))
    check(reference, module, "scaled", (2,), (2, 5), (2.5, 3))
    assert not hasattr(module, "checked")
    assert module.scaled(2, y=3) == reference.scaled(2, y=3)


def test_loops_over_views(reference, module):
    rng = np.random.default_rng(1)
    a, b = rng.random((5, 7)), rng.random((7, 3))
    assert np.allclose(reference.product(a, b), module.product(a, b), rtol=1e-13)
    assert np.array_equal(reference.smooth(a[:, 0]), module.smooth(a[:, 0]))
    assert np.array_equal(reference.smooth(np.empty(0)), module.smooth(np.empty(0)))


def test_parallel_loops(reference, module):
    a = np.arange(600.0).reshape(30, 20)
    assert module.parallel_sum(a) == reference.parallel_sum(a)
    for n in (1, 7, 1000):
        assert module.parallel_last(n) == reference.parallel_last(n)
