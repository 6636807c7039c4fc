# test run
# run: escape(-2.0, 1.0, 3, 4, 50) == array([[1, 3, 4, 4], [1, 9, 50, 50], [1, 4, 50, 50]], int32)
import numpy as np
from ungil import prange


def escape(x0, y0, h, w, limit):
    r = np.zeros((h, w), np.int32)
    for i in prange(h):
        for j in range(w):
            c = complex(x0 + j * 0.75, y0 - i * 0.75)
            z = 0j
            n = 0
            while n < limit and abs(z) <= 2.0:
                z = z * z + c
                n += 1
            r[i, j] = n
    return r
