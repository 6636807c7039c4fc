"""Errors: what a user sees when a kernel cannot be compiled or fails."""

import traceback

import numpy as np
import pytest

import ungil
from ungil import jit


@jit
def inner(a, i):
    return a[i]


@jit
def outer(a, i):
    x = 1.0
    return inner(a, i) + x


def frames(error):
    return [(f.name, f.line) for f in traceback.extract_tb(error.__traceback__)]


def test_a_frame_for_each_kernel():
    with pytest.raises(IndexError) as caught:
        outer(np.zeros(3), 5)
    assert frames(caught.value)[-2:] == [("outer", "return inner(a, i) + x"), ("inner", "return a[i]")]
    assert "index 5" in str(caught.value) and "size 3" in str(caught.value)
    text = "".join(traceback.format_exception(caught.value))
    assert __file__ in text and "return a[i]" in text


def test_lines_after_blank_lines_in_an_indented_function():
    @jit
    def f(x):
        y = x

        # A comment.

        return y[10]

    with pytest.raises(IndexError) as caught:
        f(np.zeros(3))
    assert frames(caught.value)[-1] == ("f", "return y[10]")


def test_frames_in_recursion_are_bounded():
    @jit
    def down(n):
        if n == 0:
            raise ValueError("bottom")
        return down(n - 1)

    with pytest.raises(ValueError) as caught:
        down(10)
    assert [name for name, _ in frames(caught.value)].count("down") == 11
    with pytest.raises(ValueError) as caught:
        down(1000)
    assert 10 < len(frames(caught.value)) < 100


def test_unbounded_recursion():
    @jit
    def forever(n):
        return 0 if n < 0 else forever(n + 1) + 1

    with pytest.raises(RecursionError):
        forever(0)


def test_exceptions_chain_into_python():
    with pytest.raises(RuntimeError) as caught:
        try:
            inner(np.zeros(1), 1)
        except IndexError as error:
            raise RuntimeError("outside") from error
    assert isinstance(caught.value.__cause__, IndexError)


@pytest.mark.parametrize(
    ("exception", "message"),
    [
        ("ValueError", "'bad'"),
        ("KeyError", "3"),
        ("RuntimeError", ""),
        ("ZeroDivisionError", "f'{x} and {x}'"),
    ],
)
def test_raised_exceptions(exception, message):
    source = f"def f(x):\n    raise {exception}({message})\n"
    namespace = {}
    exec(source, namespace)
    f = jit(namespace["f"], source=source)
    with pytest.raises(Exception) as expected:
        namespace["f"](3)
    with pytest.raises(type(expected.value)) as found:
        f(3)
    assert str(found.value) == str(expected.value)


def test_a_compile_error_shows_the_line():
    @jit
    def f(x):
        return x + missing  # noqa: F821

    with pytest.raises(ungil.errors.CompileError) as caught:
        f(1)
    error = caught.value
    assert isinstance(error, NameError)
    assert error.code.startswith("U02")
    assert f"--> {__file__}:" in str(error)
    assert "return x + missing" in str(error) and "^^^^^^^" in str(error)
    (diagnostic,) = error.diagnostics
    assert diagnostic.file == __file__ and diagnostic.column == 20
    assert diagnostic.code == error.code


def test_errors_are_raised_again_at_each_call():
    @jit
    def f(x):
        return x.nothing

    for _ in range(3):
        with pytest.raises(TypeError):
            f(1)


def test_a_callees_error_names_its_place():
    def callee(x):
        return undefined_here  # noqa: F821

    @jit
    def f(x):
        return callee(x)

    with pytest.raises(NameError, match="undefined_here"):
        f(1)


def test_a_race_is_refused():
    @jit
    def f(a):
        for i in ungil.prange(1, a.size):
            a[i] = a[i - 1]

    with pytest.raises(ungil.errors.ParallelError) as caught:
        f(np.zeros(4))
    assert caught.value.code.startswith("U03")
    assert "a[i] = a[i - 1]" in str(caught.value) and "help:" in str(caught.value)


def test_zero_division_follows_python_and_numpy():
    @jit
    def divide(x, y):
        return x / y

    with pytest.raises(ZeroDivisionError, match="division by zero"):
        divide(1, 0)
    with np.errstate(all="ignore"):
        assert divide(np.float64(1), np.float64(0)) == np.inf
    strict = jit(error_model="python")(divide.py_func)
    with pytest.raises(ZeroDivisionError):
        strict(np.float64(1), np.float64(0))
    loose = jit(error_model="numpy")(divide.py_func)
    assert loose(1.0, 0.0) == float("inf")


def test_overflow_check():
    def f(x):
        return x * x

    big = 2**40
    assert jit(f)(big) == 0
    with pytest.raises(OverflowError):
        jit(overflowcheck=True)(f)(big)


def test_generators_are_refused_by_name():
    @jit
    def f(n):
        for i in range(n):
            yield i

    with pytest.raises(ungil.errors.CompileError, match="(?i)generator|yield"):
        f(3)


def element_of_a_row(a):
    a[0] = a[1:]


def too_few_arguments(a):
    return np.add(a)


def array_beside_text(a):
    return a < "x"


def not_compiled(a):
    return np.sort(a)


def list_in_itself(a):
    l = []
    l.append(l)
    return len(l)


@pytest.mark.parametrize(
    "function, message",
    [
        (list_in_itself, "grow without end"),
        (element_of_a_row, "take one element"),
        (too_few_arguments, "takes from 2 to 3 positional arguments but 1 were given"),
        (array_beside_text, "arrays are compared with arrays and numbers"),
        (not_compiled, "call it outside the kernel"),
    ],
)
def test_help_says_what_is_wrong(function, message):
    with pytest.raises(ungil.errors.TypingError, match=message):
        jit(function)(np.ones(3))
