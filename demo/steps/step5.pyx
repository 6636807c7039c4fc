# cython: boundscheck=False, wraparound=False, cdivision=True
# The lock is given up, and all cores share the rows; later rows are longer.
from cython.parallel import prange


cdef double pair(double dx, double dy, double dz) noexcept nogil:
    cdef double r2 = dx * dx + dy * dy + dz * dz
    cdef double s6 = 1.0 / (r2 * r2 * r2)
    return 4.0 * (s6 * s6 - s6)


def energy(double[:, ::1] points):
    cdef double total = 0
    cdef Py_ssize_t i, j
    for i in prange(points.shape[0], nogil=True, schedule="dynamic"):
        for j in range(i):
            total += pair(
                points[i, 0] - points[j, 0], points[i, 1] - points[j, 1], points[i, 2] - points[j, 2]
            )
    return total
