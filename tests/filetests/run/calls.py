# test run
# run: fib(12) == 144
# run: outer(3) == 21.25
# run: defaults(1) == (11, 3, 15, 4)
# run: closure(5) == 33


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def square(x):
    return x * x


def outer(x):
    return square(x) + square(x + 0.5)


def scale(x, factor=10, *, offset=1):
    return x * factor + offset


def defaults(x):
    return scale(x), scale(x, 2), scale(x, offset=5), scale(factor=3, x=x)


def closure(n):
    k = n + 1

    def add(x):
        return x + k

    return add(1) + add(2) + (lambda y: y * k)(3)
