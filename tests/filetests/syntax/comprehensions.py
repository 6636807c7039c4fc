# test parse
[x for x in y]
{x for x in y if a if b}
{x: y for x, y in z}
(x for x in y for z in x)
f(x for x in y)
f((x for x in y), 1)
[x for x, in y]
[x for *x, y in z]
[lambda: x for x in y]
[x if y else z for x in a or b]
[[a for a in b] for b in c]

# ---
# (expr (list-comp (name x) [(for (name x) (name y) [])]))
# (expr (set-comp (name x) [(for (name x) (name y) [(name a) (name b)])]))
# (expr (dict-comp (name x) (name y) [(for (tuple [(name x) (name y)]) (name z) [])]))
# (expr (generator (name x) [(for (name x) (name y) []) (for (name z) (name x) [])]))
# (expr (call (name f) [(generator (name x) [(for (name x) (name y) [])])] []))
# (expr (call (name f) [(generator (name x) [(for (name x) (name y) [])]) (literal 1)] []))
# (expr (list-comp (name x) [(for (tuple [(name x)]) (name y) [])]))
# (expr (list-comp (name x) [(for (tuple [(starred (name x)) (name y)]) (name z) [])]))
# (expr (list-comp (lambda [] [] _ [] _ (name x)) [(for (name x) (name y) [])]))
# (expr (list-comp (conditional (name y) (name x) (name z)) [(for (name x) (bool or [(name a) (name b)]) [])]))
# (expr (list-comp (list-comp (name a) [(for (name a) (name b) [])]) [(for (name b) (name c) [])]))
