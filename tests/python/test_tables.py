"""Reductions that the library computes against the loops that kernels have in their own loops: the same bits."""

import warnings

import numpy as np
import pytest
from test_reductions import check, kernel

from ungil import jit

NAMES = ["sum", "min", "max", "mean", "var", "std", "ptp", "nanmean"]
SHAPES = [
    (1, 1), (7, 3), (9, 15), (5, 16), (3, 31), (3, 100), (40, 9), (2, 513), (2, 1100), (600, 2), (65, 33), (5, 1025),
    (2, 66000), (66000, 2), (3, 2, 5), (4, 5, 40),
]  # fmt: skip


def in_a_loop(expression):
    source = f"def f(a):\n    for _ in range(1):\n        r = {expression}\n    return r\n"
    scope = {"np": np}
    exec(compile(source, f"<looped {expression}>", "exec"), scope)
    import linecache

    linecache.cache[f"<looped {expression}>"] = (
        len(source),
        None,
        source.splitlines(True),
        f"<looped {expression}>",
    )
    return jit(scope["f"])


def tables(shape, code):
    rng = np.random.default_rng(5)
    plain = (rng.random(shape) * 20 - 10).astype(code)
    signs = np.where(rng.random(shape) < 0.5, -0.0, 0.0).astype(code)
    special = plain.copy()
    special[rng.random(shape) < 0.05] = np.inf
    missing = plain.copy()
    missing[rng.random(shape) < 0.05] = np.nan
    return [plain, signs, special, missing]


def bits(x):
    x = np.asarray(x)
    return np.where(np.isnan(x), np.nan, x).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_library_reduces_as_loops_do(name):
    for axis in (None, 0, -1):
        expression = f"np.{name}(a, axis={axis})"
        called, looped = kernel(expression), in_a_loop(expression)
        for code in "df":
            for shape in SHAPES:
                for a in tables(shape, code):
                    check(called, a)
                    assert bits(called(a)) == bits(looped(a)), (expression, code, shape)
            for a in tables((4321,), code) + tables((3, 50), code):
                check(called, np.asfortranarray(a))
                assert bits(called(np.asfortranarray(a))) == bits(looped(np.asfortranarray(a)))


@pytest.mark.parametrize("name", NAMES)
def test_long_runs_have_the_same_bits(name):
    expression = f"np.{name}(a)"
    called, looped = kernel(expression), in_a_loop(expression)
    for n in (65535, 65536, 65537, 200001):
        for a in tables((n,), "d"):
            assert bits(called(a)) == bits(looped(a))


@pytest.mark.parametrize("name", ["sum", "max", "var", "ptp"])
def test_kept_axes(name):
    for axis in (None, 0, 1):
        check(kernel(f"np.{name}(a, axis={axis}, keepdims=True)"), np.arange(60.0).reshape(4, 15))


def test_tables_without_elements():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for shape in [(0, 3), (3, 0), (0, 0)]:
            for axis in (0, 1):
                for name in ("sum", "mean", "var", "max"):
                    check(kernel(f"np.{name}(a, axis={axis})"), np.ones(shape))


def test_threads_share_rows_and_columns():
    @jit(parallel=True)
    def shared(a):
        return a.sum(axis=1), a.sum(axis=0), a.max(axis=0), np.var(a, axis=1)

    @jit
    def alone(a):
        return a.sum(axis=1), a.sum(axis=0), a.max(axis=0), np.var(a, axis=1)

    a = np.random.default_rng(1).random((300, 700))
    assert [bits(x) for x in shared(a)] == [bits(x) for x in alone(a)]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 101])
@pytest.mark.parametrize("code", "df")
def test_medians_by_the_library(n, code):
    a = np.random.default_rng(n).random(n).astype(code)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("median", "nanmedian"):
            f = kernel(f"np.{name}(a)")
            check(f, a)
            for value in (-0.0, np.nan, np.inf):
                b = a.copy()
                b[: n // 2] = value
                check(f, b)
                check(f, np.full_like(a, value))


def test_products_of_different_lengths_are_refused():
    f = kernel("np.dot(a, b)", "a, b")
    check(f, np.ones(3), np.ones(3))
    check(f, np.ones(3), np.ones(1))
    check(f, np.ones(3), np.ones(4))
