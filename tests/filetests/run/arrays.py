# test run
# run: total(array([[1, 2, 3], [4, 5, 6]], float64)) == 21.0
# run: total(array([[1, 2, 3], [4, 5, 6]], float64, F)) == 21.0
# run: total(array([[1, 2, 3], [4, 5, 6]], int8, reversed)) == 21
# run: total(array([], float32, shape=(0, 3))) == 0.0
# run: last(array([1, 2, 3], int32)) == 3
# run: at(array([1, 2, 3], int32), -3) == 1
# run: at(array([1, 2, 3], int32), 3) raises IndexError "index 3 is out of bounds for axis 0 with size 3"
# run: at(array([1, 2, 3], int32), -4) raises IndexError "index -4 is out of bounds for axis 0 with size 3"
# run: scale(array([1, 2, 3], float64, A), 2.0) == None, args[0] == array([2.0, 4.0, 6.0], float64)
# run: zeros(2) == array([[1.0, 0.0], [0.0, 1.0]], float64)
# run: attributes(array([[1, 2, 3], [4, 5, 6]], int16)) == (2, 6, 2, 2, 12)
import numpy as np


def total(a):
    s = 0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s += a[i, j]
    return s


def last(a):
    return a[-1]


def at(a, i):
    return a[i]


def scale(a, k):
    for i in range(len(a)):
        a[i] *= k


def zeros(n):
    r = np.zeros((n, n))
    for i in range(n):
        r[i, i] = 1
    return r


def attributes(a):
    return a.ndim, a.size, a.shape[0], a.itemsize, a.nbytes
