# test parse
f"{x=}"
f"{ x = }"
f"{x = !s}"
f"{x=:>5}"
f"{x == y}"
f"""{
x  # comment
= }"""

# ---
# (expr (f-string [(field (name x) _ "x=" _)]))
# (expr (f-string [(field (name x) _ " x = " _)]))
# (expr (f-string [(field (name x) s "x = " _)]))
# (expr (f-string [(field (name x) _ "x=" [">5"])]))
# (expr (f-string [(field (compare (name x) == (name y)) _ _ _)]))
# (expr (f-string [(field (name x) _ "\{a}x  \{a}= " _)]))
