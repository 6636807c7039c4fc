# Numbers of Python that keep their type and size, and numbers of C in the types that Cython gives expressions.

# --- untyped numbers ---

def literal(c): return 0 if c else 0.5
def positive(x): return max(x, 0)
def greatest(a, b): return max(a, b), min(a, b)
def chosen(a, b): return a if a > b else b
def absent(a, b): return not a or b
def either(a, b): return a or b, a and b
def negative(a): return -a, abs(a)
def power(a, b): return a ** b
def power_of(a, b): return pow(a, b)
def small_powers(a): return a ** 2, a ** 3, a ** 0
def inverse(a): return a ** -1
def whole(a): return int(a), round(a)
def divided(a, b): return divmod(a, b), a // b
def shifted(a, b): return a << b, a >> b
def product(x, y): return x * y
def itself(object x): return x

def returned(x):
    if x > 0: return x
    return 0

def several(x):
    if x == 0: return None
    if x == 1: return True
    if x == 2: return 2
    if x == 3: return 3.5
    if x == 4: return 1j
    return (1, x)

def sign(x): return 1 if x > 0 else (-1 if x < 0 else 0.0)

def halved(n):
    r = 0
    if n > 5: r = n
    else: r = n / 2
    return r

def summed(n):
    t = 0
    for i in range(n): t += 0.5
    return t

def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps

def factorial(n): return 1 if n <= 1 else n * factorial(n - 1)

def modular(b, e, m):
    r = 1
    while e > 0:
        if e & 1: r = r * b % m
        b = b * b % m
        e >>= 1
    return r

def root(x):
    y = x
    while abs(y*y - x) > 1e-9: y = (y + x/y) / 2
    return y

def within(x, lo, hi): return max(lo, min(x, hi))

def tripled(n):
    def triple(a): return a * 3
    s = 1
    for i in range(n): s = triple(s)
    return s

def applied(f, x): return f(x)
def applied_to_double(f, double x): return f(x)

def accumulated(f, int n):
    s = 0
    for i in range(n): s += f(i)
    return s

def integral(f, double a, double b, int n):
    cdef double s = 0, h = (b - a) / n
    cdef int i
    for i in range(n): s += f(a + i * h)
    return s * h

# --- results of several types ---

def kept(double x): return x if x > 0 else 0
def kept_by_if(double x):
    if x > 0: return x
    return 0
def as_they_are(int a, double b, bint c): return a if c else b
def truth_or_number(bint a, int b, bint c): return a if c else b

def found(double[:] a, double x):
    cdef Py_ssize_t i
    for i in range(a.shape[0]):
        if a[i] == x: return i

def found_with_value(double[:] a, double x):
    for i in range(a.shape[0]):
        if a[i] == x: return i, a[i]
    return -1, None

def mean(double[:] a):
    cdef double s = 0
    cdef Py_ssize_t i
    if a.shape[0] == 0: return 0
    for i in range(a.shape[0]): s += a[i]
    return s / a.shape[0]

# --- numbers of NumPy ---

def as_int(x):
    cdef int i = x
    return i

def as_int_beside(double[:] v, x):
    cdef int i = x
    return i

# --- numbers of C ---

def common(int a, unsigned int b, long c, unsigned long d, signed char e, unsigned char f, float g, double h):
    return max(a,b), min(a,b), max(a,c), max(c,d), max(e,f), min(e,f), max(a,g), max(g,h), min(f, h), max(a, h, 3), min(a, 2)

def assigned(int a, unsigned long b, bint c):
    cdef long z = a if c else b
    return z

def absolute(signed char a, short b, unsigned int c, int d, long e): return abs(a), abs(b), abs(c), abs(d), abs(e)

def literals(unsigned int v, int i, unsigned char c, unsigned long u):
    return (v + 1, v * 2, v - 1, v ^ 1, v + -1, v ^ -1, v | -5, v & -2, v * -3, v < -1, v > i, v == -1,
            i + 1, i * -2, i + -1, c + -1, c * -1, -c, ~c, u + -1, u * -1, -u, u ^ -1)

def divisions(int a, unsigned int b, unsigned char c):
    return (a + 1) // b, (a - 1) % b, a // (b | 1), a // (b * 2), a // b, a % b, (a + 1) % 3, (c - 1) // b, b % 7, b // 3

def shifts(int x, unsigned long n, signed char c, unsigned int m, long k):
    cdef int r = x >> n, s = c >> m
    return r, s, m >> k, m << k, 1 << k, 1L << k, -1 << k, (x >> m) < 0, (x >> n) + 1, (c >> n) * 2.0

def narrow_shift(int x, int n):
    x <<= n
    return x

def truths(int x, unsigned short p):
    cdef signed char y = (not x) + 200
    p *= -(not x)
    return y, p, (x < 3) + 2147483647, -(x < 3)

def of_bint(bint b, unsigned short p):
    p = -b
    return p, ~b, -b

def truths_of_objects(a, b): return (a < b) + 2147483647, -(a < b), (a < b) / 2, (a < b) << 40, not a

# --- calls ---

cpdef int with_default(int a, int b=2): return a + b
def with_keyword(a, b=1, *, c=2): return a + b + c
def with_more(double a, double b=2.5, *args): return a + b
def with_nine(a, b=1, c=2, d=3, e=4, f=5, g=6, h=7, i=8, j=9): return a+b+c+d+e+f+g+h+i+j
def of_text(str s, int k=1): return s * k


def of_doubles(double a, float b=1, *, double c=2):
    return a + b + c


def beside_array(double[:] v, double step, int n=2):
    return v[0] * step + n


cdef long fibonacci(long n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


cdef double alternating(double x, int n) noexcept nogil:
    if n == 0:
        return x
    return 1 - alternating(x * 0.5, n - 1)


cdef int ackermann(int m, int n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


cdef long descending(long n, long bad) except -7:
    if n == bad:
        raise ValueError("met")
    if n <= 0:
        return 0
    return descending(n - 1, bad) + descending(n - 3, bad) + 1


def recursive(int n, long bad, int m, double x):
    return fibonacci(n), alternating(x, n), ackermann(m, n), descending(n, bad)


def squared(x):
    y = x
    y **= 2
    return x ** 2, x ** 2.0, y


def raised(int x, y):
    return x ** y

# --- questions about doubles ---

from libc.math cimport isfinite, isinf, isnan, signbit

def asked(double x): return isnan(x), isinf(x), isfinite(x), signbit(x)
def asked_as_object(x): return {"all": [isnan(x), isinf(x), isfinite(x)], "sum": isnan(x) + isinf(x), "below": isinf(x) < 0}
def infinity_sign(float x):
    cdef int sign = isinf(x)
    cdef bint either = isinf(x)
    return sign, either, 3 * isinf(x), -isinf(x), not isinf(x), "yes" if isinf(x) else "no"
cdef int sign_of(double x) noexcept nogil: return isinf(x)
def signs(double[:] v):
    cdef int total = 0
    cdef Py_ssize_t i
    for i in range(v.shape[0]):
        total += sign_of(v[i]) + 10 * isinf(v[i])
    return total
