"""Assignment in every form, conditional and boolean expressions, comparison chains, strings, globals, print."""

import numpy as np
import pytest
from checking import assert_same, check

import ungil
from ungil import jit


def unpacking(x):
    a, b = x, 2
    c, (d, e) = a, (b, x)
    (f, g), [h, i] = (a, b), (c, d)
    a, b = b, a
    j = k = l = x + 1
    (m), n = 1, (2)
    return a, b, c, d, e, f, g, h, i, j, k, l, m, n


def starred(x):
    a, *b = x, 2, 3.5
    *c, d = x, 2, 3.5
    e, *f, g = x, 2
    h, (*i, j), *k = 1, (2, 3, x), 4, 5.5
    (*l,) = (x, 1)
    return a, b, c, d, e, f, g, h, i, j, k, l


def as_tuple(function):
    """Starred targets are lists in Python and tuples in compiled code."""
    return lambda x: tuple(tuple(v) if isinstance(v, list) else v for v in function(x))


def from_array(a):
    x, y, z = a
    return x - y * z


def from_rows(a):
    (x, y), z = a
    z[0] = 10
    return x * y


def chained_to_array(a, i):
    i = a[i] = a[i + 1] = 2
    return i


def targets_left_to_right(a):
    i = 0
    i, a[i] = 1, 5
    a[i], i = 7, 2
    return i


def augmented(x, y):
    r = x
    r += y
    r -= 3
    r *= x
    r /= 2
    r **= 2
    r //= 3
    r %= 7
    return r


def augmented_bits(x, y):
    r = x
    r |= y
    r ^= 5
    r &= 127
    r <<= 2
    r >>= 1
    return r


def augmented_elements(a, i):
    a[i] += 1
    a[i + 1] *= a[i]
    a[-1] -= 2
    a[i] **= 2
    a[1:] += 3
    a[::2] *= 2
    return a[i]


def augmented_once(a, n):
    def next_index():
        n[0] += 1
        return n[0]

    a[next_index()] += 10
    a[next_index()] -= 20


def augmented_view(a):
    row = a[1]
    row += 5
    row[0] -= 1
    return row


def annotated(x):
    a: int = 3
    b: float = x
    c: "anything" = x  # noqa: F821
    d: ungil.float32 = x
    e: np.int8 = 5
    f: int
    f = 2
    return a, b, c, d, e, f


def walrus(x):
    if (y := x + 1) > 2:
        z = y
    else:
        z = -y
    t = (w := y * 2, w + 1)
    return z, w, t, (v := 3) + v


def widened(n):
    total = 0
    for i in range(n):
        total += i * 0.5
    return total


def retyped(x):
    y = x
    y = y + 0.5
    y = (y, 1)
    return y[0]


def test_unpacking():
    for x in (3, 2.5, True, np.float32(1.5)):
        check(unpacking, x)
        assert_same(jit(starred)(x), as_tuple(starred)(x))
    check(from_array, np.array([1.0, 2, 3]))
    check(from_array, np.arange(12, dtype=np.int16)[::4])
    check(from_rows, np.arange(4.0).reshape(2, 2))


def test_wrong_counts_raise():
    for n in (2, 4):
        with pytest.raises(ValueError, match="values to unpack"):
            jit(from_array)(np.zeros(n))


def test_targets():
    check(chained_to_array, np.zeros(5, int), 1)
    check(targets_left_to_right, np.zeros(3, int))
    for x, y in [(3, 2), (2.5, -1), (np.float32(3), 2), (7, 0.5)]:
        check(augmented, x, y)
    for x, y in [(3, 2), (np.int16(100), np.int8(3)), (np.uint8(200), 7)]:
        check(augmented_bits, x, y)
    for dtype in (np.int64, np.float64, np.float32, np.int8):
        check(augmented_elements, np.arange(1, 7).astype(dtype), 1)
    check(augmented_once, np.zeros(4), np.array([0]))
    check(augmented_view, np.zeros((3, 2)))


def test_annotations():
    assert_same(jit(annotated)(2.5), (3, 2.5, 2.5, np.float32(2.5), np.int8(5), 2))


def test_walrus():
    for x in (0, 5, 2.5):
        check(walrus, x)


def test_variables_widen_and_change():
    assert_same(jit(widened)(0), 0.0)
    check(widened, 5)
    check(retyped, 1)


def conditional(x, y):
    a = x if x > y else y
    b = 1 if x else 2
    c = (x, 1) if y else (y, 2)
    d = 1.5 if x is None else x if x < 0 else -x
    return a, b, c, d


def boolean_values(x, y):
    return x and y, x or y, not x, x and y or x, not (x or y), x or 0, 0 or y, 1 and x, True and y


def short_circuit(a, x):
    def touch(k):
        a[k] += 1
        return k

    r = x > 0 and touch(0) > 5 or touch(1) == 1
    s = 0 * x or touch(2) and touch(3)
    return r, s


def chains(x, y, z):
    return x < y < z, x < y > z, 0 <= x <= y <= z < 10, x == y == z, x != y != z, not x < y, x < y == True  # noqa: E712


def chain_evaluates_once(a):
    def next_value():
        a[0] += 1
        return a[0]

    first = 0 < next_value() < next_value() < 3
    second = next_value() > next_value() > next_value()
    return first, second, a[0]


def identity(x, y=None):
    return x is None, x is not None, y is None, None is y, True is True, x is not y if y is None else 0


def membership(x):
    return x in (1, 2, 3), x not in (1, 2.5), x in (), "a" in ("a", "b")


def tuple_comparisons(x):
    t = (x, 2)
    return (
        t == (x, 2),
        t < (x, 3),
        t != (1, 2),
        (1, 2) < (x, 1),
        t >= (x, 2),
        () == (),
        (x,) < (x, 1),
        (x, 1) == (x,),
    )


def tuples(x):
    t = (x, 2, 3.5)
    u = t + (x,)
    return t[0], t[-1], u[1:3], len(u), u[::2], (*t, 1), t[::-1]


def test_conditional_expressions():
    for x, y in [(1, 2), (2, 1), (0, 0), (-1, 5)]:
        check(conditional, x, y)
        check(conditional, float(x), float(y))


def test_boolean_values():
    for x, y in [(1, 2), (0, 2), (2, 0), (0, 0), (True, False)]:
        if type(x) is int:
            check(boolean_values, x, y)
        check(short_circuit, np.zeros(4, int), x)
    check(short_circuit, np.zeros(4, int), -1)


def test_comparisons():
    for args in [(1, 2, 3), (3, 2, 1), (2, 2, 2), (1.5, 2, 3), (float("nan"), 1.0, 2.0), (True, 1, 2)]:
        check(chains, *args)
    check(chain_evaluates_once, np.zeros(1, int))
    check(identity, 1)
    check(identity, None)
    check(identity, 2.5, 3)
    for x in (1, 2, 2.5, 7):
        check(membership, x)
        check(tuple_comparisons, x)
        check(tuples, x)


MODE = "fast"
LIMIT = 5
PAIR = (1, (2.5, True))
BIG = 2**62
TABLE = np.array([1.0, 2.0, 4.0])
NOTHING = None
COMPLEX = 1 - 2j
SMALL = np.float32(0.1)


def reads_globals(x):
    r = 0.0
    if MODE == "fast":
        r += 1
    if MODE != "slow" and len(MODE) == 4:
        r += 2
    if NOTHING is None:
        r += 4
    return (
        r + x,
        PAIR[1][0],
        PAIR[1],
        LIMIT * 2,
        TABLE[x] + TABLE.sum() if False else TABLE[x],
        COMPLEX,
        SMALL * 2,
        BIG,
    )


def reads_limit(x):
    return x * LIMIT


def reads_table(i):
    return TABLE[i]


def text_parameter(x, mode="fast"):
    if mode == "fast":
        return x + 1
    elif mode in ("slow", "lazy"):
        return x + 2
    return x


def calls_with_text(x):
    return (
        text_parameter(x),
        text_parameter(x, "slow"),
        text_parameter(x, mode="lazy"),
        text_parameter(x, "other"),
    )


def test_globals_are_constants():
    check(reads_globals, 2)
    check(calls_with_text, 3)


def test_a_global_can_be_rebound(monkeypatch):
    kernel = jit(reads_limit)
    assert kernel(2) == 10
    for value in (7, 2.5, True, np.int8(3)):
        monkeypatch.setitem(globals(), "LIMIT", value)
        assert_same(kernel(2), reads_limit(2))
    table = jit(reads_table)
    assert table(1) == 2.0
    TABLE[1] = 9.0
    assert table(1) == 9.0
    TABLE[1] = 2.0
    monkeypatch.setitem(globals(), "TABLE", np.array([5, 6]))
    assert_same(table(1), np.int64(6))


def test_closure_cells_can_be_rebound():
    k = 3

    def reads(x):
        return x * k

    kernel = jit(reads)
    assert kernel(2) == 6
    k = 10
    assert kernel(2) == 20


def prints(x, a):
    print()
    print("x =", x, x + 0.5, True, None, 1 - 2j)
    print(x, "a", sep="", end="!\n")
    print((x, 2.5, (1,)), ())
    print("{}", "%d", "é")
    print(a[0], x > 1)
    print(1e22, 1e-7, 0.1 + 0.2, -0.0, 1e16, 123456789.0)
    print(x, 1, sep=", ")


@pytest.mark.parametrize("x", [3, 2.5, True, np.float32(0.1), np.int8(-3), np.float64(2)], ids=repr)
def test_print(x, capfd):
    a = np.arange(1.5, 4.0)
    prints(x, a)
    expected = capfd.readouterr().out
    jit(prints)(x, a)
    assert capfd.readouterr().out == expected
