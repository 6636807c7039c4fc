"""Plain Python, which `augmented.pxd` makes into C functions."""


def inner(x, n):
    total = 0.0
    for i in range(n):
        total += x * i
    return total


def outer(x, n=3):
    y = n + 1
    return inner(x, y) + y


def plain(a):
    return [a, a]


def narrow(a):
    return a + 1


def checked(a):
    if a == 0:
        raise KeyError("zero")
    return a
