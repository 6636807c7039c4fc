# cython: language_level=3
"""What the code for objects does with lists, tuples and numbers where they lie."""


def walk(xs):
    out = []
    for x in xs:
        out.append(x)
    return out


def grow(list xs):
    n = 0
    for x in xs:
        n += 1
        if n < 20:
            xs.append(n)
    return n, len(xs)


def shrink(list xs):
    out = []
    for x in xs:
        out.append(x)
        xs.pop()
    return out, xs


def clear(list xs):
    out = []
    for x in xs:
        out.append(x)
        xs.clear()
    return out


def set_all(list xs, v):
    cdef Py_ssize_t i
    for i in range(len(xs)):
        xs[i] = v
    return xs


def set_at(xs, Py_ssize_t i, v):
    xs[i] = v
    return xs


def get_at(xs, Py_ssize_t i):
    return xs[i]


def add_at(xs, Py_ssize_t i, v):
    xs[i] += v
    return xs


def first_and_last(xs):
    return xs[0], xs[-1], xs[1]


def count_three(list xs):
    cdef Py_ssize_t i
    cdef int k = 0
    for i in range(len(xs)):
        if xs[i] == 3:
            k += 1
        if xs[i] != -3:
            k += 10
        if xs[i] < 1073741823:
            k += 100
        if xs[i] >= 1073741824:
            k += 1000
        if 3 == xs[i]:
            k += 10000
    return k


def largest(xs):
    m = xs[0]
    for x in xs:
        if x > m:
            m = x
    return m


def truths(xs):
    n = 0
    for x in xs:
        if x:
            n += 1
        if not x:
            n += 100
    return n, [x for x in xs if x], [x and 1 for x in xs], [x or 2 for x in xs]


def order(a, b):
    n = 0
    if a < b:
        n += 1
    if a <= b:
        n += 10
    if a == b:
        n += 100
    if a != b:
        n += 1000
    if a > b:
        n += 10000
    if a >= b:
        n += 100000
    return n


def append(xs, v):
    r = xs
    xs.append(v)
    xs.append(v)
    return r


def append_result(xs, v):
    return xs.append(v)


def append_itself(list xs):
    xs.append(xs)
    return len(xs)


def numbered(xs):
    out = []
    for i, x in enumerate(xs):
        out.append((i, x))
    return out


def numbered_from(xs):
    out = []
    for i, x in enumerate(xs, 5):
        if i == 7:
            continue
        out.append((i, x))
    else:
        out.append("end")
    return out


def numbered_pairs(xs):
    cdef int i
    out = []
    for i, (a, b) in enumerate(xs):
        if a == 'stop':
            break
        out.append((i, a, b))
    return out, i


def numbered_parts(xs):
    d = {}
    for d['i'], d['x'] in enumerate(xs):
        pass
    return d['i'], d['x']


def numbered_list(xs):
    return [(i, x) for i, x in enumerate(xs) if i], {x: i for i, x in enumerate(xs, 2)}, [p for p in enumerate(xs)]


def numbered_whole(xs, start):
    out = []
    for p in enumerate(xs):
        out.append(p)
    for i, x in enumerate(xs, start):
        out.append((i, x))
    for i, x in enumerate(xs, start=start):
        out.append((i, x))
    return out


def numbered_own(xs):
    def enumerate(ys):
        return [(y, y) for y in ys]
    out = []
    for i, x in enumerate(xs):
        out.append((i, x))
    return out


def drop_self(list xs):
    xs[0] = None
    return xs
