# Values of C as programs use them: characters, constants with suffixes, errno, the mathematical library, reductions.
cimport cython
from cython.parallel cimport prange
from libc cimport errno as numbers
from libc.errno cimport ERANGE, errno
from libc.limits cimport ULONG_MAX
from libc.float cimport DBL_MAX
from libc.math cimport INFINITY, M_PI, M_PI_2, NAN, cos
from libc.math cimport (
    erff, fma, frexp, ldexp, lgamma, llround, lround, modf, remainder, round as c_round, roundf, sinhf, tgamma,
)
from libc.stdint cimport INT64_MIN, UINT16_MAX
from libc.stdlib cimport strtol, strtoll

cdef enum:
    BITS = 4
    SIZE = 1 << BITS
    MASK = SIZE - 1


def table(int n):
    cdef int found[SIZE]
    cdef unsigned char[:] view
    cdef int i
    for i in range(SIZE):
        found[i] = 0
    for i in range(n):
        found[i * 7 & MASK] += i
    return [found[i] for i in range(SIZE)], sizeof(found)


def kinds(bytes text):
    cdef const char *p = text
    cdef list found = []
    while p[0]:
        if p[0] == b'-' or p[0] == c'+':
            found.append("sign")
        elif c'0' <= p[0] <= b'9':
            found.append("digit")
        elif p[0] in b'.,':
            found.append("point")
        elif p[0] in (c'e', b'E', 'x'):
            found.append("exponent")
        elif p[0] not in (b' ', b'\t'):
            found.append("other")
        elif b' ' != p[0]:
            found.append("tab")
        p += 1
    return found


def fields(const unsigned char[:] data):
    cdef Py_ssize_t i
    cdef long long number = 0, total = 0
    cdef unsigned char ch
    with nogil:
        for i in range(data.shape[0]):
            ch = data[i]
            if ch >= b'0' and ch <= b'9':
                number = 10 * number + ch - c'0'
            elif ch == c',' or ch == '\n':
                total += number
                number = 0
    return total


def marks(int[:] numbers):
    cdef char buffer[8]
    cdef int i
    for i in range(7):
        buffer[i] = b'+' if i < numbers.shape[0] and numbers[i] > 0 else b'-'
    buffer[7] = 0
    return buffer[:7], <bytes>buffer


def pieces(int n):
    cdef int a[4]
    cdef char text[4]
    cdef double b[4]
    cdef int i
    for i in range(4):
        a[i] = i * n
        text[i] = 97 + i
    b[:] = [1, 2, 3, n]
    return text[1:3], [x for x in a[:3]], b[3]


def words(bytes text):
    cdef const char *p = text
    return (<bytes>p)[:4], (<bytes>(p + 1))[-1:], len(<bytes>p)


cdef unsigned int hashed(unsigned int x) noexcept nogil:
    return (x * 2654435761u) >> (32 - 12)


def suffixes(int x, unsigned int y):
    cdef unsigned long long big = 0xFFFFFFFFFFFFFFFFULL
    cdef long wide = x * 10L
    return hashed(y), wide, (y - 1u) >> 31, big >> 60, y * 4294967296UL


def parsed(bytes text):
    cdef char *start = text
    cdef char *end
    cdef long value
    global errno
    errno = 0
    value = strtol(start, &end, 10)
    was = errno
    errno = 7
    return value, end - start, was == ERANGE, errno, strtoll(start, NULL, 16) == value


def through_module(int n):
    numbers.errno = n
    return numbers.errno + 1


def maths(double x, double y, int n):
    cdef int exponent = 0
    cdef double whole = 0
    cdef double part = frexp(x, &exponent)
    cdef double rest = modf(x, &whole)
    return (c_round(x), lround(x), llround(-x), fma(x, y, 1), remainder(x, y), ldexp(x, n), lgamma(y), tgamma(y),
            part, exponent, rest, whole, roundf(<float>x), sinhf(<float>y), erff(<float>y))


def limits():
    return ULONG_MAX, INT64_MIN, UINT16_MAX


def reductions(int n):
    cdef int odd = 0, minus = 3
    cdef unsigned char bits = 0, product = 1
    cdef short flips = 0
    cdef bint all_small = True, any_big = False
    cdef float total = 0
    cdef double half = 0.5
    cdef Py_ssize_t i
    for i in prange(n, nogil=True, num_threads=3):
        odd += i & 1
        minus -= 2 * i
        bits |= i
        product *= 2 * i + 1
        flips ^= i * 3
        all_small &= i < 1000
        any_big |= i > 5000
        total += half * (i & 3)
    return odd, minus, bits, product, flips, all_small, any_big, total


def narrow(const unsigned char[:] a):
    cdef unsigned char total = 0, last = 255
    cdef short top = 0
    cdef Py_ssize_t i
    for i in range(a.shape[0]):
        total += a[i]
        last &= a[i] | 1
        top ^= a[i] * 300
    return total, last, top


def escapes(int n, int most):
    counts = [0] * n
    cdef int buffer[64]
    cdef int i, k
    cdef double z
    for i in prange(n, nogil=True, num_threads=2):
        z = 0
        for k in range(most):
            z = z * z + 0.1 * i
            if z > 4:
                break
        else:
            k = most
        buffer[i] = k
    return [buffer[i] for i in range(n)]


def first(str text):
    cdef Py_UCS4 c = text[0]
    return c, c.isdigit(), c == 'a', 'a' <= c <= 'z', [c, c], f"{c}!", c in 'xyz', c in text[1:]


def distance(str a, str b):
    cdef Py_ssize_t i, j
    cdef Py_UCS4 x
    cdef int[64] before, now
    if len(b) > 63:
        raise ValueError(f"{len(b)} is too long")
    for j in range(len(b) + 1):
        before[j] = j
    for i in range(1, len(a) + 1):
        x = a[i - 1]
        now[0] = i
        for j in range(1, len(b) + 1):
            now[j] = min(before[j] + 1, now[j - 1] + 1, before[j - 1] + (x != b[j - 1]))
        for j in range(len(b) + 1):
            before[j] = now[j]
    return before[len(b)]


def sounds(text):
    cdef Py_UCS4 c
    cdef list out = []
    for c in text:
        if c in u'aeiou':
            continue
        if c == 'b' or c == u'p':
            out.append('1')
        elif 'c' <= c <= 'k':
            out.append('2')
        elif c.isalpha():
            out.append(c.upper())
        else:
            out.append(c)
    return ''.join(out)


def number(str text):
    cdef Py_UCS4 c
    cdef long n = 0
    for c in text:
        if c < '0' or c > '9':
            raise ValueError("no digit: " + c)
        n = 10 * n + (<int>c - 48)
    return n


def same(Py_UCS4 c):
    return c


cdef enum:
    SMALL = 4
    LARGE = 0x12


cdef Py_ssize_t counted(const unsigned char[::1] data, list seen):
    cdef Py_ssize_t i = 0, n = 0
    cdef int k = 7
    while i + SMALL <= data.shape[0]:
        if data[i] > LARGE:
            n += SMALL
        i += 1
    seen += [SMALL, LARGE * SMALL, LARGE / SMALL, LARGE % SMALL, LARGE // SMALL, -SMALL, SMALL ** 2, k * LARGE, k < SMALL]
    return n


def enumerators(const unsigned char[::1] data, x):
    seen = []
    y = SMALL
    y += LARGE
    counts = counted(data, seen), seen, x * SMALL, x == SMALL, SMALL if x else LARGE, f"{LARGE}", {SMALL: LARGE}
    return counts, (SMALL, x)[SMALL > 3], "ab" * SMALL, SMALL in (4, x), y, list(range(SMALL)), type(SMALL) is int


def windowed(xs, double scale=M_PI_2):
    cdef list weights = []
    cdef Py_ssize_t i, n = len(xs)
    for i in range(n):
        weights.append(xs[i] * (0.5 - 0.5 * cos(2 * M_PI * i / n)))
    weights.append((n * (1.0 / 3), 2 * 3.5, 2.5 - 1, 1e308 * 10, 2 / 0.5, M_PI * 2 * 0.5, M_PI if n else 3.5, scale * (7.5 / 2)))
    return weights, M_PI // 2, -M_PI, M_PI * n, [M_PI, NAN != NAN, INFINITY], DBL_MAX * 2, scale / M_PI, M_PI == 3


cdef double rate = 2.5


def rated(x):
    global rate
    found = [x, rate, rate * 2]
    rate = rate + 1
    found.append(rate / 2)
    rate = 2.5
    return found


def cuts(x, Py_ssize_t i, int j):
    return x[i:j], x[:j], x[i:], x[:-1], x[-2:], x[:], x[1:3], x[i : i + 2], x[: <unsigned char>j]


def cuts_typed(str s, list l, tuple t, Py_ssize_t i, int j):
    s = s[i:j]
    l = l[i:j]
    t = t[:i]
    return s, l, t, s[:], l[:] is l, s[0:1] + s[-1:], [l[j:], t[-1:]]


def at(x, int i):
    cdef list found = [x[i], x[0], x[-1]]
    return found


def at_typed(str s, Py_ssize_t i):
    return s[i], s[-1]


def classes(x):
    cdef dict d = {}
    cdef bytes b = None
    cdef set s
    d = x
    s = set(d)
    b = bytes(len(s))
    return d, s, b


def wants_bytes(bytearray b not None, frozenset f=None):
    return b, f


def asked(str text):
    cdef Py_UCS4 c
    cdef list found = []
    for c in text:
        found.append((c.isalpha(), c.isdigit(), c.isspace(), c.isalnum(), c.isupper(), c.islower(), c.isdecimal(),
                      c.isnumeric(), c.istitle(), c.isprintable()))
    return found


def told(x, int n):
    return f"{x}", f"{n}", f"{x!r}", f"{n:04d}", f"plain", f"", f"{x}{n}", f"{n=}"
