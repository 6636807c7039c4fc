# test run
# run: pairs(array([5, 6, 7], int64)) == 20
# run: zipped(array([1, 2, 3], int64), array([10, 20], int64)) == 50
# run: backwards(array([1, 2, 3], int64)) == 321
# run: rows(array([[1, 2], [3, 4]], float64)) == -11.0


def pairs(a):
    s = 0
    for i, x in enumerate(a):
        s += i * x
    return s


def zipped(a, b):
    s = 0
    for x, y in zip(a, b):
        s += x * y
    return s


def backwards(a):
    s = 0
    for x in reversed(a):
        s = s * 10 + x
    return s


def rows(a):
    s = 0.0
    for r in a:
        s = s * 10 + r[0] - r[1]
    return s
