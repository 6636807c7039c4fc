# test error
from ungil import prange


def f(a: float64[::1]):
    x = 1.0
    for i in prange(1, a.shape[0]):  # error[U0310]: `x` carries a value from one iteration of this parallel loop to the next
        t = x
        x = a[i]
        a[i] = t
    return x
