# test parse
if a: pass
elif (b := 1): pass
elif c := 2: pass
else: pass
while a: pass
else: pass
for a in b: pass
else: pass
if a:
    pass
else:
    if b: pass

# ---
# (if [((name a) [(pass)]) ((named b (literal 1)) [(pass)]) ((named c (literal 2)) [(pass)])] [(pass)])
# (while (name a) [(pass)] [(pass)])
# (for (name a) (name b) [(pass)] [(pass)])
# (if [((name a) [(pass)])] [(if [((name b) [(pass)])] [])])
