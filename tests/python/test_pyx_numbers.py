"""Numbers of Python and C that meet in expressions and results, compared with Cython's."""

from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "numbers.pyx"
LOW, HIGH = -(2**63), 2**63 - 1
FLOATS = np.arange(5.0)


class Own(float):
    def __float__(self):
        return 99.0


TO_DOUBLES = [
    1,
    2.5,
    True,
    -(2**40),
    2**53 + 1,
    2**62 + 1,
    2**70,
    2**2000,
    np.float64(0.1),
    np.float32(0.1),
    np.int64(-3),
    Own(0.5),
    "1",
    None,
    1j,
]

CALLS = [
    *[(f, x) for f in ("asked", "asked_as_object", "infinity_sign") for x in (1, -np.inf, np.inf, np.nan, -0.0, "a", 1e300)],
    ("signs", np.array([1, np.inf, -np.inf, -np.inf])), ("signs", np.full(100, -np.inf)),
    ("literal", 1), ("literal", 0), ("positive", -1.0), ("positive", 2.5), ("positive", True),
    *[(name, a, b) for name in ("greatest", "chosen", "absent", "either") for a, b in ((1, 0.5), (0, True), (0, 5), (5, 0), (0, 0.5), (2**70, 1.5))],
    *[("negative", x) for x in (LOW, HIGH, True, -2.5, 3, 2**70, -1j)],
    *[
        (name, a, b)
        for name in ("power", "power_of")
        for a, b in ((2, 100), (2, 62), (2, 63), (-2, 63), (-3, 39), (-3, 40), (7, -2), (0, -1), (0, 0), (-1, HIGH), (-8, 1 / 3), (2.0, 0.5),
                     (0.0, -1.0), (10.0, 400.0), (True, 5), (3, 39), (3, 40))
    ],
    *[("small_powers", x) for x in (2**21, 2**20, 2**32, 2**31, -3, 1.5)],
    *[("squared", x) for x in (3, 2**40, 1.5, -2.5, 1e200, -1e160, float("inf"), True)],
    *[("raised", 7, y) for y in (True, False, 0, 2, -1, 40, 0.5)], ("raised", -2, 0.5), ("raised", 0, -1),
    ("inverse", 2), ("inverse", 0), *[("whole", x) for x in (1e308, 2.5, -3.5, float("nan"), float("inf"), 2**70)],
    ("divided", LOW, -1), ("divided", 7, -2), ("divided", 7.5, 2), ("divided", 1, 0),
    ("shifted", 1, 100), ("shifted", 1, -1), ("shifted", -5, 70), ("product", 2**40, 2**40),
    ("returned", 1.5), ("returned", -1.5), ("returned", 4), *[("several", k) for k in (*range(6), 2.0, 7.5)],
    ("sign", 3), ("sign", -2.5), ("sign", 0), ("halved", 10), ("halved", 3), ("halved", 2**60 + 1), ("summed", 0), ("summed", 3),
    ("collatz", 27), ("collatz", 2**70), ("factorial", 20), ("factorial", 30), ("factorial", 1),
    ("modular", 3, 200, 2**61 - 1), ("root", 2), ("root", 2.0), ("within", 5, 0.0, 3), ("within", 1, 0, 3),
    ("tripled", 3), ("tripled", 50),
    ("applied", lambda x: x * x, 10**10), ("applied", lambda x: x + 1, HIGH), ("applied", lambda x: x << 70, 5), ("applied", lambda x: x**40, 5),
    ("applied", lambda x: x or 0, 0.0), ("applied", abs, -3), ("applied_to_double", lambda x: x * x + 1, 3),
    ("applied_to_double", lambda x: 1 if x > 2 else x, 3),
    ("accumulated", lambda i: i * 0.5, 4), ("accumulated", lambda i: i**20, 5), ("integral", lambda x: x * x, 0, 1, 1000), ("integral", abs, 0, 1, 10),
    ("kept", -1.0), ("kept", 1.5), ("kept_by_if", -1.0), ("as_they_are", 3, 2.5, 1), ("as_they_are", 3, 2.5, 0),
    ("truth_or_number", 1, 5, 1), ("truth_or_number", 1, 5, 0), ("found", FLOATS, 3.0), ("found", FLOATS, 7.0),
    ("found_with_value", FLOATS, 3.0), ("found_with_value", FLOATS, 7.0), ("mean", FLOATS), ("mean", FLOATS[:0]),
    *[
        (name, x)
        for name in ("itself", "negative", "as_int", "small_powers")
        for x in (np.float32(0.1), np.int32(5), np.int64(2**40), np.int64(2**31), np.uint64(2**63), np.float64(2.5))
    ],
    ("product", np.uint8(20), np.uint8(3)), ("product", np.float64(2), 3.0), ("product", 3, np.float32(0.1)), ("product", True, np.int64(3)),
    *[("as_int_beside", FLOATS, np.int64(n)) for n in (7, 2**31, 2**40)], ("as_int_beside", FLOATS, np.uint64(2**63)),
    ("common", -1, 1, 5, 2**64 - 1, -1, 200, 2.5, 7.25), ("common", 5, 3, -7, 1, 100, 99, -2.5, -7.25),
    ("assigned", -1, 2**64 - 1, 1), ("assigned", -1, 5, 0),
    ("absolute", -128, -32768, 5, -7, -(2**62)), *[("literals", v, v - 8, v, v) for v in (0, 7, 200)], ("literals", 2**32 - 1, 2**31 - 1, 255, 2**64 - 1),
    *[("divisions", a, b, c) for a, b, c in ((-7, 3, 0), (7, 3, 5), (-(2**31), 2**32 - 1, 255))],
    *[("shifts", x, n, c, m, k) for x, n, c, m, k in ((-1, 1, -128, 2, 4), (1, 31, 127, 10, 5), (12345, 3, -3, 1, 31))],
    ("narrow_shift", 1, 31), ("narrow_shift", 5, 3), ("truths", 0, 3), ("truths", 1, 3), ("truths", 5, 3),
    *[("recursive", n, bad, m, 0.3) for n, bad, m in ((0, -1, 2), (1, -1, 2), (9, -1, 2), (9, 2, 2), (12, 11, 1), (15, -1, 0))],
    ("of_bint", 1, 0), ("of_bint", 0, 7), ("truths_of_objects", 1, 2), ("truths_of_objects", 2, 1), ("truths_of_objects", 0, 0.5),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    reference = pyx_reference.build(SOURCE, tmp_path_factory.mktemp("numbers"))
    return reference, pyx.compile(SOURCE, name="numbers_here")


def test_as_cython(modules):
    with np.errstate(all="ignore"):
        wrong = pyx_reference.differences(*modules, CALLS)
    assert not wrong, "\n".join(wrong)


def test_defaults_and_keywords(modules):
    reference, module = modules
    calls = [
        ("with_default", (1,), {}), ("with_default", (1,), {"b": 5}), ("with_default", (), {"b": 5, "a": 1}), ("with_default", (1.5,), {}),
        ("with_keyword", (1,), {}), ("with_keyword", (1,), {"c": 3}), ("with_keyword", (1,), {"b": 2.5}), ("with_keyword", (1, 2.0), {"c": 1}),
        ("with_more", (1,), {}), ("with_more", (1, 2, 3), {}), ("with_nine", (1,), {}), ("with_nine", (1,), {"j": 100}),
        ("with_nine", (1, 2, 3, 4, 5, 6, 7, 8, 9, 0.5), {}), ("of_text", ("ab",), {}), ("of_text", ("ab",), {"k": 3}), ("of_text", (), {"s": "x"}),
        # Names that are not interned, and calls that do not fit.
        ("with_default", (1,), {"".join(["b", ""]): 7}), ("with_default", (1, 2), {"b": 5}), ("with_default", (1,), {"x": 5}),
        ("with_keyword", (1, 2, 3), {}), ("with_keyword", (), {"c": 3}), ("with_default", (), {}), ("of_doubles", (1,), {"c": 3, "b": 2}),
        *[("of_doubles", (x,), {}) for x in TO_DOUBLES], *[("of_doubles", (1.5, x), {"c": x}) for x in TO_DOUBLES],
        *[("beside_array", (FLOATS + 1, x), {}) for x in TO_DOUBLES],
    ]  # fmt: skip
    for name, args, keywords in calls:
        expected, found = (
            pyx_reference.ending(lambda *a, f=getattr(m, name), k=keywords: f(*a, **k), args)
            for m in (reference, module)
        )
        assert expected == found, (name, args, keywords)


def test_objects_are_handed_on(modules):
    for x in (2.5, 10**10, "text", b"bytes", (1,), None):
        assert all(m.itself(x) is x for m in modules)


def test_strings_have_no_kernels_of_their_own(modules):
    module = modules[1]
    before = len(module.of_text.signatures)
    assert [module.of_text(f"s{k}") for k in range(50)] == [f"s{k}" for k in range(50)]
    assert len(module.of_text.signatures) == before


def test_types_may_change_from_call_to_call(modules):
    for x, y in [
        (1, 2),
        (1.5, 2.5),
        (1, 2.5),
        (True, 3),
        (2**70, 1),
        (1j, 2),
        (1, 2),
        (np.float64(2), 3),
        (1.5, 2.5),
    ] * 2:
        expected, found = (pyx_reference.ending(m.product, (x, y)) for m in modules)
        assert expected == found, (x, y)


def test_recursion_without_end():
    text = "cdef long endless(long n) except -1:\n    return endless(n + 1) + 1\ndef f(long n):\n    return endless(n)\n"
    for _ in range(3):
        with pytest.raises(RecursionError, match="maximum recursion depth exceeded"):
            pyx.compile(text, name="endless").f(1)


def test_amounts_of_shifts_count_by_their_low_bits():
    # C leaves these undefined; they are what the processor makes of them.
    source = """
def left(int x, int n): return x << n
def right(long x, int n): return x >> n
def of_objects(o, unsigned int x, unsigned int n): return x << n, o
"""
    module = pyx.compile(source, name="amounts_of_shifts")
    assert [module.left(3, n) for n in (0, 4, 32, 33, -1)] == [3, 48, 3, 6, -(2**31)]
    assert [module.right(-256, n) for n in (0, 4, 64, 68, -1)] == [-256, -16, -256, -16, -1]
    assert module.of_objects("o", 5, 34) == (20, "o")
