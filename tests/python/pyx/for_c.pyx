# Functions that handle objects, called through pointers: by the module itself and by C.
from libc.stdlib cimport free, malloc, qsort

ctypedef object (*binary)(object, int)
ctypedef str (*joining)(str, list)
ctypedef void (*visitor)(object, object)
ctypedef double (*integrand)(double, void*) except? -1
ctypedef double (*quiet)(double, void*) noexcept nogil

cdef struct Context:
    void* function
    double scale


cdef object times(object a, int b): return a * b
cdef object plus(object a, int b): return a + b
cdef object boom(object a, int b): raise ValueError(a)
cdef binary table[3]
table[0] = times
table[1] = &plus
table[2] = boom


def from_table(int k, x, int n):
    return table[k](x, n)


def local_pointer(bint first, x):
    cdef binary f
    if first:
        f = times
    else:
        f = &plus
    return f(x, 3)


cdef object twice(object x): return x + x
cdef object refuse(object x): raise KeyError(x)
ctypedef object (*unary)(object)
cdef object increased(object x): return x + 1
cdef object repeated(object x): return x * 2
cdef unary chosen(int n):
    return increased if n == 1 else repeated


def choose(int n, x):
    cdef unary f = chosen(n)
    return f(x), chosen(2)(x)


cdef list apply(object (*f)(object), list xs): return [f(x) for x in xs]


def applied(list xs, bint fails=False):
    return apply(refuse, xs) if fails else apply(twice, xs)


cdef str joined(str a, list b): return a.join(b)


def joined_by(str a, list b):
    cdef joining f = joined
    return f(a, b)


cdef void visit(object x, object to):
    to.append(x)


def visited(xs):
    cdef visitor f = visit
    found = []
    for x in xs:
        f(x, found)
    return found


cdef double call_object(double x, void* p) except? -1:
    return (<object>p)(x)


cdef double midpoints(integrand f, double a, double b, int n, void* p) except? -1:
    cdef double s = 0, h = (b - a) / n
    cdef int i
    for i in range(n):
        s += f(a + (i + 0.5) * h, p)
    return s * h


def integral(f, a, b, n):
    return midpoints(call_object, a, b, n, <void*>f)


cdef double call_quietly(double x, void* p) noexcept with gil:
    return (<object>p)(x)


cdef double apply_quietly(quiet f, double x, void* p) noexcept nogil:
    return f(x, p)


def quietly(f, double x):
    return apply_quietly(call_quietly, x, <void*>f)


def quietly_without_lock(f, double x):
    cdef void* p = <void*>f
    cdef double y
    with nogil:
        y = apply_quietly(call_quietly, x, p)
    return y, type(f).__name__


cdef double in_context(double x, void* p) noexcept with gil:
    cdef Context* c = <Context*>p
    return (<object>c.function)(x) * c.scale


def with_context(f, double scale):
    cdef Context c
    c.function = <void*>f
    c.scale = scale
    return apply_quietly(in_context, 3.0, &c)


comparison = None


cdef int compare(const void* a, const void* b) noexcept with gil:
    return comparison((<int*>a)[0], (<int*>b)[0])


def sorted_by(list xs, f):
    global comparison
    comparison = f
    cdef int n = len(xs), i
    cdef int* a = <int*>malloc(n * sizeof(int))
    for i in range(n):
        a[i] = xs[i]
    qsort(a, n, sizeof(int), compare)
    result = [a[i] for i in range(n)]
    free(a)
    return result
