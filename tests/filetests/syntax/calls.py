# test parse
f()
f(a, *b, c, d=1, *e, **f, g=2, **h)
f(a := 1)
f(a=lambda: b, c=d if e else g,)
f(*a or b)
f(**a or b)
f(match=1, case=2, type=3)

# ---
# (expr (call (name f) [] []))
# (expr (call (name f) [(name a) (starred (name b)) (name c) (starred (name e))] [(keyword d (literal 1)) (keyword _ (name f)) (keyword g (literal 2)) (keyword _ (name h))]))
# (expr (call (name f) [(named a (literal 1))] []))
# (expr (call (name f) [] [(keyword a (lambda [] [] _ [] _ (name b))) (keyword c (conditional (name e) (name d) (name g)))]))
# (expr (call (name f) [(starred (bool or [(name a) (name b)]))] []))
# (expr (call (name f) [] [(keyword _ (bool or [(name a) (name b)]))]))
# (expr (call (name f) [] [(keyword match (literal 1)) (keyword case (literal 2)) (keyword type (literal 3))]))
