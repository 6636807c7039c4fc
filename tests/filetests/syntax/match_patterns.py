# test parse
match x:
    case -1 | 2.5 | 1 + 2j | -1 - 3j: pass
    case "a" "b" | b"c": pass
    case None | True | False: pass
    case a.b.c: pass
    case [a, *_, (b, c)]: pass
    case (): pass
    case (a,): pass
    case (a): pass

# ---
# (match (name x) [(case (match-or [(match-value (unary - (literal 1))) (match-value (literal 2.5)) (match-value (binary + (literal 1) (literal 2.0j))) (match-value (binary - (unary - (literal 1)) (literal 3.0j)))]) _ [(pass)]) (case (match-or [(match-value (literal "ab")) (match-value (literal b"c"))]) _ [(pass)]) (case (match-or [(match-singleton None) (match-singleton True) (match-singleton False)]) _ [(pass)]) (case (match-value (attribute (attribute (name a) b) c)) _ [(pass)]) (case (match-sequence [(match-capture a) (match-star _) (match-sequence [(match-capture b) (match-capture c)])]) _ [(pass)]) (case (match-sequence []) _ [(pass)]) (case (match-sequence [(match-capture a)]) _ [(pass)]) (case (match-capture a) _ [(pass)])])
