"""Places of extrema, numbers among NaN, and patterned copies by the library, against NumPy: element types, layouts, lengths."""

import numpy as np
import pytest
from checking import check

from ungil import jit

DTYPES = ["?", "b", "h", "i", "q", "B", "H", "I", "Q", "f", "d"]
# Rows around the lengths of vectors, of blocks, and of what a thread is given at a time.
SHAPES = [(1, 1), (3, 2), (40, 3), (33, 24), (17, 25), (20, 100), (9, 333), (3, 2049), (2, 70000)]


def table(shape, dtype, nans=0.0):
    rng = np.random.default_rng(5)
    x = np.asarray(rng.standard_normal(shape) * 50).astype(dtype)
    if x.dtype.kind == "f":
        x[rng.random(shape) < nans] = np.nan
    return x


def layouts(x):
    """The same elements in memory orders of all kinds."""
    yield x
    yield np.asfortranarray(x)
    yield x[::-1, ::-1]
    yield np.repeat(np.repeat(x, 3, axis=1), 2, axis=0)[::2, ::3]
    yield x.astype(x.dtype.newbyteorder())


@jit
def places(a):
    return np.argmax(a, axis=1), np.argmin(a, axis=1), np.argmax(a, axis=0), np.argmin(a), a.argmax()


@jit
def places_of_numbers(a):
    return np.nanargmax(a, axis=1), np.nanargmin(a, axis=1), np.nanargmax(a)


@jit
def numbers(a):
    return np.nanmax(a), np.nanmin(a), np.nanmin(a, axis=1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_places_of_extrema(dtype):
    for shape in SHAPES:
        for x in layouts(table(shape, dtype)):
            check(places, x)


@pytest.mark.parametrize("dtype", ["f", "d"])
@pytest.mark.parametrize("nans", [0.001, 0.2])
def test_places_among_nan(dtype, nans):
    for shape in SHAPES:
        for x in layouts(table(shape, dtype, nans)):
            check(places, x)
            check(places_of_numbers, x)
            check(numbers, x)


@pytest.mark.parametrize("n", [1, 3, 4, 15, 16, 17, 31, 32, 33, 64, 100, 2047, 2048, 2049, 4100])
def test_the_extremum_may_be_anywhere(n):
    best, worst = jit(lambda a: (np.argmax(a), np.nanmax(a))), jit(lambda a: (a.argmin(), np.nanmin(a)))
    for dtype in "fdiB":
        x = np.full(n, 7, dtype)
        for k in sorted({0, n // 3, n // 2, n - 1}):
            x[k] = 9
            assert best(x) == (k, 9)
            x[k] = 2
            assert worst(x) == (k, 2)
            x[k] = 7


def test_infinities_and_zeros():
    inf, nan = np.inf, np.nan
    for row in (
        [-inf, -inf],
        [nan, -inf],
        [inf, nan],
        [nan, inf, inf],
        [0.0, -0.0],
        [-0.0, 0.0],
        [nan, 1.0] * 20,
    ):
        for dtype in "fd":
            x = np.array([row, row], dtype)
            check(places, x)
            check(places_of_numbers, x)
            if x[0, 0] != 0:
                check(numbers, x)
    # Of equal zeros the first counts; NumPy takes one or the other.
    first = jit(lambda a: np.nanmax(a))
    assert np.signbit(first(np.array([-0.0, 0.0] * 20)))


def test_nothing_but_nan():
    x = np.array([[1.0, 2.0], [np.nan, np.nan]])
    check(places_of_numbers, x)
    check(lambda a: np.nanargmin(a), x[1])
    check(lambda a: np.nanmax(a), np.array([np.nan] * 100))
    check(lambda a: np.nanmax(a), np.zeros(0))
    check(lambda a: np.nanargmax(a), np.zeros(0))
    check(lambda a: np.argmax(a, axis=1), np.zeros((3, 0)))
    check(lambda a: np.argmax(a, axis=1), np.zeros((0, 3)))


def test_places_along_the_axes_of_a_block():
    x = table((4, 5, 6), "d")
    for view in (x, np.asfortranarray(x), x.transpose(1, 2, 0), x[::2, ::-1, 1::2]):
        check(
            lambda a: (a.argmax(0), a.argmin(axis=1), np.argmax(a, axis=2, keepdims=True), np.argmin(a)), view
        )
        check(lambda a: (np.nanargmax(a, axis=0), np.nanargmin(a, axis=-1), np.nanmax(a)), view)


def test_threads_find_the_same():
    def function(a):
        return np.argmax(a), np.argmin(a, axis=1), np.nanargmax(a), np.nanmax(a)

    parallel = jit(parallel=True)(function)
    for nans in (0.0, 0.0001):
        for x in (table((3, 200_000), "f", nans), table((3000, 70), "f", nans)):
            x[:, 5:] = np.round(x[:, 5:])
            found, expected = parallel(x), function(x)
            assert all(np.array_equal(f, e, equal_nan=True) for f, e in zip(found, expected))


@pytest.mark.parametrize("dtype", [*DTYPES, "F", "D"])
def test_elements_several_times(dtype):
    twice, often = jit(lambda a: np.repeat(a, 2)), jit(lambda a, n: np.repeat(a, n, axis=-1))
    for n in (0, 1, 15, 16, 17, 100, 40_000):
        x = table(n, "d").astype(dtype)
        check(twice, x)
        check(twice, np.repeat(x, 2)[::2])
        for times in (0, 1, 2, 3, 4, 5):
            check(often, x, times)
            check(often, x[: n // 4 * 4].reshape(4, -1), times)


@pytest.mark.parametrize("dtype", [*DTYPES, "F", "D", ">d"])
def test_arrays_by_turns(dtype):
    two, three = jit(lambda a, b: np.stack((a, b), axis=-1)), jit(lambda a, b, c: np.stack((a, b, c), axis=1))
    for n in (0, 1, 15, 16, 17, 100, 70_000):
        x, y, z = (table(n, "d").astype(dtype)[::step] for step in (1, -1, 1))
        check(two, x, x + x if dtype != "?" else ~x)
        check(two, x, y)
        check(three, x, z, x)
        check(two, x[: n // 4 * 4].reshape(4, -1), z[: n // 4 * 4].reshape(4, -1))
        check(two, x, x.astype("F"))
