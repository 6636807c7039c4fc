"""The Mandelbrot set: escape times that equal those of the undecorated function."""

import numpy as np

from ungil import jit, prange


@jit
def escape_time(cr, ci, cutoff):
    zr, zi, count = 0.0, 0.0, 0
    while zr * zr + zi * zi < 4.0 and count < cutoff:
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
        count += 1
    return count


@jit
def mandelbrot(x, y, cutoff):
    out = np.empty((y.size, x.size), np.int64)
    for i in prange(y.size, schedule="dynamic"):
        for j in range(x.size):
            out[i, j] = escape_time(x[j], y[i], cutoff)
    return out


def with_numpy(x, y, cutoff):
    """The whole grid at once; points that have escaped are taken out."""
    cr, ci = (grid.ravel() for grid in np.meshgrid(x, y))
    index, zr, zi = np.arange(cr.size), np.zeros(cr.size), np.zeros(cr.size)
    out = np.full(cr.size, cutoff)
    for step in range(cutoff):
        inside = zr * zr + zi * zi < 4.0
        out[index[~inside]] = step
        index, cr, ci, zr, zi = index[inside], cr[inside], ci[inside], zr[inside], zi[inside]
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
    return out.reshape(y.size, x.size)


def load(width=1080, height=720, cutoff=400):
    return np.linspace(-2.1, 0.9, width), np.linspace(-1.0, 1.0, height), cutoff


def check(result, x, y, cutoff):
    """Compares with the undecorated functions on every 16th point; returns what was found, in words."""
    plain = getattr(escape_time, "py_func", escape_time)
    few = [[plain(cr, ci, cutoff) for cr in x[::16].tolist()] for ci in y[::16].tolist()]
    assert np.array_equal(result[::16, ::16], few), "the kernel and the undecorated function differ"
    assert np.array_equal(result, with_numpy(x, y, cutoff)), "the kernel and NumPy differ"
    return f"all {result.size:,} points equal NumPy's, every 16th in x and y the undecorated function's"


if __name__ == "__main__":
    grid = load()
    print(check(mandelbrot(*grid), *grid))
