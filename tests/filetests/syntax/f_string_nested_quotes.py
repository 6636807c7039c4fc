# test parse
f"{d["key"]}"
f"{f"{f"{1}"}"}"
f'{"\n".join(x)}'

# ---
# (expr (f-string [(field (subscript (name d) (literal "key")) _ _ _)]))
# (expr (f-string [(field (f-string [(field (f-string [(field (literal 1) _ _ _)]) _ _ _)]) _ _ _)]))
# (expr (f-string [(field (call (attribute (literal "\{a}") join) [(name x)] []) _ _ _)]))
