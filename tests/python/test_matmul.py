"""Products by the library, against NumPy: element types, layouts, shapes, threads; sliding sums."""

import signal
import threading

import numpy as np
import pytest
from checking import check_numpy

import ungil
from ungil import jit, prange

DTYPES = ["f", "d", "F", "D"]
SHAPES = [(0, 3, 4), (3, 0, 4), (3, 4, 0), (2, 5, 7), (17, 31, 23), (64, 64, 64), (130, 70, 300), (300, 2, 1)]


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@jit
def product(a, b):
    return a @ b


def matrix(rng, rows, columns, dtype):
    x = rng.standard_normal((rows, columns))
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.standard_normal((rows, columns))
    return x.astype(dtype)


def layouts(x):
    """The same elements in memory orders of all kinds."""
    yield x
    yield np.asfortranarray(x)
    yield np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1]
    yield np.repeat(x, 2, axis=0)[::2]
    yield np.repeat(np.repeat(x, 3, axis=1), 2, axis=0)[::2, ::3]
    record = np.zeros(x.shape, np.dtype([("pad", "u1"), ("x", x.dtype)]))
    record["x"] = x
    yield record["x"]
    yield x.astype(x.dtype.newbyteorder())


def assert_close(found, expected, depth):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    eps = np.finfo(expected.dtype).eps
    assert np.all(np.abs(found - expected) <= 8 * eps * max(depth, 1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_layouts(dtype, shape, rng):
    rows, depth, columns = shape
    a, b = matrix(rng, rows, depth, dtype), matrix(rng, depth, columns, dtype)
    exact = a.astype("D") @ b.astype("D")
    exact = (exact if np.dtype(dtype).kind == "c" else exact.real).astype(dtype)
    for x in layouts(a):
        for y in (b, np.asfortranarray(b), np.ascontiguousarray(b[:, ::-1])[:, ::-1]):
            assert_close(product(x, y), exact, depth)


def test_mixed_types(rng):
    a, b = matrix(rng, 20, 30, "d"), matrix(rng, 30, 25, "f")
    counts = (b * 10).astype("i8")
    for x, y in [(a, b), (b.T, a.T), (a, counts), (a, counts > 0), (a, b + 1j), (counts, counts.T)]:
        found = product(x, y)
        np.testing.assert_allclose(found, x @ y, rtol=1e-4, atol=1e-4)
        assert found.dtype == (x @ y).dtype


def test_broadcast(rng):
    shapes = [
        ((4, 1, 20, 30), (3, 30, 10)),
        ((20, 30), (5, 30, 10)),
        ((5, 20, 30), (30,)),
        ((30,), (5, 30, 2)),
    ]
    shapes += [((0, 20, 30), (30, 10)), ((2, 3, 4), (3, 4, 2)), ((1, 20, 30), (4, 30, 20))]
    for x, y in shapes:
        check_numpy(product, rng.standard_normal(x), rng.standard_normal(y), rtol=1e-9)
    repeated = np.broadcast_to(rng.standard_normal(30), (20, 30))
    check_numpy(product, repeated, repeated.T, rtol=1e-12)


def test_special_values():
    a = np.zeros((20, 20))
    a[3, 4], a[5, 6], a[7, 8] = np.nan, np.inf, -np.inf
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(product(a, np.ones((20, 20))), a @ np.ones((20, 20)))
        np.testing.assert_array_equal(product(a, a.T), a @ a.T)


def test_errors():
    for x, y in [((3, 4), (5, 3)), ((3,), (4,)), ((30, 40), (39, 30)), ((2, 3, 4), (2, 5, 4)), ((), (3,))]:
        check_numpy(jit(lambda a, b: np.matmul(a, b)), np.ones(x), np.ones(y))
        if x:
            check_numpy(jit(lambda a, b: np.dot(a, b)), np.ones(x), np.ones(y))
    with pytest.raises(ValueError, match=r"\(size 5 is different from 4\)"):
        product(np.ones((3, 4)), np.ones((5, 3)))


def test_out(rng):
    a, b = matrix(rng, 20, 30, "d"), matrix(rng, 30, 20, "d")
    into = jit(lambda a, b, out: np.matmul(a, b, out=out))
    dotted = jit(lambda a, b, out: np.dot(a, b, out=out))
    for f in (into, dotted):
        out = np.zeros((20, 20))
        assert f(a, b, out) is out
        np.testing.assert_allclose(out, a @ b, rtol=1e-12)
    check_numpy(dotted, a, b, np.zeros((3, 3)))
    with pytest.raises(TypeError):
        into(a, b, np.zeros((20, 20), int))
    square = jit(lambda a: np.matmul(a, a, out=a))
    check_numpy(square, np.arange(9.0).reshape(3, 3), rtol=1e-14)


def test_any_number_of_threads(rng):
    a, b = matrix(rng, 700, 300, "d"), matrix(rng, 300, 900, "d")
    before = ungil.get_num_threads()
    try:
        results = []
        for n in (1, 2):
            ungil.set_num_threads(min(n, before))
            results.append(product(a, b))
    finally:
        ungil.set_num_threads(before)
    assert results[0].tobytes() == results[1].tobytes()
    np.testing.assert_allclose(results[0], a @ b, rtol=1e-9, atol=1e-11)


def test_inside_loops_and_threads(rng):
    @jit
    def products(a, b):
        out = np.empty((a.shape[0], a.shape[1], b.shape[2]))
        for i in prange(a.shape[0]):
            out[i] = a[i] @ b[i]
        return out

    a, b = rng.standard_normal((6, 150, 140)), rng.standard_normal((6, 140, 160))
    expected = a @ b
    results = []
    threads = [threading.Thread(target=lambda: results.append(products(a, b))) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == 4
    for r in results:
        np.testing.assert_allclose(r, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("dtype", [*DTYPES, "q", "i", "?"])
def test_vectors_of_all_layouts(rng, dtype):
    for rows, columns in [
        (1, 1),
        (2, 3),
        (3, 2),
        (5, 16),
        (16, 5),
        (7, 33),
        (33, 7),
        (0, 4),
        (4, 0),
        (2051, 9),
        (9, 2051),
    ]:
        x = (
            (matrix(rng, rows, columns, "d") * 4).astype(dtype)
            if dtype in "qi?"
            else matrix(rng, rows, columns, dtype)
        )
        v = matrix(rng, 1, columns, "d")[0].astype(dtype) * x.dtype.type(3)
        w = matrix(rng, 1, rows, "d")[0].astype(dtype)
        for a in layouts(x):
            if dtype in "qi?":
                assert np.array_equal(product(a, v), a @ v) and np.array_equal(product(w, a), w @ a)
                continue
            assert_close(product(a, v), a @ v, 12 * columns)
            assert_close(product(w, a), w @ a, 12 * rows)
            assert_close(product(a, np.repeat(v, 2)[::2]), a @ v, 12 * columns)


@pytest.mark.parametrize("dtype", DTYPES)
def test_few_elements(rng, dtype):
    for rows, depth, columns in [
        (2, 2, 2),
        (3, 3, 3),
        (4, 4, 4),
        (5, 7, 3),
        (10, 10, 10),
        (17, 18, 19),
        (2, 300, 3),
        (1, 5, 6),
    ]:
        x, y = matrix(rng, rows, depth, dtype), matrix(rng, depth, columns, dtype)
        for a, b in zip(layouts(x), layouts(y)):
            assert_close(product(a, b), a @ b, 8 * depth)


def test_vectors_with_what_is_no_number(rng):
    x = rng.standard_normal((6, 40))
    x[2, 3], x[4, 5] = np.nan, np.inf
    for a in (x, np.asfortranarray(x)):
        for found, expected in (
            (product(a, np.ones(40)), a @ np.ones(40)),
            (product(np.ones(6), a), np.ones(6) @ a),
        ):
            assert np.array_equal(np.isfinite(found), np.isfinite(expected))
            assert np.array_equal(np.isnan(found), np.isnan(expected))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape", [(2, 600_000, 3), (64, 9000, 65), (256, 70_000, 1), (3, 4097, 400)], ids=str
)
def test_deep_products(rng, dtype, shape):
    rows, depth, columns = shape
    x, y = matrix(rng, rows, depth, dtype), matrix(rng, depth, columns, dtype)
    before = ungil.get_num_threads()
    # The error of a sum of random terms grows with the root of their number.
    tolerance = 512 * np.finfo(dtype).eps * np.sqrt(depth)
    for a, b in ((x, y), (np.asfortranarray(x), y), (x[:, ::-1], y[::-1])):
        results = []
        try:
            for threads in (1, 2, before):
                ungil.set_num_threads(min(threads, before))
                results.append(product(a, b))
        finally:
            ungil.set_num_threads(before)
        assert all(np.array_equal(r, results[0]) for r in results), "the bits depend on the number of threads"
        assert np.abs(results[0] - a @ b).max() <= tolerance


def numbers(rng, shape, dtype):
    """Small numbers, whose products and sums are exact in every type but wrap in narrow ones."""
    x = rng.integers(-9, 10, shape).astype("f8")
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.integers(-9, 10, shape)
    return x.astype("i8").astype(dtype) if np.dtype(dtype).kind in "iub" else x.astype(dtype)


@pytest.mark.parametrize("dtype", [*DTYPES, *"?bhilBHIL"])
def test_all_small_shapes(rng, dtype):
    sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 20, 33]
    for rows in sizes:
        for columns in sizes:
            depth = sizes[(3 * rows + columns) % len(sizes)]
            x, y = numbers(rng, (rows, depth), dtype), numbers(rng, (depth, columns), dtype)
            for a, b in (
                (x, y),
                (np.asfortranarray(x), np.asfortranarray(y)),
                (x[::-1, ::-1], y[::-1, ::-1]),
            ):
                found, expected = product(a, b), a @ b
                assert found.dtype == expected.dtype
                assert np.array_equal(found, expected), (dtype, rows, depth, columns)
            # A column and a row as matrices.
            assert np.array_equal(product(x, y[:, :1]), x @ y[:, :1])
            assert np.array_equal(product(x[:1], y), x[:1] @ y)


@pytest.mark.parametrize("dtype", [*DTYPES, *"?bil"])
def test_exact_vectors_and_panels(rng, dtype):
    for rows, columns in [(1, 100), (100, 1), (70, 130), (1500, 11), (11, 1500), (1025, 1030)]:
        x, v = numbers(rng, (rows, columns), dtype), numbers(rng, columns, dtype)
        for a in layouts(x):
            assert np.array_equal(product(a, v), a @ v)
            assert np.array_equal(product(v, a.T), v @ a.T)
    for rows, depth, columns in [(30, 520, 70), (70, 1030, 129), (3, 5000, 3)]:
        x, y = numbers(rng, (rows, depth), dtype), numbers(rng, (depth, columns), dtype)
        for a, b in ((x, y), (x[:, ::-1], np.asfortranarray(y)[::-1])):
            found = product(a, b)
            # Sums of this size are exact in float32 as well.
            assert np.array_equal(found, a @ b)


def test_vectors_on_any_number_of_threads(rng):
    x, v = matrix(rng, 1100, 1200, "d"), rng.standard_normal(1200)
    before = ungil.get_num_threads()
    for a in (x, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2]):
        results = []
        try:
            for n in (1, before):
                ungil.set_num_threads(n)
                results.append(product(a, v))
        finally:
            ungil.set_num_threads(before)
        assert results[0].tobytes() == results[1].tobytes()
        np.testing.assert_allclose(results[0], a @ v, rtol=1e-9, atol=1e-11)


def test_read_only_factors(rng):
    x, v = numbers(rng, (5, 5), "d"), numbers(rng, 5, "d")
    x.flags.writeable = v.flags.writeable = False
    assert np.array_equal(product(x, x), x @ x) and np.array_equal(product(x, v), x @ v)


@pytest.mark.parametrize("dtype", [*DTYPES, *"?bilBL"])
def test_sliding_products(rng, dtype):
    def slide(a, v):
        return np.convolve(a, v), np.convolve(a, v, "same"), np.convolve(a, v, "valid")

    def correlate(a, v):
        return np.correlate(a, v), np.correlate(a, v, "same"), np.correlate(a, v, "full")

    slid, correlated = jit(slide), jit(correlate)
    for n in (1, 2, 3, 5, 8, 9, 17, 40, 150, 1000):
        for m in (1, 2, 3, 7, 16, 31, 90):
            x, y = numbers(rng, n, dtype), numbers(rng, m, dtype)
            for a, v in ((x, y), (x[::-1], np.repeat(y, 2)[::2]), (np.repeat(x, 3)[::3], y[::-1])):
                for found, expected in zip(
                    (*slid(a, v), *correlated(a, v)), (*slide(a, v), *correlate(a, v))
                ):
                    assert found.dtype == expected.dtype
                    assert np.array_equal(found, expected), (dtype, n, m)


def test_sliding_products_of_special_values():
    x, y = np.arange(40.0), np.ones(5)
    x[3], x[20], x[39], y[1] = np.nan, np.inf, -np.inf, -np.inf
    with np.errstate(all="ignore"):
        for mode in ("full", "same", "valid"):
            found = jit(lambda a, v, mode=mode: np.convolve(a, v, mode))(x, y)
            np.testing.assert_array_equal(found, np.convolve(x, y, mode))


def test_sliding_products_on_any_number_of_threads(rng):
    x, y = rng.standard_normal(30_000), rng.standard_normal(200)
    convolve = jit(lambda a, v: np.convolve(a, v))
    before = ungil.get_num_threads()
    results = []
    try:
        for n in (1, before):
            ungil.set_num_threads(n)
            results.append(convolve(x, y))
    finally:
        ungil.set_num_threads(before)
    assert results[0].tobytes() == results[1].tobytes()
    np.testing.assert_allclose(results[0], np.convolve(x, y), rtol=1e-9, atol=1e-10)


def test_long_products_are_interrupted():
    # Each would take minutes or hours.
    x, wide = np.ones(4_000_000), np.broadcast_to(np.ones(1), (100_000, 100_000))
    convolve = jit(lambda a, v: np.convolve(a, v))
    convolve(x[:9], x[:5]), product(wide[:3, :3], wide[:3, 0])
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for f, a, b in ((convolve, x, x), (product, wide, wide[:, :2000])):
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt):
                f(a, b)
    finally:
        signal.signal(signal.SIGALRM, previous)


CONTRACTIONS = {
    "default": lambda a, b: np.tensordot(a, b),
    "one": lambda a, b: np.tensordot(a, b, 1),
    "none": lambda a, b: np.tensordot(a, b, axes=0),
    "lists": lambda a, b: np.tensordot(a, b, axes=([0, 1], [1, 0])),
    "tuples": lambda a, b: np.tensordot(a, b, ((1, 0), (0, 1))),
    "numbers": lambda a, b: np.tensordot(a, b, (0, -1)),
    "unequal": lambda a, b: np.tensordot(a, b, ((0,), (0, 1))),
    "three": lambda a, b: np.tensordot(a, b, 3),
}


@pytest.mark.parametrize("name", CONTRACTIONS)
@pytest.mark.parametrize("codes", ["dd", "ll", "fD", "?l"])
def test_tensordot(name, codes):
    def numbers(shape, code):
        return (np.arange(np.prod(shape)) % 5).reshape(shape).astype(code)

    x, y = codes
    for a, b in [
        ((3, 3), (3, 3)),
        ((3, 4), (4, 3)),
        ((2, 3), (3, 2, 4)),
        ((0, 3), (3, 0)),
        ((2, 3, 3), (3, 3, 2)),
    ]:
        check_numpy(CONTRACTIONS[name], numbers(a, x), numbers(b, y), rtol=1e-6)


@pytest.mark.parametrize("codes", ["dd", "df", "ff", "ll", "Dd", "fd"])
def test_products_in_place(codes):
    def whole(a, b):
        c = a
        a @= b
        return c

    def row(a, b):
        a[0] @= b
        return a

    x, y = codes
    square = np.arange(9).reshape(3, 3)
    for f in whole, row:
        check_numpy(f, square.astype(x), square.T.astype(y))
        check_numpy(f, square.astype(x), square[:, :1].astype(y))
        check_numpy(f, square.astype(x), square[0].astype(y))
    check_numpy(whole, square[0].astype(x), square.astype(y))
    check_numpy(whole, square[::-1].astype(x)[:, ::-1], square.astype(y))


def test_shapes_that_are_not_aligned():
    def f(a, b):
        return np.dot(a, b)

    for a, b in [((3, 4), (3, 4)), ((4,), (3,))]:
        with pytest.raises(ValueError) as expected:
            f(np.ones(a), np.ones(b))
        with pytest.raises(ValueError) as found:
            jit(f)(np.ones(a), np.ones(b))
        assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("shapes", [((3, 0), (2, 0)), ((2, 3, 0), (4, 0)), ((0, 3), (2, 3)), ((0,), (0,))])
def test_inner_products_over_nothing(shapes):
    x, y = (np.ones(s) for s in shapes)
    check_numpy(lambda a, b: np.inner(a, b), x, y)


@pytest.mark.parametrize("shapes", [((2, 3, 0), (5, 0, 2)), ((2, 0, 3), (5, 3, 2)), ((0, 3, 4), (0, 4, 2))])
def test_dot_products_over_nothing(shapes):
    x, y = (np.ones(s) for s in shapes)
    check_numpy(lambda a, b: np.dot(a, b), x, y)
