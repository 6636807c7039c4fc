# cython: language_level=3
"""Functions of Python objects without declarations, or with few: what `cython_objects.py` measures."""


def list_sum(xs):
    s = 0
    for x in xs:
        s += x
    return s


def list_sum_f(xs):
    s = 0.0
    for x in xs:
        s += x * 0.5
    return s


def index_loop(xs):
    s = 0
    for i in range(len(xs)):
        s += xs[i]
    return s


def index_list(list xs):
    s = 0
    for i in range(len(xs)):
        s += xs[i]
    return s


def typed_index(list xs):
    cdef Py_ssize_t i
    cdef double s = 0
    for i in range(len(xs)):
        s += xs[i]
    return s


def set_items(list xs, v):
    cdef Py_ssize_t i
    for i in range(len(xs)):
        xs[i] = v
    return len(xs)


def count_eq(list xs):
    cdef Py_ssize_t i, n = len(xs)
    cdef int k = 0
    for i in range(n):
        if xs[i] == 3:
            k += 1
    return k


def while_loop(n):
    i = 0
    s = 0
    while i < n:
        if i % 3 == 0:
            s += i
        i += 1
    return s


def dict_count(words):
    d = {}
    for w in words:
        if w in d:
            d[w] += 1
        else:
            d[w] = 1
    return d


def dict_get(words):
    d = {}
    for w in words:
        d[w] = d.get(w, 0) + 1
    return d


def dict_items(dict d):
    s = 0
    for k, v in d.items():
        s += v
    return s


def build_list(n):
    out = []
    for i in range(n):
        out.append(i * 2)
    return len(out)


def comp(xs):
    return [x + 1 for x in xs if x]


def strs(n):
    return ",".join([str(i) for i in range(n)])


def chars(str s):
    cdef int k = 0
    for c in s:
        if c == 'a':
            k += 1
    return k


def pairs(xs):
    s = 0
    for a, b in zip(xs, xs):
        s += a * b
    return s


def enum(xs):
    s = 0
    for i, x in enumerate(xs):
        s += i
    return s


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def tuples(ps):
    s = 0
    for p in ps:
        s += p[0] + p[1]
    return s


def attrs(obj, n):
    for i in range(n):
        obj.x = obj.x + 1
    return obj.x


def methods(obj, n):
    s = 0
    for i in range(n):
        s += obj.get(i)
    return s


def concat(a, b):
    return a + b


def isin(xs, v):
    return v in xs


def minmax(xs):
    m = xs[0]
    for x in xs:
        if x > m:
            m = x
    return m


def nested(list rows):
    s = 0
    for row in rows:
        for x in row:
            s += x
    return s


def sieve(n):
    a = [True] * n
    for i in range(2, n):
        if a[i]:
            for j in range(i * i, n, i):
                a[j] = False
    return sum(a)


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def sets(xs):
    s = set()
    for x in xs:
        s.add(x % 100)
    return len(s)


def fmt(xs):
    return [f"{x}:{x}" for x in xs]


def slices(list xs):
    return xs[1:-1] + xs[:2]


def tryit(xs):
    k = 0
    for x in xs:
        try:
            k += int(x)
        except ValueError:
            k -= 1
    return k


def bubble(list xs):
    xs = list(xs)
    n = len(xs)
    for i in range(n):
        for j in range(n - 1 - i):
            if xs[j] > xs[j + 1]:
                xs[j], xs[j + 1] = xs[j + 1], xs[j]
    return xs


def matmul(a, b):
    n = len(a)
    c = [[0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            s = 0
            for k in range(n):
                s += a[i][k] * b[k][j]
            c[i][j] = s
    return c


def tree_sum(t):
    if t is None:
        return 0
    left, v, right = t
    return tree_sum(left) + v + tree_sum(right)


def flatten(xs):
    out = []
    for x in xs:
        if isinstance(x, list):
            out.extend(flatten(x))
        else:
            out.append(x)
    return out


def columns(list rows):
    out = []
    for j in range(len(rows[0])):
        s = 0
        for i in range(len(rows)):
            s += rows[i][j]
        out.append(s)
    return out


def find_all(str s, str part):
    cdef Py_ssize_t i = 0, n = 0
    while True:
        i = s.find(part, i)
        if i < 0:
            return n
        n += 1
        i += 1


def distance(str a, str b):
    cdef int row[128]
    cdef int i, j, old, now
    for j in range(len(b) + 1):
        row[j] = j
    for i in range(1, len(a) + 1):
        old = row[0]
        row[0] = i
        for j in range(1, len(b) + 1):
            now = row[j]
            row[j] = min(row[j] + 1, row[j - 1] + 1, old + (a[i - 1] != b[j - 1]))
            old = now
    return row[len(b)]


def key_errors(d, keys):
    n = 0
    for k in keys:
        try:
            n += d[k]
        except KeyError:
            n -= 1
    return n


def grouped(rows):
    out = {}
    for key, value in rows:
        out.setdefault(key, []).append(value)
    return out


def factorial(n):
    r = 1
    for i in range(2, n + 1):
        r *= i
    return r


def between(xs):
    n = 0
    for x in xs:
        if 3 < x <= 500:
            n += 1
    return n
