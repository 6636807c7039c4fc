# test run
# Variables that hold one of several functions, and calls that never return.
# run: choose(3, 1) == (6, 4)
# run: choose(3, 0) == (9, 3)
# run: captured(2.0, True) == 5.0
# run: captured(2.0, False) == 4.0
# run: stop(2) == 3.5
# run: stop(-2) raises ValueError "negative -2" at 2 < 2
def double(x):
    return 2 * x


def square(x):
    return x * x


def fail(x):
    raise ValueError(f"negative {x}")


def choose(x, n):
    g = double if n > 0 else square
    h = abs if n < 1 else (lambda v: v + n)
    return g(x), h(x)


def captured(x, flag):
    k = x + 1
    f = (lambda v: v + k) if flag else (lambda v: v * x)
    return f(x)


def stop(x):
    y = 1.5 if x > 0 else fail(x)
    return x + y
