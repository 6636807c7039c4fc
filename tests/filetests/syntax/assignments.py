# test parse
a = b = c
a, b = c, *d
a, *b = c
[a, [b, *c]] = d
(a) = 1
(a, b) = 1
a.b = a[0] = a()[1] = 1
a += 1
a.b **= 2
a[0] @= yield_
a: int
a: int = 1
(a): int = 1
a.b: int = 1
a[0]: int
a: tuple = 1, *b
x = *a, b
for a, in b: pass
for a.b, *c[0] in d, *e: pass

# ---
# (assign [(name a) (name b)] (name c))
# (assign [(tuple [(name a) (name b)])] (tuple [(name c) (starred (name d))]))
# (assign [(tuple [(name a) (starred (name b))])] (name c))
# (assign [(list [(name a) (list [(name b) (starred (name c))])])] (name d))
# (assign [(name a)] (literal 1))
# (assign [(tuple [(name a) (name b)])] (literal 1))
# (assign [(attribute (name a) b) (subscript (name a) (literal 0)) (subscript (call (name a) [] []) (literal 1))] (literal 1))
# (aug-assign + (name a) (literal 1))
# (aug-assign ** (attribute (name a) b) (literal 2))
# (aug-assign @ (subscript (name a) (literal 0)) (name yield_))
# (ann-assign simple (name a) (name int) _)
# (ann-assign simple (name a) (name int) (literal 1))
# (ann-assign _ (name a) (name int) (literal 1))
# (ann-assign _ (attribute (name a) b) (name int) (literal 1))
# (ann-assign _ (subscript (name a) (literal 0)) (name int) _)
# (ann-assign simple (name a) (name tuple) (tuple [(literal 1) (starred (name b))]))
# (assign [(name x)] (tuple [(starred (name a)) (name b)]))
# (for (tuple [(name a)]) (name b) [(pass)] [])
# (for (tuple [(attribute (name a) b) (starred (subscript (name c) (literal 0)))]) (tuple [(name d) (starred (name e))]) [(pass)] [])
