"""ungil's kernels for the side-by-side benchmarks, written as plainly as a user would write them.

Each function `wN_name(arguments, nt)` takes one benchmark's data and returns a callable that does one complete call.
With `nt == 1` the serial kernel runs, else the one with `prange`, on a team of `nt` threads. Sums always use `prange`,
whose partial sums vectorise and have the same bits on any number of threads.
"""

import os
import threading
from math import sqrt

import numpy as np

import ungil
from ungil import jit, prange


def both(kernel, formula, **operands):
    """A kernel and the same formula as a string, as two columns."""
    return [("ungil", kernel), ("ungil.evaluate", lambda: ungil.evaluate(formula, operands))]


# --- W1: 1 / (1 + |p - q|) for all pairs of points -----------------------------------------------------------------


@jit
def pairwise_serial(p, q, r):
    for i in range(p.shape[0]):
        for j in range(q.shape[1]):
            x = p[i, 0] - q[0, j]
            y = p[i, 1] - q[1, j]
            z = p[i, 2] - q[2, j]
            r[i, j] = 1 / (1 + sqrt(x * x + y * y + z * z))


@jit
def pairwise_parallel(p, q, r):
    for i in prange(p.shape[0]):
        for j in range(q.shape[1]):
            x = p[i, 0] - q[0, j]
            y = p[i, 1] - q[1, j]
            z = p[i, 2] - q[2, j]
            r[i, j] = 1 / (1 + sqrt(x * x + y * y + z * z))


@jit
def pairwise_fresh_serial(p, q):
    r = np.empty((p.shape[0], q.shape[1]))
    for i in range(p.shape[0]):
        for j in range(q.shape[1]):
            x = p[i, 0] - q[0, j]
            y = p[i, 1] - q[1, j]
            z = p[i, 2] - q[2, j]
            r[i, j] = 1 / (1 + sqrt(x * x + y * y + z * z))
    return r


@jit
def pairwise_fresh_parallel(p, q):
    r = np.empty((p.shape[0], q.shape[1]))
    for i in prange(p.shape[0]):
        for j in range(q.shape[1]):
            x = p[i, 0] - q[0, j]
            y = p[i, 1] - q[1, j]
            z = p[i, 2] - q[2, j]
            r[i, j] = 1 / (1 + sqrt(x * x + y * y + z * z))
    return r


def w1_pairwise(p, q, out, nt):
    ungil.set_num_threads(nt)
    if out is None:
        kernel = pairwise_fresh_serial if nt == 1 else pairwise_fresh_parallel
        return lambda: kernel(p, q)
    kernel = pairwise_serial if nt == 1 else pairwise_parallel

    def call():
        kernel(p, q, out)
        return out

    return call


# --- W2: (a + b) * 2 + a * b ---------------------------------------------------------------------------------------


@jit
def expression_serial(a, b, o):
    for x in range(a.shape[0]):
        for y in range(a.shape[1]):
            o[x, y] = (a[x, y] + b[x, y]) * 2 + a[x, y] * b[x, y]


@jit
def expression_parallel(a, b, o):
    for x in prange(a.shape[0]):
        for y in range(a.shape[1]):
            o[x, y] = (a[x, y] + b[x, y]) * 2 + a[x, y] * b[x, y]


@jit
def expression_fresh_serial(a, b):
    o = np.empty_like(a)
    for x in range(a.shape[0]):
        for y in range(a.shape[1]):
            o[x, y] = (a[x, y] + b[x, y]) * 2 + a[x, y] * b[x, y]
    return o


@jit
def expression_fresh_parallel(a, b):
    o = np.empty_like(a)
    for x in prange(a.shape[0]):
        for y in range(a.shape[1]):
            o[x, y] = (a[x, y] + b[x, y]) * 2 + a[x, y] * b[x, y]
    return o


def w2_expr(a, b, out, nt):
    ungil.set_num_threads(nt)
    if out is None:
        kernel = expression_fresh_serial if nt == 1 else expression_fresh_parallel
        return both(lambda: kernel(a, b), "(a + b)*2 + a*b", a=a, b=b)
    kernel = expression_serial if nt == 1 else expression_parallel

    def call():
        kernel(a, b, out)
        return out

    return call


# --- W3: the Mandelbrot set ----------------------------------------------------------------------------------------


@jit
def escape_time(zr, zi, cr, ci, lim, cutoff):
    count = 0
    while zr * zr + zi * zi < lim * lim and count < cutoff:
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
        count += 1
    return count


@jit
def mandelbrot_serial(g, lim, cutoff):
    n = g.shape[0]
    o = np.empty((n, n), np.int64)
    for i in range(n):
        for j in range(n):
            o[i, j] = escape_time(0.0, 0.0, g[i], g[j], lim, cutoff)
    return o


@jit
def mandelbrot_static(g, lim, cutoff):
    n = g.shape[0]
    o = np.empty((n, n), np.int64)
    for i in prange(n, schedule="static"):
        for j in range(n):
            o[i, j] = escape_time(0.0, 0.0, g[i], g[j], lim, cutoff)
    return o


@jit
def mandelbrot_dynamic(g, lim, cutoff):
    n = g.shape[0]
    o = np.empty((n, n), np.int64)
    for i in prange(n, schedule="dynamic"):
        for j in range(n):
            o[i, j] = escape_time(0.0, 0.0, g[i], g[j], lim, cutoff)
    return o


@jit
def mandelbrot_guided(g, lim, cutoff):
    n = g.shape[0]
    o = np.empty((n, n), np.int64)
    for i in prange(n, schedule="guided"):
        for j in range(n):
            o[i, j] = escape_time(0.0, 0.0, g[i], g[j], lim, cutoff)
    return o


def w3_mandel(g, lim, cutoff, sched, nt):
    ungil.set_num_threads(nt)
    schedules = {"static": mandelbrot_static, "dynamic": mandelbrot_dynamic, "guided": mandelbrot_guided}
    kernel = mandelbrot_serial if nt == 1 else schedules[sched]
    return [("ungil" if nt == 1 else f"ungil {sched}", lambda: kernel(g, lim, cutoff))]


# --- W4: the matrix product as three loops -------------------------------------------------------------------------


@jit
def matmul_serial(a, b):
    c = np.empty((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s
    return c


@jit
def matmul_parallel(a, b):
    c = np.empty((a.shape[0], b.shape[1]))
    for i in prange(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s
    return c


def w4_matmul(a, b, nt):
    ungil.set_num_threads(nt)
    kernel = matmul_serial if nt == 1 else matmul_parallel
    return lambda: kernel(a, b)


# --- W5: Python threads that each run one kernel -------------------------------------------------------------------


@jit
def countdown(num):
    while num > 0:
        num -= 1
    return num


@jit
def xorshift(num, x):
    while num > 0:
        x ^= x << 13
        x ^= x >> 7
        x ^= x << 17
        num -= 1
    return x


def run_in_threads(kernel, calls):
    """kernel(*call) for every call, each in a Python thread of its own; one call stays in this thread."""
    if len(calls) == 1:
        return [kernel(*calls[0])]
    results = [None] * len(calls)

    def work(index):
        results[index] = kernel(*calls[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def w5_counter(n, nthreads):
    calls = [(n // nthreads,)] * nthreads
    return lambda: run_in_threads(countdown, calls)


def w5_mix(n, nthreads):
    seeds = [88172645463325252, 1234567891234567]
    calls = [(n // nthreads, np.uint64(seed)) for seed in seeds[:nthreads]]
    return lambda: run_in_threads(xorshift, calls)


# --- W6: repeated matrix-vector products in Python's order of summation --------------------------------------------


@jit
def calc_serial(vec, mat, repeat):
    n = vec.shape[0]
    ret = vec.copy()
    tmp = np.empty(n)
    for _ in range(repeat):
        for row in range(n):
            val = 0.0
            for col in range(n):
                val += ret[col] * mat[row, col]
            tmp[row] = val
        for row in range(n):
            ret[row] = tmp[row]
    return ret


@jit
def calc_parallel(vec, mat, repeat):
    n = vec.shape[0]
    ret = vec.copy()
    tmp = np.empty(n)
    for _ in range(repeat):
        for row in prange(n):
            val = 0.0
            for col in range(n):
                val += ret[col] * mat[row, col]
            tmp[row] = val
        for row in range(n):
            ret[row] = tmp[row]
    return ret


def w6_calc_arrays(vec, mat, repeat, nt):
    ungil.set_num_threads(nt)
    kernel = calc_serial if nt == 1 else calc_parallel
    return lambda: kernel(vec, mat, repeat)


# --- W7: which objects have a neighbour within an angle ------------------------------------------------------------


@jit
def contaminated_serial(o, ps, cmax):
    hit = np.zeros(o.shape[0], np.uint8)
    for i in range(o.shape[0]):
        for j in range(ps.shape[0]):
            if o[i, 0] * ps[j, 0] + o[i, 1] * ps[j, 1] + o[i, 2] * ps[j, 2] > cmax:
                hit[i] = 1
                break
    return hit


@jit
def contaminated_parallel(o, ps, cmax):
    hit = np.zeros(o.shape[0], np.uint8)
    for i in prange(o.shape[0], schedule="guided"):
        for j in range(ps.shape[0]):
            if o[i, 0] * ps[j, 0] + o[i, 1] * ps[j, 1] + o[i, 2] * ps[j, 2] > cmax:
                hit[i] = 1
                break
    return hit


def w7_angdist(obj, ps, cmax, nt):
    ungil.set_num_threads(nt)
    kernel = contaminated_serial if nt == 1 else contaminated_parallel
    return lambda: np.flatnonzero(kernel(obj, ps, cmax))


# --- W8: elementwise formulas, as loops ----------------------------------------------------------------------------


@jit
def polynomial_serial(x):
    o = np.empty_like(x)
    for i in range(x.shape[0]):
        o[i] = (0.25 * x[i] + 0.75) * x[i] - 1.5 * x[i] - 2
    return o


@jit
def polynomial_parallel(x):
    o = np.empty_like(x)
    for i in prange(x.shape[0]):
        o[i] = (0.25 * x[i] + 0.75) * x[i] - 1.5 * x[i] - 2
    return o


@jit
def transcendental_serial(a, b):
    o = np.empty_like(a)
    for i in range(a.shape[0]):
        o[i] = np.sin(a[i]) ** 2 + np.cos(b[i]) * np.exp(-a[i] * a[i]) + np.log1p(b[i])
    return o


@jit
def transcendental_parallel(a, b):
    o = np.empty_like(a)
    for i in prange(a.shape[0]):
        o[i] = np.sin(a[i]) ** 2 + np.cos(b[i]) * np.exp(-a[i] * a[i]) + np.log1p(b[i])
    return o


@jit
def combination_serial(a, b):
    o = np.empty_like(a)
    for i in range(a.shape[0]):
        o[i] = 2.0 * a[i] - 4.5 * b[i] + 1.1 * (np.sin(a[i]) + np.cos(b[i]))
    return o


@jit
def combination_parallel(a, b):
    o = np.empty_like(a)
    for i in prange(a.shape[0]):
        o[i] = 2.0 * a[i] - 4.5 * b[i] + 1.1 * (np.sin(a[i]) + np.cos(b[i]))
    return o


def w8_poly(x, nt):
    ungil.set_num_threads(nt)
    kernel = polynomial_serial if nt == 1 else polynomial_parallel
    return both(lambda: kernel(x), "(.25*x + .75)*x - 1.5*x - 2", x=x)


def w8_transc(a, b, nt):
    ungil.set_num_threads(nt)
    kernel = transcendental_serial if nt == 1 else transcendental_parallel
    return both(lambda: kernel(a, b), "sin(a)**2 + cos(b)*exp(-a*a) + log1p(b)", a=a, b=b)


def w8_lincomb(a, b, nt):
    ungil.set_num_threads(nt)
    kernel = combination_serial if nt == 1 else combination_parallel
    return both(lambda: kernel(a, b), "2.0*a - 4.5*b + 1.1*(sin(a)+cos(b))", a=a, b=b)


# --- W9: reductions and searches -----------------------------------------------------------------------------------


@jit
def total(a):
    s = 0.0
    for i in prange(a.shape[0]):
        s += a[i]
    return s


@jit
def mean(a):
    s = 0.0
    for i in prange(a.shape[0]):
        s += a[i]
    return s / a.shape[0]


@jit
def argmax(a):
    k = 0
    v = a[0]
    for i in range(1, a.shape[0]):
        if a[i] > v:
            v = a[i]
            k = i
    return k


@jit(parallel=True)
def argmax_parallel(a):
    return np.argmax(a)


@jit
def sum_columns(a):
    o = np.zeros(a.shape[1])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            o[j] += a[i, j]
    return o


@jit(parallel=True)
def sum_columns_parallel(a):
    return a.sum(axis=0)


@jit
def sum_rows_serial(a):
    o = np.empty(a.shape[0])
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
        o[i] = s
    return o


@jit
def sum_rows_parallel(a):
    o = np.empty(a.shape[0])
    for i in prange(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
        o[i] = s
    return o


@jit
def farthest(p, origin):
    k = 0
    best = -1.0
    for i in range(p.shape[0]):
        x = p[i, 0] - origin[0]
        y = p[i, 1] - origin[1]
        z = p[i, 2] - origin[2]
        d = sqrt(x * x + y * y + z * z)
        if d > best:
            best = d
            k = i
    return k


@jit
def farthest_parallel(p, origin):
    n, blocks = p.shape[0], 64
    places, bests = np.zeros(blocks, np.int64), np.empty(blocks)
    for b in prange(blocks):
        k = b * n // blocks
        best = -1.0
        for i in range(b * n // blocks, (b + 1) * n // blocks):
            x = p[i, 0] - origin[0]
            y = p[i, 1] - origin[1]
            z = p[i, 2] - origin[2]
            d = x * x + y * y + z * z
            if d > best:
                best = d
                k = i
        places[b] = k
        bests[b] = best
    return places[np.argmax(bests)]


@jit
def distances_serial(x):
    n = x.shape[0]
    d = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            u = x[i, 0] - x[j, 0]
            v = x[i, 1] - x[j, 1]
            w = x[i, 2] - x[j, 2]
            d[i, j] = sqrt(u * u + v * v + w * w)
    return d


@jit
def distances_parallel(x):
    n = x.shape[0]
    d = np.empty((n, n))
    for i in prange(n):
        for j in range(n):
            u = x[i, 0] - x[j, 0]
            v = x[i, 1] - x[j, 1]
            w = x[i, 2] - x[j, 2]
            d[i, j] = sqrt(u * u + v * v + w * w)
    return d


def w9_sum(a, nt):
    ungil.set_num_threads(nt)
    return both(lambda: total(a), "sum(a)", a=a)


def w9_mean(a, nt):
    ungil.set_num_threads(nt)
    return lambda: mean(a)


def w9_argmax(a, nt):
    ungil.set_num_threads(nt)
    kernel = argmax if nt == 1 else argmax_parallel
    return lambda: kernel(a)


def w9_sum_ax0(a, nt):
    ungil.set_num_threads(nt)
    kernel = sum_columns if nt == 1 else sum_columns_parallel
    return lambda: kernel(a)


def w9_sum_ax1(a, nt):
    ungil.set_num_threads(nt)
    kernel = sum_rows_serial if nt == 1 else sum_rows_parallel
    return lambda: kernel(a)


def w9_farthest(p, origin, nt):
    ungil.set_num_threads(nt)
    kernel = farthest if nt == 1 else farthest_parallel
    return lambda: kernel(p, origin)


def w9_pdist(x, nt):
    ungil.set_num_threads(nt)
    kernel = distances_serial if nt == 1 else distances_parallel
    return lambda: kernel(x)


# --- W10: differences and heat -------------------------------------------------------------------------------------


@jit
def differences_serial(a):
    n = a.shape[0] - 1
    o = np.empty(n)
    for i in range(n):
        o[i] = a[i + 1] - a[i]
    return o


@jit
def differences_parallel(a):
    n = a.shape[0] - 1
    o = np.empty(n)
    for i in prange(n):
        o[i] = a[i + 1] - a[i]
    return o


@jit
def heat_serial(u0, c, steps):
    u = u0.copy()
    v = u0.copy()
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                v[i, j] = u[i, j] + c * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4 * u[i, j])
        u, v = v, u
    return u


@jit
def heat_parallel(u0, c, steps):
    u = u0.copy()
    v = u0.copy()
    for _ in range(steps):
        for i in prange(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                v[i, j] = u[i, j] + c * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4 * u[i, j])
        u, v = v, u
    return u


def w10_diff(a, nt):
    ungil.set_num_threads(nt)
    kernel = differences_serial if nt == 1 else differences_parallel
    return lambda: kernel(a)


def w10_heat(u0, c, steps, nt):
    ungil.set_num_threads(nt)
    kernel = heat_serial if nt == 1 else heat_parallel
    return lambda: kernel(u0, c, steps)


# --- W11: a parallel map -------------------------------------------------------------------------------------------


@jit
def square(x):
    o = np.empty_like(x)
    for i in prange(x.shape[0]):
        o[i] = x[i] * x[i]
    return o


def w11_square(x, nt):
    ungil.set_num_threads(nt)
    return lambda: square(x)


# --- W12: calls and a new process ----------------------------------------------------------------------------------


@jit
def add2(a, b):
    return a + b


@jit
def touch3(a, b, c):
    c[0, 0] = a[0, 0] + b[0, 0]


def w12_add2():
    return add2


def w12_touch3():
    return touch3


# A file: the compiler reads a kernel's source, which `python -c` does not keep.
W12_COLD_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cold_pairwise.py")

# --- W13: one empty parallel loop ----------------------------------------------------------------------------------


@jit
def empty_loop(o):
    for i in prange(o.shape[0]):
        o[i] = i


def w13_forkjoin(nt):
    ungil.set_num_threads(nt)
    o = np.zeros(nt, np.int64)
    return lambda: empty_loop(o)


# --- W14: the benchmarks game --------------------------------------------------------------------------------------


@jit
def nbody(pos, vel, mass, steps, dt):
    for _ in range(steps):
        for i in range(5):
            for j in range(i + 1, 5):
                dx = pos[i, 0] - pos[j, 0]
                dy = pos[i, 1] - pos[j, 1]
                dz = pos[i, 2] - pos[j, 2]
                d2 = dx * dx + dy * dy + dz * dz
                mag = dt / (d2 * sqrt(d2))
                mi = mass[i] * mag
                mj = mass[j] * mag
                vel[i, 0] -= dx * mj
                vel[i, 1] -= dy * mj
                vel[i, 2] -= dz * mj
                vel[j, 0] += dx * mi
                vel[j, 1] += dy * mi
                vel[j, 2] += dz * mi
        for i in range(5):
            pos[i, 0] += dt * vel[i, 0]
            pos[i, 1] += dt * vel[i, 1]
            pos[i, 2] += dt * vel[i, 2]
    e = 0.0
    for i in range(5):
        e += 0.5 * mass[i] * (vel[i, 0] ** 2 + vel[i, 1] ** 2 + vel[i, 2] ** 2)
        for j in range(i + 1, 5):
            dx = pos[i, 0] - pos[j, 0]
            dy = pos[i, 1] - pos[j, 1]
            dz = pos[i, 2] - pos[j, 2]
            e -= mass[i] * mass[j] / sqrt(dx * dx + dy * dy + dz * dz)
    return e


def w14_nbody(pos, vel, mass, steps, dt):
    # The kernel moves the bodies: every call starts from copies of the same five.
    return lambda: nbody(pos.copy(), vel.copy(), mass, steps, dt)


@jit
def element(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


@jit
def spectral_serial(n):
    u = np.ones(n)
    v = np.empty(n)
    t = np.empty(n)
    for _ in range(10):
        for i in range(n):
            s = 0.0
            for j in range(n):
                s += element(i, j) * u[j]
            t[i] = s
        for i in range(n):
            s = 0.0
            for j in range(n):
                s += element(j, i) * t[j]
            v[i] = s
        for i in range(n):
            s = 0.0
            for j in range(n):
                s += element(i, j) * v[j]
            t[i] = s
        for i in range(n):
            s = 0.0
            for j in range(n):
                s += element(j, i) * t[j]
            u[i] = s
    vbv = 0.0
    vv = 0.0
    for i in range(n):
        vbv += u[i] * v[i]
        vv += v[i] * v[i]
    return sqrt(vbv / vv)


@jit
def spectral_parallel(n):
    u = np.ones(n)
    v = np.empty(n)
    t = np.empty(n)
    for _ in range(10):
        for i in prange(n):
            s = 0.0
            for j in range(n):
                s += element(i, j) * u[j]
            t[i] = s
        for i in prange(n):
            s = 0.0
            for j in range(n):
                s += element(j, i) * t[j]
            v[i] = s
        for i in prange(n):
            s = 0.0
            for j in range(n):
                s += element(i, j) * v[j]
            t[i] = s
        for i in prange(n):
            s = 0.0
            for j in range(n):
                s += element(j, i) * t[j]
            u[i] = s
    vbv = 0.0
    vv = 0.0
    for i in range(n):
        vbv += u[i] * v[i]
        vv += v[i] * v[i]
    return sqrt(vbv / vv)


def w14_spectral(n, nt):
    ungil.set_num_threads(nt)
    kernel = spectral_serial if nt == 1 else spectral_parallel
    return lambda: kernel(n)


@jit
def fannkuch(n):
    p = np.arange(n)
    q = np.arange(n)
    s = np.arange(n)
    sign = 1
    maxflips = 0
    total = 0
    while True:
        q0 = p[0]
        if q0 != 0:
            for i in range(1, n):
                q[i] = p[i]
            flips = 1
            while True:
                qq = q[q0]
                if qq == 0:
                    total += sign * flips
                    if flips > maxflips:
                        maxflips = flips
                    break
                q[q0] = q0
                if q0 >= 3:
                    i = 1
                    j = q0 - 1
                    while True:
                        t = q[i]
                        q[i] = q[j]
                        q[j] = t
                        i += 1
                        j -= 1
                        if i >= j:
                            break
                q0 = qq
                flips += 1
        if sign == 1:
            t = p[0]
            p[0] = p[1]
            p[1] = t
            sign = -1
        else:
            t = p[1]
            p[1] = p[2]
            p[2] = t
            sign = 1
            for i in range(2, n):
                sx = s[i]
                if sx != 0:
                    s[i] = sx - 1
                    break
                if i == n - 1:
                    return total * 1000 + maxflips
                s[i] = i
                t = p[0]
                for j in range(i + 1):
                    p[j] = p[j + 1]
                p[i + 1] = t


def w14_fannkuch(n):
    return lambda: fannkuch(n)
