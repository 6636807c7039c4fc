"""Library functions written in Python: constants decide types, errors appear at the user's call."""

import traceback

import numpy as np
import pytest
from checking import check

import ungil
from ungil import jit


@jit
def differences(a):
    return np.diff(a), np.diff(a, 1, 0), np.diff(a, n=2, axis=-1)


@jit
def out_of_bounds(a):
    b = a + 1
    return np.diff(b, axis=5)


@jit
def varying(a, n):
    return np.diff(a, n)


@jit
def misspelt(a):
    return np.diff(a, order=1)


@pytest.mark.parametrize("code", "?bhilBHILfdFD")
def test_constants_decide_the_code(code):
    for shape in [(7,), (1,), (0,), (4, 5), (3, 1, 2), (0, 3)]:
        a = (np.arange(np.prod(shape)).reshape(shape) ** 2 % 11).astype(code)
        check(differences, a)
        check(differences, a.T)
        check(differences, a[::-1])


def test_an_error_is_raised_at_the_users_line():
    with pytest.raises(np.exceptions.AxisError) as caught:
        out_of_bounds(np.zeros((2, 3)))
    frames = traceback.extract_tb(caught.tb)
    assert (frames[-1].name, frames[-1].line) == ("out_of_bounds", "return np.diff(b, axis=5)")
    check(out_of_bounds, np.zeros((2, 3)))
    check(out_of_bounds, np.zeros(()))


def test_a_refusal_points_at_the_users_call():
    with pytest.raises(ungil.errors.TypingError, match="must be a constant") as caught:
        varying(np.zeros(3), 1)
    assert "return np.diff(a, n)" in str(caught.value)
    with pytest.raises(ungil.errors.TypingError, match="unexpected keyword argument 'order'"):
        misspelt(np.zeros(3))


def test_globals_of_the_user_are_not_the_preludes(monkeypatch):
    monkeypatch.setitem(globals(), "cut", None)
    monkeypatch.setitem(globals(), "axis_of", 3)
    check(differences, np.arange(12.0).reshape(3, 4))
