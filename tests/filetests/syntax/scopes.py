# test parse
def f():
    global a, b
    x = 1
    def g():
        nonlocal x
        x = 2
class C:
    global y
    y = 1
    def m(self): nonlocal_ = __class__

# ---
# (def f [] [] [] [] _ [] _ _ [(global [a b]) (assign [(name x)] (literal 1)) (def g [] [] [] [] _ [] _ _ [(nonlocal [x]) (assign [(name x)] (literal 2))])])
# (class C [] [] [] [] [(global [y]) (assign [(name y)] (literal 1)) (def m [] [] [] [(param self _ _)] _ [] _ _ [(assign [(name nonlocal_)] (name __class__))])])
