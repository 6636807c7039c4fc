"""What small compiled functions do often: C's division, conversions of floats, walks along characters, calls of themselves and
through pointers, and arguments that C's types take besides Python's own numbers."""

import sys
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

INT, LONG = (-(2**31), 2**31 - 1), (-(2**63), 2**63 - 1)
SIGNED = [-7, -2, -1, 1, 2, 7]
A = np.arange(36.0).reshape(6, 6)
FLOATS = [
    0.0,
    -0.0,
    1.9,
    -1.9,
    2.0**31 - 0.5,
    -(2.0**31) - 0.5,
    2.0**31,
    2.0**62,
    2.0**63,
    -(2.0**63),
    1e300,
    np.inf,
    -np.inf,
    np.nan,
]
INTEGERS = [
    np.int8(-3),
    np.uint8(200),
    np.int16(7),
    np.uint16(7),
    np.int32(-7),
    np.uint32(2**31),
    np.int64(2**40),
    np.uint64(2**63),
    np.longlong(5),
]
OTHERS = [
    True,
    False,
    np.bool_(True),
    None,
    "",
    "a",
    b"",
    [],
    [1],
    (),
    {},
    {1},
    0.0,
    2.5,
    np.float32(0),
    np.float64(2.5),
    np.float16(2),
]
CALLS = [
    *[(f, a, b) for f in ("division", "division_of_long", "division_of_char") for a in SIGNED for b in SIGNED],
    *[("division", a, b) for a in INT for b in (2, -2, 3, 7, INT[1])], ("division", 0, INT[0]), ("division", INT[0], INT[0]),
    *[("division_of_long", a, b) for a in LONG for b in (2, -2, 3, 7, LONG[1], LONG[0])],
    *[("division_of_unsigned", a, b) for a in (0, 7, 2**32 - 1) for b in (1, 2, 7, 2**31, 2**32 - 1)],
    *[("by_constants", a) for a in (*SIGNED, 0, 56, -56, LONG[1], LONG[0] + 1)],
    *[("divided_elements", np.arange(-20, 21, dtype="i4"), b, np.zeros(41, "i4")) for b in (1, -1, 2, -3, 7, 64)],
    ("divisors", np.arange(50, dtype="i4") * 37, np.arange(50, dtype="i4") % 7, np.zeros(50, "i4")),
    *[(f, x) for f in ("truncated", "truncated_single") for x in FLOATS],
    ("truncated_elements", np.array(FLOATS[:-1]), np.zeros(len(FLOATS) - 1, int)),
    ("interpolated", A, np.array([0.5, 3.25, 4.0]), np.array([4.5, 0.0, 2.75]), np.zeros(3)),
    *[("steps", n, stop) for n in (1, 2, 3, 6, 7, 27) for stop in (-1, 0, 1, 2, 3, 4, 5, 16)],
    *[("number", t) for t in (b"", b"7", b"12x", b"123", b"1234567", bytearray(b"12"), "12", 3)],
    *[(f, t) for f in ("words", "first") for t in (b"", b"a", b" a bc  d", b"\xff\x00b", bytearray(b"a"), "a", None, 3)],
    *[("first_of_array", t) for t in (bytearray(b"a"), bytearray(b"\xffb"), b"a", "a", None)],
    *[("characters", t) for t in (b"", b"a", b"\xff\x00b", bytearray(b"a"), bytearray(), np.arange(3, dtype="u1"), "a", 3)],
    *[("length", t) for t in (b"", b"a", b"ab\x00c", bytearray(b"abc"), "a")],
    *[("fib", n) for n in (0, 1, 2, 5, 10, 15)], *[("falling", 5.5, n) for n in (-1, 0, 1, 2, 5, 9)],
    *[("is_even", n) for n in range(9)], *[("depth", n) for n in range(9)],
    *[("through_pointers", x, b, n) for x in (4.0, -1.0) for b in (True, False) for n in (0, 1, 4, 9)],
    *[("caught_through_pointers", x) for x in (4.0, -1.0)],
    *[(f, x) for f in ("whole", "size", "small", "real", "single", "truth") for x in (*INTEGERS, 2**70)],
    *[(f, x) for f in ("real", "single", "truth", "complex_number") for x in OTHERS if not isinstance(x, np.float16)],
    *[("whole", x) for x in (True, False, None, "a", [])], *[("size", x) for x in (True, np.bool_(True), None, "a", 2.5)],
    ("eight", 1, 2, 3.5, 4, True, 6, 7, 8), ("eight", 1, 2, np.int64(3), np.int8(4), None, True, 7, 2**40),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "small_loops.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("small_loops")), pyx.compile(source)


def test_calls_end_like_those_of_cython(modules):
    # The first call of each compiles; others may take ways that a first one does not.
    for _ in range(2):
        wrong = pyx_reference.differences(*modules, CALLS)
        assert not wrong, "\n".join(wrong)


def test_divisors_that_would_trap_give_a_number(modules):
    module = modules[1]
    assert module.division(7, 0)[:2] == (0, 7) and module.division_of_unsigned(7, 0) == (0, 7)
    assert module.division(INT[0], -1)[:2] == (INT[0], 0) and module.division_of_long(LONG[0], -1) == (
        LONG[0],
        0,
    )
    out = np.zeros(3, "i4")
    module.divided_elements(np.array([INT[0], 5, -5], "i4"), 0, out)
    assert out.tolist() == [np.array(3 * INT[0]).astype("i4"), 15, -15]


def test_characters_are_borrowed_for_the_call_alone(modules):
    module, text, array = modules[1], bytes(range(1, 100)), bytearray(b"abc")
    calls = [
        (module.words, text),
        (module.first, text),
        (module.characters, text),
        (module.length, text),
        (module.number, text),
    ]
    calls += [(module.first_of_array, array), (module.characters, array)]
    for function, argument in calls:
        function(argument)
    before = sys.getrefcount(text), sys.getrefcount(array)
    for function, argument in calls * 50:
        function(argument)
    assert (sys.getrefcount(text), sys.getrefcount(array)) == before
    # Nobody holds its memory: it may be resized.
    array.extend(b"d" * 1000)
    assert module.first_of_array(array) == ord("a")


def test_deep_recursion_raises(modules):
    for name, *args in (("fib", 10**8), ("falling", 1.0, 10**8), ("is_even", 10**8)):
        with pytest.raises(RecursionError):
            getattr(modules[1], name)(*args)


def test_none_has_no_characters_in_a_kernel():
    module = pyx.compile("""
from cython.parallel import prange


def total(bytes text, long n):
    cdef char *p = text
    cdef long i, s = 0
    for i in prange(n, nogil=True):
        s += p[i]
    return s


def total_if_given(long n, bytes text=None):
    cdef const char *p = NULL
    cdef long i, s = 0
    if text is not None:
        p = text
    for i in prange(n, nogil=True):
        s += p[i] if p != NULL else 1
    return s
""")
    assert module.total(b"abc", 3) == 294
    with pytest.raises(TypeError, match="expected bytes, NoneType found"):
        module.total(None, 3)
    assert module.total_if_given(3) == 3
    assert module.total_if_given(3, b"abc") == 294
