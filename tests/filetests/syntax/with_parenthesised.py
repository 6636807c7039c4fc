# test parse
with (a as b, c as d,): pass
with (a, b): pass
with (a): pass
with (a) as b: pass
with (a, b) as c: pass
with (yield): pass
with (a := b): pass
with (a for a in b): pass
with (*a, b): pass
with (a), (b): pass
with (a).b as c, d as (e, f): pass
with (): pass
with (open(x) as f): pass
with a as b.c, d as e[0]: pass
with (lambda: 1): pass

# ---
# (with [((name a) (name b)) ((name c) (name d))] [(pass)])
# (with [((name a) _) ((name b) _)] [(pass)])
# (with [((name a) _)] [(pass)])
# (with [((name a) (name b))] [(pass)])
# (with [((tuple [(name a) (name b)]) (name c))] [(pass)])
# (with [((yield _) _)] [(pass)])
# (with [((named a (name b)) _)] [(pass)])
# (with [((generator (name a) [(for (name a) (name b) [])]) _)] [(pass)])
# (with [((tuple [(starred (name a)) (name b)]) _)] [(pass)])
# (with [((name a) _) ((name b) _)] [(pass)])
# (with [((attribute (name a) b) (name c)) ((name d) (tuple [(name e) (name f)]))] [(pass)])
# (with [((tuple []) _)] [(pass)])
# (with [((call (name open) [(name x)] []) (name f))] [(pass)])
# (with [((name a) (attribute (name b) c)) ((name d) (subscript (name e) (literal 0)))] [(pass)])
# (with [((lambda [] [] _ [] _ (literal 1)) _)] [(pass)])
# ! 7:7 U0161 `yield` outside a function
