# test error
from ungil import prange


def f(n: int):
    for i in prange(n):
        if i > 3:
            break  # error[U0240]: `break` out of `prange` is not supported in compiled code
