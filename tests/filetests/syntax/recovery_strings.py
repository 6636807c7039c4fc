# test parse
x = "abc
y = f"{a
z = 1
w = f"{a b}"
v = f"{a!x}"
u = f"a}"
t = 'ok'

# ---
# (invalid)
# (invalid)
# (assign [(name z)] (literal 1))
# (invalid)
# (invalid)
# (invalid)
# (assign [(name t)] (literal "ok"))
# ! 2:5 U0111 unterminated string
# ! 3:7 U0102 `{` was never closed
# ! 5:10 U0101 expected `}` or `:` or `!`, found `b`
# ! 6:9 U0119 invalid conversion in an f-string
# ! 7:8 U0119 single `}` in an f-string
