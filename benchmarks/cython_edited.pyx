# cython: boundscheck=False, wraparound=False, cdivision=True
import numpy as np
from libc.math cimport sqrt, exp


cdef double energy(double x, double y, double z) noexcept nogil:
    """Potential at a distance."""
    cdef double r2 = x * x + y * y + z * z + 1e-9
    return exp(-r2) / sqrt(r2)


def potentials(double[:, ::1] points):
    """Sum of the potentials of all other points, for each point."""
    cdef Py_ssize_t i, j
    cdef Py_ssize_t n = points.shape[0]
    cdef double total
    out = np.zeros(n)
    cdef double[::1] result = out
    for i in range(n):
        total = 0.0
        for j in range(n):
            if i != j:
                total += energy(
                    points[i, 0] - points[j, 0],
                    points[i, 1] - points[j, 1],
                    points[i, 2] - points[j, 2],
                )
        result[i] = total
    return out


def summary(double[::1] values):
    """Least value, mean and greatest one."""
    cdef double low = values[0], high = values[0], total = 0.0
    cdef Py_ssize_t i
    for i in range(values.shape[0]):
        low = min(low, values[i])
        high = max(high, values[i])
        total += values[i]
    return low, total / values.shape[0], high
