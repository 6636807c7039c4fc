# distutils: libraries = m
from libc.stdio cimport snprintf, sprintf, sscanf, FILE
from libc.string cimport strlen
from libc.errno cimport ENOENT
from libc.time cimport time, time_t
cimport openmp

cdef extern from "math.h" nogil:
    double my_sin "sin"(double x)
    double hypot(double x, double y)
    double frexp(double x, int *exponent)
    long lround(double)
    float fabsf(float x)
    double M_PI

cdef extern from "stdlib.h":
    int atoi(const char *text)
    ctypedef struct div_t:
        pass
    void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *) noexcept nogil) nogil

cdef extern from "string.h":
    size_t strnlen(const char *s, size_t most)

cdef extern from *:
    int toupper(int c)

cdef int compare(const void *a, const void *b) noexcept nogil:
    cdef double x = (<double *>a)[0], y = (<double *>b)[0]
    return (x > y) - (x < y)

def numbers(double x, double y):
    return my_sin(x), hypot(x, y), lround(x), fabsf(y), M_PI, toupper(97)

def parts(double x):
    cdef int e = 0
    cdef double m = frexp(x, &e)
    return m, e

def texts():
    return atoi(b"42"), strnlen(b"abcdef", 3)

def sort(double[::1] a):
    with nogil:
        qsort(&a[0], a.shape[0], sizeof(double), compare)
    return a[0]

cdef double apply(double (*f)(double) noexcept nogil, double x) noexcept nogil:
    return f(x)

def loops(double[:] a):
    cdef double s = 0
    cdef Py_ssize_t i
    with nogil:
        for i in range(a.shape[0]):
            s += hypot(a[i], 1)
    return s

def formatted(int i, double x, long long n, char c):
    cdef char buffer[100]
    cdef int length = snprintf(buffer, 100, b"%d %.3f %lld %s %c %5d|%g", i, x, n, b"text", c, 7, <float>x)
    return length, strlen(buffer), buffer

def scanned():
    cdef int a = 0
    cdef double x = 0
    cdef int n = sscanf(b"12 3.5", b"%d %lf", &a, &x)
    return n, a, x

def many(double x):
    cdef char buffer[200]
    sprintf(buffer, b"%g %g %g %g %g %g %g %g %g %g %d %d %d %d %d %d %d", x, x + 1, x + 2, x + 3, x + 4, x + 5,
            x + 6, x + 7, x + 8, x + 9, 1, 2, 3, 4, 5, 6, 7)
    return buffer

def constants():
    cdef time_t now = time(NULL)
    return ENOENT, now > 1000000000, openmp.omp_get_thread_num(), openmp.omp_get_num_threads()
