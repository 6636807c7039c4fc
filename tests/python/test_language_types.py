"""`isinstance` and `type` decided at compile time, functions that never return, and choices between functions.

(PYTEST_DONT_REWRITE: pytest would add to the assertions' messages.)
"""

import math
import numbers
from types import NoneType

import numpy as np
import pytest
from checking import check, outcome

import ungil
from ungil import jit
from ungil.errors import TypingError

VALUES = [
    1,
    True,
    2.5,
    1j,
    None,
    (1, 2.5),
    np.int8(3),
    np.uint64(3),
    np.float32(1.5),
    np.float64(2.5),
    np.True_,
]
VALUES += [np.complex64(1j), np.complex128(1j), np.ones(2), np.ones((2, 2), dtype=np.int32), np.array(3.0)]
Alias = (int, np.integer)
Union = int | float


def python_types(x):
    return (
        isinstance(x, int),
        isinstance(x, float),
        isinstance(x, bool),
        isinstance(x, complex),
        isinstance(x, tuple),
        isinstance(x, (int, float)),
        isinstance(x, int | complex | None),
        isinstance(x, type(None)),
        isinstance(x, NoneType),
        isinstance(x, (list, dict, str, (range, tuple))),
        isinstance(x, object),
        isinstance(x, ValueError),
    )


def numpy_types(x):
    return (
        isinstance(x, np.ndarray),
        isinstance(x, np.generic),
        isinstance(x, np.number),
        isinstance(x, np.integer),
        isinstance(x, np.signedinteger),
        isinstance(x, np.unsignedinteger),
        isinstance(x, np.floating),
        isinstance(x, np.inexact),
        isinstance(x, np.complexfloating),
        isinstance(x, (np.float32, np.int8)),
        isinstance(x, np.bool_),
    )


def towers(x):
    return (
        isinstance(x, numbers.Number),
        isinstance(x, numbers.Complex),
        isinstance(x, numbers.Real),
        isinstance(x, numbers.Rational),
        isinstance(x, numbers.Integral),
        isinstance(x, Alias),
        isinstance(x, Union),
    )


def types(x):
    return type(x) is int, type(x) is not bool, type(x) is type(2.5), type(x) is not np.float32


def pruned(x):
    if isinstance(x, (int, float, np.number)) and not isinstance(x, bool):
        return x + 1
    elif isinstance(x, np.ndarray):
        return x.sum if False else x.shape
    elif isinstance(x, tuple):
        return x[0]
    elif x is None:
        return 0
    return x


def reassigned(x):
    if isinstance(x, int):
        x = x * 0.5
    elif type(x) is tuple:
        x = x[0]
    return x


def conditional(x):
    return len(x) if isinstance(x, (tuple, np.ndarray)) else abs(x)


def asserted(x):
    assert isinstance(x, float), "a float"
    return x


def of_element(a):
    return (
        isinstance(a[0], np.floating),
        isinstance(a[0], float),
        type(a[0]) is np.float32,
        isinstance(len(a), int),
    )


def local(x):
    y = x
    if isinstance(y, tuple):
        return y[0]
    return y


@pytest.mark.parametrize("function", [python_types, numpy_types, towers, types, pruned, reassigned, local])
def test_types(function):
    for x in VALUES:
        if not isinstance(x, np.ndarray) or x.ndim or function is not local:
            check(function, x)


def test_branches():
    for x in (1, -2.5, (1, 2), np.ones(3)):
        check(conditional, x)
    check(asserted, 1.5)
    check(asserted, 1)
    for dtype in (np.float32, np.float64, np.int8):
        check(of_element, np.ones(2, dtype=dtype))


def test_one_variable_of_several_types_is_refused():
    @jit
    def kernel(x):
        y = x
        if isinstance(y, int):
            y = y * 0.5
        return y

    assert kernel(1.5) == 1.5
    with pytest.raises(ungil.errors.TypingError) as error:
        kernel(1)
    assert error.value.code == "U0222" and "one type" in str(error.value)


def test_unknown_classes_are_refused():
    with pytest.raises(ungil.errors.TypingError):
        jit(lambda x: isinstance(x, np.matrix))(1)


def fail():
    raise ValueError("never")


def fail_with(x):
    if x > 0:
        raise IndexError(f"positive {x}")
    raise KeyError(f"not {x}")


def returned(x):
    if x > 0:
        return x * 2.5
    return fail()


def last(x):
    if x > 0:
        return x
    fail_with(x)


def chosen(x):
    y = x + 1.5 if x > 0 else fail()
    z = fail_with(x) if x > 5 else 2
    return y + z


def logical(x):
    return x > 3 or fail(), x < 10 and x


def in_loop(n):
    total = 0
    for i in range(n):
        if i > 3:
            fail_with(i)
        total += i
    return total


def only_fails(x):
    return fail()


def fails_twice(x):
    only_fails(x)
    return x


def assert_false(x):
    if x > 0:
        return x
    elif x < -5:
        assert False, "small"
    else:
        assert False, f"not {x}"


def assert_zero(x):
    if x > 0:
        return 1.5
    assert 0


def endless(x):
    while True:
        x += 1
        if x > 10:
            fail_with(x)


def test_functions_that_never_return():
    for f in (returned, last, chosen, logical, only_fails, fails_twice, assert_false, assert_zero, endless):
        for x in (1, 4, 7, -1, -7):
            check(f, x)
    for n in (0, 3, 5):
        check(in_loop, n)


def forever(n):
    return forever(n + 1)


def test_endless_recursion():
    kind, error = outcome(jit(forever), (0,))
    assert (kind, type(error)) == ("raised", RecursionError)


def test_asserts_can_be_left_out(run_script):
    source = """
import ungil
@ungil.jit
def f(x):
    if x > 0:
        assert False, "wrong"
        x = x + 1
    return x
print(f(1))
"""
    import subprocess
    import sys

    file = run_script(source, check=False)
    assert "AssertionError" in file.stderr
    done = subprocess.run([sys.executable, "-O", file.args[1]], capture_output=True, text=True)
    assert done.stdout == "2\n", done.stderr


def double(x):
    return 2 * x


def square(x):
    return x * x


def chosen_function(x, flag):
    g = double if flag else square
    return g(x), g(x + 1)


def chosen_in_branches(x, n):
    if n == 0:
        g = double
    elif n == 1:
        g = square
    else:
        g = abs
    return g(x)


def constant_flag(x):
    g = double if True else 5
    h = math.sin if x is None else math.cos
    return g(x), h(0.0)


def captured(x, flag):
    k, m = x + 1, 2.5

    def add(y):
        return y + k

    scale = lambda y: y * m
    g = add if flag else scale
    return g(x), apply(g, 3.0)


def apply(f, x):
    return f(x)


def several(x, n):
    f = math.sin if n > 0 else math.cos
    g = f if n > 1 else math.exp
    total = 0.0
    for i in range(3):
        total += g(x + i)
        g = math.tanh if g is None else g
    return total


def dtypes(x, n):
    t = np.float32 if n > 0 else np.float64
    return float(t(x))


def never_or(x, flag):
    g = double if flag else fail_with
    return g(x)


def test_choices():
    for x in (3, -2.5, np.float32(1.5)):
        for flag in (True, False, 1, 0.0):
            check(chosen_function, x, flag)
            check(captured, 3.0, flag)
            check(dtypes, 0.1, flag)
        for n in range(3):
            check(chosen_in_branches, x, n)
            check(several, 0.5, n, rtol=1e-14)
        check(constant_flag, 2)
    check(never_or, 3, True)
    check(never_or, 3, False)


def late(x):
    k = 1
    g = lambda y: y + k
    k = 2
    return g(x)


def late_in_branch(x):
    k = 1
    if x > 0:

        def g(y):
            return y + k

    else:
        g = lambda y: y - k
    return g(x)


def defaults(x):
    k = 1
    g = lambda y, k=k: y + k
    k = 2
    return g(x), (lambda y, z=x: y + z + k)(1)


def test_captured_variables_are_read_at_the_call():
    check(late, 1)
    check(defaults, 1)
    check(late_in_branch, 1)
    check(late_in_branch, -1)


def test_a_choice_of_functions_with_changing_captures_is_refused():
    def changing(x, flag):
        k = 1
        g = (lambda y: y + k) if flag else (lambda y: y * k)
        k = 2
        return g(x)

    with pytest.raises(ungil.errors.CompileError) as error:
        jit(changing)(1, True)
    assert "captured" in str(error.value)


def test_arrays_of_what_turns_out_wider():
    # Where lists and numbers get their types from later statements, arrays made of them have those types.
    def changed(x, n):
        counts = [0] * 3
        for k in range(3):
            counts[k] = x[k]
        return np.array(counts)

    def nested(x, n):
        table = [[0] * 3 for _ in range(2)]
        table[0][1] += x[2]
        rows = []
        for k in range(n):
            rows.append([k, x[k % 3]])
        return np.array(table), np.array(rows), np.array([[k, x[k]] for k in range(3)])

    def repeated(x, n):
        t = 0
        r = np.array([t])
        for _ in range(n):
            r = np.array([t])
            t = t + 0.5
        return r, r.sum()

    def collected(x, n):
        t, parts = 0, []
        for k in range(n):
            parts.append(np.array([t, k]))
            t = t + x[1]
        return parts[-1], len(parts)

    def called(x, n):
        def of(t):
            return np.array([t, 1])

        t = 1
        for _ in range(n):
            t = of(t)[0] + x[2]
        return of(t)

    for function in (changed, nested, repeated, collected, called):
        check(function, np.array([0.5, 1.5, 2.5]), 4)
        check(function, np.array([1, 2, 3]), 4)

    def different(x, n):
        r = np.array([1])
        for _ in range(n):
            r = np.array([1.5])
        return r

    with pytest.raises(TypingError, match="variable `r` holds"):
        jit(different)(np.zeros(1), 1)


def test_integers_that_do_not_fit_what_they_share_a_variable_with():
    u, i = np.array([5, 9, 3], np.uint8), np.array([1, 2], np.int32)

    def largest(u):
        best = -1
        for v in u:
            if v > best:
                best = v
        return best + 0

    def steps(u):
        last, changes = 1000, 0
        for v in u:
            changes += v != last
            last = v
        return changes

    def listed(u):
        found = [-1]
        for v in u:
            found.append(v)
        return found[0] + 1, len(found), max(found)

    def chosen_or_none(u):
        return -1 if u[0] > 4 else u[0], u[1] if u[0] > 4 else 1000

    def first_above(u):
        for v in u:
            if v > 100:
                return v
        return -1

    for function in (largest, steps, listed, chosen_or_none, first_above):
        for found, expected in zip(np.atleast_1d(jit(function)(u)), np.atleast_1d(function(u))):
            assert found == expected

    def variable(i, n):
        t = i[0]
        for _ in range(2):
            t = n * 2**40
        return t

    def appended(i, n):
        found = [i[0]]
        found.append(n * 2**40)
        return found

    def chosen(i, n):
        return n * 2**40 if n != 7 else i[0]

    for function in (variable, appended, chosen):
        with pytest.raises(OverflowError, match="Python integer 3298534883328 out of bounds for int32"):
            jit(function)(i, 3)
        assert jit(function)(i, 0) == function(i, 0)
