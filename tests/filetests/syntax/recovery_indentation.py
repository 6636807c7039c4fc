# test parse
x = 1
    y = 2
    z = 3
if x:
a = 1
if x:
        b = 1
    c = 2
d = 1

# ---
# (assign [(name x)] (literal 1))
# (assign [(name y)] (literal 2))
# (assign [(name z)] (literal 3))
# (if [((name x) [(invalid)])] [])
# (assign [(name a)] (literal 1))
# (if [((name x) [(assign [(name b)] (literal 1))])] [])
# (assign [(name c)] (literal 2))
# (assign [(name d)] (literal 1))
# ! 3:1 U0105 unexpected indentation
# ! 6:1 U0106 expected an indented block after `if`
# ! 9:1 U0107 unindent does not match any outer level
