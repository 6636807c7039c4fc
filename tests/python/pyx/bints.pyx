cdef struct Answer:
    int x
    bint ok
    bint many[2]

ctypedef bint (*predicate)(int, bint) noexcept

cdef bint even(int x, bint b) noexcept:
    return x % 2 == 0 and b

cdef bint seen = True


def elements(bint[:] v):
    cdef Py_ssize_t i
    found = []
    for i in range(v.shape[0]):
        found.append(v[i])
    v[0] = 1
    v[1] = not v[1]
    return found, v[0]


def element(bint[:] v, int i):
    return v[i]


def element_by_object(bint[:] v, i):
    return v[i]


def count(bint[::1] v):
    cdef int i, n = 0
    with nogil:
        for i in range(v.shape[0]):
            if v[i]:
                n += 1
            v[i] = n > 1
    return n


def array(int i):
    cdef bint a[3]
    a[0] = 1
    a[1] = 0
    a[2] = 5
    return a[i]


def array_and_pointer(object i):
    cdef bint a[3]
    a[0] = 1
    a[1] = 0
    a[2] = 5
    cdef bint *p = a
    cdef bint[:] v = a
    p[1] = i
    return a, p[i], a[i], [a[1]], [v[0], v[1]]


def struct(int x):
    cdef Answer s
    s.x = x
    s.ok = x > 2
    s.many[0] = x
    s.many[1] = 0
    return s


def member(int x):
    cdef Answer s
    s.ok = x > 2
    return s.ok


def from_dict(d):
    cdef Answer s = d
    return s, s.ok, s.many[0], s.many


def through_pointer(int x, bint b):
    cdef predicate p = even
    return p(x, b)


def of_module(x):
    global seen
    before = seen
    seen = x
    return before, seen


def pair(int x):
    cdef (int, bint) t = (x, x > 1)
    return t
