"""Several consumers of one array in one loop nest, and reductions of reductions without the array in between."""

import re

import numpy as np
import pytest

from ungil import jit

rng = np.random.default_rng(5)


def sum_and_max(a, b):
    s = a * b
    t = s.sum()
    u = s.max()
    return t, u


def four_reductions(a, b):
    d = a - b
    return d.sum(), d.min(), d.max(), (d > 0).any()


def two_results(a, b):
    c = a * 2 + b
    d = a - b
    return c, d


def results_and_a_sum(a, b):
    c = a + b
    d = c * a
    return c, d, a.sum(), a.min()


def along_axes(a, b):
    return a.sum(axis=0), a.max(axis=0), b.sum(axis=-1), b.min(axis=-1)


def stored_between(a, b):
    t = a.sum()
    a[...] = b
    return t, a.sum(), a.max()


def shifted(a, b):
    a[1:] = b[:-1]
    b[1:] = a[:-1]
    return a, b


def checked_between(a, b, out):
    out[...] = a + 1
    return a.sum(), b.max()


CASES = [sum_and_max, four_reductions, two_results, results_and_a_sum, along_axes, stored_between, shifted]


def operands():
    for shape in [(1,), (7,), (1500,), (3, 40), (40, 3), (2, 3, 30)]:
        for dtype in ("f8", "f4", "i4", "u1", "?", "c16"):
            a = (rng.standard_normal(shape) * 9).astype(dtype)
            b = (rng.standard_normal(shape) * 9).astype(dtype)
            yield a, b
    a, b = rng.standard_normal((30, 40)), rng.standard_normal((30, 40))
    a[3, 4], b[5, 5] = np.nan, -0.0
    yield a, b
    yield np.asfortranarray(a), np.asfortranarray(b)
    yield a[::-1, ::2], b[:, ::-2]
    yield a, b[:1]


@pytest.mark.parametrize("function", CASES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("parallel", [False, True])
def test_siblings_mean_what_they_mean_in_numpy(function, parallel):
    kernel = jit(parallel=parallel)(function)
    for a, b in operands():
        mine, theirs = (a.copy(order="K"), b.copy(order="K")), (a.copy(order="K"), b.copy(order="K"))
        try:
            expected = function(*theirs)
        except (TypeError, ValueError) as error:
            if isinstance(error, TypeError):
                continue
            with pytest.raises(ValueError):
                kernel(*mine)
            continue
        tolerance = 1e-4 if a.dtype == np.float32 else 1e-11
        for x, y in zip(kernel(*mine), expected, strict=True):
            np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)
            assert np.asarray(x).dtype == np.asarray(y).dtype
        for x, y in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(x, y)


def test_what_was_written_before_an_exception_is_written():
    out = np.zeros(3)
    with pytest.raises(ValueError, match="zero-size"):
        jit(checked_between)(np.ones(3), np.ones(0), out)
    assert (out == 2).all()
    with pytest.raises(ValueError, match="zero-size"):
        jit(sum_and_max)(np.ones(0), np.ones(0))


def test_a_handler_sees_what_was_computed_before():
    def function(a):
        t = 5.0
        try:
            t = a.sum()
            t = a.max()
        except ValueError:
            return t
        return t + 1

    for a in (np.zeros(0), np.ones(40)):
        assert jit(function)(a) == function(a)


def test_siblings_are_one_loop():
    def loads(function, *args):
        kernel = jit(function)
        kernel(*args)
        text = (
            "".join(kernel.inspect_ir().values())
            if isinstance(kernel.inspect_ir(), dict)
            else kernel.inspect_ir()
        )
        return len(re.findall(r"parallel_for .* in_place", text))

    a = rng.random(100)
    assert loads(lambda a: (a.sum(), a.max()), a) == 1
    assert loads(lambda a: (a.sum(), a[1:].max()), a) == 2


def farthest(x):
    return ((x[:, None, :] - x) ** 2).sum(-1).argmax()


def nearest(x):
    return ((x[:, None, :] - x[::-1] - 0.1) ** 2).sum(axis=-1).argmin(axis=1)


def extremes(x):
    return np.max(np.sum((x[:, None] - x) ** 2, axis=2)), (x[:, None] * x).sum(axis=-1).min()


def total(x):
    return np.abs(x[:, None, :] - x).sum(axis=-1).sum()


def roots(x):
    return np.sqrt(((x[:, None, :] - x) ** 2).sum(-1)).mean(), (
        ((x[:, None, :] - x) ** 2).sum(-1) ** 0.5
    ).max()


def each_row(x):
    d = x[:, None, :] - x
    return (
        np.sum(np.max(np.abs(d), axis=-1), axis=-1),
        (d * d).mean(-1).sum(axis=1),
        (x[:, None] * x).sum(-1).sum(0),
    )


def truths(x):
    return np.any((x[:, None] - x).sum(-1)), np.count_nonzero((x[:, None] > x).sum(-1)), (x > 0).sum(1).max()


def volumes(x):
    return (x[:, None, None, :] * x[:9, None] * x).sum(-1).max(), (x[:5, None, None] * x[:, None] - x).sum(
        -1
    ).argmax()


@pytest.mark.parametrize(
    "function",
    [farthest, nearest, extremes, total, roots, each_row, truths, volumes],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("shape", [(1, 3), (5, 2), (70, 3), (64, 1), (90, 20), (70, 0), (65, 16)])
def test_reductions_of_reductions(function, shape):
    for parallel in (False, True):
        kernel = jit(parallel=parallel)(function)
        for dtype in ("f8", "f4", "i4"):
            x = (rng.standard_normal(shape) * 9).round(1).astype(dtype)
            for x in (x, np.asfortranarray(x), x[::-1]):
                try:
                    expected = function(x)
                except ValueError as error:
                    with pytest.raises(ValueError):
                        kernel(x)
                    assert "zero-size" in str(error)
                    continue
                found = kernel(x)
                if not isinstance(expected, tuple):
                    found, expected = (found,), (expected,)
                for f, e in zip(found, expected, strict=True):
                    # Terms of both signs cancel.
                    scale = np.abs(np.asarray(e, np.float64)).max(initial=1)
                    np.testing.assert_allclose(
                        f,
                        e,
                        rtol=1e-4 if dtype == "f4" else 1e-12,
                        atol=(1e-6 if dtype == "f4" else 1e-12) * scale,
                    )
                    assert np.asarray(f).dtype == np.asarray(e).dtype


def test_fusion_of_reductions_changes_no_bits():
    def fused(x):
        return np.sqrt(((x[:, None, :] - x) ** 2).sum(-1)).sum(), (x[:, None] * x).sum(-1).sum(axis=-1)

    def stored(x):
        d = ((x[:, None, :] - x) ** 2).sum(-1)
        e = (x[:, None] * x).sum(-1)
        r = np.sqrt(d)
        return r.sum(), e.sum(axis=-1), r, e

    for n, k in ((65, 3), (300, 3), (512, 17), (1000, 2)):
        x = rng.standard_normal((n, k))
        for parallel in (False, True):
            found, expected = jit(parallel=parallel)(fused)(x), jit(stored)(x)
            assert found[0] == expected[0] and np.array_equal(found[1], expected[1])


def test_an_exception_in_a_reduction_is_raised():
    with pytest.raises(ValueError, match="zero-size"):
        jit(lambda x: (x[:, None] * x).max(-1).sum())(np.zeros((70, 0)))
    with pytest.raises(ValueError, match="empty sequence"):
        jit(farthest)(np.zeros((0, 3)))


def test_a_reduction_of_a_reduction_needs_no_array():
    import resource

    import ungil

    kernel = jit(farthest)
    x = rng.standard_normal((3000, 3))
    kernel(x[:100])
    ungil.empty_cache()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kernel(x)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 << 10, (
        "the (n, n) array has 72 MB"
    )
