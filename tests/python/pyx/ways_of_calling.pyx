# Ways of calling functions: keywords, defaults, surplus arguments, buffers and numbers as arguments; sums and methods of builtins.

cdef const unsigned char[:] g
cdef double[:] gd
def setg(const unsigned char[:] v):
    global g
    g = v
def getg(): return g[0]
def setd(double[:] v):
    global gd
    gd = v
def getd(): return gd[0]
def mv(const unsigned char[:] v): return v.shape[0], v[0]
def mvw(unsigned char[:] v):
    v[0] = 7
    return v[0]
def ret(const unsigned char[:] v): return v[1:]
def md(double[:] v): return v[0], v.shape[0]
def md1(double[::1] v): return v[0], v.shape[0]
def mdc(const double[:] v): return v[0], v.shape[0]
def m2(double[:,:] v): return v[0,1], v.shape[0]
def mi(int[:] v): return v[0]
def ml(long[:] v): return v[0]
def mll(long long[:] v): return v[0]
def mq(unsigned long[:] v): return v[0]
def ch(char[:] v): return v[0]
def sch(signed char[:] v): return v[0]
def bn(bint a): return a
def bn2(bint a, int b): return a + b
def ul(unsigned long a): return a
def sz(size_t a, bint b): return a, b
def ult(unsigned long a, unsigned long b): return a - b, a > b
def kw1(a, b=1, *c, d, e=[], **f): return a, b, c, d, e, f
def kw2(a, /, b, *, c=3): return a, b, c
def kw3(**k): return k
def kw4(a, /, **k): return a, k
def nine(a,b=1,c=2,d=3,e=4,f=5,g=6,h=7,i=8,j=9,*k,l=10): return a,b,c,d,e,f,g,h,i,j,k,l
def ik(int a, *, int c=2, double d=1): return a + c + d
class sub(str): pass

def unused(a, *args, **keywords): return a
def total(values, start):
    s = start
    for v in values:
        s += v
    return s
def totals(values):
    seen = []
    s = 0
    for v in values:
        s += v
        seen.append(s)
    return seen
def grown(s, v):
    t = s
    s += v
    return t, s
def equal(list xs, n):
    return [x == 0 for x in xs], [x == 3 for x in xs], [x != -7 for x in xs], [x == 1073741823 for x in xs]
def upper(s): return s.upper()
def typed_upper(str s): return s.upper()
def method(x, a): return x.index(a), x.count(a)
def no_such(x): return x.no_such()
def keys(d): return sorted(d.keys()), d.copy(), d.pop(1, None)
def split(s): return s.split(), s.split(","), s.split(",", 1), s.split(sep=",")
def too_many(s): return s.upper(1)
def from_keys(c): return c.fromkeys([1, 2])
def attribute(x): return x.real, x.upper
def kinds(x): return isinstance(x, list), isinstance(x, (int, str)), isinstance(x, int), isinstance(x, object)
def kind_of(x, c): return isinstance(x, c)
def searches(s, t, a, b): return s.find(t), s.find(t, a), s.rfind(t, a, b), s.count(t), s.count(t, a, b), s.startswith(t), s.startswith(t, a), s.endswith(t, a, b)
def found(s, t): return s.find(t)
def begins(str s, t): return s.startswith(t), s.endswith(t)

from libc.stdlib cimport abs as c_abs
from libc.string cimport strlen
from libc.math cimport sqrt
ctypedef fused number:
    int
    double
def nothing(): pass
def half(): return 0.5
cpdef int with_default(int a, int b=2): return a + b
def doubles(double x, double y=2.0, double z=1): return x * 100 + y * 10 + z
def flags(bint a, bint b=True): return a, b
def sizes(size_t n, size_t m=3): return n * m
def small(unsigned char c, short s=-1): return c + s
def mixed(int n, double x): return n + x
def three(int a, int b, int c): return a + 10 * b + 100 * c
def unasked(a, **more): return a
def kws(**kws): return 1
def seen(a, **more): return sorted(locals())
def told(a, **more): return f"{more}"
def both(*args, **more): return args
def counted(*args): return len(args), args[0] * 2 if args else None
def named(a, *, b, c=3): return a, b, c
def ordered(a, b=[], *rest, c=4): return a, b, rest, c
def letter(char *s): return s[0]
def letters(char *s, int times=1): return strlen(s) * times
def absolute(int n): return c_abs(n)
def root(double x): return sqrt(x)
cdef int inner(int n) except? -1:
    if n > 10:
        raise ValueError(n)
    return n + 1
def outer(int n): return inner(n)
def down(int n): return 0 if n <= 0 else 1 + down(n - 1)
cdef int fall(int n) noexcept nogil: return 0 if n <= 0 else 1 + fall(n - 1)
def falls(int n): return fall(n)
def gcd(int a, int b):
    while b:
        a, b = b, a % b
    return a
def divided(int a, int b=0): return a // b
def fused_sum(number a, number b=3): return a + b
def fused_sorts(number a): return "int" if number is int else "double"
def fused_first(number[:] v, number x): return v[0] + x
def gives_up(int n):
    cdef int i, s = 0
    with nogil:
        for i in range(n):
            s += i
    return s
cdef int gives_up_inside(int n):
    cdef int i, s = 0
    with nogil:
        for i in range(n):
            s += i
    return s
def calls_one(int n): return gives_up_inside(n)
def spin():
    cdef long i = 0
    while i >= 0:
        i = (i + 1) % 1000003
    return i
class Owner:
    method = doubles
    also = nothing
