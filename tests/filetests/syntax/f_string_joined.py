# test parse
"a" f"b{x}" "c{}" f"d"
f""
f"a" "b"
(f"{x}"
 "y")

# ---
# (expr (f-string ["ab" (field (name x) _ _ _) "c{}d"]))
# (expr (f-string []))
# (expr (f-string ["ab"]))
# (expr (f-string [(field (name x) _ _ _) "y"]))
