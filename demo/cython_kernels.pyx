# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The demonstration's kernels in Cython: typed, unchecked, with OpenMP; `threads` is the size of the team."""
import numpy as np

from cython.parallel cimport prange
from libc.math cimport INFINITY, exp, sqrt
from libc.stdint cimport int64_t, uint64_t


def kernel_matrix(double[:, ::1] p, double[:, ::1] q, int threads=1):
    cdef double[:, ::1] r = np.empty((p.shape[0], q.shape[1]))
    cdef Py_ssize_t i, j
    cdef double x, y, z
    for i in prange(p.shape[0], nogil=True, schedule="static", num_threads=threads):
        for j in range(q.shape[1]):
            x = p[i, 0] - q[0, j]
            y = p[i, 1] - q[1, j]
            z = p[i, 2] - q[2, j]
            r[i, j] = 1 / (1 + sqrt(x * x + y * y + z * z))
    return r.base


cdef inline int64_t escape_time(double cr, double ci, int64_t cutoff) noexcept nogil:
    cdef double zr = 0, zi = 0
    cdef int64_t count = 0
    while zr * zr + zi * zi < 4.0 and count < cutoff:
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
        count += 1
    return count


def mandelbrot(double[::1] x, double[::1] y, int64_t cutoff, int threads=1):
    cdef int64_t[:, ::1] out = np.empty((y.shape[0], x.shape[0]), np.int64)
    cdef Py_ssize_t i, j
    for i in prange(y.shape[0], nogil=True, schedule="dynamic", num_threads=threads):
        for j in range(x.shape[0]):
            out[i, j] = escape_time(x[j], y[i], cutoff)
    return out.base


cdef void bilateral_row(double[:, :, ::1] image, double[:, :, ::1] out, Py_ssize_t i, Py_ssize_t radius,
                        double near, double similar) noexcept nogil:
    cdef Py_ssize_t j, x, y, rows = image.shape[0], columns = image.shape[1]
    cdef double total, red, green, blue, dr, dg, db, apart, weight
    for j in range(columns):
        total = red = green = blue = 0
        for y in range(max(i - radius, 0), min(i + radius + 1, rows)):
            for x in range(max(j - radius, 0), min(j + radius + 1, columns)):
                dr = image[y, x, 0] - image[i, j, 0]
                dg = image[y, x, 1] - image[i, j, 1]
                db = image[y, x, 2] - image[i, j, 2]
                apart = ((y - i) * (y - i) + (x - j) * (x - j)) / (2 * near * near)
                weight = exp(-apart - (dr * dr + dg * dg + db * db) / (2 * similar * similar))
                total += weight
                red += weight * image[y, x, 0]
                green += weight * image[y, x, 1]
                blue += weight * image[y, x, 2]
        out[i, j, 0] = red / total
        out[i, j, 1] = green / total
        out[i, j, 2] = blue / total


def bilateral(double[:, :, ::1] image, Py_ssize_t radius, double near, double similar, int threads=1):
    cdef double[:, :, ::1] out = np.empty_like(image)
    cdef Py_ssize_t i
    for i in prange(image.shape[0], nogil=True, schedule="static", num_threads=threads):
        bilateral_row(image, out, i, radius, near, similar)
    return out.base


def diffuse(image, known, Py_ssize_t steps, int threads=1):
    cdef double[:, :, ::1] u = image.copy(), v = image.copy(), t
    cdef unsigned char[:, ::1] fixed = known.view(np.uint8)
    cdef Py_ssize_t step, i, j, c, up, down, left, right
    cdef Py_ssize_t rows = u.shape[0], columns = u.shape[1], colours = u.shape[2]
    for step in range(steps):
        for i in prange(rows, nogil=True, schedule="static", num_threads=threads):
            up = max(i - 1, 0)
            down = min(i + 1, rows - 1)
            for j in range(columns):
                if not fixed[i, j]:
                    left = max(j - 1, 0)
                    right = min(j + 1, columns - 1)
                    for c in range(colours):
                        v[i, j, c] = 0.25 * (u[up, j, c] + u[down, j, c] + u[i, left, c] + u[i, right, c])
        t = u
        u = v
        v = t
    return u.base


cdef int64_t classify(double[:, ::1] train, int64_t[::1] labels, double[:, ::1] test,
                      Py_ssize_t i) noexcept nogil:
    cdef double best[5]
    cdef int64_t digit[5]
    cdef int64_t votes[10]
    cdef Py_ssize_t j, k, at
    cdef double d
    cdef int64_t winner = 0
    for j in range(5):
        best[j] = INFINITY
        digit[j] = 0
    for j in range(train.shape[0]):
        d = 0
        for k in range(train.shape[1]):
            d += (test[i, k] - train[j, k]) * (test[i, k] - train[j, k])
        if d < best[4]:
            at = 4
            while at > 0 and d < best[at - 1]:
                best[at] = best[at - 1]
                digit[at] = digit[at - 1]
                at -= 1
            best[at] = d
            digit[at] = labels[j]
    for j in range(10):
        votes[j] = 0
    for j in range(5):
        votes[digit[j]] += 1
    for j in range(10):
        if votes[j] > votes[winner]:
            winner = j
    return winner


def nearest_neighbours(double[:, ::1] train, int64_t[::1] labels, double[:, ::1] test, int threads=1):
    cdef int64_t[::1] out = np.zeros(test.shape[0], np.int64)
    cdef Py_ssize_t i
    for i in prange(test.shape[0], nogil=True, schedule="static", num_threads=threads):
        out[i] = classify(train, labels, test, i)
    return out.base


def xorshift(int64_t count, uint64_t x):
    cdef int64_t i
    with nogil:
        for i in range(count):
            x ^= x << 13
            x ^= x >> 7
            x ^= x << 17
    return x
