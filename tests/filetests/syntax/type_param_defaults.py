# test parse
class C[T = int, *Ts = *tuple[int], **P = [int, str]]: pass
def f[T: int = bool](x: T): pass
type A[T = int] = list[T]

# ---
# (class C [] [(type-var T _ (name int)) (type-var-tuple Ts (starred (subscript (name tuple) (name int)))) (param-spec P (list [(name int) (name str)]))] [] [] [(pass)])
# (def f [] [(type-var T (name int) (name bool))] [] [(param x (name T) _)] _ [] _ _ [(pass)])
# (type-alias A [(type-var T _ (name int))] (subscript (name list) (name T)))
