"""Control flow: conditions, loops of every kind, their `else`, `break` and `continue`, and what they iterate over."""

import itertools

import numpy as np
import pytest
from checking import check

import ungil
from ungil import jit


def branches(x):
    if x < 0:
        r = -1
    elif x == 0:
        r = 0
    elif x < 10:
        if x % 2:
            r = 1
        else:
            r = 2
    else:
        r = 3
    return r


def early_returns(x):
    if x > 5:
        return 1.5
    for i in range(x):
        if i == 3:
            return 2.5
    else:
        return 3.5


def while_else(n, stop):
    i = 0
    seen = 0
    while i < n:
        i += 1
        if i == stop:
            break
        if i % 2:
            continue
        seen += i
    else:
        seen = -seen
    return i, seen


def for_else(n, stop):
    seen = 0
    for i in range(n):
        if i == stop:
            break
        if i % 2:
            continue
        seen += i
    else:
        seen = -seen - 1
    return seen


def nested_jumps(n, m, k):
    trace = 0
    for i in range(n):
        j = 0
        while True:
            j += 1
            if j > m:
                break
            for t in (1, 2, 3):
                if t == k:
                    continue
                if i == t:
                    break
                trace = trace * 3 + t + j
                trace %= 1000003
            else:
                trace += 7
                if j == k:
                    continue
                trace += 11
            if trace % 5 == 0:
                break
        else:
            trace += 1
        if trace % 7 == 0:
            continue
        trace += i
    else:
        trace += 100000
    return trace


def jump_in_else(n, k):
    r = 0
    for i in range(n):
        for j in range(i):
            if j == k:
                break
        else:
            if i == 4:
                break
            r += 10
            continue
        r += 1
    return r


def while_true_returns(n):
    i = 0
    while True:
        i += 3
        if i > n:
            return i


def while_condition_with_walrus(n):
    total = 0
    while (n := n - 1) > 0:
        total += n
    return total, n


def endless_with_break(n):
    while 1:
        n -= 1
        if n < 0:
            break
    else:
        n = 100
    return n


def pass_everywhere(n):
    for _ in range(n):
        pass
    while n > 3:
        n -= 1
        pass
    if n:
        pass
    else:
        pass
    return n


def test_conditions_and_jumps():
    for x in (-1, 0, 1, 2, 3, 4, 10):
        check(branches, x)
        check(early_returns, x)
        check(while_true_returns, x)
        check(while_condition_with_walrus, x)
        check(endless_with_break, x)
        check(pass_everywhere, x)
    check(branches, 2.5)
    check(branches, np.float32(np.nan))
    for n, stop in itertools.product((0, 1, 5, 6), (-1, 0, 3)):
        check(while_else, n, stop)
        check(for_else, n, stop)
    for n, m, k in itertools.product((0, 2, 5), (0, 1, 4), (1, 2, 5)):
        check(nested_jumps, n, m, k)
        check(jump_in_else, n + m, k - 1)


def over_range(start, stop, step):
    total = 0
    count = 0
    for i in range(start, stop, step):
        total = (total * 2 + i % 1000) % 100003
        count += 1
    return total, count


def range_length(start, stop, step):
    r = range(start, stop, step)
    return len(r)


def value_after(n):
    i = -7
    for i in range(n):
        pass
    return i


def unbound_after(n):
    for i in range(n):
        pass
    return i


def reassigned(n):
    out = 0
    for i in range(n):
        i = i * 2
        out += i
        i += 1
    return out, i


def bounds_evaluated_once(n):
    out = 0
    for i in range(n):
        n = 100
        out += i
    return out, n


def descending(n):
    out = 0
    for i in range(n - 1, -1, -1):
        out = out * 3 + i
    return out


def float_range(x):
    for i in range(x):
        return i


def ranges_as_values(n):
    r = range(1, n, 2)
    total = 0
    for i in r:
        for j in r:
            total += i * j
    s = range(n) if n > 3 else range(2)
    for i in s:
        total += i
    return total, len(r), len(s)


def test_ranges():
    bounds = (-3, 0, 1, 7)
    for start, stop, step in itertools.product(bounds, bounds, (-3, -1, 0, 1, 2, 5)):
        check(over_range, start, stop, step)
        check(range_length, start, stop, step)
    big = 2**62
    check(over_range, big, big + 3, 2)
    check(over_range, 2**63 - 3, 2**63 - 1, 5)
    check(over_range, -(2**63), -(2**63) + 3, 2)
    for n in (0, 1, 4):
        check(value_after, n)
        check(bounds_evaluated_once, n)
        check(descending, n)
        check(ranges_as_values, n)
    check(reassigned, 4)
    check(over_range, np.int32(0), np.uint8(5), np.int8(2))


def test_a_loop_variable_is_unbound_after_an_empty_loop():
    check(unbound_after, 3)
    check(unbound_after, 0)


def test_ranges_of_floats_are_refused():
    with pytest.raises(ungil.errors.CompileError) as error:
        jit(float_range)(2.5)
    assert error.value.code == "U0222"


def unbound_in_a_branch(x):
    if x > 0:
        y = x
    return y


def unbound_in_a_loop(n):
    for i in range(n):
        if i == 2:
            value = i
        if i > 2:
            return value
    return value


def unbound_augmented(x):
    if x > 0:
        y = 1
    y += x
    return y


def bound_again(x):
    if x > 0:
        y = 1
    if x > 0:
        return y
    y = 2.5
    return y


def test_unbound_locals_raise():
    for function in (unbound_in_a_branch, unbound_in_a_loop, unbound_augmented):
        for x in (-1, 0, 2, 3, 5):
            check(function, x)
    assert jit(bound_again)(1) == 1
    assert jit(bound_again)(-1) == 2.5


def over_mixed_tuple(x):
    total = 0.0
    for v in (1, 2.5, x, True):
        total += v
    return total


def last_of_mixed(x):
    for v in (1, 2.5, x):
        pass
    return v


def over_long_tuple(x):
    total = x
    for v in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12):
        if v == 5:
            continue
        if v == 11:
            break
        total += v
    else:
        total = -1
    return total, v


def over_tuple_argument(t):
    total = 0
    for v in t:
        total = total + v
    return total


def over_nested_tuples(x):
    total = 0
    for a, (b, c) in ((1, (2, 3)), (x, (x, 1)), (4, (5, x))):
        total = total * 2 + a * b - c
    return total


def jumps_in_tuples(x):
    r = 0.0
    for v in (1, 2.5, 3):
        for w in (x, 2):
            if w == v:
                continue
            if w > v:
                break
            r += v * 10 + w
        else:
            r += 1000
            continue
        if v == 2.5:
            break
        r += 1
    else:
        r += 5000
    return r


def returns_from_tuples(x):
    for v in (x, 2):
        return v


def returns_from_mixed(x):
    for v in (1.5, x, 3):
        if v > 2:
            return v * 1.0
    else:
        return 0.5


def over_empty_tuple(x):
    for v in ():
        x = 100
    else:
        x += 1
    return x


def test_tuples():
    for x in (0, 1, 2.5, 7):
        check(over_mixed_tuple, x)
        check(over_long_tuple, x)
        check(over_nested_tuples, x)
        check(jumps_in_tuples, x)
        check(returns_from_tuples, x)
        check(returns_from_mixed, x)
        check(over_empty_tuple, x)
    check(last_of_mixed, 1.5)
    check(over_tuple_argument, (1, 2, 3))
    check(over_tuple_argument, (1, 2.5, np.float32(3)))
    check(over_tuple_argument, ())
    check(over_tuple_argument, tuple(range(20)))


def over_array(a):
    total = np.float64(0.0)
    for v in a:
        if v < 0:
            continue
        if v > 100:
            break
        total += v
    else:
        total += 0.5
    return total


def over_rows(a):
    total = np.float64(0.0)
    for row in a:
        for v in row:
            total = total * 0.5 + v
    return total


def rows_are_views(a):
    for row in a:
        row[0] = 7


def enumerated(a, start):
    total = np.float64(0.0)
    for i, v in enumerate(a, start):
        total += i * v
    return total


def zipped(a, b):
    total = np.float64(0.0)
    n = 0
    for x, y in zip(a, b):
        total += x * y
        n += 1
    return total, n


def nested_iterators(a, b):
    total = np.float64(0.0)
    for i, (x, (j, y)) in enumerate(zip(a, enumerate(b, 5))):
        total += i * x - j * y
    for (i, x), y in zip(enumerate(a), reversed(b)):
        total += i * x * y
    for i, x in zip(range(10, 0, -1), a):
        total += i * x
    for i in reversed(range(3, 11, 2)):
        total = total / 2 + i
    for t in zip(a, b, a):
        total += t[0] - t[1] + t[2]
    for t in enumerate(b):
        total += t[0] * t[1]
    return total


def reversed_rows(a):
    total = 0.0
    for row in reversed(a):
        total = total * 2 + row[0]
    return total


def iterators_of_tuples(x):
    total = 0.0
    for i, v in enumerate((x, 2.5, 3)):
        total += i * v
    for v in reversed((1, x, 3.5)):
        total = total * 2 + v
    for a, b in zip((1, 2, 3), (x, 2.5)):
        total += a * b
    for i, (a, b) in enumerate(zip((1, 2, 3), (x, 2.5, x)), 1):
        total += i * a * b
    for v in reversed(()):
        total = 0.0
    for a, b in zip((1, 2), range(5, 10)):
        total += a * b
    return total


def zip_of_nothing(x):
    for _ in zip():
        x += 100
    return x


def zip_strict(a, b):
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += x * y
    return total


def zip_strict_tuples(x):
    total = x
    for a, b in zip((1, x), (x, 3), strict=True):
        total += a * b
    for a, b in zip((1, x), (x, 3, 4), strict=True):
        total += a * b
    return total


def array_assigned_while_iterated(a):
    for v in a:
        a[1] = 50
        a[0] = v
    return a


def rebound_while_iterated(a, b):
    total = 0.0
    for v in a:
        a = b
        total += v + a[0]
    return total


def test_arrays_and_iterators():
    for a in (np.array([1.0, -2.0, 3.5]), np.array([]), np.array([1.0, 500.0, 3.0]), np.arange(12.0)[::-3]):
        check(over_array, a)
        check(enumerated, a, 0)
        check(enumerated, a, -5)
        for b in (np.array([4.0, 5.0]), np.array([]), np.arange(9.0)[::2]):
            check(zipped, a, b)
            check(nested_iterators, a, b)
    check(over_array, np.arange(5, dtype=np.int8))
    check(zipped, np.arange(3), (1, 2, 3))
    check(zipped, (1.5, 2.5), np.arange(3, dtype=np.float32))
    for a in (
        np.arange(6.0).reshape(2, 3),
        np.arange(6.0).reshape(3, 2).T,
        np.zeros((0, 3)),
        np.zeros((3, 0)),
    ):
        check(over_rows, a)
    check(reversed_rows, np.arange(6.0).reshape(3, 2))
    check(rows_are_views, np.zeros((3, 2)))
    check(iterators_of_tuples, 3)
    check(iterators_of_tuples, np.float64(1.5))
    check(zip_of_nothing, 1)
    check(array_assigned_while_iterated, np.arange(4))
    check(rebound_while_iterated, np.arange(4.0), np.ones(2))


def test_strict_zip():
    check(zip_strict, np.arange(3.0), np.arange(3.0))
    check(zip_strict, np.arange(3.0), np.arange(2.0))
    check(zip_strict, np.arange(2.0), np.arange(3.0))
    check(zip_strict_tuples, 2)


def pruned(x, y=None, z=None):
    if y is None:
        y = 1.5
    if z is not None:
        return x + z[0]
    return x + y


def pruned_by_not(x, y=None):
    if not y:
        return x
    return x + y


def pruned_expression(x, y=None):
    k = 2 if y is None else y[0]
    return k * x if y is None or x > 1 else y[1]


def none_alias(x, y=None):
    z = y
    if z is None:
        return 0.5
    return x + z


def test_none_prunes():
    a = np.array([2.0, 3.0])
    for args in [(1,), (1, 2), (1, None, a), (1, 2.5, a), (2.5, None, None)]:
        check(pruned, *args)
    check(pruned_by_not, 1)
    check(pruned_by_not, 1, 5)
    check(pruned_by_not, 1, 0)
    check(pruned_expression, 1)
    check(pruned_expression, 2.0, a)
    check(none_alias, 1.0)
    check(none_alias, 1.0, 2.0)
