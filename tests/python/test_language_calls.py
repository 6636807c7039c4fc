"""Calls: how arguments bind, recursion, nested functions, closures, lambdas, functions as arguments."""

import numpy as np
import pytest
from checking import check

import ungil
from ungil import jit

FACTOR = 3


def defaults(a, b=2, c=FACTOR, *, d=4.5, e=None):
    if e is None:
        return a + b * 10 + c * 100 + d
    return a - e


def call_defaults(x):
    return (
        defaults(x), defaults(x, 5), defaults(x, c=7), defaults(c=1, a=x), defaults(x, 1, 2, d=3),
        defaults(x, e=2), defaults(x, d=1, e=0.5), defaults(b=x, a=1),
    )  # fmt: skip


def positional_only(a, b=1, /, c=2, *, d=3):
    return a, b, c, d


def call_positional_only(x):
    return positional_only(x), positional_only(x, 2.5), positional_only(x, c=9), positional_only(x, 1, 2, d=x)


def variadic(first, *rest, scale=1):
    total = first
    for r in rest:
        total = total + r * scale
    return total, len(rest)


def call_variadic(x):
    t = (x, 2, 3)
    return (
        variadic(x),
        variadic(x, 1),
        variadic(x, 1, 2.5, scale=2),
        variadic(*t),
        variadic(1, *t, 4, *(5, 6.5), scale=x),
    )


def forward(*args):
    return variadic(*args)


def call_forward(x):
    return forward(x, 1, 2), forward(*(x, x)), forward(x)


def order_of_evaluation(a):
    def step(k):
        a[0] = a[0] * 10 + k
        return k

    def takes(x, y, z=0, *, w=0):
        return x + y + z + w

    return takes(step(1), step(2), w=step(3), z=step(4)) + step(5)


@pytest.mark.parametrize("function", [call_defaults, call_positional_only, call_variadic, call_forward])
@pytest.mark.parametrize("x", [1, 1.5, np.float32(2), np.int16(3)], ids=repr)
def test_binding(function, x):
    check(function, x)


def test_arguments_are_evaluated_in_order():
    check(order_of_evaluation, np.zeros(1, np.int64))


def test_entry_points_bind_as_python_does():
    kernel = jit(defaults)
    assert kernel(1) == defaults(1)
    assert kernel(1, e=2) == defaults(1, e=2)
    assert kernel(c=1, a=2, d=1) == defaults(c=1, a=2, d=1)
    rest = jit(variadic)
    assert rest(1, 2, 3.5, scale=2) == variadic(1, 2, 3.5, scale=2)
    for args, options in [((), {}), ((1, 2, 3, 4), {}), ((1,), {"z": 1}), ((1,), {"a": 1})]:
        with pytest.raises(TypeError) as expected:
            defaults(*args, **options)
        with pytest.raises(TypeError) as found:
            kernel(*args, **options)
        assert str(found.value) == str(expected.value)


def wrong_missing(x):
    return variadic(scale=x)


def wrong_missing_two(x):
    def inner(a, b, c=1):
        return a

    return inner(c=x)


def wrong_missing_three(x):
    def inner(a, b, c):
        return a

    return inner()


def wrong_missing_keyword(x):
    def inner(a, *, b, c):
        return a

    return inner(x)


def wrong_too_many(x):
    def inner(a, b):
        return a

    return inner(x, 1, 2)


def wrong_too_many_for_defaults(x):
    def inner(a, b=1):
        return a

    return inner(x, 1, 2)


def wrong_none_taken(x):
    def inner():
        return 1

    return inner(x)


def wrong_unexpected(x):
    def inner(a):
        return a

    return inner(x, colour=2)


def wrong_twice(x):
    def inner(a):
        return a

    return inner(x, a=2)


def wrong_positional_only(x):
    def inner(a, /, b):
        return a

    return inner(a=x, b=1)


@pytest.mark.parametrize(
    "function",
    [wrong_missing, wrong_missing_two, wrong_missing_three, wrong_missing_keyword, wrong_too_many,
     wrong_too_many_for_defaults, wrong_none_taken, wrong_unexpected, wrong_twice, wrong_positional_only],
)  # fmt: skip
def test_binding_errors_are_pythons(function):
    with pytest.raises(TypeError) as expected:
        function(1)
    with pytest.raises(ungil.errors.CompileError) as found:
        jit(function)(1)
    assert found.value.code == "U0230"
    text = str(expected.value)
    text = text[text.index(")", text.rindex(".") + 1 if "<locals>." in text else 0) :]
    assert text in str(found.value)


def factorial(n):
    return 1 if n <= 1 else n * factorial(n - 1)


def fibonacci(n):
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


def is_even(n):
    if n == 0:
        return True
    return is_odd(n - 1)


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def sum_tree(a, lo, hi):
    if hi - lo == 1:
        return a[lo]
    middle = (lo + hi) // 2
    return sum_tree(a, lo, middle) + sum_tree(a, middle, hi)


def recursive_without_result(a, n):
    if n > 0:
        a[n - 1] += n
        recursive_without_result(a, n - 1)


def widening(n):
    if n == 0:
        return 0
    return widening(n - 1) + 0.5


def nested_recursion(n):
    def inner(k):
        return 1 if k < 2 else k * inner(k - 1)

    return inner(n)


def nested_capturing_recursion(n, step):
    def inner(k):
        if k <= 0:
            return 0
        return k + inner(k - step)

    return inner(n)


def three_cycle(n):
    def a(k):
        return 0 if k <= 0 else b(k - 1) + 1

    def b(k):
        return 0 if k <= 0 else c(k - 1) + 2

    def c(k):
        return 0 if k <= 0 else a(k - 1) + 3

    return a(n)


def test_recursion():
    for n in (0, 1, 2, 10, 20):
        check(factorial, n)
        check(is_even, n)
        check(is_odd, n)
        check(nested_recursion, n)
        check(nested_capturing_recursion, n, 3)
        check(three_cycle, n)
    check(fibonacci, 15)
    check(ackermann, 2, 3)
    check(sum_tree, np.arange(13.0), 0, 13)
    check(recursive_without_result, np.zeros(5, np.int64), 5)
    assert jit(widening)(3) == 1.5


def closure_reads_the_latest(x):
    def inner():
        return y * 2

    y = x
    first = inner()
    y = x + 1
    return first, inner()


def closure_in_a_loop(n):
    total = 0
    for i in range(n):

        def inner(k):
            return i * k

        total += inner(2) + inner(k=3)
    return total


def two_levels(x):
    def outer(a):
        def inner(b):
            return a * b + x

        return inner(a + 1) + inner(x)

    return outer(2) + outer(x)


def default_of_a_nested_function(x):
    k = 2

    def inner(a, b=k * x, *, c=k):
        return a + b + c

    k = 100
    return inner(1), inner(1, 2), inner(1, c=5)


def shadowed(x):
    def inner(x):
        x = x + 1
        return x

    return inner(10) + x


def lambdas(x):
    def apply(f, v):
        return f(v)

    square = lambda v: v * v
    add = lambda a, b=x: a + b
    return (
        apply(square, x),
        apply(lambda v: v - x, 1),
        add(1),
        add(1, 2),
        (lambda: x)(),
        (lambda *a: len(a))(1, 2),
    )


def apply_twice(f, v):
    return f(f(v))


def functions_as_values(x):
    def triple(v):
        return v * 3

    def compose(f, g, v):
        return f(g(v))

    f = triple
    return (
        apply_twice(triple, x),
        apply_twice(f, x),
        compose(triple, lambda v: v + x, x),
        apply_twice(factorial, 3),
    )


def function_returned(x):
    def make(k):
        def inner(v):
            return v * k

        return inner

    by_two, by_x = make(2), make(x)
    return by_two(10), by_x(10), make(5)(x)


def function_in_a_tuple(x):
    def one(v):
        return v + 1

    def two(v):
        return v * 2

    total = 0.0
    for f in (one, two, abs):
        total += f(x)
    return total


def builtin_as_argument(x):
    def apply(f, a, b):
        return f(a, b)

    return apply(max, x, 2 * x), apply(min, x, x), apply(pow, x, 2), apply(divmod, x, 2)


@pytest.mark.parametrize(
    "function",
    [closure_reads_the_latest, two_levels, default_of_a_nested_function, shadowed, lambdas, functions_as_values,
     function_returned, function_in_a_tuple, builtin_as_argument],
)  # fmt: skip
@pytest.mark.parametrize("x", [3, -2.5], ids=repr)
def test_nested_functions(function, x):
    check(function, x)


def test_closures_in_loops():
    for n in (0, 1, 5):
        check(closure_in_a_loop, n)


def test_functions_from_outside_are_compiled():
    def half(v):
        return v / 2

    check(apply_twice, half, 10)
    check(apply_twice, jit(half), 10)
    check(apply_twice, lambda v: v + 1, 1.5)
    check(apply_twice, abs, -2)
    scale = 3

    def scaled(v):
        return v * scale

    check(apply_twice, scaled, 2)


def returns_nothing(a):
    a[0] = 1


def uses_none_result(a):
    r = returns_nothing(a)
    return r is None, r


def no_return_in_one_branch(x):
    if x > 0:
        return
    return None


def test_none_results():
    check(uses_none_result, np.zeros(2))
    check(no_return_in_one_branch, 1)


def swap(a, b):
    return b, a


def tuple_results(x):
    a, b = swap(x, 1)
    c, d = swap(*swap(a, b))
    return a, b, c, d, swap(a, (b, c))[1]


def test_tuple_results():
    check(tuple_results, 2.5)
