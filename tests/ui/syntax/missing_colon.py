# test render
def f(x)
    if x = 1:
		return 漢(x y)
    else if x:
        pass

#| error[U0120]: expected `:` after `def`
#|  --> missing_colon.py:2:9
#|   |
#| 2 | def f(x)
#|   |         ^ expected `:`
#|
#| error[U0122]: assignment inside an expression
#|  --> missing_colon.py:3:10
#|   |
#| 3 |     if x = 1:
#|   |          ^ `=` assigns
#|   help: write `==` to compare
#|
#| error[U0108]: tabs and spaces are mixed in the indentation
#|  --> missing_colon.py:4:1
#|   |
#| 4 |         return 漢(x y)
#|   | ^^^^^^^^ its depth depends on the width of a tab
#|   help: indent with four spaces only
#|
#| error[U0130]: expected a comma
#|  --> missing_colon.py:4:13
#|   |
#| 4 |         return 漢(x y)
#|   |                    ^^ expected `,` before `y`
