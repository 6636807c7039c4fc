# cython: language_level=3
"""What the code for objects does without asking the interpreter."""


def arithmetic(a, b):
    return a + b, a - b, a * b, a | b, a ^ b, a & b


def quotients(a, b):
    return a // b, a % b


def shifts(a, b):
    return a << b, a >> b


def in_place(a, b):
    c = a
    c += b
    d = a
    d -= b
    e = a
    e *= b
    f = a
    f |= b
    return c, d, e, f


def comparisons(a, b):
    return a < b, a <= b, a == b, a != b, a > b, a >= b


def branches(a, b):
    n = 0
    if a < b:
        n += 1
    if a <= b:
        n += 10
    if a == b:
        n += 100
    if a != b:
        n += 1000
    if a:
        n += 10000
    return n


def item(xs, i):
    return xs[i]


def put(xs, i, v):
    xs[i] = v
    return xs


def converted(a):
    return str(a), repr(str(a))


def to_int(a):
    return int(a)


def to_float(a):
    return float(a)


def added(o, v):
    return o.add(v), o


def appended(o, v):
    return o.append(v), o


def got(o, k, d):
    return o.get(k), o.get(k, d)


def texts(xs):
    return [f"{x}|{x!r}" for x in xs]


def typed_list(list xs, v):
    s = 0
    for i in range(len(xs)):
        s += xs[i]
        xs[i] = v
    return s, xs


def offsets(list xs):
    out = []
    for i in range(1, len(xs) - 1):
        out.append(xs[i - 1] + xs[i + 1] * (i % 3))
    return out


def backwards(list xs):
    out = []
    for i in range(len(xs) - 1, -1, -1):
        out.append((i, xs[i]))
    return out


def doubled(list xs):
    cdef double p[8]
    n = len(xs)
    for i in range(n):
        if i < 8:
            p[i] = i * 0.5
    total = 0.0
    for i in range(n):
        total += p[i] * i if i < 8 else 1
    return total, n, xs


def behind(list xs):
    for i in range(len(xs)):
        pass
    return i


def counted(int a, int b):
    out = []
    for i in range(a, b):
        for j in range(i):
            out.append(i * 2 + 1 if i > j else [i, j])
    return out


def wide(long long a, long long b):
    out = []
    for i in range(a, b):
        out.append(i * 2)
    return out


def mean(list xs):
    s = 0.0
    for x in xs:
        s += x
    return s / len(xs)


def unbound_double(flag):
    if flag:
        s = 1.5
    return s


def whole_or_not(list xs):
    cdef double half = 0.5
    s = 0
    for i in range(len(xs)):
        s += half
    return s


def share(n):
    row = [0] * n
    rows = [row, row]
    return changed(rows)


def changed(rows):
    for i in range(2):
        for j in range(len(rows[i])):
            rows[i][j] += j
    return rows


def first_of(rows):
    for row in rows:
        for x in row:
            return x


def counting(xs):
    d = {}
    for x in xs:
        d[x] = d.get(x, 0) + 1
    return d


def characters(str s):
    n = 0
    for c in s:
        if c == "a" or c != "b" and c == s[0]:
            n += 1
    return n


def swapped(a, b):
    a, b = b, a
    c = d = None
    c, d = d, [a]
    (c, e), d = (a, b), c
    xs = [a, b, 3]
    xs[0], xs[1] = xs[1], xs[0]
    i = 0
    i, xs[i] = 2, "first"
    return a, b, c, d, e, xs, i


def rotated(xs):
    a = b = c = None
    for x in xs:
        a, b, c = b, c, [x]
    return a, b, c


def too_many(xs):
    a, b = xs
    return a


def half_done(xs):
    out = [0, 0]
    try:
        out[0], out[1] = xs[0], xs[1]
    except IndexError:
        out.append("none")
    try:
        out[0], out[9] = 1, 2
    except IndexError:
        out.append("first")
    return out


def kinds(flag, xs):
    a = 0.0
    b = 1.5
    c = 2.5
    d = 0.0
    e = 0.5
    a: object = xs if flag else a
    for x, b in [(1, xs), (2, "b")]:
        pass
    try:
        c = c / d
    except ZeroDivisionError as error:
        c = str(error)
    f = [d + i for i in range(2)]
    d -= 2
    while e < 100 and flag:
        e *= 3
        d += e
    g = lambda: e
    with open("/dev/null") as h:
        h = 1.0
    return a, b, c, d, e, f, g(), h


def indices(xs, int n):
    out = []
    for i in range(n):
        for i in range(i):
            out.append(i)
        out.append((i, xs[i], -i, i // 2, i ** 2, not i, [i], {i: i}, f"{i}", i if i else None))
    for j in range(n):
        j += 10
        out.append(j)
    for k in range(n - 1, -1, -2):
        if k == 1:
            break
        if k % 2:
            continue
        out.append(k)
    else:
        out.append("else")
    for m in range(0):
        out.append(m)
    return out, i


def grown(parts, start):
    text = start
    for part in parts:
        text += part
    return text


def grown_and_kept(parts):
    text = "a"
    kept = [text]
    for part in parts:
        text += part
        kept.append(text)
        text += "-"
    return kept, text


def grown_by_itself(text):
    text += text
    other = text + "x"
    other += other
    text += other
    return text, other


def grown_in_words(words):
    known = {}
    text = ""
    for word in words:
        text += word
        known[text] = len(text)
        text += " "
    return known, text


def grown_until(parts):
    text = "" + str(len(parts))
    try:
        for part in parts:
            text += part
    except TypeError as e:
        return text, str(e)
    return text


def grown_from_nothing(part, flag):
    if flag:
        text = part
    text += part
    return text


def grown_inside(text):
    for c in text:
        text += c.upper()
    return text


def constants(x):
    out = []
    for a, (b, c) in ((1, (2.5, "c")), (-1, (-0.0, None)), ((), (True, b"b"))):
        out.append((a, b, c))
    return out, (1, 2) + (x,), x in (1, "a", -2.5), ("%s %s" % ("u", 3)), (), (...,)


def joined_in_place(a, b):
    before = a
    a += b
    return a, before is a


def extremes(a, b, c):
    return min(a, b, c), max(a, b, c), min(a, b), max(b, c)


def ordered(a, b):
    return [1 if a < b else 0, 1 if a <= b else 0, 1 if a > b else 0, 1 if a >= b else 0, 1 if a == b else 0, 1 if a != b else 0]


def questions(x):
    return [x.isalpha(), x.isdigit(), x.isspace(), x.isalnum(), x.isupper(), x.islower(), x.isdecimal(), x.isnumeric(), x.istitle(),
            x.isprintable(), x.isascii(), x.isidentifier()]


def kinds_of(x):
    return (isinstance(x, int), isinstance(x, (list, tuple)), isinstance(x, float), isinstance(x, (str, set, complex)),
            isinstance(x, bool), isinstance(x, type))


def parts(xs, a, b):
    return xs[a:b], xs[a:], xs[:b], xs[a + 1:b + 1]


def links(x, y):
    return (1 if 3 < x <= 100 else 0), (1 if 3 == x == y else 0), (1 if x >= 5 > y else 0), 1 < x < y


def written_out(x):
    cdef int i = 2**20 - 1
    return x > 10**6, 2**40 + x, 3 - 5 * 2, 1 << 20, -2**2, i, 10**30


def walked(n, m, s):
    found = []
    for i in range(n, m, s):
        found.append(i)
        if len(found) > 5:
            break
    else:
        found.append("whole")
    few = len(found)
    return found, [i * 2 for i in range(few)], [(i, j) for i in range(few) for j in range(i)], {i for i in range(1, few, 2)}


def items_of(d, grows):
    found = []
    for k, v in d.items():
        found.append((v, k))
        if grows:
            d[len(d)] = 1
    return found, [(b, a) for a, b in d.items()], {v: k for k, v in d.items()}


def pairs_of(xs):
    return [(b, a) for a, b in xs]


def missing(dict d, k):
    try:
        return d[k]
    except KeyError as error:
        return error.args


def letters(text, part):
    return part in text, [c for c in text], text[0], part not in text


def codes(int n, long k):
    return chr(n), chr(k), chr(n + 1)


def found_at(str s, part, int a, Py_ssize_t b):
    return s.find(part), s.rfind(part, a), s.count(part, a, b), s.find(part, -2), s.find(part) + 1


def quotient_and_rest(a, b):
    return divmod(a, b), a ** 2, b ** 2


def counted_up(n, step):
    total = 0
    names = []

    def more(x):
        nonlocal total
        total += x
        names.append(total)

    for i in range(n):
        more(step)
    return total, names


def flat(xs):
    out = []
    for x in xs:
        if isinstance(x, list):
            out.extend(flat(x))
        else:
            out.append(x)
    return out


def depth_of(tree):
    if tree is None:
        return 0
    return 1 + max(depth_of(tree[0]), depth_of(tree[1]))


def failing(n):
    if n == 0:
        raise ValueError("end")
    try:
        return failing(n - 1)
    finally:
        n = None


def with_numbers(x):
    found = []
    try:
        found.extend([x + 1, x - 7, 3 - x, x * 1000, 5 * x, -1 + x])
        found.extend([x % 7, x // 7, x & 255, 12 ^ x, x | 1, x << 3, x >> 2])
        found.append(x % 100 * 2 + 1)
        found.extend([x % 0, 1])
    except (TypeError, ZeroDivisionError) as error:
        found.append(str(error))
    return found


def shown_in_text(x):
    return f"{x}:{x!s}:{x!r}", str(x), f"{x!a}"
