# Calls whose arguments do not fit the parameters, and questions that are asked of characters.

def two(int x, y):
    return x, y

def default(int x, y=3):
    return x, y

def rest(x, *args):
    return x, args

def keyword(x, y=2, *args, k):
    return x, y, args, k

def keywords_only(*, int k, m=3):
    return k, m

def collected(**kw):
    return kw

def by_position(x, /, y):
    return x, y

def nothing():
    return 1

def flagged(list l, *, bint flag=False):
    return l, flag

cpdef int visible(int x, int y=2):
    return x + y

def mixed(x, y=2, **kw):
    return x, y, kw

def viewed(double[:] v not None, int n=3):
    return n


def questions(str s):
    cdef list out = []
    for c in s:
        out.append((c.isalpha(), c.isdigit(), c.isspace(), c.isalnum(), c.isupper(), c.islower(), c.isdecimal(), c.isnumeric()))
        out.append((c.istitle(), c.isprintable(), c, ord(c)))
    return out

def counted(str s):
    cdef int letters = 0, digits = 0, upper = 0
    cdef unsigned long h = 5381
    for c in s:
        if c.isdigit():
            digits += 1
        elif c.isupper():
            upper += 1
        elif c.isalpha():
            letters += 1
        h = h * 33 + <unsigned long>ord(c)
    return letters, digits, upper, h

def items(str s, int i, o):
    cdef int code = s[i]
    cdef str t = s[i]
    cdef Py_UCS4 c = s[i]
    return [code, t, s[i], s[i] == 'a', s[i] in "abc", s[i] + t, {s[i]: o}, s[i] == c, s[i].upper(), len(s[i]), f"{s[i]}|{s[i]!r}",
            s[i].isalpha(), ord(s[i]), s[-1], s[i] if o else "", s[i] == o, s[i] < 'b', [x for x in s[i]]]

def words(str s):
    cdef Py_ssize_t i = 0, n = len(s), start
    out = []
    while i < n:
        while i < n and s[i].isspace():
            i += 1
        start = i
        while i < n and not s[i].isspace():
            i += 1
        if i > start:
            out.append(s[start:i])
    return out
