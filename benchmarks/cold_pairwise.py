"""A new process to its first result: import, compile one kernel without the disk cache, call it on 50 × 50 points."""

from math import sqrt

import numpy as np

from ungil import jit


@jit(cache=False)
def pairwise(p, q):
    n = p.shape[0]
    m = q.shape[1]
    r = np.empty((n, m))
    for i in range(n):
        for j in range(m):
            x = p[i, 0] - q[0, j]
            y = p[i, 1] - q[1, j]
            z = p[i, 2] - q[2, j]
            r[i, j] = 1 / (1 + sqrt(x * x + y * y + z * z))
    return r


if __name__ == "__main__":
    assert pairwise(np.ones((50, 3)), np.ones((3, 50))).shape == (50, 50)
