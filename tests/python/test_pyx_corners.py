"""Corners of the Cython language that programs ran into: results, exceptions and messages beside Cython's own."""

from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "corners.pyx"

CALLS = """
m.enumerated()
m.beside_words(2.5)
m.beside_words(0.5)
m.beside_words('a')
m.any_text('a')
m.any_text(None)
m.any_text(b'a')
m.any_text(3)
m.numbers([1, 2])
m.numbers([1, 2.5])
m.numbers(['a'])
m.numbers([2**40])
m.generated([1, 2.5])
m.generated(['a'])
m.rows([[1], [2]])
m.rows([[1], (2,)])
m.rows([[1], None])
m.words(['a', None])
m.words([1])
m.letters('abc')
m.letters(['ab'])
m.letters(b'ab')
m.quotes()
m.separated()
m.separated(b'.', 300)
m.separated(1, 2, 'ab')
m.separated(sep=b';', quote=1)
m.separated.__defaults__
m.stars(1, 'a', b=2)
m.stars()
m.starred([1], 2, key='x', z=3)
m.starred((1,))
m.starred([1], key=2)
m.not_none(None)
m.not_none(1, None)
m.not_none(1)
m.not_none(np.arange(3), 2)
m.not_none_beside(None)
m.not_none_beside(1, None)
m.in_tuple((1, 2))
m.in_tuple((2**31, 2))
m.in_tuple((1, 2**15))
m.context(m.inverse, -1)
m.context(m.inverse, 0)
m.context(m.element, np.ones(2), 3)
m.context(m.element, np.ones(2, 'f'), 3)
m.context(m.element, np.ones(2), 2**31)
m.context(m.element, 3, 3)
m.context(len, 3)
m.context_of_c()
m.context_in_finally()
""".strip().splitlines()


NUMBERS = (
    5,
    True,
    -(2**63),
    2**63,
    2**70,
    -(2**63) - 1,
    2.5,
    "a",
    None,
    np.int64(3),
    np.float32(0.5),
    10**400,
    float("inf"),
)
CONVERSIONS = ("to_long", "to_long_long", "to_size", "to_double", "int_to_double")


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return pyx_reference.build(SOURCE, tmp_path_factory.mktemp("corners")), pyx.compile(SOURCE)


@pytest.mark.parametrize("call", CALLS)
def test_ends_as_in_cython(modules, call):
    expected, found = (pyx_reference.ending(lambda m=m: eval(call, {"m": m, "np": np}), ()) for m in modules)
    assert found == expected


@pytest.mark.parametrize("name", CONVERSIONS)
def test_conversions_of_the_interpreter(modules, name):
    pyx_reference.check(*modules, name, *[(x,) for x in NUMBERS])
