# test run
# run: poly(2.0, 3.0) == -8.0
# run: poly(2, 3) == -8
# run: poly(2.0, 3) == -8.0
# run: divide(7, 2) == (3, 1)
# run: divide(-7, 2) == (-4, 1)
# run: divide(7, -2) == (-4, -1)
# run: divide(7.5, -2.0) == (-4.0, -0.5)
# run: divide(1, 0) raises ZeroDivisionError "integer division or modulo by zero"
# run: divide(1.0, 0.0) raises ZeroDivisionError "float floor division by zero"
# run: true_division(7, 2) == 3.5
# run: power(2, 10) == 1024
# run: power(2.0, 0.5) == 1.4142135623730951
# run: bits(12, 10) == (8, 14, 6, -13, 48, 6)
# run: compare(1, 2, 3) == (True, True, False, False, True)
# run: compare(1, 3, 2) == (False, True, False, False, True)


def poly(x, y):
    return 2 * x * x - 3 * x * y + y - 1


def divide(a, b):
    return a // b, a % b


def true_division(a, b):
    return a / b


def power(a, b):
    return a**b


def bits(a, b):
    return a & b, a | b, a ^ b, ~a, a << 2, a >> 1


def compare(a, b, c):
    return a < b < c, a <= b, a == c, not a, a != b or b > c
