# test parse
return 1
def f(a, a):
    break
    nonlocal b
class C:
    continue
    yield

# ---
# (return (literal 1))
# (def f [] [] [] [(param a _ _) (param a _ _)] _ [] _ _ [(break) (nonlocal [b])])
# (class C [] [] [] [] [(continue) (expr (yield _))])
# ! 2:1 U0160 `return` outside a function
# ! 3:10 U0166 parameter `a` appears twice
# ! 4:5 U0164 `break` outside a loop
# ! 5:14 U0169 no enclosing function binds `b`
# ! 7:5 U0165 `continue` outside a loop
# ! 8:5 U0161 `yield` outside a function
