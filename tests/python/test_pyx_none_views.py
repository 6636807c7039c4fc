"""`None` as a memoryview beside Cython's, with and without `nonecheck`."""

import re
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "none_views.pyx"
NAMES = re.findall(r"^def (\w+)\((.*)\):", SOURCE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("checked", [False, True])
def test_none_is_used_as_in_cython(tmp_path, checked):
    source = tmp_path / f"none_{checked}.pyx"
    source.write_text(SOURCE.read_text().replace("level=3", f"level=3, nonecheck={checked}"))
    modules = pyx_reference.build(source, tmp_path), pyx.compile(source)
    calls = []
    for name, params in NAMES:
        # Without checks Cython transposes whatever lies where there is nothing, and crashes on some machines.
        if name in ("T", "T2") and not checked:
            assert getattr(modules[1], name)(None) is None
            continue
        count = params.count("double[") or int(params == "n")
        calls.append((name, *([None] * count)))
    calls += [
        ("assignview", None, np.zeros(3)),
        ("assignview", None, np.zeros(1)),
        ("assignview", None, np.zeros(0)),
    ]
    calls += [
        ("assignview2", None, np.zeros(3)),
        ("assignview2", None, np.zeros(0)),
        ("assignview2", np.ones(2), None),
    ]
    wrong = pyx_reference.differences(*modules, calls)
    assert not wrong, "\n".join(wrong)


def test_without_checks_it_is_an_error_and_no_crash():
    module = pyx.compile("""
# cython: boundscheck=False, wraparound=False
def item(double[:] v, int i):
    return v[i]
def store(double[:, :] v, int i):
    with nogil:
        v[i, i] = 1
def loop(double[:] v):
    cdef double s = 0
    cdef int i
    for i in range(3):
        s += v[i]
    return s
""")
    for call in (lambda: module.item(None, 3), lambda: module.store(None, 0), lambda: module.loop(None)):
        with pytest.raises(TypeError, match="Cannot index None memoryview slice"):
            call()
    assert module.item(np.arange(4.0), 3) == 3
