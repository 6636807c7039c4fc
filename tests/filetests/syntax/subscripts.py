# test parse
a[b]
a[b, c]
a[b,]
a[:]
a[::]
a[b:c:d, ..., None, ::e]
a[*b]
a[*b, c]
a[b := 1]
a[b:c, d := 2]
a[()]
a[lambda: b]
a[b if c else d:e]

# ---
# (expr (subscript (name a) (name b)))
# (expr (subscript (name a) (tuple [(name b) (name c)])))
# (expr (subscript (name a) (tuple [(name b)])))
# (expr (subscript (name a) (slice _ _ _)))
# (expr (subscript (name a) (slice _ _ _)))
# (expr (subscript (name a) (tuple [(slice (name b) (name c) (name d)) (literal ...) (literal None) (slice _ _ (name e))])))
# (expr (subscript (name a) (tuple [(starred (name b))])))
# (expr (subscript (name a) (tuple [(starred (name b)) (name c)])))
# (expr (subscript (name a) (named b (literal 1))))
# (expr (subscript (name a) (tuple [(slice (name b) (name c) _) (named d (literal 2))])))
# (expr (subscript (name a) (tuple [])))
# (expr (subscript (name a) (lambda [] [] _ [] _ (name b))))
# (expr (subscript (name a) (slice (conditional (name c) (name b) (name d)) (name e) _)))
