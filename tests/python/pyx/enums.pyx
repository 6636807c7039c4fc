# cython: language_level=3
cpdef enum Color:
    RED = 1
    GREEN = 5
    BLUE
cdef enum Hidden:
    H1 = 3
    H2
cpdef enum Flags:
    A = 1
    B = 2
    AB = 3
cpdef enum:
    ANON = 7

cdef Color pick(int n):
    return RED if n == 0 else GREEN
cpdef Color pick2(int n):
    return <Color>n
def get(int n):
    return pick(n)
def get2(int n):
    cdef Color c = <Color>n
    return c
def lit(): return GREEN
def dotted(): return Color.GREEN
def lits(): return [RED, Color.BLUE]
def gen(int n):
    cdef Color c
    cdef int i
    for i in range(n):
        c = <Color>(5 + i)
        yield c
def hid():
    cdef Hidden h = H2
    return h
def par(Color c): return c
def park(Color c): return c + 1
def parh(Hidden c): return c
def inlist():
    cdef Color c = BLUE
    return [c, (c, 1)]
def asstr():
    cdef Color c = BLUE
    return str(c), repr(c), f"{c}"
def flags(int n):
    cdef Flags f = <Flags>n
    return f
def anon(): return ANON
def arith():
    cdef Color c = BLUE
    return c + 1
def cmp_(x):
    cdef Color c = GREEN
    return c == x
def typ(): return type(RED).__name__
def fl():
    cdef Color c = GREEN
    return <double>c
def tup(int n):
    return pick(n), n
def objarg(x):
    cdef Color c = x
    return c


def cast_to(int i):
    e = <Flags>i
    return <Flags>i, e, <int>e, <Flags>i + 1, [<Flags>i], str(<Flags>i), f"{<Flags>i}"


def cast_in_loop(int n):
    cdef Flags f
    cdef int i, total = 0
    with nogil:
        for i in range(n):
            f = <Flags>(i + 1)
            total += f
    return total
