# test parse
é = 1
ﬁ = 2
ℌ = 3
变量 = 4
_ = __a1 = 5
x·y = 6

# ---
# (assign [(name é)] (literal 1))
# (assign [(name fi)] (literal 2))
# (assign [(name H)] (literal 3))
# (assign [(name 变量)] (literal 4))
# (assign [(name _) (name __a1)] (literal 5))
# (assign [(name x·y)] (literal 6))
