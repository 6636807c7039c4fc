# test parse
()
a,
(a,)
(a, b)
a, b,
(*a, b)
*a, b
((a))
(((a, b), c),)

# ---
# (expr (tuple []))
# (expr (tuple [(name a)]))
# (expr (tuple [(name a)]))
# (expr (tuple [(name a) (name b)]))
# (expr (tuple [(name a) (name b)]))
# (expr (tuple [(starred (name a)) (name b)]))
# (expr (tuple [(starred (name a)) (name b)]))
# (expr (name a))
# (expr (tuple [(tuple [(tuple [(name a) (name b)]) (name c)])]))
