# test error
def f(x: float64[:]):
    return x["a"]  # error[U0214]: array index must be an integer, found `str`
