# The variables have types: numbers of C, and a list of Python's still.
def energy(points):
    cdef double total = 0, dx, dy, dz, r2, s6
    cdef Py_ssize_t i, j
    for i in range(len(points)):
        for j in range(i):
            dx = points[i][0] - points[j][0]
            dy = points[i][1] - points[j][1]
            dz = points[i][2] - points[j][2]
            r2 = dx * dx + dy * dy + dz * dz
            s6 = 1.0 / (r2 * r2 * r2)
            total += 4.0 * (s6 * s6 - s6)
    return total
