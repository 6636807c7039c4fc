# test run
# Messages and lines; lines count from the function's first.
# run: check(-1) raises ValueError "negative"
# run: check(1) == 1
# run: assertion(0) raises AssertionError "must be positive"
# run: outer(array([1.0], float64), 5) raises IndexError "index 5 is out of bounds for axis 0 with size 1"
# run: bare() raises KeyError


def check(x):
    if x < 0:
        raise ValueError("negative")
    return x


def assertion(x):
    assert x > 0, "must be positive"
    return x


def element(a, i):
    return a[i]


def outer(a, i):
    x = 0.0
    x += element(a, i)
    return x


def bare():
    raise KeyError
