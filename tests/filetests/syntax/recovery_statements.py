# test parse
x =
y = 1
def f(:
    z = = 2
    return 1
w = 3 +
while True
    pass
else x:
    q
v = 4

# ---
# (invalid)
# (assign [(name y)] (literal 1))
# (invalid)
# (invalid)
# (invalid)
# (assign [(name v)] (literal 4))
# ! 2:4 U0101 expected an expression, found the end of the line
# ! 4:6 U0102 `(` was never closed
# ! 7:8 U0101 expected an expression, found the end of the line
# ! 8:11 U0120 expected `:` after `while`
# ! 10:6 U0101 expected `:`, found `x`
