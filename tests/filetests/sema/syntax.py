# test error
def f(x: int):
    return x +  # error[U0101]: expected an expression, found the end of the line
