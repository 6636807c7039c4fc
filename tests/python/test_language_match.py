"""`match` statements, and f-strings that are printed."""

import math

import numpy as np
import pytest
from checking import check

import ungil
from ungil import jit

NAN = float("nan")


class Limits:
    low = 3


def constants(x):
    match x:
        case 1:
            return 10
        case 2 | 3:
            return 20
        case -1.5:
            return 30
        case 1j:
            return 35
        case None:
            return 40
        case "a" | "b":
            return 50
        case _:
            return 0


def no_default(x):
    r = 0
    match x:
        case 1:
            r = 1
        case 2:
            r = 2
    return r


def guards(x, y):
    match x:
        case 0 if y > 3:
            return 1
        case 0 | 1 if y > 2:
            return 2
        case n if n > y:
            return 100 + n
        case n:
            return n


def captured_and_kept(x):
    n = 7
    match x:
        case n if n > 100:
            return -n
        case 5:
            return n * 2
    return n


def shapes(t):
    match t:
        case ():
            return 0
        case (x,):
            return x
        case (0, y):
            return y
        case (x, y) if x == y:
            return 2 * x
        case (x, *rest, y) if len(rest) > 1:
            return x + y + rest[0] - sum(rest)
        case (1, 2, *_):
            return 12
        case _:
            return -1


def nested(t):
    match t:
        case [x, (y, z)]:
            return x + y * z
    return 0


def singletons(x):
    match x:
        case True:
            return 1
        case False:
            return 2
        case None:
            return 3
    return 4


def classes(x):
    match x:
        case bool():
            return 1
        case int(n):
            return n + 1
        case float(y) if y > 1:
            return 2
        case float() | np.float32():
            return 3
        case complex() as z:
            return z.imag
        case tuple((a, b)):
            return a - b
        case np.ndarray():
            return x[0]
        case {"key": 1}:
            return 5
    return 6


def or_captures(t):
    match t:
        case (0, v) | (v, 0):
            return v + 100
        case (1, (v as w)) | (v, w):
            return v * w


def aliases(t):
    match t:
        case (1 | 2 as first, 3 | 4 as second) as whole:
            return first, second, len(whole)
        case other:
            return 0, 0, len(other)


def in_loop(n):
    total = 0
    for i in range(n):
        match i % 5:
            case 0:
                continue
            case 3 if i > 10:
                break
            case k:
                total += k * i
    return total


def names(x):
    match x:
        case math.pi:
            return 1
        case math.inf:
            return 2
    return 3


def all_return(x):
    match x > 2:
        case True:
            return 1.5
        case _:
            raise ValueError(f"not {x}")


def ends(x):
    match x:
        case 1:
            y = 2
        case 2:
            y = 3
    return y


def of_array(a):
    match a:
        case [x, y]:
            return x
        case _:
            return len(a)


SCALARS = [
    0,
    1,
    2,
    3,
    5,
    101,
    True,
    False,
    1.0,
    -1.5,
    2.5,
    NAN,
    1j,
    None,
    np.int8(2),
    np.float32(2.5),
    math.pi,
    math.inf,
]


@pytest.mark.parametrize("function", [constants, no_default, singletons, names])
def test_scalars(function):
    for x in SCALARS:
        check(function, x)


def test_constant_text():
    def text():
        return constants("a"), constants("c"), constants((1, 2))

    check(text)


def test_guards():
    for x in (0, 1, 5, -3):
        for y in (0, 2, 3, 4, 9):
            check(guards, x, y)
    for x in (5, 6, 101):
        check(captured_and_kept, x)


def test_shapes():
    tuples = [(), (4,), (0, 2), (3, 3), (1, 2), (1, 2, 3), (1, 2, 3, 4), (9, 8, 7, 6, 5)]
    for t in [*tuples, 5, 2.5]:
        check(shapes, t)
    for t in ((1, (2, 3)), (1, 2), (1, (2, 3, 4))):
        check(nested, t)
    for t in ((0, 5), (5, 0), (1, 4), (3, 4), (0, 0)):
        check(or_captures, t)
    for t in ((1, 3), (2, 4), (2, 5)):
        check(aliases, t)


def test_classes():
    for x in (True, 3, 1.5, 0.5, np.float32(1), np.float64(2.5), 2j, (5, 3), (1, 2, 3), np.arange(3.0), None):
        check(classes, x)


def test_control():
    for n in (0, 4, 12, 30):
        check(in_loop, n)
    for x in (1, 3):
        check(all_return, x)
    for x in (1, 2, 3):
        check(ends, x)


def test_what_is_not_matched():
    def attributes(x):
        match x:
            case complex(real=r):
                return r
        return 0.0

    def progression(n):
        match range(n):
            case [a, b]:
                return a
        return 0

    for f, x in ((attributes, 1j), (progression, 2), (of_array, np.arange(2))):
        with pytest.raises(ungil.errors.CompileError):
            jit(f)(x)


def printing(x, a, t):
    print(f"x = {x}, {{braces}} {t} {a[0]!s}|{x > 1}", f"{a}", sep=" - ")
    print(f"{x + 1=}", end="")
    print("", f"plain {x}")


def test_f_strings_are_printed(capsys):
    for x in (1, 2.5, -0.0, 1j):
        args = (x, np.array([1.5, 2.5], dtype=np.float32), (1, 2.0, (3,)))
        if isinstance(x, complex):
            continue
        printing(*args)
        expected = capsys.readouterr().out
        jit(printing)(*args)
        assert capsys.readouterr().out == expected


def test_f_strings_elsewhere_are_refused():
    def stored(x):
        y = f"{x}"
        return 1

    def formatted(x):
        print(f"{x:.3f}")

    for f, code in ((stored, "U0241"), (formatted, "U0245")):
        with pytest.raises(ungil.errors.CompileError) as error:
            jit(f)(1.5)
        assert error.value.code == code
