# test parse
a && b
a || b
a <> b
a++
!a
print a
exec "x"

# ---
# (invalid)
# (invalid)
# (invalid)
# (invalid)
# (invalid)
# (invalid)
# (invalid)
# ! 2:4 U0101 expected an expression, found `&`
# ! 3:4 U0101 expected an expression, found `|`
# ! 4:4 U0101 expected an expression, found `>`
# ! 5:4 U0101 expected an expression, found the end of the line
# ! 6:1 U0110 invalid character `!`
# ! 7:1 U0123 `print` is a function
# ! 8:1 U0123 `exec` is a function
