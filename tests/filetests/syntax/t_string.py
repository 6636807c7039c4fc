# test parse
t"hello {name}"
t"{x!r:>{w}} {y = }"
T'a' t"b"
rt"\d{x}"
tr"{ x }"

# ---
# (expr (t-string ["hello " (field (name name) _ _ _)]))
# (expr (t-string [(field (name x) r _ [">" (field (name w) _ _ _)]) " " (field (name y) _ "y = " _)]))
# (expr (t-string ["ab"]))
# (expr (t-string ["\{5c}d" (field (name x) _ _ _)]))
# (expr (t-string [(field (name x) _ _ _)]))
