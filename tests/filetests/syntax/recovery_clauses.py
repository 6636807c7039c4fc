# test parse
try:
    a = 1
except = 2:
    b = = 3
except C:
    pass
match x:
    case 1 1:
        pass
    case 2:
        y = = 3
z = 1

# ---
# (invalid)
# (invalid)
# (match (name x) [(case (match-value (literal 2)) _ [(invalid)])])
# (assign [(name z)] (literal 1))
# ! 4:8 U0101 expected an expression, found `=`
# ! 5:9 U0101 expected an expression, found `=`
# ! 9:12 U0101 expected `:`, found `1`
# ! 12:13 U0101 expected an expression, found `=`
