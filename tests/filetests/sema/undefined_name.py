# test error
def f(x: int):
    return x + y  # error[U0201]: name `y` is not defined
