"""How universal functions are called in kernels: `out` by position, tuples of it, `where`, `dtype`, `casting`."""

import numpy as np
import pytest
from checking import check_numpy

from ungil import errors, jit, vectorize

A = np.array([1.5, 2.0, 3.0, 0.25])
B = np.array([2.0, 1.0, 4.0, 0.5])
OUT = np.zeros(4)
MASK = np.array([True, False, True, True])

CALLS = {
    "position": lambda a, b, o, m: np.add(a, b, o),
    "position_one": lambda a, b, o, m: np.sin(a, o),
    "position_none": lambda a, b, o, m: np.multiply(a, b, None),
    "tuple": lambda a, b, o, m: np.hypot(a, b, out=(o,)),
    "scalars": lambda a, b, o, m: np.add(a[0], b[0], o),
    "overlap": lambda a, b, o, m: np.add(a[1:], b[1:], a[:-1]),
    "where": lambda a, b, o, m: np.arctan2(a, b, o, where=m),
    "prelude": lambda a, b, o, m: (np.sign(a, o), np.heaviside(a, b, out=b, where=m)),
    "conjugate": lambda a, b, o, m: np.conj(a, out=o),
    "clip": lambda a, b, o, m: np.clip(a, 0.5, 2.5, o),
    "clip_method": lambda a, b, o, m: a.clip(0.5, 2.5, out=o),
    "dtype": lambda a, b, o, m: np.subtract(a, b, dtype=np.float32, casting="same_kind"),
    "unsafe_dtype": lambda a, b, o, m: np.add(a, 1, dtype=np.int64, casting="unsafe"),
    "predicate": lambda a, b, o, m: np.less(a, b, dtype=np.bool_),
    "safe": lambda a, b, o, m: np.exp(a, casting="safe"),
    "no": lambda a, b, o, m: np.add(a, b, out=o, casting="no"),
    "divmod": lambda a, b, o, m: np.divmod(a, b, o, b),
    "divmod_swap": lambda a, b, o, m: np.divmod(a, b, out=(b, a)),
    "modf": lambda a, b, o, m: np.modf(a, out=(o, None)),
    "modf_where": lambda a, b, o, m: np.modf(a, out=(o, b), where=m),
    "frexp": lambda a, b, o, m: np.frexp(a, o, None),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("code", "df")
def test_calls(name, code):
    args = [x.astype(code) for x in (A, B, OUT)]
    check_numpy(jit(CALLS[name]), *args, MASK, rtol=1e-6)


@pytest.mark.parametrize("name", ["position", "where", "divmod"])
def test_strided(name):
    room = np.zeros((2, 8))
    check_numpy(jit(CALLS[name]), A[::-1], room[0, ::2], room[1, ::2], MASK, rtol=1e-15)


def test_larger_out():
    check_numpy(lambda a, o: np.add(a, 1.0, o), A, np.zeros((3, 4)))
    check_numpy(lambda a, o: np.square(a, o), np.zeros((0,)), np.zeros((2, 0)))


def test_narrower_out():
    unsafe = {
        "i": lambda a, b, o: np.multiply(a, b, out=o, casting="unsafe"),
        "f": lambda a, b, o: np.add(a, b, o),
    }
    for code, call in unsafe.items():
        check_numpy(call, A, B, np.zeros(4, code))
    check_numpy(lambda a, o, m: np.exp(a, o, where=m, casting="unsafe"), A, np.ones(4, np.int16), MASK)


REFUSED = {
    "kind": lambda a, b, o: np.add(a, b, np.zeros(4, np.int64)),
    "safe": lambda a, b, o: np.add(a, b, np.zeros(4, np.float32), casting="safe"),
    "no": lambda a, b, o: np.add(a, np.ones(4, np.float32), casting="no"),
    "dtype": lambda a, b, o: np.add(a, b, dtype=np.int64),
    "no_loop": lambda a, b, o: np.sin(a, dtype=np.int64, casting="unsafe"),
    "both": lambda a, b, o: np.add(a, b, o, out=o),
    "number": lambda a, b, o: np.add(a, b, 1.0),
    "too_few": lambda a, b, o: np.divmod(a, b, out=(o,)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    with pytest.raises((TypeError, ValueError)):
        REFUSED[name](A, B, OUT.copy())
    with pytest.raises(errors.TypingError, match=r"error\[U\d{4}\]"):
        jit(REFUSED[name])(A, B, OUT.copy())


@vectorize
def mixed(x, y):
    return x * y + 1


@vectorize
def both(x, y):
    return x + y, x - y


USERS = {
    "position": lambda a, b, o, m: mixed(a, b, o),
    "where": lambda a, b, o, m: mixed(a, b, out=o, where=m),
    "dtype": lambda a, b, o, m: mixed(a, b, dtype=np.float32),
    "several": lambda a, b, o, m: both(a, b, o, b),
    "several_where": lambda a, b, o, m: both(a, b, out=(o, b), where=m),
}


@pytest.mark.parametrize("name", USERS)
def test_users_functions(name):
    expected = {
        "position": A * B + 1,
        "where": np.where(MASK, A * B + 1, 0),
        "dtype": (A * B + 1).astype("f"),
        "several": (A + B, A - B),
        "several_where": (np.where(MASK, A + B, 0), np.where(MASK, A - B, B)),
    }[name]
    found = jit(USERS[name])(A.copy(), B.copy(), OUT.copy(), MASK)
    if isinstance(expected, tuple):
        assert all(np.array_equal(f, e) for f, e in zip(found, expected))
    else:
        assert found.dtype == expected.dtype and np.array_equal(found, expected)


def test_narrowing_in_users_functions():
    found = jit(lambda a, b, o: mixed(a, b, o, casting="unsafe"))(A, B, np.zeros(4, np.int32))
    assert found.dtype == np.int32 and np.array_equal(found, (A * B + 1).astype(np.int32))
    with pytest.raises(errors.TypingError):
        jit(lambda a, b, o: mixed(a, b, o))(A, B, np.zeros(4, np.int32))


def test_numbers_under_a_truth_value():
    def f(x, yes, out):
        np.add(x, 1, out=out, where=yes)
        np.sqrt(out, out=out, where=not yes)
        return np.add(x, 1, where=x == x), np.multiply(x, 2.5, where=True), np.negative(x, where=yes or True)

    for yes in (True, False, np.True_):
        check_numpy(f, 3, yes, np.arange(3.0))
        check_numpy(f, np.array(3, np.int16), yes, np.arange(3.0))


@pytest.mark.parametrize("codes", ["ii", "iH", "i?", "?i", "dd", "df", "fd"])
def test_nothing_is_converted_where_nothing_may_be(codes):
    x, y = (np.arange(1, 4).astype(code) for code in codes)
    for f in (
        lambda a, b: np.add(a, b, casting="no"),
        lambda a, b: np.divmod(a, b, casting="no"),
        lambda a, b: np.modf(a, casting="no"),
        lambda a, b: np.frexp(a, casting="no"),
        lambda a, b: np.add(a, True, casting="no"),
        lambda a, b: np.add(a, 2, casting="no"),
        lambda a, b: np.maximum(1.5, a, casting="no"),
        lambda a, b: np.less(a, 2, casting="no"),
    ):
        check_numpy(f, x, y)


@pytest.mark.parametrize("code", "bBhHiIlL")
def test_reciprocals_of_integers(code):
    check_numpy(lambda a: np.reciprocal(a), np.array([0, 1, 2, 7]).astype(code))
    check_numpy(lambda a: np.reciprocal(a), (np.arange(40) % 5 - 2).astype(code))
