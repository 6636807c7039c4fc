# test error
from ungil import prange


def f(n: int):
    s = 0
    for i in prange(n):
        s += i  # error[U0240]: `break` in a `prange` loop with a reduction is not supported in compiled code
        if i > 3:
            break
    return s
