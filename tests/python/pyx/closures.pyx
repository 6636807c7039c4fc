# cython: language_level=3
"""Functions inside functions, generator expressions, patterns, keywords: what Cython compiles besides."""


def counter(start, step=1):
    count = start

    def advance(by=step, *, twice=False):
        nonlocal count
        count = count + by * (2 if twice else 1)
        return count

    def reset(value):
        nonlocal count
        count = value

    return advance, reset


def count_with(start, steps):
    advance, reset = counter(start)
    result = [advance(), advance(5), advance(twice=True), advance(2, twice=True)]
    for s in steps:
        result.append(advance(s))
    return result


def after_reset(start):
    advance, reset = counter(start)
    reset(start)
    return advance()


def sorted_by(items, key):
    return sorted(items, key=lambda item: (item[key], -len(item)))


def adders(int n):
    result = []
    for i in range(n):
        result.append(lambda x, i=i: x + i + n)
    return [f(1) for f in result]


def late_binding(n):
    functions = []
    for i in range(n):
        functions.append(lambda: i)
    return [f() for f in functions]


def factorial(n):
    def go(k):
        return 1 if k < 2 else k * go(k - 1)

    return go(n)


def typed_inside(values, int limit):
    cdef int total = 0

    def add(int x, double scale=1):
        nonlocal total
        total = total + x
        return total * scale + limit

    return [add(v) for v in values] + [add(x=3, scale=0.5)], total


def unbound(flag):
    def read():
        return late

    if flag:
        late = 3
    return read()


def decorated(log):
    def note(f):
        log.append(f.__name__)
        return f

    @note
    def one():
        return 1

    @note
    @note
    def two():
        return one() + 1

    return two()


def wrapper(f):
    def call(*args, **keywords):
        return f, args, sorted(keywords.items())

    return call(1, 2, b=3, a=4)


def inner_class(base, value):
    class Made(base):
        field = value

        def get(self):
            return self.field, value

    return Made().get()


def inner_generator(n):
    def upwards(k):
        for i in range(k):
            yield i * n

    return list(upwards(3)), sum(upwards(4))


def consumers(items):
    return (
        any(x for x in items), all(x for x in items), sum(x for x in items), sum((x * 2 for x in items), 10),
        list(x for x in items), tuple(x for x in items), set(x for x in items), sorted(-x for x in items),
        dict((x, x + 1) for x in items), frozenset(x for x in items), ",".join(str(x) for x in items),
        sorted((x for x in items), key=lambda x: -x, reverse=True),
    )


def extremes(items):
    return min(x for x in items), max(x for x in items), max((x for x in items), default=3, key=lambda x: -x)


def nested_any(rows, x):
    return any(y == x for row in rows for y in row if y), all(any(z > x for z in row) for row in rows)


def stops(items):
    found = iter(items)
    return any(x > 1 for x in found), list(found)


def truths(items):
    if any(x > 2 for x in items) and not all(x > 0 for x in items):
        return "both"
    return any(x is None for x in items)


def passed_on(items, f):
    k = 2
    return list(f(x * k for x in items))


def in_comprehension(rows):
    return [sum(x for x in row) for row in rows], {k: any(k == y for y in rows) for k in "ab"}


def sum_error(items):
    return sum(x for x in items)


def keywords(a, *args, b=2, **kw):
    return a, args, b, sorted(kw.items())


def only_keywords(**kw):
    kw["more"] = 1
    return len(kw), sorted(kw)


def chain(a, b, c, d):
    r = a < b < c
    s = a < b <= c != d
    return r, s, a in b in [c], (a < b < c) is True


def walrus(items):
    if any((last := x) > 2 for x in items):
        return last
    return None


def grid(rows):
    total = 0
    pairs = []
    for i, row in enumerate(rows):
        for j, (k, v) in enumerate(row.items()):
            if v is None:
                continue
            for c in k:
                pairs.append((i, j, c, v))
            total += v
    return total, pairs


cdef int twice(int x):
    return 2 * x


cdef double mean(double a, double b):
    if b == 99:
        raise ValueError("bad")
    return (a + b) / 2


cdef join(a, b):
    return [a, b]


def calls_own(items):
    result = {}
    for key, value in items:
        result[key] = twice(value) + mean(value, 3), join(key, value)
    return result


def failing_own(items):
    return [mean(x, y) for x, y in items]


import functools

cdef int hits = 0


def counted(f):
    @functools.wraps(f)
    def wrapper(*args):
        cdef int n = len(args)
        global hits
        hits += 1
        return f(*args), n, hits
    return wrapper


@counted
def wrapped(x):
    """Says its name."""
    return x


def name_of_wrapped():
    return wrapped.__name__, wrapped.__doc__, wrapped.__wrapped__(3)


def call_wrapped(x):
    return wrapped(x)


def lambdas_of_list(int n):
    cdef double s = 0
    cdef int i
    fs = [lambda x: x + j for j in range(3)]
    for i in range(n):
        s += i * 0.5
    return s, [f(1) for f in fs]


def lambdas_of_others(xs):
    d = {k: (lambda y, k=k: y + k) for k in xs}
    shared = {lambda: x for x in xs}
    twice = [lambda: (x, y) for x in xs for y in xs if (lambda: x)() == x]
    return [d[k](1) for k in xs], [f() for f in shared], [f() for f in twice]


def generators_of_list(xs):
    gs = [(a * x for a in range(3)) for x in xs]
    return [list(g) for g in gs]


def lambdas_after_errors(rows):
    found = []
    for row in rows:
        try:
            found.append([(lambda: x)() + 1 for x in row])
        except TypeError:
            found.append([(lambda: x)() for x in row])
    return found
