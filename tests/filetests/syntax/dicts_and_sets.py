# test parse
{}
{1}
{1, *a,}
{1: 2, **a, 3: lambda: 4,}
{**a}
{a if b else c: d}
{(a := 1)}
{a := 1, b}

# ---
# (expr (dict []))
# (expr (set [(literal 1)]))
# (expr (set [(literal 1) (starred (name a))]))
# (expr (dict [((literal 1) (literal 2)) (_ (name a)) ((literal 3) (lambda [] [] _ [] _ (literal 4)))]))
# (expr (dict [(_ (name a))]))
# (expr (dict [((conditional (name b) (name a) (name c)) (name d))]))
# (expr (set [(named a (literal 1))]))
# (expr (set [(named a (literal 1)) (name b)]))
