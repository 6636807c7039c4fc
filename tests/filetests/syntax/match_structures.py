# test parse
match x:
    case {"k": v, a.b: 1, -1: _, **rest}: pass
    case {}: pass
    case {None: 1, True: 2,}: pass
    case Point(0, y, z=1, w=(a | b) as c,): pass
    case a.b.C(): pass
    case 1, *rest: pass
    case *rest, 1: pass
    case str() | int() as value if value > (n := 3): pass
    case _: pass

# ---
# (match (name x) [(case (match-mapping [((literal "k") (match-capture v)) ((attribute (name a) b) (match-value (literal 1))) ((unary - (literal 1)) (match-wildcard))] rest) _ [(pass)]) (case (match-mapping [] _) _ [(pass)]) (case (match-mapping [((literal None) (match-value (literal 1))) ((literal True) (match-value (literal 2)))] _) _ [(pass)]) (case (match-class (name Point) [(match-value (literal 0)) (match-capture y)] [(z (match-value (literal 1))) (w (match-as (match-or [(match-capture a) (match-capture b)]) c))]) _ [(pass)]) (case (match-class (attribute (attribute (name a) b) C) [] []) _ [(pass)]) (case (match-sequence [(match-value (literal 1)) (match-star rest)]) _ [(pass)]) (case (match-sequence [(match-star rest) (match-value (literal 1))]) _ [(pass)]) (case (match-as (match-or [(match-class (name str) [] []) (match-class (name int) [] [])]) value) (compare (name value) > (named n (literal 3))) [(pass)]) (case (match-wildcard) _ [(pass)])])
# ! 6:30 U0148 pattern makes the ones after it unreachable
# ! 6:30 U0139 alternatives bind different names
