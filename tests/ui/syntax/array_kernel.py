# test render
import numpy as np

def kernel(p, q):
    r = np.empty((p.shape[0], q.shape[1])
    for i in range(p.shape[0]):
        r[i] = p[i
    return r

#| error[U0102]: `(` was never closed
#|  --> array_kernel.py:5:17
#|   |
#| 5 |     r = np.empty((p.shape[0], q.shape[1])
#|   |                 ^ expected a `)` for this
#|
#| error[U0102]: `[` was never closed
#|  --> array_kernel.py:7:17
#|   |
#| 7 |         r[i] = p[i
#|   |                 ^ expected a `]` for this
