# test parse
a or b and not c
a < b <= c != d is not e not in f in g is h
a | b ^ c & d << e >> f + g - h * i / j // k % l @ m
-a ** -b
-a.b ** c
await_ ** 2
not a == b
~+-a
a if b else c if d else e
a ** b ** c
(a + b) * c
a + (b)
(a).b(c)[d]

# ---
# (expr (bool or [(name a) (bool and [(name b) (unary not (name c))])]))
# (expr (compare (name a) < (name b) <= (name c) != (name d) is not (name e) not in (name f) in (name g) is (name h)))
# (expr (binary | (name a) (binary ^ (name b) (binary & (name c) (binary >> (binary << (name d) (name e)) (binary - (binary + (name f) (name g)) (binary @ (binary % (binary // (binary / (binary * (name h) (name i)) (name j)) (name k)) (name l)) (name m))))))))
# (expr (unary - (binary ** (name a) (unary - (name b)))))
# (expr (unary - (binary ** (attribute (name a) b) (name c))))
# (expr (binary ** (name await_) (literal 2)))
# (expr (unary not (compare (name a) == (name b))))
# (expr (unary ~ (unary + (unary - (name a)))))
# (expr (conditional (name b) (name a) (conditional (name d) (name c) (name e))))
# (expr (binary ** (name a) (binary ** (name b) (name c))))
# (expr (binary * (binary + (name a) (name b)) (name c)))
# (expr (binary + (name a) (name b)))
# (expr (subscript (call (attribute (name a) b) [(name c)] []) (name d)))
