"""`in` and `not in` for tuples, ranges, arrays and constant strings."""

import numpy as np
import pytest
from checking import check

import ungil

NAN, INF = float("nan"), float("inf")


def in_numbers(x):
    return x in (1, 2.5, 7), x not in (1, 2.5, 7), x in ()


def in_given(x, t):
    return x in t, x not in t


def itself(x, y):
    return x in (0, x), x in (0, y), x not in (y, x)


def beside_none(x):
    return x in (None, 2), None in (x, 2), "a" in (x, "a"), x in ("a", "b"), "b" in ("a", "c")


def pairs(x, y):
    return (x, y) in ((1, 2), (3, 4)), (x, y) in ((1, 2, 3), 1), x in ((1, 2), 1)


def in_range(x, start, stop, step):
    return x in range(start, stop, step), x not in range(start, stop, step)


def in_plain_range(x):
    return x in range(10), None in range(3), "a" in range(2)


def in_array(x, a):
    return x in a, x not in a


def counted(a, t):
    n = 0
    for i in range(len(a)):
        if a[i] in t or i in range(1, 100, 7):
            n += 1
    return n


def text():
    return "a" in "cat", "dog" not in "cat", "" in ""


def test_tuples():
    for x in (1, 2, 2.5, 7.0, True, NAN, 1j, 1 + 0j, np.float32(2.5), np.int8(7), np.uint64(1), np.array(7)):
        check(in_numbers, x)
        check(in_given, x, (1, 2.5, float("nan")))
        check(in_given, x, (np.int16(7), np.float32(0.1)))
        check(in_given, x, ())
    check(in_given, 0.1, (np.float32(0.1),))
    check(beside_none, 2)
    check(beside_none, 3)
    for x, y in ((1, 2), (3, 4), (1.0, 2), (1, 3)):
        check(pairs, x, y)


def test_identity():
    check(itself, NAN, 1.0)
    check(itself, 3, 3)
    check(itself, 3.0, 3)


RANGES = [
    (0, 10, 3),
    (10, 0, -3),
    (5, 5, 1),
    (0, -5, 1),
    (-(2**63), 2**63 - 1, 2**62),
    (2**63 - 1, -(2**63), -7),
]
NUMBERS = [
    0,
    1,
    3,
    9,
    10,
    -3,
    True,
    4.0,
    4.5,
    9.0,
    -0.0,
    NAN,
    INF,
    -INF,
    1e300,
    3 + 0j,
    3 + 1j,
    2**63 - 1,
    -(2**63),
]
SCALARS = [
    np.int8(7),
    np.uint8(9),
    np.uint64(2**63),
    np.int64(-(2**63)),
    np.float32(3),
    np.float64(1e20),
    np.True_,
]


@pytest.mark.parametrize("bounds", RANGES)
def test_ranges(bounds):
    for x in NUMBERS + SCALARS:
        if isinstance(x, (float, complex, np.generic)) and bounds[1] != 0 and abs(bounds[1]) > 10**6:
            continue  # Python would walk through the range.
        check(in_range, x, *bounds)


def test_plain_range():
    for x in NUMBERS + SCALARS:
        check(in_plain_range, x)


def test_zero_step_raises():
    check(in_range, 1, 0, 3, 0)


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int64", "uint64", "float32", "float64", "complex128", "bool"]
)
def test_arrays(dtype):
    block = (np.arange(24).reshape(4, 6) % 5).astype(dtype)
    arrays = [block, block[::2, ::-3], block.T, block[0], block[:0], block[2, 2:3].reshape(()), block[:, :0]]
    for a in arrays:
        for x in (0, 2, 3.0, 7, 300, -1, True, NAN, 2j, np.float32(2), np.int16(4), np.uint64(2**63)):
            check(in_array, x, a)


def test_nan_is_no_element():
    check(in_array, NAN, np.array([1.0, NAN]))
    check(in_array, np.float64(NAN), np.array([1.0, NAN]))


def test_big_endian_array():
    check(in_array, 3, np.arange(5, dtype=">i4"))


def test_in_a_loop():
    check(counted, np.arange(300) % 17, (3, 5.0, 16))


def test_text():
    check(text)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64", "int64"])
def test_python_integers_compare_exactly_with_small_ones(dtype):
    def compared(a, k):
        x = a[0]
        return x == k, x != k, x < k, x <= k, k > x, k >= x, k == a[1]

    for k in (300, 44, -212, -1, 2**62, 255, 127, 5):
        check(compared, np.array([44, 127], dtype=dtype), k)


def test_what_has_no_members_is_refused():
    with pytest.raises(ungil.errors.TypingError) as error:
        ungil.jit(in_given)(1, 2)
    assert error.value.code == "U0223"
