# test run
# run: swap(1, 2.5) == (2.5, 1)
# run: unpack((1, 2, 3)) == (3, 2, 1, 3)
# run: total((1, 2, 3, 4)) == (10, 4, 1)
# run: starred((1, 2)) == 3


def swap(a, b):
    a, b = b, a
    return a, b


def unpack(t):
    a, (b, c) = t[0], t[1:]
    return c, b, a, len(t)


def total(t):
    s = 0
    for x in t:
        s += x
    return s, max(t), min(t)


def starred(*args):
    return args[0] + args[-1]
