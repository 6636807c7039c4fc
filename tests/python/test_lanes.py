"""Divergent loops in vector lanes: the same bits as the plain function and as scalar code."""

import cmath
import math

import numpy as np
import pytest
from checking import assert_same, check

import ungil
from ungil import prange

SIZES = [0, 1, 5, 8, 31, 32, 33, 64, 100]


def in_lanes(kernel):
    return "runs in lanes" in kernel.diagnostics()


def both(function, *args, lanes=True):
    """Checks the function in lanes and as scalar code; returns the kernel in lanes."""
    kernel = check(function, *args, simd=True)
    check(function, *args, simd=False)
    assert in_lanes(kernel) == lanes, kernel.diagnostics()
    return kernel


@ungil.jit
def escape(zr, zi, cr, ci, lim, cutoff):
    count = 0
    while (zr * zr + zi * zi) < (lim * lim) and count < cutoff:
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
        count += 1
    return count


def mandelbrot(g, lim, cutoff):
    n = g.shape[0]
    o = np.empty((n, n), np.int64)
    for i in prange(n):
        for j in range(n):
            o[i, j] = escape(0.0, 0.0, g[i], g[j], lim, cutoff)
    return o


def mandelbrot_serial(g, lim, cutoff):
    n = g.shape[0]
    o = np.empty((n, n), np.int64)
    for i in range(n):
        for j in range(n):
            o[i, j] = escape(0.0, 0.0, g[i], g[j], lim, cutoff)
    return o


@pytest.mark.parametrize("n", [0, 1, 7, 33, 40])
@pytest.mark.parametrize("function", [mandelbrot, mandelbrot_serial])
def test_mandelbrot(function, n):
    both(function, np.linspace(-2, 2, n), 2.0, 60)


def test_mandelbrot_needs_no_option():
    kernel = ungil.jit(mandelbrot)
    kernel(np.linspace(-2, 2, 10), 2.0, 20)
    assert in_lanes(kernel)


def test_the_user_can_forbid_lanes():
    kernel = ungil.jit(simd=False)(mandelbrot)
    kernel(np.linspace(-2, 2, 10), 2.0, 20)
    assert not in_lanes(kernel)


def complex_escape(c, cutoff):
    out = np.zeros(c.shape[0], np.int32)
    for i in prange(c.shape[0]):
        z = 0j
        n = 0
        while n < cutoff and z.real * z.real + z.imag * z.imag <= 4.0:
            z = z * z + c[i]
            n += 1
        out[i] = n
    return out


@pytest.mark.parametrize("n", SIZES)
def test_complex_numbers(n):
    rng = np.random.default_rng(n)
    both(complex_escape, (rng.normal(size=n) + 1j * rng.normal(size=n)), 50)


def search(o, ps, cmax):
    n, m = o.shape[0], ps.shape[0]
    hit = np.zeros(n, np.uint8)
    for i in prange(n):
        for j in range(m):
            c = 0.0
            for t in range(3):
                c += o[i, t] * ps[j, t]
            if c > cmax:
                hit[i] = 1
                break
    return hit


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("m", [0, 1, 20])
def test_a_search_stops_at_the_first_hit(n, m):
    rng = np.random.default_rng(3)
    both(search, rng.normal(size=(n, 3)), rng.normal(size=(m, 3)), 2.0)
    both(search, rng.normal(size=(n, 3)), rng.normal(size=(m, 3)), -1e9)


def first_index(a, b):
    out = np.full(a.shape[0], -1)
    for i in prange(a.shape[0]):
        for j in range(b.shape[0]):
            if b[j] == a[i]:
                out[i] = j
                break
    return out


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.int64, np.float32, np.float64])
def test_the_first_index_wins(dtype):
    rng = np.random.default_rng(1)
    both(first_index, rng.integers(0, 20, 45).astype(dtype), rng.integers(0, 20, 30).astype(dtype))


def collatz(n):
    out = np.zeros(n, np.int64)
    for i in prange(n):
        x = i + 1
        steps = 0
        while x != 1:
            if x % 2 == 0:
                x //= 2
            else:
                x = 3 * x + 1
            steps += 1
        out[i] = steps
    return out


@pytest.mark.parametrize("n", SIZES)
def test_branches_inside_divergent_loops(n):
    both(collatz, n)


def triangles(n, a):
    out = np.zeros(n)
    for i in prange(n):
        s = 0.0
        for j in range(i, n, 2):
            if a[j] < 0.2:
                continue
            s += a[j] * i
            if s > 5.0:
                break
        for j in range(n, i, -3):
            s -= j
        out[i] = s
    return out


@pytest.mark.parametrize("n", SIZES)
def test_bounds_that_differ(n):
    both(triangles, n, np.random.default_rng(5).random(n))


@ungil.jit
def root(a, b, c, tolerance):
    low, high = a, b
    for _ in range(100):
        mid = 0.5 * (low + high)
        value = mid * mid * mid - c
        if abs(value) < tolerance:
            return mid
        if value > 0:
            high = mid
        else:
            low = mid
    return math.nan


def roots(c):
    out = np.empty_like(c)
    for i in prange(c.shape[0]):
        out[i] = root(0.0, 10.0, c[i], 1e-9)
    return out


@pytest.mark.parametrize("n", SIZES)
def test_early_returns_of_callees(n):
    c = np.random.default_rng(2).random(n) * 900
    c[::7] = -5.0
    both(roots, c)


def newton(re, im, steps):
    out = np.full((im.shape[0], re.shape[0]), -1, np.int8)
    for i in prange(im.shape[0]):
        for j in range(re.shape[0]):
            z = complex(re[j], im[i])
            for _ in range(steps):
                d = 3 * z * z
                if d.real == 0.0 and d.imag == 0.0:
                    break
                z = z - (z * z * z - 1) / d
                if abs(z.real - 1.0) < 1e-6 and abs(z.imag) < 1e-6:
                    out[i, j] = 0
                    break
                if abs(z.real + 0.5) < 1e-6 and abs(z.imag - 0.8660254037844386) < 1e-6:
                    out[i, j] = 1
                    break
                if abs(z.real + 0.5) < 1e-6 and abs(z.imag + 0.8660254037844386) < 1e-6:
                    out[i, j] = 2
                    break
    return out


def test_newton_fractal():
    both(newton, np.linspace(-2, 2, 37), np.linspace(-1.5, 2, 9), 20)


def march(dx, dy, radius, steps):
    out = np.empty((dy.shape[0], dx.shape[0]), np.float32)
    for i in prange(dy.shape[0]):
        for j in range(dx.shape[0]):
            norm = math.sqrt(dx[j] * dx[j] + dy[i] * dy[i] + 1.0)
            x, y, z = dx[j] / norm, dy[i] / norm, 1.0 / norm
            t = 0.0
            hit = -1.0
            for _ in range(steps):
                px, py, pz = x * t, y * t, z * t - 5.0
                distance = math.sqrt(px * px + py * py + pz * pz) - radius
                if distance < 1e-4:
                    hit = t
                    break
                t += distance
                if t > 50.0:
                    break
            out[i, j] = hit
    return out


def test_sphere_march():
    both(march, np.linspace(-1, 1, 41), np.linspace(-1, 1, 7), 1.5, 60)


def logistic(r, settle, limit, tolerance):
    period = np.zeros(r.shape[0], np.int64)
    for i in prange(r.shape[0]):
        x = 0.5
        for _ in range(settle):
            x = r[i] * x * (1.0 - x)
        x0 = x
        k = 0
        while k < limit:
            x = r[i] * x * (1.0 - x)
            k += 1
            if abs(x - x0) < tolerance:
                break
        period[i] = k
    return period


@pytest.mark.parametrize("n", SIZES)
def test_logistic_map(n):
    both(logistic, np.linspace(2.5, 4.0, n), 50, 40, 1e-6)


def walk(seeds, size, steps):
    out = np.empty(seeds.shape[0], np.int64)
    for i in prange(seeds.shape[0]):
        state = seeds[i]
        x, y, n = size // 2, size // 2, 0
        while n < steps:
            state = (state * 1103515245 + 12345) % 2147483648
            direction = (state >> 16) & 3
            if direction == 0:
                x += 1
            elif direction == 1:
                x -= 1
            elif direction == 2:
                y += 1
            else:
                y -= 1
            n += 1
            if x < 0 or y < 0 or x >= size or y >= size:
                break
        out[i] = n
    return out


@pytest.mark.parametrize("n", SIZES)
def test_random_walk(n):
    both(walk, np.arange(n) * 7919 % 10007, 9, 200)


def gathered(a, index, limit):
    out = np.zeros(index.shape[0], a.dtype)
    for i in prange(index.shape[0]):
        k = index[i]
        s = a[0]
        n = 0
        while n < limit and k != 0:
            s += a[k]
            k = index[k]
            n += 1
        out[i] = s
    return out


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.complex64, np.uint8])
@pytest.mark.parametrize("stride", [1, -1, 2])
def test_gathers_of_any_array(dtype, stride):
    rng = np.random.default_rng(8)
    a = (rng.random(80) * 100).astype(dtype)[::stride]
    both(gathered, a, rng.integers(0, len(a), len(a)), 9)


def test_negative_indices_wrap():
    rng = np.random.default_rng(8)
    both(gathered, rng.random(50), rng.integers(-50, 50, 50), 9)


def test_an_index_out_of_bounds_raises_as_in_scalar_code():
    index = np.arange(1, 71)
    index[40] = 400
    both(gathered, np.ones(71), index, 3)


def divide(a, b, out):
    for i in range(a.shape[0]):
        x = a[i]
        n = 0
        while x > 1.0:
            x = x / b[i] - 0.5
            n += 1
            if n > 30:
                break
        out[i] = n


def test_a_failing_check_leaves_the_writes_of_earlier_iterations():
    a, b = np.linspace(1.5, 40, 70), np.full(70, 1.5)
    both(divide, a, b, np.zeros(70))
    b[45] = 0.0
    both(divide, a, b, np.zeros(70))


def nested(n, m):
    out = np.zeros(n, np.int64)
    for i in prange(n):
        total = 0
        k = i % 5
        while k < m:
            j = k
            while j > 0:
                j -= 1 + (i & 1)
                if j == 3:
                    continue
                if total > 500:
                    break
                total += j * k
            if total > 600:
                break
            k += 1 + i % 3
        out[i] = total
    return out


@pytest.mark.parametrize("n", SIZES)
def test_nested_divergence(n):
    both(nested, n, 12)


def skipped(a):
    out = np.zeros(a.shape[0])
    for i in prange(a.shape[0]):
        if a[i] < 0.3:
            continue
        x = a[i]
        while x > 0.01:
            x *= 0.7
            if x > 0.6:
                continue
            out[i] += x
    return out


@pytest.mark.parametrize("n", SIZES)
def test_continue_of_the_loop_itself(n):
    both(skipped, np.random.default_rng(4).random(n))


def single(a):
    out = np.empty(a.shape[0], np.float32)
    half = np.float32(0.5)
    for i in prange(a.shape[0]):
        x = a[i]
        while x > half:
            x = x * half
        out[i] = x
    return out


@pytest.mark.parametrize("n", SIZES)
def test_float32(n):
    a = (np.random.default_rng(n).random(n) * 1e5).astype(np.float32)
    if n > 4:
        a[:4] = [np.nan, -np.inf, -0.0, 0.5]
    both(single, a)


def last_value(a):
    out = np.zeros(a.shape[0])
    x = -1.0
    for i in range(a.shape[0]):
        x = a[i] + 0.0
        while x > 0.1:
            x *= 0.5
        out[i] = x
    return out, x + a[0]


@pytest.mark.parametrize("n", SIZES[1:])
def test_variables_that_the_last_iteration_leaves(n):
    both(last_value, np.random.default_rng(n).random(n))


def shifted(a, b):
    for i in range(1, a.shape[0]):
        x = b[i - 1]
        while x > 0.5:
            x *= 0.5
        a[i] = x


def test_overlapping_arrays_are_not_run_in_lanes():
    data = np.random.default_rng(1).random(90)
    kernel = ungil.jit(simd=True)(shifted)
    for offset in (0, 1, 3):
        plain, compiled = data.copy(), data.copy()
        shifted(plain[offset:], plain[: 90 - offset])
        kernel(compiled[offset:], compiled[: 90 - offset])
        assert_same(compiled, plain, 0)


def carried(a):
    s = 0.0
    for i in range(a.shape[0]):
        while s < a[i]:
            s += 0.25
    return s


def test_values_carried_between_iterations_stay_scalar():
    kernel = both(carried, np.random.default_rng(1).random(50) * 9, lanes=False)
    assert "carries a value" in kernel.diagnostics()


def modulus(c, steps):
    out = np.zeros(c.shape[0], np.int64)
    for i in prange(c.shape[0]):
        z = c[i]
        n = 0
        while abs(z) < 3.0 and n < steps:
            z = z * c[i] + 0.5
            n += 1
        out[i] = n
    return out


def test_functions_are_computed_lane_by_lane():
    rng = np.random.default_rng(0)
    both(modulus, rng.normal(size=40) + 1j * rng.normal(size=40), 30)
    assert cmath.isfinite(1j)


@pytest.mark.parametrize("schedule", ["static", "dynamic", "guided"])
@pytest.mark.parametrize("chunk", [None, 1, 7])
def test_schedules(schedule, chunk):
    source = f"""
def kernel(a):
    out = np.zeros(a.shape[0])
    for i in prange(a.shape[0], schedule="{schedule}"{"" if chunk is None else f", chunksize={chunk}"}):
        x = a[i]
        while x > 0.1:
            x *= 0.9
        out[i] = x
    return out
"""
    namespace = {"np": np, "prange": prange}
    exec(source, namespace)
    kernel = ungil.jit(simd=True, source=source)(namespace["kernel"])
    a = np.random.default_rng(1).random(301)
    assert_same(kernel(a), namespace["kernel"](a), 0)


def demanded(a, limit):
    out = np.zeros(a.shape[0])
    for i in ungil.simd(range(a.shape[0])):
        x = a[i]
        while x > limit:
            x *= 0.5
        out[i] = x
    return out


def test_lanes_on_demand():
    kernel = check(demanded, np.random.default_rng(1).random(77) * 40, 0.7)
    assert in_lanes(kernel)


def impossible(a):
    s = 0.0
    for i in ungil.simd(range(a.shape[0])):
        while s < a[i]:
            s += 0.25
    return s


def test_lanes_that_cannot_be_had_are_an_error():
    with pytest.raises(ungil.errors.CompileError, match="U0317"):
        ungil.jit(impossible)(np.ones(4))


def find(a, x):
    for j in range(a.shape[0]):
        if a[j] == x:
            return j
    return -1


def find_last_of_run(a, limit):
    where = -1
    total = 0.0
    for j in range(a.shape[0]):
        if a[j] > limit:
            where = j
            total = a[j] + 0.0
            break
    return where, total + 0.0 * a[0], j


def copy_until(a, out, stop):
    for j in range(a.shape[0]):
        if a[j] == stop:
            break
        out[j] = a[j] * 2


@pytest.mark.parametrize("n", SIZES[1:])
@pytest.mark.parametrize("at", [0, 3, 40, 63, 99, 1000])
def test_a_serial_search_finds_the_first(n, at):
    a = np.arange(n) * 2
    a[at:] = 7
    both(find, a, 7)
    a[at + 5 :: 3] = 9
    both(find, a, 9)
    both(copy_until, a, np.zeros(n, np.int64), 7)
    kernel = check(find_last_of_run, a + 0.5, 7.0, simd=True)
    assert in_lanes(kernel)


def rows_until(a, limit):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if a[i, j] > limit:
                return i, j
    return -1, -1


@pytest.mark.parametrize("limit", [0.5, 0.99, 0.999, 2.0])
def test_a_search_in_rows(limit):
    both(rows_until, np.random.default_rng(11).random((23, 45)), limit)


def escaped(r, limit):
    inside, longest, odd = 0, -1, 0
    for i in prange(r.shape[0]):
        if r[i] < 2.6:
            continue
        x, n = 0.3, 0
        while n < limit and x > 0.0 and x < 1.0:
            x = r[i] * x * (1.0 - x)
            n += 1
        if n == limit:
            inside += 1
        longest = max(longest, n)
        odd ^= n
    return inside, longest, odd


def counted_serially(r, limit):
    total, product = 0, 1
    for i in range(r.shape[0]):
        x = r[i]
        while x > limit:
            x *= 0.5
            total += i
        product *= -1
    return total, product


@pytest.mark.parametrize("n", SIZES)
def test_integer_reductions(n):
    r = np.linspace(2.5, 4.5, n)
    both(escaped, r, 30)
    both(counted_serially, r * 7, 0.3)


def best_of(a):
    best = 120
    for i in range(a.shape[0]):
        x = a[i]
        while x > 100:
            x //= 3
        best = min(best, x)
    return best


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8, np.int16])
def test_minima(dtype):
    a = np.random.default_rng(6).integers(1, 120, 75).astype(dtype)
    kernel = ungil.jit(simd=True)(best_of)
    assert kernel(a) == best_of(a)
    assert in_lanes(kernel)


def float_sum(a):
    s = 0.0
    for i in prange(a.shape[0]):
        x = a[i]
        while x > 0.2:
            x *= 0.7
        s += x
    return s


def test_sums_of_floats_keep_their_order():
    a = np.random.default_rng(6).random(3000)
    lanes, scalar = ungil.jit(simd=True)(float_sum), ungil.jit(simd=False)(float_sum)
    assert lanes(a) == scalar(a)


def sparse_product(ptr, index, values, x):
    y = np.zeros(ptr.shape[0] - 1)
    for i in prange(y.shape[0]):
        s = 0.0
        for k in range(ptr[i], ptr[i + 1]):
            s += values[k] * x[index[k]]
        y[i] = s
    return y


def test_rows_of_a_sparse_matrix_stay_rows():
    rng = np.random.default_rng(0)
    ptr = np.r_[0, np.cumsum(rng.integers(0, 7, 60))]
    args = ptr, rng.integers(0, 60, ptr[-1]), rng.random(ptr[-1]), rng.random(60)
    both(sparse_product, *args)
    kernel = check(sparse_product, *args)
    assert not in_lanes(kernel)


def weighted_means(image, radius, near):
    rows, columns = image.shape
    out = np.empty_like(image)
    for i in prange(rows):
        for j in range(columns):
            total = s = 0.0
            for y in range(max(i - radius, 0), min(i + radius + 1, rows)):
                for x in range(max(j - radius, 0), min(j + radius + 1, columns)):
                    d = image[y, x] - image[i, j]
                    weight = math.exp(-d * d / near)
                    total += weight
                    s += weight * image[y, x]
            out[i, j] = s / total
    return out


@pytest.mark.parametrize("radius", [0, 1, 3, 40])
def test_short_rows_of_a_function_run_in_lanes(radius):
    image = np.random.default_rng(1).random((13, 37))
    kernel = ungil.jit(weighted_means)
    got = kernel(image, radius, 0.2)
    assert in_lanes(kernel), kernel.diagnostics()
    assert_same(got, ungil.jit(simd=False)(weighted_means)(image, radius, 0.2))
    np.testing.assert_allclose(got, weighted_means(image, radius, 0.2), rtol=1e-14)
