# test run
# Loops that only count end with the same values, forwards and backwards, also when they do not run at all.
# run: sums(3, 10) == (21, 18, 9)
# run: sums(10, 3) == (0, -1, -1)
# run: down(5) == (15, 0, 1)
# run: down(-5) == (0, -5, -1)
# run: nested(4) == (12, 3)


def sums(a: int, b: int):
    n = 0
    k = -1
    last = -1
    for i in range(a, b):
        n += 3
        k = 2 * i
        last = i
    return n, k, last


def down(num: int):
    steps = 0
    last = -1
    while num > 0:
        last = num
        num -= 1
        steps += 3
    return steps, num, last


def nested(n: int):
    total = 0
    last = 0
    for i in range(n):
        for j in range(3):
            total += 1
        last = i
    return total, last
