# test parse
f"{x:>{width}.{precision}f}"
f"{x:{a}{b}}"
f"{x!r:^10}"
f"{x:}"
f"{x:%H:%M}"
f"{(lambda y: y)(x)}"
f"{x != y}"
f"{x:{{}}}"
f"{{}} {x}}}"

# ---
# (expr (f-string [(field (name x) _ _ [">" (field (name width) _ _ _) "." (field (name precision) _ _ _) "f"])]))
# (expr (f-string [(field (name x) _ _ [(field (name a) _ _ _) (field (name b) _ _ _)])]))
# (expr (f-string [(field (name x) r _ ["^10"])]))
# (expr (f-string [(field (name x) _ _ [])]))
# (expr (f-string [(field (name x) _ _ ["%H:%M"])]))
# (expr (f-string [(field (call (lambda [] [(param y _ _)] _ [] _ (name y)) [(name x)] []) _ _ _)]))
# (expr (f-string [(field (compare (name x) != (name y)) _ _ _)]))
# (expr (f-string [(field (name x) _ _ [(field (dict []) _ _ _)])]))
# (expr (f-string ["{} " (field (name x) _ _ _) "}"]))
