"""`raise` and `assert` and their messages. (PYTEST_DONT_REWRITE: pytest would add to the assertions' messages.)"""

import numpy as np
from checking import check

MODE = "fast"


def raises(kind, x):
    if kind == 0:
        raise ValueError
    if kind == 1:
        raise ValueError()
    if kind == 2:
        raise IndexError("plain text {with} braces %d")
    if kind == 3:
        raise KeyError("key")
    if kind == 4:
        raise ZeroDivisionError(f"x is {x}, its double {x * 2}; {{}} {MODE}")
    if kind == 5:
        raise TypeError(x)
    if kind == 6:
        raise RuntimeError(f"ab{x}")
    if kind == 7:
        raise OverflowError(f"{x + 0.5} {x > 1} {1e22} {-0.0}") from None
    if kind == 8:
        raise StopIteration("stop")
    if kind == 9:
        raise ArithmeticError("é ∑")
    if kind == 10:
        raise NotImplementedError("line\nbreak")
    if kind == 11:
        raise AssertionError
    assert x > 100
    return x


def asserts(kind, x):
    if kind == 0:
        assert x > 5
    if kind == 1:
        assert x > 5, "too small"
    if kind == 2:
        assert x > 5, f"{x} is too small"
    if kind == 3:
        assert x
    if kind == 4:
        assert False, "never"
    if kind == 5:
        assert x > 0, x
    return x


def test_raise():
    for kind in range(13):
        for x in (1, 3):
            check(raises, kind, x)
    check(raises, 4, 2.5)
    check(raises, 4, np.float64(0.1))
    check(raises, 4, np.int8(3))


def test_assert():
    for kind in range(6):
        for x in (0, 7):
            check(asserts, kind, x)


def message_evaluated_only_when_it_fails(a, i):
    assert i < 3, f"{a[i]}"
    return a[0]


def test_messages_are_evaluated_when_the_assertion_fails():
    check(message_evaluated_only_when_it_fails, np.arange(2.0), 2)
    check(message_evaluated_only_when_it_fails, np.arange(5.0), 4)
