# test parse
@a
@b.c(d)
@(e := f)[0]
@lambda x: x
def f(): pass
@g
class C: pass

# ---
# (def f [(name a) (call (attribute (name b) c) [(name d)] []) (subscript (named e (name f)) (literal 0)) (lambda [] [(param x _ _)] _ [] _ (name x))] [] [] [] _ [] _ _ [(pass)])
# (class C [(name g)] [] [] [] [(pass)])
