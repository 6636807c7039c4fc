# test parse
type X = int
type Y[T] = list[T]
type = 1
type.x = 2
type(x)
type[x] = 3
print(type)

# ---
# (type-alias X [] (name int))
# (type-alias Y [(type-var T _ _)] (subscript (name list) (name T)))
# (assign [(name type)] (literal 1))
# (assign [(attribute (name type) x)] (literal 2))
# (expr (call (name type) [(name x)] []))
# (assign [(subscript (name type) (name x))] (literal 3))
# (expr (call (name print) [(name type)] []))
