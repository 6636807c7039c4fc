# test parse
for i in range(3) -> int:
    pass

# ---
# (invalid)
# ! 2:19 U0101 expected `:`, found `->`
