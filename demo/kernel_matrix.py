"""A kernel matrix: 1 / (1 + |p - q|) for 5000 × 5000 points, equal to NumPy in every bit."""

from math import sqrt

import numpy as np

from ungil import jit, prange


@jit
def kernel_matrix(p, q):
    r = np.empty((p.shape[0], q.shape[1]))
    for i in prange(p.shape[0]):
        for j in range(q.shape[1]):
            x = p[i, 0] - q[0, j]
            y = p[i, 1] - q[1, j]
            z = p[i, 2] - q[2, j]
            r[i, j] = 1 / (1 + sqrt(x * x + y * y + z * z))
    return r


def with_numpy(p, q):
    x = p[:, 0:1] - q[0:1]
    y = p[:, 1:2] - q[1:2]
    z = p[:, 2:3] - q[2:3]
    return 1 / (1 + np.sqrt(x * x + y * y + z * z))


def load(n=5000):
    """n points on a spiral in space, as rows and as columns."""
    t = np.linspace(0, 6 * np.pi, n)
    p = np.stack([t * np.cos(t), t * np.sin(t), t], axis=1) / 4
    return p, np.ascontiguousarray(p.T)


def check(result, p, q):
    """Compares with NumPy; returns what was found, in words."""
    assert np.array_equal(result, with_numpy(p, q)), "the kernel and NumPy differ"
    return f"all {result.size:,} elements equal NumPy's, bit for bit"


if __name__ == "__main__":
    points = load()
    print(check(kernel_matrix(*points), *points))
