# test parse
x = (1, 2
def f():
    y = [1, 2
    return y
z = 3
f(1, 2))
w = {1: 2]

# ---
# (invalid)
# (def f [] [] [] [] _ [] _ _ [(invalid) (return (name y))])
# (assign [(name z)] (literal 3))
# (expr (call (name f) [(literal 1) (literal 2)] []))
# (invalid)
# (invalid)
# ! 2:5 U0102 `(` was never closed
# ! 4:9 U0102 `[` was never closed
# ! 7:8 U0103 unmatched `)`
# ! 8:10 U0104 closing `]` does not match opening `{`
