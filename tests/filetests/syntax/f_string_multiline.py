# test parse
f'''a {
    x +
    y
} b'''
f'{
x}'
rf'\d{x}\n'
f"\N{BULLET}{x}\x41"
f'{x:
}'

# ---
# (expr (f-string ["a " (field (binary + (name x) (name y)) _ _ _) " b"]))
# (expr (f-string [(field (name x) _ _ _)]))
# (expr (f-string ["\{5c}d" (field (name x) _ _ _) "\{5c}n"]))
# (expr (f-string ["\{2022}" (field (name x) _ _ _) "A"]))
# (expr (f-string [(field (name x) _ _ [])]))
