# test parse
pass; break_; continue_
del a, (b, c), [d], e.f, g[0]
del (a)
del ()
assert a, b
assert (a, b)
raise
raise a
raise a from b
import a, b.c as d
from a import b as c, d
from . import e
from .... .f import (g, h as i,)
from ...j import *
return_ = yield_ = 0

# ---
# (pass)
# (expr (name break_))
# (expr (name continue_))
# (delete [(name a) (tuple [(name b) (name c)]) (list [(name d)]) (attribute (name e) f) (subscript (name g) (literal 0))])
# (delete [(name a)])
# (delete [(tuple [])])
# (assert (name a) (name b))
# (assert (tuple [(name a) (name b)]) _)
# (raise _ _)
# (raise (name a) _)
# (raise (name a) (name b))
# (import [(alias a _) (alias b.c d)])
# (import-from 0 a [(alias b c) (alias d _)])
# (import-from 1 _ [(alias e _)])
# (import-from 5 f [(alias g _) (alias h i)])
# (import-from 3 j [(alias * _)])
# (assign [(name return_) (name yield_)] (literal 0))
