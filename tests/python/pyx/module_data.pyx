# cython: language_level=3
from cython.parallel cimport prange
from libc.stdlib cimport malloc, free
import numpy as np

cdef struct P:
    double x
    int y

cdef int counter = 5
cdef double scale, other = 2.5
cdef bint flag = True
cdef int arr[10]
cdef double table[2][3]
cdef P point
cdef P points[3]
cdef double *p = NULL
cdef double[:, ::1] view
cdef double[:] line = np.arange(4.0)
cdef P[:] structs
cdef char text[8]
cdef unsigned char small = 200

cdef struct Pair:
    P a
    P b
    int n

cdef union Either:
    int i
    float f

cdef P made = P(1, 2)
cdef P named = P(x=1.5, y=3), mapped = {"x": 4, "y": 5}
cdef Pair pair = Pair(made, P(7, 8), 3)
cdef P copied = made
cdef Either either = Either(i=3)

counter += 1
made.x = 10
point.x = 1.5
arr[3] = 7
table[1][2] = 4.5
scale = counter * 2

def first_values(o):
    return [o, made, named, mapped, pair, copied, either.i, made.x + named.y]

def read():
    return counter, scale, other, flag, arr[3], table[1][2], point.x, small

def bump(int by):
    global counter, scale, flag, small
    counter += by
    scale = counter / 2.0
    flag = not flag
    small += 100
    return counter, scale, flag, small

def local():
    counter = 99
    return counter

def write_arr(int i, int v):
    arr[i] = v
    table[i % 2][i % 3] = v
    point.y = v
    points[i % 3].x = v
    return arr[i], table[i % 2][i % 3], point, points[i % 3].x

def whole():
    return arr, point, table

def alloc(int n):
    global p
    cdef int i
    p = <double *>malloc(n * sizeof(double))
    for i in range(n):
        p[i] = i * 1.5

def use(int i):
    if p == NULL:
        return None
    return p[i]

def release():
    global p
    free(p)
    p = NULL

def set_view(double[:, ::1] v):
    global view
    view = v

def clear_view():
    global view
    view = None

def read_view(int i, int j):
    return view[i, j]

def view_shape():
    return view.shape[0], view.shape[1]

def write_view(int i, int j, double x):
    view[i, j] = x

def fill_view(double x):
    view[:] = x

def sum_line():
    cdef Py_ssize_t i
    cdef double s = 0
    for i in range(line.shape[0]):
        s += line[i]
    return s

def par(int n):
    cdef int i
    for i in prange(n, nogil=True):
        arr[i] = i * counter
    return [arr[i] for i in range(n)]

def par_view(double f):
    cdef Py_ssize_t i, j
    with nogil:
        for i in prange(view.shape[0]):
            for j in range(view.shape[1]):
                view[i, j] = f * i + j

def reduce_view():
    cdef Py_ssize_t i
    cdef double s = 0
    for i in prange(line.shape[0], nogil=True):
        s += line[i] * scale
    return s

cdef void inner() noexcept nogil:
    global counter
    counter += 10
    arr[0] = counter

def nested_call():
    with nogil:
        inner()
    return counter, arr[0]

def address():
    cdef int *q = &counter
    cdef int *r = &arr[2]
    cdef P *s = &point
    q[0] = 1000
    r[0] = 5
    s.y = 77
    return counter, arr[2], point.y, sizeof(arr), sizeof(point)

def set_structs(P[:] v):
    global structs
    structs = v

def use_structs(int i):
    structs[i].x += 1
    return structs[i].x

def set_point(double x):
    global point
    cdef P q
    q.x = x
    q.y = 1
    point = q
    return point.x

def set_array():
    global arr
    arr[:3] = [7, 8, 9]
    return arr[0], arr[2]

def set_int(object o):
    global counter
    counter = o
    return counter


def letters(int n):
    cdef int i
    for i in range(n):
        text[i] = 97 + i
    text[n] = 0
    return text

class C:
    value = counter
    def method(self):
        return counter + 1

cdef int *month_days = [31, 28, 31, 30]
cdef const char **names = ["one", b"two", "three"]
cdef const double *weights = [1, 2.5,
                              -3]
cdef P *corners = [P(1, 2), P(x=3.5, y=4)]
cdef unsigned char *small_ones = [0, 255]

cdef inline int days_before(int month) noexcept nogil:
    cdef int k, total = 0
    for k in range(month):
        total += month_days[k]
    return total

def tables(int i):
    return month_days[i], names[i], weights[i], corners[i % 2].x, corners[i % 2].y, small_ones[i % 2], days_before(i)

def change_table(int i, int value):
    month_days[i] = value
    return month_days[0], month_days[1]
