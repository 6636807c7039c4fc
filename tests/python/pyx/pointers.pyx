from libc.stdlib cimport malloc, calloc, realloc, free, qsort, abs, labs, atoi
from libc.string cimport memcpy, memset, memcmp, memmove, strlen
from libc.stdint cimport uint8_t, int32_t, uintptr_t
cimport cython

DEF N = 4
cdef enum:
    M = 3

ctypedef int (*compare_t)(const void *, const void *) noexcept nogil
ctypedef double (*real_t)(double) noexcept nogil
ctypedef double *dptr


def address_of_variable(double x):
    cdef double y = x
    cdef double *p = &y
    p[0] += 1
    cdef double **q = &p
    q[0][0] *= 2
    return y

def pointer_walk(int n):
    cdef int *a = <int *>malloc(n * sizeof(int))
    cdef int *p
    cdef int i
    cdef long s = 0
    for i in range(n):
        a[i] = i * i
    p = a
    while p < a + n:
        s += p[0]
        p += 1
    s = s * 1000 + (p - a)
    p -= 1
    s += p[-1]
    free(a)
    return s

def grow(int n):
    cdef long *a = <long *>calloc(1, sizeof(long))
    cdef long i, s = 0
    for i in range(1, n):
        a = <long *>realloc(a, (i + 1) * sizeof(long))
        if a == NULL:
            raise MemoryError()
        a[i] = a[i - 1] + i
    for i in range(n):
        s += a[i]
    free(a)
    return s

def nulls():
    cdef double *p = NULL
    cdef void *v = p
    cdef int x = 1
    if p:
        x += 100
    if not p:
        x += 1
    if p is NULL and v == NULL:
        x += 2
    p = <double *>1
    if p != NULL:
        x += 4
    return x, <uintptr_t>p, p == NULL

cdef void fill(double *a, Py_ssize_t n, double x) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        a[i] = x + i

cdef double total(const double *a, Py_ssize_t n) noexcept nogil:
    cdef double s = 0
    cdef Py_ssize_t i
    for i in range(n):
        s += a[i]
    return s

def arrays():
    cdef double a[10]
    cdef double b[N]
    cdef double c[3][4]
    cdef int i, j
    fill(a, 10, 0.5)
    fill(b, N, 1)
    fill(&c[0][0], 12, 0)
    fill(&a[2], 3, 100)
    for i in range(3):
        c[i][i] = -1
    return total(a, 10), total(b, N), total(&c[0][0], 12), c[2][3], c[1][1], sizeof(a), sizeof(c), sizeof(b) // sizeof(b[0])

def initialised():
    cdef int a[4]
    a[:] = [1, 2, 3, 4]
    cdef double b[3]
    b[0], b[1], b[2] = 1, 2, 3
    return a[0] + a[3] * 10, b[2]

def sums(double[:] v):
    cdef double *p = &v[0]
    return total(p, v.shape[0]), total(&v[1], v.shape[0] - 1)

def fill_view(double[:, ::1] v):
    fill(&v[0, 0], v.shape[0] * v.shape[1], 3)
    return v[v.shape[0] - 1, v.shape[1] - 1]

def view_of_pointer(int n, int m):
    cdef double *p = <double *>malloc(n * m * sizeof(double))
    fill(p, n * m, 0)
    cdef double[:, ::1] v = <double[:n, :m]>p
    cdef double s = 0
    cdef int i, j
    for i in range(n):
        for j in range(m):
            s += v[i, j] * (i + 1)
    v[0, 0] = 7
    s += p[0]
    free(p)
    return s, v.shape[0], v.shape[1]

def view_of_array():
    cdef double a[6]
    fill(a, 6, 1)
    cdef double[:] v = <double[:6]>a
    v[1] = 50
    return a[1], v[5]

def strings():
    cdef char buffer[16]
    memset(buffer, 0, 16)
    memset(buffer, 65, 3)
    cdef char other[16]
    memcpy(other, buffer, 16)
    return strlen(buffer), memcmp(buffer, other, 16), other[2], other[3], atoi(b"123")

def bytes_of(double x):
    cdef uint8_t *p = <uint8_t *>&x
    cdef int i
    cdef long s = 0
    for i in range(8):
        s = s * 3 + p[i]
    return s

def reinterpret(long n):
    return (<double *>&n)[0], (<int *>&n)[0], (<unsigned int *>&n)[1]

cdef int down(const void *a, const void *b) noexcept nogil:
    cdef int x = (<const int *>a)[0]
    cdef int y = (<int *>b)[0]
    return (x < y) - (x > y)

def sorted_down(int[::1] v):
    qsort(&v[0], v.shape[0], sizeof(int), down)
    cdef compare_t f = &down
    return f(&v[0], &v[1]), down(&v[1], &v[0])

cdef double square(double x) noexcept nogil:
    return x * x
cdef double half(double x) noexcept nogil:
    return x / 2
cdef double apply(real_t f, double x) noexcept nogil:
    return f(f(x))
cdef double integrate(double (*f)(double) noexcept nogil, double a, double b, int n) noexcept nogil:
    cdef double s = 0, h = (b - a) / n
    cdef int i
    for i in range(n):
        s += f(a + (i + 0.5) * h)
    return s * h

def through_pointers(double x, bint which):
    cdef real_t f = square if which else half
    cdef real_t table[2]
    table[0] = square
    table[1] = &half
    return apply(f, x), table[1](x), table[0](3), integrate(square, 0, 1, 10)

cdef void swap(int *a, int *b) noexcept:
    cdef int t = a[0]
    a[0] = b[0]
    b[0] = t

def swapped(int x, int y):
    swap(&x, &y)
    return x, y

cdef int *largest(int *a, int n):
    cdef int *best = a
    cdef int i
    for i in range(1, n):
        if a[i] > best[0]:
            best = &a[i]
    return best

def find(int n):
    cdef int a[8]
    cdef int i
    for i in range(8):
        a[i] = (i * n) % 7
    cdef int *p = largest(a, 8)
    return p[0], p - a, p == a, p >= a

cdef bint flag(bint *b):
    b[0] = not b[0]
    return b[0]

def flags(bint x):
    cdef bint y = x
    flag(&y)
    return y

def matrix():
    cdef int **rows = <int **>malloc(3 * sizeof(int *))
    cdef int i, j, s = 0
    for i in range(3):
        rows[i] = <int *>malloc(4 * sizeof(int))
        for j in range(4):
            rows[i][j] = i * j
    for i in range(3):
        for j in range(4):
            s += rows[i][j]
        free(rows[i])
    free(rows)
    return s

def typedefs(double x):
    cdef dptr p = &x
    p[0] = p[0] + 1
    return x, sizeof(dptr), sizeof(double *), sizeof(long long), sizeof(x)

def absolute(int x, long y):
    return abs(x), labs(y)

def augmented(int n):
    cdef int a[5]
    cdef int i
    for i in range(5):
        a[i] = i
    for i in range(5):
        a[i] += n
        a[i] *= 2
    cdef int *p = a
    p[1] -= 1
    p[2] //= 3
    p[3] <<= 2
    return [a[i] for i in range(5)]

cdef int deep(int n, int *count):
    count[0] += 1
    cdef int local = n
    cdef int *p = &local
    if n > 0:
        deep(n - 1, count)
        deep(n - 2, count)
    return p[0]

def recursion(int n):
    cdef int count = 0
    cdef int r = deep(n, &count)
    return count, r

def left(int n, int stop):
    cdef int i = 77, j = 88
    cdef long k
    for i from 0 <= i < n:
        if i == stop:
            break
    for j from n > j >= 0 by 2:
        pass
    for k from 1 < k <= n:
        pass
    else:
        j += 1000
    return i, j, k
