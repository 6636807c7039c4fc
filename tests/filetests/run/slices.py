# test run
# run: part(array([0, 1, 2, 3, 4, 5], int64)) == (array([1, 2, 3], int64), array([5, 3, 1], int64), array([4, 5], int64), array([], int64, shape=(0,)))
# run: row(array([[1, 2], [3, 4], [5, 6]], float64)) == (array([3.0, 4.0], float64), array([1.0, 3.0, 5.0], float64), array([2.0, 4.0, 6.0], float64))
# run: assign(array([0, 0, 0, 0, 0], int64)) == None, args[0] == array([1, 8, 7, 0, 9], int64)
# run: transpose(array([[1, 2, 3], [4, 5, 6]], float64)) == array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]], float64)


def part(a):
    return a[1:4], a[::-2], a[-2:], a[4:2]


def row(a):
    return a[1], a[:, 0], a[..., -1]


def assign(a):
    a[1:3] = 7
    a[::-1][0] = 9
    a[:2] += 1


def transpose(a):
    return a.T
