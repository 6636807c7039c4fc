# test parse
match x:
    case 1: pass
match = 1
match.x
match(x)
match[x] = 2
match, case = 1, 2
print(match)
match * x
match -x
match (x):
    case _: pass
match [a, b]:
    case [c, d]: pass
match -x:
    case _: pass
match *a, b:
    case _: pass
match lambda: 1:
    case _: pass
match: int = 3

# ---
# (match (name x) [(case (match-value (literal 1)) _ [(pass)])])
# (assign [(name match)] (literal 1))
# (expr (attribute (name match) x))
# (expr (call (name match) [(name x)] []))
# (assign [(subscript (name match) (name x))] (literal 2))
# (assign [(tuple [(name match) (name case)])] (tuple [(literal 1) (literal 2)]))
# (expr (call (name print) [(name match)] []))
# (expr (binary * (name match) (name x)))
# (expr (binary - (name match) (name x)))
# (match (name x) [(case (match-wildcard) _ [(pass)])])
# (match (list [(name a) (name b)]) [(case (match-sequence [(match-capture c) (match-capture d)]) _ [(pass)])])
# (match (unary - (name x)) [(case (match-wildcard) _ [(pass)])])
# (match (tuple [(starred (name a)) (name b)]) [(case (match-wildcard) _ [(pass)])])
# (match (lambda [] [] _ [] _ (literal 1)) [(case (match-wildcard) _ [(pass)])])
# (ann-assign simple (name match) (name int) (literal 3))
