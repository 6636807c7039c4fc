# test render
x = [
    (1, 2],
    3
]

#| error[U0104]: closing `]` does not match opening `(`
#|  --> mismatched.py:3:10
#|   |
#| 3 |     (1, 2],
#|   |     - opened here
#|   |          ^ expected `)`, found `]`
