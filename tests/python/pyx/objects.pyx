def points(pts):
    out = []
    for x, y in pts:
        out.append((x * x + y * y) ** 0.5)
    return out


def typed_points(pts, double scale):
    cdef double x, y, total = 0
    cdef int n = 0
    for x, y in pts:
        total += scale * x - y
        n += 1
    return total, n, total / n


def counted(list names, int step, *, sep="-"):
    cdef int i
    parts = []
    for i in range(0, len(names), 2):
        parts.append(names[i] + str(i * step))
    for i in range(3, -1, -1):
        parts.append(sep)
    return sep.join(parts), i


def convert(x, y, z, w):
    cdef int a = x
    cdef unsigned char b = y
    cdef double c = z
    cdef bint d = w
    return a, b, c, d, a < b, not d


def size(x):
    cdef Py_ssize_t n = x
    return n


def wide(x):
    cdef unsigned long long n = x
    return n


def word_counts(str text):
    counts = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    return counts


def displays(d, *args, k=3):
    a = [x * k for x in args if x]
    b = {x: y for x, y in d.items()}
    c = {x for x in args}
    t = (*args, k)
    return a, b, c, t, f"{k:>5}|{d!r} {len(args)}{{}}", [*a, *args], {**b, "z": 1}, {1, *args}, (), [], {}


def nested(rows):
    return [[a * b for a in row] for b, row in enumerate(rows) if row], [(i, j) for i in rows for j in i if j if i]


def flow(n, xs):
    r = []
    i = 0
    while i < n:
        i += 1
        if i == 3:
            continue
        if i > 6:
            break
        r.append(i)
    else:
        r.append("else")
    for v in xs:
        if v is None:
            break
        elif v in (1, 2) and not v == 2:
            r.append("one")
        else:
            r.append(v or "falsy")
    else:
        r.append("for-else")
    a, *b = r
    del r[0]
    r[0] = a if n > 3 else b
    r[0:1] = [9, 9]
    x = y = [n]
    return r, a, b, x is y, a != b, -n, +n, ~n, n @ 1 if n > 100 else None


def chains(a, b, c):
    return a < b < c, a == b != c, a in b in c if a == "q" else 0


def operators(a, b):
    r = [a + b, a - b, a * b, a / b, a // b, a % b, a ** b]
    a += b
    r.append(a)
    a -= b
    a *= b
    r.append(a)
    a /= b
    return r, a, a < b, a <= b, a == b, a != b, a > b, a >= b


def bits(a, b):
    r = [a & b, a | b, a ^ b, a << b, a >> b]
    a &= b
    a |= b
    a ^= b
    a <<= b
    a >>= b
    return r, a


def fails(x, data):
    if x == 99:
        y = 2
    if x == 1:
        raise ValueError("one")
    if x == 2:
        raise KeyError
    if x == 3:
        assert data is None, "three"
    if x == 4:
        assert not data
    if x == 5:
        return y
    if x == 6:
        a, b = data
    if x == 7:
        a, b, *c = data
    if x == 8:
        return data["k"]
    if x == 9:
        return data[5]
    if x == 10:
        return data.foo
    if x == 11:
        return data + "a"
    if x == 12:
        raise ValueError("c") from KeyError("k")
    if x == 13:
        return len(data)
    if x == 14:
        for i in data:
            pass
    if x == 15:
        raise data
    if x == 16:
        del data.foo
    if x == 17:
        data.foo = 1
    if x == 18:
        data[0] = 1
    if x == 19:
        return data(1, *data, k=2, **data)
    if x == 20:
        return data in data
    if x == 21:
        return {data: 1}
    if x == 22:
        return f"{data:d}"
    if x == 23:
        return data % 7
    if x == 24:
        raise
    if x == 25:
        raise ValueError("d") from data
    if x == 26:
        return not data < 3
    if x == 27:
        del y
    if x == 28:
        return {**data}
    if x == 29:
        return [*data]


def divide(int a, int b, double c):
    values = [a]
    return values, a // b, a % b, a / b, a / c, a * b - 1, -a, a & b


def typed_calls(items, double x):
    cdef int n = helper(items[0])
    return square(x) + n, helper(300) // 7, [square(i) for i in items]


cdef double square(double x):
    return x * x


cpdef int helper(x):
    items = [x]
    return items[0] * 2


def attributes(o):
    o.x = 1
    o.x += 5
    o.d = {}
    o.d["k"] = [1]
    o.d["k"][0] += 41
    o.d["k"] += [3]
    r = o.x
    del o.x
    del o.d["z" if r == 0 else "k"]
    return r, o.d, hasattr(o, "x")


def calls(f, a, k):
    return f(1, *a, z=2, **k), f(*a), f(a=1, **k), "x".join(["a", "b"]).replace("a", "q", 1).encode(encoding="ascii")


def first_double(items):
    if (n := len(items)) > 1 and (x := items[0]):
        return n, x
    return n


COUNTER = 0


def count_up(by):
    global COUNTER
    COUNTER = COUNTER + by
    return [COUNTER]


def depth(n, items):
    if n:
        return depth(n - 1, items) + items
    return [n]


def keep(self_list):
    self_list.append(self_list)
    x, y = self_list, self_list
    x = y = None
    return self_list.pop()


def caught(f, x):
    log = []
    try:
        log.append("in")
        log.append(f(x))
    except KeyError as e:
        log.append(("key", e.args))
    except (ValueError, TypeError):
        log.append("value or type")
        if x == "again":
            raise
        if x == "other":
            raise RuntimeError("other")
        if x == "return":
            return log
    else:
        log.append("else")
    finally:
        log.append("finally")
    return log


def returns(f, x):
    for i in range(3):
        try:
            if i == x:
                continue
            if i == 2:
                break
            return f(i), [i]
        except ZeroDivisionError:
            try:
                f("deep")
            except Exception as inner:
                return repr(inner), repr(inner.__context__)
            continue
        finally:
            f(i)
    return "end"


def finally_wins(f):
    try:
        return f(1)
    finally:
        try:
            f(0)
        except ZeroDivisionError:
            pass


def finally_fails(f, x):
    try:
        try:
            return [x]
        finally:
            f(x)
    except Exception as e:
        return type(e)


def managed(m, f, x):
    cdef int n = 0
    with m as value, m:
        n += 1
        f(x)
        if x == 1:
            return value, n
    return "behind", n


def not_managed(m):
    with m:
        return 1


def imports(name):
    import os.path
    import os.path as p
    from math import floor, sqrt as root
    if name == "bad":
        from math import no_such_name
    if name == "none":
        import no_such_module
    return p is os.path, floor(2.5), root(4)


def lookups(d, k):
    return d.get(k), d.get(k, 5)


def retry(f, n):
    count = 0
    while True:
        try:
            return f(count)
        except ValueError as e:
            count += 1
            if count > n:
                raise KeyError(count) from e
