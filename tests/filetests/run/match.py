# test run
# Match statements: values, guards, captures, tuples, classes.
# run: scalar(1) == 10
# run: scalar(3) == 20
# run: scalar(50) == -50
# run: scalar(7) == 7
# run: pair((0, 5)) == 5
# run: pair((4, 4)) == 8
# run: pair((1, 2)) == -2
# run: kind(3) == 1
# run: kind(2.5) == 2
# run: kind((1, 2)) == 3
def scalar(x):
    match x:
        case 1:
            return 10
        case 2 | 3:
            return 20
        case n if n > 20:
            return -n
    return x


def pair(t):
    match t:
        case (0, y):
            return y
        case (x, y) if x == y:
            return x + y
        case (1, y) | (y, 1):
            return -y
    return 0


def kind(x):
    match x:
        case int():
            return 1
        case float(y) if y > 0:
            return 2
        case (a, b):
            return a + b
    return 0
