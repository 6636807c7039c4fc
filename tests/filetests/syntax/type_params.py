# test parse
def f[T, *Ts, **P](x: T, *args: *Ts) -> T: pass
def g[T: int, U: (str, bytes)](x: T) -> U: pass
class C[T](Base[T], metaclass=M): pass
class D[T,]: pass

# ---
# (def f [] [(type-var T _ _) (type-var-tuple Ts _) (param-spec P _)] [] [(param x (name T) _)] (param args (starred (name Ts)) _) [] _ (name T) [(pass)])
# (def g [] [(type-var T (name int) _) (type-var U (tuple [(name str) (name bytes)]) _)] [] [(param x (name T) _)] _ [] _ (name U) [(pass)])
# (class C [] [(type-var T _ _)] [(subscript (name Base) (name T))] [(keyword metaclass (name M))] [(pass)])
# (class D [] [(type-var T _ _)] [] [] [(pass)])
