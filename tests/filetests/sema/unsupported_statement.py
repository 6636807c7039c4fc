# test error
def f(x: int):
    with open("f") as g:  # error[U0240]: `with` is not supported in compiled code
        pass
    return x
