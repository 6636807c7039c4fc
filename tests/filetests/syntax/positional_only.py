# test parse
def f(a, b=1, /, c=2, *, d, e=3, **k): pass
def g(a, /): pass
def h(*, a): pass
def i(*args, a, b=1): pass
def j(a, *args,): pass
def k(**kw,): pass
lambda a, b=1, /, *c, d, **e: a
lambda: 0
lambda *, k: k
lambda x, : x

# ---
# (def f [] [] [(param a _ _) (param b _ (literal 1))] [(param c _ (literal 2))] _ [(param d _ _) (param e _ (literal 3))] (param k _ _) _ [(pass)])
# (def g [] [] [(param a _ _)] [] _ [] _ _ [(pass)])
# (def h [] [] [] [] _ [(param a _ _)] _ _ [(pass)])
# (def i [] [] [] [] (param args _ _) [(param a _ _) (param b _ (literal 1))] _ _ [(pass)])
# (def j [] [] [] [(param a _ _)] (param args _ _) [] _ _ [(pass)])
# (def k [] [] [] [] _ [] (param kw _ _) _ [(pass)])
# (expr (lambda [(param a _ _) (param b _ (literal 1))] [] (param c _ _) [(param d _ _)] (param e _ _) (name a)))
# (expr (lambda [] [] _ [] _ (literal 0)))
# (expr (lambda [] [] _ [(param k _ _)] _ (name k)))
# (expr (lambda [] [(param x _ _)] _ [] _ (name x)))
