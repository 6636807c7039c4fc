# test render
x = "\x4 \N{nothing} \d"
y = b"é"
z = "a" b"b"
w = 0b12 + 1_ + 09

#| error[U0113]: truncated `\x` escape
#|  --> strings.py:2:6
#|   |
#| 2 | x = "\x4 \N{nothing} \d"
#|   |      ^^^ expected 2 hexadecimal digits
#|   help: write the backslash twice, or a raw string `r"…"`
#|
#| error[U0113]: unknown character name `nothing`
#|  --> strings.py:2:10
#|   |
#| 2 | x = "\x4 \N{nothing} \d"
#|   |          ^^^^^^^^^^^ not a Unicode name
#|   help: write the backslash twice, or a raw string `r"…"`
#|
#| warning[U0114]: unknown escape sequence `\d`
#|  --> strings.py:2:22
#|   |
#| 2 | x = "\x4 \N{nothing} \d"
#|   |                      ^^ stands for itself, backslash included
#|   help: write `\\d`, or a raw string `r"…"`
#|
#| error[U0115]: bytes can only contain ASCII characters
#|  --> strings.py:3:7
#|   |
#| 3 | y = b"é"
#|   |       ^ `é` is not one
#|   help: write it as `\x…` escapes
#|
#| error[U0116]: cannot join string and bytes literals
#|  --> strings.py:4:9
#|   |
#| 4 | z = "a" b"b"
#|   |         ^^^^ bytes after string
#|
#| error[U0117]: invalid digit `2` in a binary number
#|  --> strings.py:5:5
#|   |
#| 5 | w = 0b12 + 1_ + 09
#|   |     ^^^^ expected digits below 2
#|
#| error[U0117]: misplaced underscore in a number
#|  --> strings.py:5:12
#|   |
#| 5 | w = 0b12 + 1_ + 09
#|   |            ^^ underscores stand singly between digits
#|
#| error[U0117]: number with leading zeros
#|  --> strings.py:5:17
#|   |
#| 5 | w = 0b12 + 1_ + 09
#|   |                 ^^ not a decimal number
#|   help: drop the zeros, or write `0o…` for an octal number
