"""The kernels of benchmarks/peer_impl.py give NumPy's answers on small data, serial and on two threads."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import ungil

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "peer_impl.py"


@pytest.fixture(scope="module")
def kernels():
    before = ungil.get_num_threads()
    yield runpy.run_path(str(PATH))
    ungil.set_num_threads(before)


@pytest.fixture(params=[1, 2], ids=["serial", "two threads"])
def threads(request):
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_pairwise(kernels, threads, rng):
    p, q = rng.random((40, 3)), rng.random((3, 30))
    x, y, z = (p[:, k : k + 1] - q[k : k + 1] for k in range(3))
    expected = 1 / (1 + np.sqrt(x * x + y * y + z * z))
    assert np.array_equal(kernels["w1_pairwise"](p, q, None, threads)(), expected)
    assert np.array_equal(kernels["w1_pairwise"](p, q, np.empty((40, 30)), threads)(), expected)


def test_expression(kernels, threads, rng):
    a, b = rng.random((2, 30, 20))
    expected = (a + b) * 2 + a * b
    for _, call in kernels["w2_expr"](a, b, None, threads):
        assert np.array_equal(call(), expected)
    assert np.array_equal(kernels["w2_expr"](a, b, np.empty_like(a), threads)(), expected)


@pytest.mark.parametrize("schedule", ["static", "dynamic", "guided"])
def test_mandelbrot(kernels, threads, schedule):
    g = np.linspace(-2, 2, 30)
    [(_, call)] = kernels["w3_mandel"](g, 2.0, 50, schedule, threads)
    plain = kernels["escape_time"].py_func
    expected = [[plain(0.0, 0.0, x, y, 2.0, 50) for y in g.tolist()] for x in g.tolist()]
    found = call()
    assert found.dtype == np.int64
    assert np.array_equal(found, expected)


def test_matmul_and_calc(kernels, threads, rng):
    a, b, vec = rng.random((13, 17)), rng.random((17, 11)), rng.random(17)
    np.testing.assert_allclose(kernels["w4_matmul"](a, b, threads)(), a @ b, rtol=1e-12)
    square = rng.random((17, 17)) / 17
    np.testing.assert_allclose(
        kernels["w6_calc_arrays"](vec, square, 3, threads)(), square @ (square @ (square @ vec)), rtol=1e-12
    )


def test_threads_count_down_and_mix(kernels, threads):
    assert [int(value) for value in kernels["w5_counter"](1000, threads)()] == [0] * threads
    plain = kernels["xorshift"].py_func
    seeds = [np.uint64(88172645463325252), np.uint64(1234567891234567)][:threads]
    found = kernels["w5_mix"](1000, threads)()
    assert [int(value) for value in found] == [int(plain(1000 // threads, seed)) for seed in seeds]


def test_angular_distance(kernels, threads, rng):
    o, ps = rng.normal(size=(200, 3)), rng.normal(size=(50, 3))
    expected = np.flatnonzero(((o @ ps.T) > 3.0).any(axis=1))
    assert np.array_equal(kernels["w7_angdist"](o, ps, 3.0, threads)(), expected)


def test_reductions(kernels, threads, rng):
    a, table, points = rng.random(5000), rng.random((40, 30)), rng.random((300, 3))
    origin = np.array([1.0, 2.2, -2.2])
    for _, call in kernels["w9_sum"](a, threads):
        np.testing.assert_allclose(call(), a.sum(), rtol=1e-12)
    np.testing.assert_allclose(kernels["w9_mean"](a, threads)(), a.mean(), rtol=1e-12)
    assert kernels["w9_argmax"](a, threads)() == a.argmax()
    np.testing.assert_allclose(kernels["w9_sum_ax0"](table, threads)(), table.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(kernels["w9_sum_ax1"](table, threads)(), table.sum(axis=1), rtol=1e-12)
    farthest = np.argmax(((points - origin) ** 2).sum(axis=1))
    assert kernels["w9_farthest"](points, origin, threads)() == farthest
    distances = np.sqrt(((points[:, None] - points) ** 2).sum(axis=-1))
    np.testing.assert_allclose(kernels["w9_pdist"](points, threads)(), distances, rtol=1e-12, atol=1e-15)


def test_stencils(kernels, threads, rng):
    a, u = rng.random(1000), rng.random((20, 30))
    assert np.array_equal(kernels["w10_diff"](a, threads)(), a[1:] - a[:-1])
    expected = u.copy()
    for _ in range(4):
        middle = expected[1:-1, 1:-1]
        around = expected[:-2, 1:-1] + expected[2:, 1:-1] + expected[1:-1, :-2] + expected[1:-1, 2:]
        expected[1:-1, 1:-1] = middle + 0.2 * (around - 4 * middle)
    np.testing.assert_allclose(kernels["w10_heat"](u, 0.2, 4, threads)(), expected, rtol=1e-12)


def test_calls(kernels, threads):
    assert kernels["w12_add2"]()(1.5, 2.5) == 4.0
    a, b, c = np.ones((3, 3)), np.ones((3, 3)), np.zeros((3, 3))
    kernels["w12_touch3"]()(a, b, c)
    assert c[0, 0] == 2.0
    kernels["w13_forkjoin"](threads)()


def test_games(kernels, threads, rng):
    assert kernels["w14_fannkuch"](7)() == 228 * 1000 + 16
    assert abs(kernels["w14_spectral"](100, threads)() - 1.274219991) < 1e-9
    pos, vel, mass = rng.random((5, 3)), np.zeros((5, 3)), np.ones(5)
    plain = kernels["nbody"].py_func(pos.copy(), vel.copy(), mass, 3, 0.01)
    assert abs(kernels["w14_nbody"](pos, vel, mass, 3, 0.01)() - plain) < 1e-12
