# cython: language_level=3
"""Memory of C beside Python objects, feature by feature."""
from libc.stdlib cimport malloc, free
from libc.math cimport sqrt, tanh, fmax, isnan
cimport cython

cdef extern from "unistd.h":
    int usleep(unsigned int useconds) nogil

cdef struct Point:
    double x
    int y

cdef struct Line:
    Point a
    Point b
    char name[8]
    int marks[3]

cdef struct Named:
    int n
    char *name

cdef union Word:
    int i
    float f

ctypedef double (*unary_t)(double)
cdef Point origin
cdef int table[4]
cdef double *shared = NULL
cdef long calls = 0


def characters(bytes b, o):
    cdef char *s = b
    return [c for c in s[:2]], len(s), s, s[1:], s[:2], {o: s[0]}


def loop_of_characters(bytes b, o):
    cdef char *s = b
    cdef unsigned char u
    cdef int n = len(b)
    r = [o]
    for c in s[:n]:
        r.append(c)
    for u in b:
        r.append(u)
    else:
        r.append("end")
    return r


def slice_of_characters(bytes b, int m, int n):
    cdef const char *s = b
    return {"slice": s[m:n], "text": s[:n].decode("ascii")}


def objects_as_characters(o):
    cdef char *s = o
    return [s]


def character_parameter(char *s, o):
    return {o: s, "n": len(s)}


def characters_in_arrays():
    cdef char a[4]
    cdef unsigned char b[3]
    a[0], a[1], a[2], a[3] = c'A', c'B', 0, 3
    b[0], b[1], b[2] = 200, 65, 0
    return [a, a[:3], a[1:4], len(a), b, b[:2], a[0] == 65]


def literals(o):
    cdef const char *s = "plain"
    cdef const char *t = b"bytes"
    return {o: s, "t": t, "e": s[0] == t[0]}


def arrays(o):
    cdef int a[4]
    cdef int *p = a
    cdef double d[3]
    for i in range(4):
        a[i] = i * o
    d[:] = [1, 2, 3]
    d[1:3] = [5, 6]
    return [x for x in a], [x for x in p[1:3]], [x for x in a[1:3]], [x for x in a[0:4:2]], a, d, sum([x for x in d])


def list_to_array(o):
    cdef int a[3]
    a = o
    return a


def list_to_slice(o):
    cdef int a[3]
    a[:] = [7, 8, 9]
    try:
        a = o
    except Exception as e:
        return a, type(e).__name__
    return a, None


def array_of_arrays(o):
    cdef double m[2][3]
    cdef int i, j
    m = o
    for i in range(2):
        for j in range(3):
            m[i][j] *= 2
    return m, m[1], m[1][2]


def array_loop(o):
    cdef double a[3]
    cdef double x, total = 0
    a[0], a[1], a[2] = o, o + 1, o + 2
    for x in a:
        total += x
        if x > 100:
            break
    else:
        total = -total
    return [total]


def struct_of(o):
    cdef Point p = o
    p.y += 1
    return p


def structs(o):
    cdef Point p, q
    cdef Line line
    p.x, p.y = o, 2
    q = p
    q.x = 7
    line.a = p
    line.b = q
    line.name = b"abc\0def\0"
    line.marks = [1, 2, 3]
    line.b.y = 5
    return p, q, line, line.a, line.b.x, line.marks[1]


def made_structs(o):
    cdef Point p = Point(o, 3)
    cdef Point q = Point(y=4, x=o)
    cdef Point r = {"x": 1, "y": o}
    return [p, q, r, Point(5, 6)]


def swapped_structs(o):
    cdef Point a = Point(1, o), b = Point(2, o)
    a, b = b, a
    return [a, b]


def struct_pointers(o):
    cdef Point p = Point(1, 2)
    cdef Point *q = &p
    cdef Point both[2]
    q.x = o
    q[0].y = 9
    both[0] = p
    both[1] = q[0]
    both[1].x += 1
    return [p, both, q.x == p.x, both[0]]


def unions(o):
    cdef Word w
    w.f = o
    return [w.i, w.f]


def tuples(o):
    cdef (int, double) t = o
    a, b = t
    return t, t[0], t[1], a, b


def complex_numbers(double complex z, o):
    cdef double complex w = z * 2 + 1j
    cdef double r = abs(z)
    w += o
    return [w, w.real, z.imag, r, z / w, -z, z == w, z != w, w - 1, 2 * w]


def complex_objects(o):
    cdef double complex z = o
    cdef float complex f = o
    return [z, f, bool(z)]


def division_of_complex(double complex z, double complex w, o):
    return {o: z / w}


def pointers(list values):
    cdef int n = len(values), i
    cdef double *p = <double *>malloc(n * sizeof(double))
    cdef double *q = p
    cdef double *end = p + n
    if not p:
        raise MemoryError()
    try:
        for v in values:
            q[0] = v
            q += 1
        q -= 1
        return {
            "n": end - p, "last": q[0], "first": (q - n + 1)[0], "second": p[1] if n > 1 else None, "at end": q + 1 == end,
            "before": p < end, "null": p is NULL, "not": p != NULL and not (q == NULL),
        }
    finally:
        free(p)


def inferred(list values):
    p = <int *>malloc(len(values) * sizeof(int))
    q = p
    for i, v in enumerate(values):
        q[i] = v
    s = Point(1, 2)
    t = s
    t.x = 5
    try:
        return [p[i] for i in range(len(values))], s, t
    finally:
        free(p)


def addresses(o):
    cdef int n = o
    cdef double x = 1.5
    cdef int *p = &n
    cdef double *q = &x
    p[0] += 1
    q[0] *= 2
    n *= 10
    return {"n": n, "p": p[0], "x": x, o: sizeof(n) + sizeof(x) + sizeof(Point) + sizeof(double *)}


def casts(o):
    cdef int n = 0x01020304
    cdef unsigned char *b = <unsigned char *>&n
    cdef void *v = <void *>b
    cdef size_t address = <size_t>v
    return [b[0], b[3], (<int *>v)[0], address == <size_t>&n, (<unsigned char>(o))]


cdef double half(double x):
    return x / 2


cdef double checked(double x) except? -1:
    if x < 0:
        raise ValueError("negative: %r" % x)
    return sqrt(x)


def function_pointers(o):
    cdef unary_t f = half
    cdef double (*g)(double)
    g = &half
    return [f(o), g(f(o))]


cdef int fill(double *p, int n, values) except -1:
    cdef int i = 0
    for v in values:
        if i == n:
            raise OverflowError("more than %d values" % n)
        p[i] = v
        i += 1
    return i


cdef double total(const double *p, int n) noexcept:
    cdef double s = 0
    cdef int i
    for i in range(n):
        s += p[i]
    return s


cdef list listed(const double *p, int n):
    return [p[i] for i in range(n)]


cdef Point moved(Point p, by):
    p.x += by
    return p


cdef double *next_of(double *p, object log):
    log.append("next")
    return p + 1


cdef bint is_even(long n, dict seen):
    seen[n] = True
    return n % 2 == 0


cdef long factorial(int n, list trace) except? -1:
    trace.append(n)
    if n > 20:
        raise OverflowError(n)
    return 1 if n <= 1 else n * factorial(n - 1, trace)


cdef void noted(int n, object where):
    where.append(n)


cdef unsigned long long wide(unsigned long long n, o):
    return n + 1


def direct_calls(values, o):
    cdef double buffer[4]
    cdef int n = fill(buffer, 4, values)
    cdef Point p = Point(1, 2)
    log = []
    noted(n, log)
    return [
        n, total(buffer, n), listed(buffer, n), moved(p, o), p, next_of(buffer, log)[0] if n > 1 else None, log,
        is_even(n, {}), checked(o), checked(total(buffer, n)),
    ]


def recursion(int n):
    trace = []
    return factorial(n, trace), trace


def wide_numbers(o):
    return [wide(o, None)]


def module_data(o):
    global shared, calls
    cdef double local[2]
    calls += 1
    table[1] = o
    table[2] += table[1]
    origin.x += 1
    shared = local
    shared[0] = 2.5
    result = {"calls": calls, "table": table, "origin": origin, "first": shared[0], "null": shared is NULL}
    shared = NULL
    table[2] = 0
    return result


def mathematics(o):
    cdef double x = o
    return [tanh(x), fmax(x, 2), isnan(x), sqrt(x)]


def chained(int a, int b, o):
    cdef int xs[3]
    xs[0], xs[1], xs[2] = a, b, 5
    return [0 <= xs[0] < xs[1] <= 5, xs[0] < o < xs[2], xs[0] if a else b]


def errors_free(o, int n):
    cdef int *p = <int *>malloc(8 * sizeof(int))
    log = []
    try:
        with open("/dev/null") as f:
            for i in range(n):
                p[i % 8] = o[i]
                log.append(p[i % 8])
                if p[i % 8] == 3:
                    continue
                if p[i % 8] > 5:
                    raise ValueError(log)
                if p[i % 8] == 4:
                    break
    except ValueError as e:
        log = ["caught", str(e)]
        if len(o) == n:
            return log
        raise KeyError(p[0])
    except IndexError:
        log.append("index")
    else:
        log.append("else")
    finally:
        free(p)
        log.append("freed")
    return log


def typed_inside(o):
    cdef int n = o

    def scaled(x: cython.int, by: cython.double = 2.0):
        y: cython.int = x + n
        return y * by

    def pointed(x):
        cdef int a[3]
        cdef int *p = a
        a[0] = a[1] = a[2] = x
        return [p[k] for k in range(3)]

    return [scaled(3), scaled(3, 0.5), pointed(o)]


def typed_inside_called(o, x):
    def scaled(x: cython.int):
        return x * 2

    return [scaled(x), o]


def conditional_pointers(int n, o):
    cdef int a = 1, b = 2
    cdef int *p = &a if n else &b
    cdef int *q = NULL if n else &b
    return {o: p[0], "q": q is NULL}


def nogil_inside(list values):
    cdef int n = len(values), i
    cdef double total = 0
    cdef double *p = <double *>malloc(n * sizeof(double))
    for i in range(n):
        p[i] = values[i]
    with nogil:
        for i in range(n):
            p[i] = sqrt(p[i])
            total += p[i]
    result = {"values": [p[i] for i in range(n)], "total": total}
    free(p)
    return result


def array_index(o, int i):
    cdef int a[3]
    a[:] = [1, 2, 3]
    return {o: a[i]}


def uninterrupted(o):
    cdef double xs[2]
    xs[0] = o
    xs[1] = o
    cdef double *p = xs
    p[0], p[1] = p[1] + 1, p[0]
    return xs


cdef double root(double x) except? -1 nogil:
    if x < 0:
        raise ValueError("negative")
    return sqrt(x)


cdef long quotient(long a, long b) except? -1 nogil:
    return a // b


def roots(list values):
    cdef int n = len(values), i, done = 0
    cdef double *p = <double *>malloc((n + 1) * sizeof(double))
    try:
        for i in range(n):
            p[i] = values[i]
        with nogil:
            for i in range(n):
                if p[i] > 100:
                    break
                if p[i] == 0:
                    continue
                p[i] = root(p[i])
                done += 1
        return [p[i] for i in range(n)], done
    finally:
        free(p)


def lock_and_back(list values, long divisor):
    cdef long total = 0, n
    log = []
    for value in values:
        n = value
        with nogil:
            total += n // divisor
            if n == 7:
                with gil:
                    log.append(total)
                    if len(values) > 3:
                        break
            if n == 8:
                with gil:
                    continue
            total += quotient(n, divisor - 1)
        log.append("next")
    else:
        log.append("else")
    return log, total


def returned_from_nogil(list values, int at):
    cdef double buffer[4]
    cdef int i
    for i in range(4):
        buffer[i] = values[i]
    with nogil:
        for i in range(4):
            buffer[i] *= 2
            if i == at:
                with gil:
                    return {"at": at, "buffer": buffer}
    return buffer


def waits(size_t address, log):
    cdef long *flag = <long *>address
    cdef int tries = 0
    log.append("begins")
    with nogil:
        while flag[0] == 0 and tries < 20000:
            usleep(1000)
            tries += 1
    log.append("ends")
    return [flag[0], tries < 20000]


def chosen_text(o):
    cdef const char *s = "yes" if o else b"no"
    return {"s": s}


def named(bytes name):
    cdef Named both[2]
    both[0].n, both[0].name = 1, name
    both[1] = both[0]
    both[1].n += len(name)
    return {"both": [both[0], both[1]], "first": both[1].name[0]}


def pointers_to_pointers(rows):
    cdef int n = len(rows), i
    cdef double **m = <double **>malloc(n * sizeof(double *))
    cdef double data[8]
    try:
        for i in range(n):
            m[i] = &data[2 * i]
            m[i][0], m[i][1] = rows[i]
        return [(m[i][0], m[i][1]) for i in range(n)]
    finally:
        free(m)


cdef extern from "stdio.h" nogil:
    int snprintf(char *buffer, size_t n, const char *format, ...)
    int sscanf(const char *text, const char *format, ...)


def variable_arguments(o, int n, double d, float f, char c, list rows):
    cdef char buffer[200]
    cdef int k = snprintf(buffer, 200, "%d %.3f %g %c %s %5d|%ld %p", n, d, f, c, b"text", 7, <long>n * 1000000000, NULL)
    rows.append(buffer[:k])
    return {"n": k, "text": buffer}


def many_arguments(o, double x, int n):
    cdef char buffer[300]
    snprintf(buffer, 300, "%g %g %g %g %g %g %g %g %g %g %d %d %d %d %d %d %d", x, x + 1, x + 2, x + 3, x + 4, x + 5,
             x + 6, x + 7, x + 8, x + 9, n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6)
    return [o, buffer]


def scanned(o, bytes text):
    cdef int n = 0
    cdef double d = 0
    cdef char word[20]
    cdef int found = sscanf(text, "%d %lf %19s", &n, &d, word)
    return [o, found, n, d, word if found == 3 else b""]


cdef int length_of(int n, double d, const char *name) noexcept nogil:
    cdef char buffer[100]
    return snprintf(buffer, 100, "%d %.2f %s %c", n, d, name, <char>65)


def typed_variable(int n, double d):
    cdef int k
    with nogil:
        k = length_of(n, d, "name")
    return k


def no_more_arguments(o):
    cdef char buffer[10]
    snprintf(buffer, 10, "plain")
    return [o, buffer]
