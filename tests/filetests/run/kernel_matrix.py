# test run
# run: kernel_matrix(array([[0, 0, 0], [1, 2, 2]], float64), array([[0, 1], [0, 0], [0, 0]], float64)) == array([[1.0, 0.5], [0.25, 0.2612038749637414]], float64)
import numpy as np
from ungil import prange


def kernel_matrix(p, q):
    r = np.empty((p.shape[0], q.shape[1]))
    for i in prange(p.shape[0]):
        for j in range(q.shape[1]):
            d0 = p[i, 0] - q[0, j]
            d1 = p[i, 1] - q[1, j]
            d2 = p[i, 2] - q[2, j]
            r[i, j] = 1 / (1 + (d0 * d0 + d1 * d1 + d2 * d2) ** 0.5)
    return r
