"""Arithmetic of whole arrays in the Cython language is NumPy's, whatever C does with numbers of the same types."""

import numpy as np
import pytest

from ungil import pyx

TEXT = """
def add(x, y): return x + y
def twice(x): return x * 2
def negative(x): return -x
def square(x): return x ** 2
def shifted(x): return x << 1
def half(x): return x // 2
def odd(x): return x & 1
def inverse(x): return ~x
def divided(x): return x / 2
def rest(x): return x % 3
def below(x, y): return x < y
def times(x, int n): return x * n
def scaled(x, float f): return x * f
def mixed(x, y): return (x + 1) * 2 - y
"""


@pytest.fixture(scope="module")
def functions():
    python = {}
    exec(TEXT.replace("int n", "n").replace("float f", "f"), python)
    # Functions that declare nothing are compiled for objects where arrays have narrow elements, others are kernels.
    return (pyx.compile(TEXT), pyx.compile(TEXT.replace("):", ", int unused=0):"))), python


def ending(function, args):
    try:
        result = function(*args)
    except TypeError:
        return TypeError
    return result.dtype, result.tolist()


@pytest.mark.parametrize("dtype", "bBhHiIlLfdFD")
def test_types_and_values_are_those_of_numpy(functions, dtype):
    modules, python = functions
    a = np.array([100, 1, 3], dtype)
    wrong = []
    for name in ("add", "twice", "negative", "square", "shifted", "half", "odd", "inverse", "divided", "rest", "below", "times",
                 "scaled", "mixed"):  # fmt: skip
        if dtype in "FD" and name in ("half", "rest", "below"):
            continue
        args = [a.copy()]
        args += [a.copy()] if name in ("add", "below", "mixed") else [3] if name == "times" else []
        args += [0.5] if name == "scaled" else []
        expected = ending(python[name], args)
        for module in modules:
            found = ending(getattr(module, name), args)
            if expected != found:
                wrong.append(f"{name}: NumPy {expected}, ungil {found}")
    assert not wrong, "\n".join(wrong)


ELEMENTS = """
def twice(x):
    return x[0] + x[0]
def total(x):
    s = 0
    for i in range(len(x)):
        s += x[i]
    return s
def scaled(x, i):
    y = x[i] * 2
    return y
def item(x):
    return x[1]
"""


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "u8", "f2", "f4", "c8", ">i2"])
@pytest.mark.filterwarnings("ignore:overflow")
def test_elements_of_arrays_without_a_declaration(dtype):
    array = np.array([100, 30, 3]).astype(dtype)
    plain: dict = {}
    exec(ELEMENTS, plain)
    m = pyx.compile(ELEMENTS, "pyxw_elements")
    for name, args in (("twice", ()), ("total", ()), ("scaled", (0,)), ("item", ())):
        found, expected = getattr(m, name)(array, *args), plain[name](array, *args)
        assert type(found) is type(expected) and found == expected, name
