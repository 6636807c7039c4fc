# test parse
f"{*a, b}"
f"{yield}"
f"{x if y else z}"
f"{[a for a in b]}"
f"{ {1: 2} }"
f"{x,}"

# ---
# (expr (f-string [(field (tuple [(starred (name a)) (name b)]) _ _ _)]))
# (expr (f-string [(field (yield _) _ _ _)]))
# (expr (f-string [(field (conditional (name y) (name x) (name z)) _ _ _)]))
# (expr (f-string [(field (list-comp (name a) [(for (name a) (name b) [])]) _ _ _)]))
# (expr (f-string [(field (dict [((literal 1) (literal 2))]) _ _ _)]))
# (expr (f-string [(field (tuple [(name x)]) _ _ _)]))
# ! 3:4 U0161 `yield` outside a function
