# test parse
def f():
    yield
    yield a
    yield a, *b
    yield from a
    x = yield
    x = y = yield a
    x += yield
    (yield)
    [(yield a), 1]
    f((yield))
    return *a, b
    await_ = lambda: (yield)

# ---
# (def f [] [] [] [] _ [] _ _ [(expr (yield _)) (expr (yield (name a))) (expr (yield (tuple [(name a) (starred (name b))]))) (expr (yield-from (name a))) (assign [(name x)] (yield _)) (assign [(name x) (name y)] (yield (name a))) (aug-assign + (name x) (yield _)) (expr (yield _)) (expr (list [(yield (name a)) (literal 1)])) (expr (call (name f) [(yield _)] [])) (return (tuple [(starred (name a)) (name b)])) (assign [(name await_)] (lambda [] [] _ [] _ (yield _)))])
