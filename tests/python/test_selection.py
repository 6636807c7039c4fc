"""`where select choose nonzero take put compress …` against NumPy: types, ranks, layouts, modes, errors."""

import numpy as np
import pytest
from checking import check

from ungil import jit

CODES = "?bhilBHILfdFD"


@jit
def where(c, x, y):
    return np.where(c, x, y)


@jit
def where_in_formula(c, x, y):
    return np.where(c > 0, x * 2, y + 1) - np.where(c > 1, 1, 0)


@jit
def places(a):
    return np.nonzero(a), np.argwhere(a), np.flatnonzero(a), np.where(a), a.nonzero()


@jit
def selected(a, b):
    return np.select([a > 3, a > 1], [b, a * 2], -1), np.select((a > 2, b > 2), (a, b))


@jit
def chosen(i, a, b):
    return (
        np.choose(i, [a, b, 7]),
        np.choose(i, (a, b, a * b), mode="wrap"),
        np.choose(i, (a, b), mode="clip"),
    )


@jit
def taken(a, i):
    return np.take(a, i), a.take(i), np.take(a, i, mode="wrap"), np.take(a, i, mode="clip")


@jit
def taken_rows(a, i):
    return (
        np.take(a, i, axis=0),
        np.take(a, i, axis=-1),
        a.take(i, axis=1, mode="clip"),
        np.take(a, 1, axis=1),
    )


@jit
def compressed(c, a):
    return np.compress(c, a), np.compress(c, a, axis=0), a.compress(c, axis=-1), np.extract(a > 2, a)


@jit
def put(a, i, v):
    np.put(a, i, v)
    return a


@jit
def put_modes(a, i, v):
    np.put(a, i, v, mode="wrap")
    a.put(i, 3, mode="clip")
    return a


@jit
def place(a, m, v):
    np.place(a, m, v)
    return a


@jit
def putmask(a, m, v):
    np.putmask(a, m, v)
    return a


@jit
def take_along(a, i):
    return np.take_along_axis(a, i, 0), np.take_along_axis(a, i, axis=-1)


@jit
def put_along(a, i, v):
    np.put_along_axis(a, i, v, 1)
    return a


def layouts(a):
    yield a
    yield np.asfortranarray(a)
    if a.ndim:
        wide = np.repeat(a, 2, axis=-1)
        yield wide[..., ::2]
        yield a[::-1]


@pytest.mark.parametrize("left", CODES)
@pytest.mark.parametrize("right", CODES)
def test_where_promotes_as_numpy(left, right):
    x, y = np.arange(6).astype(left), np.arange(10, 16).astype(right)
    check(where, np.array([True, False, True, True, False, False]), x, y)


@pytest.mark.parametrize("weak", [2, 2.5, True, 1 + 2j])
@pytest.mark.parametrize("code", CODES)
def test_where_with_python_scalars(code, weak):
    x = np.arange(4).astype(code)
    c = np.array([1.0, 0.0, np.nan, -0.0])
    check(where, c, x, weak)
    check(where, c, weak, x)


def test_where_of_scalars():
    c = np.array([True, False])
    check(where, c, 1, 2)
    check(where, c, 1, 2.5)
    check(where, True, np.arange(3), 5)


@pytest.mark.parametrize("shapes", [((3, 1), (4,), (2, 1, 1)), ((0, 3), (3,), ()), ((2, 3), (2, 3), (1, 3))])
def test_where_broadcasts(shapes):
    c, x, y = (np.arange(np.prod(s, dtype=int)).reshape(s) for s in shapes)
    check(where, c % 2 == 0, x, y)
    check(where_in_formula, c - 2, x, y)


def test_where_of_shapes_that_do_not_fit():
    check(where, np.ones(3, bool), np.ones(2), np.ones(1))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 2), (0,), (3, 0), (1, 1, 1, 5)])
def test_nonzero(code, shape):
    a = np.random.default_rng(1).integers(0, 2, shape).astype(code)
    for view in layouts(a):
        check(places, view)


def test_nonzero_of_nan():
    check(places, np.array([0.0, -0.0, np.nan, np.inf, 1e-300]))
    check(places, np.zeros(1000))
    check(places, np.ones(1000))


@pytest.mark.parametrize("code", "ildf")
def test_select(code):
    a = np.arange(12).reshape(3, 4)
    check(selected, a, np.arange(4).astype(code))


@pytest.mark.parametrize("code", "bild")
def test_choose(code):
    a, b = np.arange(6).reshape(2, 3).astype(code), np.arange(3)
    check(chosen, np.array([[0, 1, 2], [2, 1, 0]]), a, b)
    check(chosen, np.array([0, 1, 3]), a, b)
    check(chosen, np.array([0, -1, 1]), a, b)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("index", ["b", "i", "l", "B", "I"])
def test_take(code, index):
    a = np.arange(12).astype(code).reshape(3, 4)
    for view in layouts(a):
        check(taken, view, np.array([[0, 2], [11, 5]], index))
        check(taken_rows, view, np.array([[0, 2], [1, 1]], index))


@pytest.mark.parametrize("indices", [[-1, 0, 2], [], [3], [-4], [0, 100]])
def test_take_checks_indices(indices):
    i = np.array(indices, np.int64)
    check(taken, np.arange(3.0), i)
    check(taken, np.zeros(0), i)
    check(taken_rows, np.arange(9.0).reshape(3, 3), i)


def test_compress():
    a = np.arange(9).reshape(3, 3)
    for view in layouts(a):
        for c in ([True, False, True], [False] * 3, [True, True], [True] * 4):
            check(compressed, np.array(c), view)
    check(compressed, np.array([0, 3, 0]), a)


@pytest.mark.parametrize("code", CODES)
def test_put_and_place(code):
    for view in layouts(np.arange(12).astype(code).reshape(3, 4)):
        check(put, view, np.array([0, 5, -1, 5]), np.array([1, 0, 1]).astype(code))
        check(put_modes, view, np.array([0, 5, -1, 25]), np.array([1, 0, 1]).astype(code))
        check(place, view, view != 1, np.array([1, 0]).astype(code))
        check(putmask, view, view != 1, np.array([1, 0, 1]).astype(code))


def test_put_and_place_check():
    a = np.arange(4.0)
    check(put, a, np.array([7]), 1.0)
    check(put, a, np.array([1, 2]), np.zeros(0))
    check(place, a, a > 1, np.zeros(0))
    check(place, a, a > 10, np.zeros(0))
    check(putmask, a, a > 1, np.zeros(0))
    check(putmask, a, np.ones(3, bool), 1.0)
    b = np.arange(6)
    check(put, b, b, b[::-1])


def test_along_axis():
    a = np.random.default_rng(2).normal(size=(4, 4))
    i = np.argsort(a, axis=0)
    for view in layouts(a):
        check(take_along, view, i)
        check(put_along, view, i, view * 2)
        check(put_along, view, i[:, :2], 0.0)
    check(take_along, a, i[:1] * 0 - 1)
    check(take_along, a, i + 1)


def test_arrays_without_axes():
    check(
        lambda c, x, y: (np.where(c, x, y), np.where(c, 1, 2), np.where(c, 2.5, y)),
        *map(np.array, (1, 2.5, 3)),
    )
    check(lambda x: np.where(x), np.array(2.5))
    check(lambda x: np.nonzero(x), np.array(2.5))


def set_where(a, mask, value):
    a[mask] = value
    return a[mask].shape


@pytest.mark.parametrize("shape", [(0,), (3,), (9,)])
def test_masks_without_elements_fit_any_axis(shape):
    check(set_where, np.arange(6.0), np.zeros(shape, bool), 1.0)
    check(set_where, np.arange(6.0).reshape(2, 3), np.zeros((2, *shape), bool), np.zeros(0))
    check(set_where, np.arange(6.0).reshape(2, 3), np.zeros((*shape, 3), bool), 1.0)
    check(set_where, np.arange(6.0).reshape(2, 3), np.zeros(shape, bool), 1.0)


def fill_all(a, value):
    a[...] = value


def fill_part(a, value):
    a[1:0] = value


def fill_method(a, value):
    a.fill(value)


def fill_masked(a, value):
    a[a > 99] = value


def fill_places(a, value):
    a[np.zeros(0, np.int64)] = value


@pytest.mark.parametrize("fill", [fill_all, fill_part, fill_method, fill_masked, fill_places])
@pytest.mark.parametrize("size", [0, 3])
@pytest.mark.parametrize("dtype", ["int8", "uint32", "int64", "uint64"])
def test_numbers_that_do_not_fit_raise_where_nothing_is_stored(fill, size, dtype):
    for value in (300, -1, float("nan"), 2.5):
        plain, compiled = np.arange(size).astype(dtype), np.arange(size).astype(dtype)
        assert outcome_class(jit(fill), compiled, value) is outcome_class(fill, plain, value), value
        np.testing.assert_array_equal(compiled, plain)


@pytest.mark.parametrize("fill", [fill_all, fill_part, fill_method])
@pytest.mark.parametrize("dtype", ["int8", "uint32", "int64", "uint64"])
def test_numpys_numbers_that_do_not_fit_a_view(fill, dtype):
    for value in (
        np.int64(300),
        np.int32(-1),
        np.uint64(2**63),
        np.float64("nan"),
        np.float32("inf"),
        np.float32(7),
    ):
        for size in (0, 3):
            plain, compiled = np.arange(size).astype(dtype), np.arange(size).astype(dtype)
            assert outcome_class(jit(fill), compiled, value) is outcome_class(fill, plain, value), value
            np.testing.assert_array_equal(compiled, plain)


def outcome_class(function, *args):
    try:
        function(*args)
    except Exception as error:
        return type(error)


def test_filled_arrays_convert_without_a_look_at_the_range():
    @jit
    def f(x):
        return np.full(2, x, np.int32).shape, np.sum(np.zeros(3) + x, out=np.zeros((), np.int64)).shape

    assert f(np.float64("nan")) == ((2,), ())


@pytest.mark.parametrize("x", [np.array(3), np.array(0.0), np.float64(2), 0])
def test_places_in_a_number(x):
    check(lambda x: np.argwhere(x), x)


def test_parts_of_an_array_without_axes():
    check(
        lambda a: (np.compress([True], a), np.compress([False], a, axis=0), a.compress([True])), np.array(3)
    )
