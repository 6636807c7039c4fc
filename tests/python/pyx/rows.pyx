# cython: language_level=3
"""Rows of C arrays as Python's objects: lists of their own."""


def whole_and_row():
    cdef int a[4][4]
    cdef int i, j
    for i in range(4):
        for j in range(4):
            a[i][j] = i * 4 + j
    return a, a[1]


def of_three():
    cdef int a[2][2][2]
    cdef int i, j, k
    for i in range(2):
        for j in range(2):
            for k in range(2):
                a[i][j][k] = i * 4 + j * 2 + k
    return a[1], a[1][0], a[1][0][1]


cdef int table[2][2]
table[0][:] = [1, 2]
table[1][:] = [3, 4]


def of_module():
    return table[1], table


def kept_as_object():
    cdef int a[2][2]
    cdef object row
    a[0][:] = [1, 2]
    a[1][:] = [3, 4]
    row = a[1]
    a[1][0] = 9
    return row, a[1][0]


cdef double total(double *p, int n):
    cdef int i
    cdef double s = 0
    for i in range(n):
        s += p[i]
    return s


def as_pointers(int k):
    cdef double a[2][2]
    a[0][:] = [1, 2]
    a[1][:] = [3, 4]
    p = a[k]
    p[0] = 7
    return a[k][0], total(a[k], 2), total(p, 2)
