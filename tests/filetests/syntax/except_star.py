# test parse
try:
    f()
except* ValueError as e:
    pass
except* (A, B):
    pass
else:
    pass
finally:
    pass

# ---
# (try-star [(expr (call (name f) [] []))] [(handler (name ValueError) e [(pass)]) (handler (tuple [(name A) (name B)]) _ [(pass)])] [(pass)] [(pass)])
