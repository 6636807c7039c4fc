"""Memoryviews beside objects, and exceptions by name in typed functions, as Cython has them."""

import gc
import sys
from pathlib import Path

import numpy as np
import pytest
from pyx_reference import build, differences

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "beside.pyx"


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return build(SOURCE, tmp_path_factory.mktemp("beside")), pyx.compile(SOURCE)


def calls():
    a, grid, ints = np.arange(6.0), np.arange(12.0).reshape(3, 4), np.arange(5, dtype=np.int32)
    locked = np.arange(3)
    locked.flags.writeable = False
    yield from [("named", x) for x in (1, 0, 9, -2, 1.5, "a")]
    yield from [("again", x) for x in (0.5, 1.5, 3.0)]
    yield from [("caused", 0.0), ("caused", 2.0), ("catches", 0.1), ("catches", 5.0), ("catches", "a")]
    yield from [("guarded", x, k) for x in (a, a[::-2], a[:0], a.astype("f4"), grid, 3) for k in (0, 2, 5, 9)]
    yield from [
        ("named_values", x, "abc")
        for x in (grid, grid.T[:3], grid[:, ::-1], np.asfortranarray(grid), grid[::2])
    ]
    yield from [("named_values", grid, "a"), ("named_values", a, "abc"), ("named_values", grid[:0], "abc")]
    yield from [("written", ints, x) for x in ([], [1, 2], [1] * 5, [1] * 6, ["a"], [1 << 40], [-7, 2.5])]
    yield from [("written", ints[::2], [1]), ("written", ints.astype("i8"), [1])]
    yield from [("by_object", a.astype("f4"), k) for k in (0, -1, 5, 6, -7, "a", 1.5, np.int64(2), True)]
    yield from [("read_only", x, f) for x in (locked, a.astype(int)) for f in (str, abs)]
    yield from [("read_only", locked[:0], str), ("strided", grid, np.arange(3, dtype=np.uint8), "x")]
    yield from [
        ("strided", grid.T, np.arange(3, dtype=np.uint8), "x"),
        ("strided", grid, np.arange(2, dtype=np.uint8), "x"),
    ]
    yield from [
        ("strided", grid, np.arange(9, dtype=np.uint8)[::3], "x"),
        ("strided", grid, ints, "x"),
        ("strided", grid, None, "x"),
    ]


def test_as_cython(modules):
    assert not (wrong := differences(*modules, list(calls()))), "\n".join(wrong)


def test_they_are_compiled(modules):
    for name in ("guarded", "named_values", "by_object", "read_only", "strided", "named", "caused"):
        shown = repr(getattr(modules[1], name))
        assert "objects" in shown or "->" in shown, shown
    assert "objects" in repr(modules[1].named_values)


def test_causes(modules):
    for module in modules:
        with pytest.raises(module.Own) as info:
            module.caused(0.0)
        assert isinstance(info.value.__cause__, ZeroDivisionError)
        with pytest.raises(module.Own) as info:
            module.again(1.5)
        assert info.value.__cause__ is None and info.value.__suppress_context__


def test_nothing_is_kept(modules):
    a, grid = np.arange(6.0), np.arange(12.0).reshape(3, 4)
    module = modules[1]
    before = sys.getrefcount(a), sys.getrefcount(grid)
    for _ in range(50):
        module.guarded(a, 3), module.guarded(a, 9), module.named_values(grid, "abc")
        with pytest.raises(IndexError):
            module.named_values(grid, "a")
    gc.collect()
    assert (sys.getrefcount(a), sys.getrefcount(grid)) == before
