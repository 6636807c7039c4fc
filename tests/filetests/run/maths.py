# test run
# run: f(0.5) ~= (0.479425538604203, 1.6487212707001282, 0.7071067811865476, 0, 1)
# run: g(3.7) == (3, 4, 3.7, 3.0, True)
# run: h(-7, 3) == ((-3, 2), 8, 3, -7, 7)
import math


def f(x):
    return math.sin(x), math.exp(x), math.sqrt(x), math.floor(x), math.ceil(x)


def g(x):
    return int(x), round(x), abs(-x), float(3), bool(x)


def h(a, b):
    return divmod(a, b), pow(2, b), max(a, b), min(a, b), abs(a)
