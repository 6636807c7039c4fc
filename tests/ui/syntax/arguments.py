# test render
f(a=1, 2, **k, *z)
def g(a=1, b, *, **k): pass

#| error[U0125]: positional argument after a keyword argument
#|  --> arguments.py:2:8
#|   |
#| 2 | f(a=1, 2, **k, *z)
#|   |   --- passed by keyword here
#|   |        ^ must come first
#|
#| error[U0125]: `*` argument after a `**` argument
#|  --> arguments.py:2:16
#|   |
#| 2 | f(a=1, 2, **k, *z)
#|   |           --- unpacked here
#|   |                ^^ must come first
#|
#| error[U0124]: parameter `b` without a default follows one with a default
#|  --> arguments.py:3:12
#|   |
#| 3 | def g(a=1, b, *, **k): pass
#|   |       - has a default
#|   |            ^ expected a default
#|
#| error[U0127]: `*` without a keyword-only parameter
#|  --> arguments.py:3:15
#|   |
#| 3 | def g(a=1, b, *, **k): pass
#|   |               ^ expected a named parameter after this
