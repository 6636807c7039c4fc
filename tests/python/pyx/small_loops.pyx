# cython: boundscheck=False, wraparound=False
cimport cython
from libc.string cimport strlen


@cython.cdivision(True)
def division(int a, int b): return a // b, a % b, a / b


@cython.cdivision(True)
def division_of_long(long a, long b): return a // b, a % b


@cython.cdivision(True)
def division_of_char(signed char a, signed char b): return a // b, a % b


@cython.cdivision(True)
def division_of_unsigned(unsigned int a, unsigned int b): return a // b, a % b


@cython.cdivision(True)
def by_constants(long a): return a // 2, a % 2, a // 7, a % 7, a // -8, a % -8, a // -1, a % -1


@cython.cdivision(True)
def divided_elements(int[:] a, int b, int[:] out):
    cdef Py_ssize_t i
    for i in range(a.shape[0]): out[i] = a[i] // b + 3 * (a[i] % b)


@cython.cdivision(True)
def divisors(int[:] a, int[:] b, int[:] out):
    cdef Py_ssize_t i
    for i in range(a.shape[0]):
        out[i] = a[i]
        while out[i] > 0 and b[i] > 1:
            if out[i] % b[i] == 3: break
            out[i] = out[i] // b[i]


def truncated(double x): return <int>x, <long>x


def truncated_single(float x): return <int>x, <long>x


def truncated_elements(double[:] x, long[:] out):
    cdef Py_ssize_t i
    for i in range(x.shape[0]): out[i] = <long>x[i] - <int>x[i]


def interpolated(double[:, ::1] a, double[::1] x, double[::1] y, double[::1] out):
    cdef Py_ssize_t k, i, j
    for k in range(x.shape[0]):
        i = <Py_ssize_t>y[k]; j = <Py_ssize_t>x[k]
        out[k] = a[i, j] + (x[k] - j) * a[i + 1, j] + (y[k] - i) * a[i, j + 1]


def steps(long n, long stop):
    cdef long k = 0
    while n != 1:
        k += 1
        if k == stop: break
        if n & 1:
            n = 3 * n + 1
            continue
        n >>= 1
    else:
        k = -k
    return k, n


def number(const char* p):
    cdef long k = 0
    while p[0] >= c'0' and p[0] <= c'9':
        k = 10 * k + (p[0] - c'0')
        p += 1
    return k


def words(bytes text):
    cdef const char* p = text
    cdef int k = 0, inside = 0
    while p[0]:
        if p[0] == b' ': inside = 0
        elif not inside:
            inside = 1
            k += 1
        p += 1
    return k


def first(bytes text):
    cdef unsigned char* p = text
    return p[0]


def first_of_array(bytearray text):
    cdef unsigned char* p = text
    return p[0]


def characters(const unsigned char[:] v): return v.shape[0], v[0] if v.shape[0] else -1


def length(const char* p): return strlen(p)


cpdef int fib(int n): return n if n < 2 else fib(n - 1) + fib(n - 2)


cpdef double falling(double x, int n):
    if n < 0: raise ValueError("n")
    return 1 if n == 0 else x * falling(x - 1, n - 1)


cpdef bint is_even(int n): return True if n == 0 else not is_even(n - 1)


cpdef int depth(int n) except -1:
    if n == 3: raise KeyError(n)
    return depth(n - 1) + 1 if n else 0


cdef double square(double x): return x * x


cdef double root(double x):
    if x < 0: raise ValueError(x)
    return x ** 0.5


ctypedef double (*function)(double)


def through_pointers(double x, bint b, int n):
    cdef function f = square if b else root
    cdef double s = 0
    cdef int i
    for i in range(n): s += f(x - i)
    return s


def caught_through_pointers(double x):
    cdef function f = root
    try:
        return f(x)
    except ValueError as error:
        return str(error)


def whole(int x): return x


def size(Py_ssize_t x): return x


def small(signed char x): return x


def real(double x): return x


def single(float x): return x


def truth(bint x): return x


def complex_number(double complex x): return x


def eight(int a, int b, double c, int d, bint e, int f, int g, int h): return a + b + c + d + e + f + g + h
