# test parse
try: pass
except A, B: pass
try: pass
except* A, B, C: pass
try: pass
except (A, B) as e: pass

# ---
# (try [(pass)] [(handler (tuple [(name A) (name B)]) _ [(pass)])] [] [])
# (try-star [(pass)] [(handler (tuple [(name A) (name B) (name C)]) _ [(pass)])] [] [])
# (try [(pass)] [(handler (tuple [(name A) (name B)]) e [(pass)])] [] [])
