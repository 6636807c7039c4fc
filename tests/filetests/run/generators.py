# test run
# Generator expressions as loops of their consumers.
# run: quantified(array([1.0, 5.0, 2.0], float64), 4.0) == (True, False)
# run: quantified(array([], float64), 4.0) == (False, True)
# run: totals(array([1.0, 2.0, 3.0], float64)) == (14.0, 11.0, 18.0)
# run: best(array([3.0, -7.0, 5.0], float64), -1.0) == (-7.0, 5.0)
# run: best(array([], float64), -1.0) == (-1.0, -1.0)
# run: member(array([1.0, 2.5], float64), 2.5) == (True, True, False)
def quantified(a, k):
    return any(x > k for x in a), all(x < 3.0 for x in a)


def totals(a):
    squares = sum(x * x for x in a)
    nested = sum(x * i for i in range(3) for x in a if x > i if i)
    return squares, nested, sum(sum(x for x in a) for y in a if y > 1.0) + sum((lambda v: v)(x) for x in a)


def best(a, d):
    return max((x for x in a), key=lambda x: abs(x), default=d), max((x for x in a), default=d)


def member(a, x):
    return x in a, x in (1, 2.5), x in range(1, 100, 3)
