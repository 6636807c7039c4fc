# test parse
0, 00, 0_0, 1_000, 0xFF, 0o17, 0b1_0, 0XfF
9223372036854775807, 9223372036854775808, 0x1_0000_0000_0000_0000
1., .5, 1e10, 1E-5, 1_0.0_1e1_0, 0777.5, 09e1
1j, 1.5J, 0e0j, 1_0j
1if x else 2
0x1for x in y
1.real

# ---
# (expr (tuple [(literal 0) (literal 0) (literal 0) (literal 1000) (literal 255) (literal 15) (literal 2) (literal 255)]))
# (expr (tuple [(literal 9223372036854775807) (literal 9223372036854775808) (literal 18446744073709551616)]))
# (expr (tuple [(literal 1.0) (literal 0.5) (literal 10000000000.0) (literal 1e-5) (literal 100100000000.0) (literal 777.5) (literal 90.0)]))
# (expr (tuple [(literal 1.0j) (literal 1.5j) (literal 0.0j) (literal 10.0j)]))
# (expr (conditional (name x) (literal 1) (literal 2)))
# (expr (bool or [(literal 31) (compare (name x) in (name y))]))
# (expr (literal 0.0))
# ! 8:1 U0117 number followed by letters
