# test run
# run: collatz(27) == 111
# run: classify(-3) == -1
# run: classify(0) == 0
# run: classify(5) == 1
# run: first_multiple(3, 10) == 3
# run: first_multiple(30, 10) == -1
# run: nested(4) == 177
# run: early(True) == 1
# run: early(False) == 2
# run: steps(10) == 10741


def collatz(n):
    steps = 0
    while n != 1:
        n = 3 * n + 1 if n % 2 else n // 2
        steps += 1
    return steps


def classify(x):
    if x < 0:
        return -1
    elif x == 0:
        return 0
    else:
        return 1


def first_multiple(k, n):
    for i in range(1, n):
        if i % k == 0:
            break
    else:
        return -1
    return i


def nested(n):
    total = 0
    for i in range(n):
        for j in range(n):
            if j > i:
                continue
            if i + j > 5:
                break
            total += i * 10 + j
    return total


def early(flag):
    x = 1
    if flag:
        return x
    x = 2
    return x


def steps(n):
    s = 0
    for i in range(n, 0, -3):
        s = s * 10 + i
    return s
