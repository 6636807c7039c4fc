# distutils: sources = vectors.c
cdef extern from "vectors.h" nogil:
    ctypedef struct vec2:
        double x
        double y
    ctypedef struct vec3:
        double x, y, z
    struct mixed:
        int n
        float f
        double d
    struct two:
        long a
        long b
    ctypedef struct partial:
        char tag
        int kind
        long value
    enum shape:
        ROUND
        SQUARE
        FLAT
    int LIMIT
    double RATIO
    const char *NAME
    int TWICE(int x)
    int plus_one(int x)
    vec2 add2(vec2 a, vec2 b)
    vec3 make3(double x, double y, double z)
    double sum3(const vec3 *v)
    mixed mix(mixed m, int k)
    two swap2(two t)
    double many(vec2 a, int i, vec2 b, double s, vec2 c, vec2 d)
    void fill(partial *p, int kind)
    ctypedef struct matrix:
        double m[3][3]
        int n
    double sum_of(vec3 v)
    double spread(int i, vec3 v, double s, two t, long a, long b, long c, vec3 w, float f, two u)
    vec3 cross(vec3 a, vec3 b)
    matrix scaled(matrix m, double s)
    int is_square(shape s)
    double scale_of(mixed m, two t)

cdef extern from *:
    """
    static int cubed(int x) { return x * x * x; }
    #define OWN 7
    """
    int cubed(int x)
    int OWN

def adds(double x):
    cdef vec2 a, b, c
    a.x = x
    a.y = 1
    b.x = 2
    b.y = x
    c = add2(a, b)
    return c, add2(c, c).y

def three(double x):
    cdef vec3 v = make3(x, 2, 3)
    return sum3(&v), v

def mixes(int k):
    cdef mixed m
    m.n = 1
    m.f = 2.5
    m.d = 10
    return mix(m, k), mix(mix(m, k), k).n

def swaps(long a):
    cdef two t
    t.a = a
    t.b = 5
    return swap2(t)

def partials(int kind):
    cdef partial p
    fill(&p, kind)
    return p.tag, p.kind, p.value, sizeof(partial), p

def constants():
    return LIMIT, RATIO, ROUND, SQUARE, FLAT, OWN

def macros(int x):
    return TWICE(x), plus_one(x), cubed(x), is_square(SQUARE), is_square(ROUND)

def free_of_lock(double[:] v):
    cdef Py_ssize_t i
    cdef vec2 a, s
    s.x = 0
    s.y = 0
    with nogil:
        for i in range(v.shape[0]):
            a.x = v[i]
            a.y = -v[i]
            s = add2(s, a)
    return s

def both(double d):
    cdef mixed m
    cdef two t
    m.n = 1
    m.f = 0.5
    m.d = d
    t.a = 3
    t.b = 4
    return scale_of(m, t)


def by_value(double x):
    cdef vec3 v, w
    cdef two t, u
    v.x, v.y, v.z = x, 2, 3
    w.x, w.y, w.z = 4, x, 6
    t.a, t.b, u.a, u.b = 7, 8, 9, 10
    return sum_of(v), spread(1, v, x, t, 2, 3, 4, w, 0.5, u), cross(v, w), v


def matrices(double x):
    cdef matrix m, r
    cdef int i, j
    m.n = 5
    for i in range(3):
        for j in range(3):
            m.m[i][j] = i * 3 + j
    r = scaled(scaled(m, x), 2)
    return [r.m[i][j] for i in range(3) for j in range(3)], r.n, m.n, m.m[2][2]


cdef double inside(vec3 v, matrix m) noexcept nogil:
    v.x += 1
    m.m[0][0] = v.x
    return sum_of(v) + m.m[0][0]


def between(double x):
    cdef vec3 v
    cdef matrix m
    v.x, v.y, v.z = x, 2, 3
    m.m[0][0] = 5
    m.n = 0
    return inside(v, m), v.x, m.m[0][0]
