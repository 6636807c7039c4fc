# The arithmetic is a function of C, which is called without Python.
cdef double pair(double dx, double dy, double dz):
    cdef double r2 = dx * dx + dy * dy + dz * dz
    cdef double s6 = 1.0 / (r2 * r2 * r2)
    return 4.0 * (s6 * s6 - s6)


def energy(points):
    cdef double total = 0
    cdef Py_ssize_t i, j
    for i in range(len(points)):
        for j in range(i):
            total += pair(
                points[i][0] - points[j][0], points[i][1] - points[j][1], points[i][2] - points[j][2]
            )
    return total
