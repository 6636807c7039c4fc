# test run
# Python scalars do not widen NumPy's.
# run: half(float32(3.0)) == 1.5
# run: wrap(int8(127)) == -128
# run: mixed(array([1, 2], float32), 2.5) == 2.5
# run: accumulate(array([1, 2, 3], float32)) == 6.0
# run: integers(array([200, 100], uint8)) == 44


def half(x):
    return x * 0.5


def wrap(x):
    return x + 1


def mixed(a, k):
    return a[0] * k


def accumulate(a):
    s = 0
    for i in range(3):
        s += a[i]
    return s


def integers(a):
    return a[0] + a[1]
