# test parse
x = 1 + \
    2
if x: pass; y = 3;

def f():
	return 1
if x:
  a
else:
        b
x = (1,

  # comment
  2)
# comment with odd indentation
    # more
y = [
1
]

# ---
# (assign [(name x)] (binary + (literal 1) (literal 2)))
# (if [((name x) [(pass) (assign [(name y)] (literal 3))])] [])
# (def f [] [] [] [] _ [] _ _ [(return (literal 1))])
# (if [((name x) [(expr (name a))])] [(expr (name b))])
# (assign [(name x)] (tuple [(literal 1) (literal 2)]))
# (assign [(name y)] (list [(literal 1)]))
