# test render
def f(x):
    match x:
        case y:
            pass
        case [*a, *b] | {"k": 1, "k": 2}:
            pass
        case C(a=1, a=2) | D(e):
            pass
        case _:
            pass

#| error[U0148]: pattern makes the ones after it unreachable
#|  --> patterns.py:4:14
#|   |
#| 4 |         case y:
#|   |              ^ `y` captures any value
#|   help: move it last, or compare with a dotted name such as `module.NAME`
#|
#| error[U0139]: alternatives bind different names
#|  --> patterns.py:6:14
#|   |
#| 6 |         case [*a, *b] | {"k": 1, "k": 2}:
#|   |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^ `a` is not bound by all
#|
#| error[U0138]: two starred names in one pattern
#|  --> patterns.py:6:19
#|   |
#| 6 |         case [*a, *b] | {"k": 1, "k": 2}:
#|   |               -- the first
#|   |                   ^^ the second one
#|
#| error[U0139]: mapping pattern has a key twice
#|  --> patterns.py:6:34
#|   |
#| 6 |         case [*a, *b] | {"k": 1, "k": 2}:
#|   |                          --- first here
#|   |                                  ^^^ again here
#|
#| error[U0139]: alternatives bind different names
#|  --> patterns.py:8:14
#|   |
#| 8 |         case C(a=1, a=2) | D(e):
#|   |              ^^^^^^^^^^^^^^^^^^ `e` is not bound by all
#|
#| error[U0139]: pattern names attribute `a` twice
#|  --> patterns.py:8:21
#|   |
#| 8 |         case C(a=1, a=2) | D(e):
#|   |                - first here
#|   |                     ^ again here
