# Memoryviews beside objects that are assigned while they are in use: what a function knows of their memory has to follow.
import numpy as np

cdef double[:] SHARED = np.zeros(2)

def halves(double[:] v, log):
    cdef double[:] w = v
    cdef Py_ssize_t i
    while w.shape[0] > 1:
        if len(log) % 2:
            w = w[w.shape[0] // 2:]
        else:
            w = w[:w.shape[0] // 2]
        for i in range(w.shape[0]):
            w[i] += 1
        log.append((w.shape[0], w[0], w[-1]))
    return np.asarray(v)

def strides(v, log):
    cdef double[:, :] w = v
    cdef double[:, ::1] c = np.ascontiguousarray(v)
    cdef double[::1, :] f = np.asfortranarray(v)
    cdef Py_ssize_t i, j
    for step in range(3):
        total = 0.0
        for i in range(w.shape[0]):
            for j in range(w.shape[1]):
                total += w[i, j] * (i + 1) - c[i, j] * j + f[i, j]
        log.append(total)
        if step:
            w = w[:, ::-1]
        else:
            w = w[::-1]
        c = np.ascontiguousarray(w)
        f = np.asfortranarray(w)
    return log

def failing(double[:] v, items):
    cdef double[:] w = v
    seen = []
    for item in items:
        try:
            w = item
        except (TypeError, ValueError) as e:
            seen.append(type(e).__name__)
        seen.append((w.shape[0], w[0]))
    return seen

def shared_inside(double[:] v, n):
    cdef double[:] w = v
    def shorten():
        nonlocal w
        w = w[1:]
        return w.shape[0]
    out = []
    for _ in range(n):
        out.append((w[0], shorten(), w[0], w.shape[0]))
    return out

def set_on_one_way(flag):
    cdef int[:] w
    if flag:
        w = np.arange(3, dtype=np.intc)
    return w[1], w.shape[0]

def of_the_module(v, log):
    global SHARED
    SHARED = v
    log.append((SHARED.shape[0], SHARED[0]))
    SHARED = SHARED[::-2]
    log.append((SHARED.shape[0], SHARED[0], SHARED[-1]))
    return log

def looped(list all_of_them):
    cdef float[::1] row
    cdef Py_ssize_t i
    sums = []
    for row in all_of_them:
        s = 0.0
        for i in range(row.shape[0]):
            s += row[i]
        sums.append(s)
    return sums
