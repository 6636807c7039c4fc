from libc.stdlib cimport malloc, free, qsort
from libc.math cimport sqrt, sin
cimport cython

cdef struct point:
    double x
    double y

cdef packed struct tight:
    char c
    double d
    int i

ctypedef struct body:
    point position
    point velocity
    int[3] cell
    double mass
    long id

cdef struct node:
    int value
    node *next

cdef union number:
    double d
    unsigned long bits
    unsigned char bytes[8]

ctypedef enum color:
    RED
    GREEN = 5
    BLUE

cpdef enum shape:
    ROUND = 2
    SQUARE

cdef enum:
    SIDE = 4

ctypedef (double, int) pair

ctypedef struct grid:
    int cells[SIDE][2]
    color c

cdef point make(double x, double y) noexcept nogil:
    cdef point p
    p.x = x
    p.y = y
    return p

cdef point add(point a, point b) noexcept nogil:
    a.x += b.x
    a.y += b.y
    return a

cdef double norm(const point *p) noexcept nogil:
    return sqrt(p.x * p.x + p.y * p.y)

cdef void scale(point *p, double by) noexcept nogil:
    p.x *= by
    p[0].y *= by

def by_value(double x, double y):
    cdef point p = make(x, y)
    cdef point q = add(p, make(1, 2))
    q.x = q.x + add(p, q).y
    return p.x, p.y, q.x, q.y

def by_pointer(double x, double y):
    cdef point p = make(x, y)
    cdef point *q = &p
    scale(q, 2)
    scale(&p, 0.5)
    cdef double *px = &p.x
    px[1] += 1
    return norm(&p), q.x, q.y, p.y

def to_dict(double x):
    cdef point p = make(x, -x)
    return p

def from_dict(point p):
    return p.x * 10 + p.y

def round_trip(body b):
    b.cell[1] += 1
    b.position = b.velocity
    b.position.x += 1
    return b

def copies(double x):
    cdef point p = make(x, 2), q
    q = p
    q.x = 100
    p, q = q, p
    return p.x, q.x, p.y

def literals(double x):
    cdef point p = point(x, 2)
    cdef point q = point(y=x, x=3)
    cdef point r = {'x': 1, 'y': x}
    cdef point s = [5, 6]
    return p.x, p.y, q.x, q.y, r.x, r.y

def arrays_of(int n):
    cdef point *a = <point *>malloc(n * sizeof(point))
    cdef point b[4]
    cdef int i
    cdef double s = 0
    for i in range(n):
        a[i] = make(i, -i)
    for i in range(4):
        b[i].x = i
        b[i].y = a[i].y
    for i in range(n):
        s += norm(&a[i]) + a[i].x
    s += b[3].x + b[2].y
    free(a)
    return s

def listed():
    cdef node a, b, c
    a.value = 1
    b.value = 2
    c.value = 3
    a.next = &b
    b.next = &c
    c.next = NULL
    cdef node *p = &a
    cdef int s = 0
    while p != NULL:
        s = s * 10 + p.value
        p = p.next
    return s, a.next.next.value

def linked(int n):
    cdef node *head = NULL
    cdef node *p
    cdef int i, s = 0
    for i in range(n):
        p = <node *>malloc(sizeof(node))
        p.value = i
        p.next = head
        head = p
    while head:
        s = s * 3 + head.value
        p = head.next
        free(head)
        head = p
    return s

def punned(double x):
    cdef number n
    n.d = x
    return n.bits, n.bytes[7], sizeof(number)

def sizes():
    return sizeof(point), sizeof(tight), sizeof(body), sizeof(node), sizeof(grid), sizeof(node *)

def sizes_of_tuples():
    cdef pair u = (1.0, 2)
    return sizeof(pair), sizeof(u), sizeof((double, int))

def enums(color c):
    return c == GREEN, RED, BLUE, c + 1, SIDE

def tuples(double x, int n):
    cdef (double, int) t = (x, n)
    cdef pair u = t
    cdef double a
    cdef int b
    a, b = u
    return t, u[0], a + b

cdef (double, double) minmax(double a, double b) noexcept nogil:
    if a < b:
        return a, b
    return b, a

def both(double a, double b):
    cdef double lo, hi
    lo, hi = minmax(a, b)
    return lo, hi, minmax(b, a)

def take((int, double) t):
    return t[0] + t[1]

cdef int by_x(const void *a, const void *b) noexcept nogil:
    cdef point *p = <point *>a
    cdef point *q = <point *>b
    return (p.x > q.x) - (p.x < q.x)

def sort_points(double[:] xs):
    cdef Py_ssize_t i, n = xs.shape[0]
    cdef point *a = <point *>malloc(n * sizeof(point))
    for i in range(n):
        a[i].x = xs[i]
        a[i].y = i
    qsort(a, n, sizeof(point), by_x)
    for i in range(n):
        xs[i] = a[i].y
    free(a)
    return xs[0]

def array_result():
    cdef int a[4]
    cdef double m[2][3]
    cdef int i, j
    for i in range(4):
        a[i] = i * i
    for i in range(2):
        for j in range(3):
            m[i][j] = i * 3 + j
    return a, m

def array_initial():
    cdef int a[3]
    a = [1, 2, 3]
    cdef double b[2]
    b[:] = [4, 5]
    return a[0] + a[2], b[1]

def filled():
    cdef grid g
    cdef int i
    for i in range(SIDE):
        g.cells[i][0] = i
        g.cells[i][1] = -i
    g.c = BLUE
    return g

def text(int n):
    cdef char s[8]
    cdef int i
    for i in range(n):
        s[i] = 97 + i
    s[n] = 0
    return s

cdef struct ops:
    double (*f)(double) noexcept nogil
    double scale

cdef double twice(double x) noexcept nogil:
    return 2 * x

def table(double x):
    cdef ops o
    o.f = twice
    o.scale = 3
    cdef ops *p = &o
    return o.f(x) * o.scale, p.f(x)

def parallel_structs(double[:] v):
    cdef Py_ssize_t i
    cdef double s = 0
    with nogil:
        for i in range(v.shape[0]):
            s += add(make(v[i], 1), make(1, v[i])).x
    return s
