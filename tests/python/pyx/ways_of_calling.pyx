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
