def read(object[:] v, int i):
    return v[i]
def write(object[:] v, int i, x):
    v[i] = x
    return v[i]
def total(object[:] v):
    s = 0
    for i in range(v.shape[0]):
        s = s + v[i]
    return s
def two(object[:, ::1] v):
    cdef Py_ssize_t i, j
    out = []
    for i in range(v.shape[0]):
        for j in range(v.shape[1]):
            out.append(v[i, j])
    return out, v.shape[0], v.shape[1], v.ndim, v.nbytes, v.itemsize
def part(object[:] v, int a, int b):
    cdef object[:] w = v[a:b]
    w[0] = "new"
    return w.shape[0], v[a]
def fill(object[:] v, x):
    v[:] = x
    return v[0]
def copied(object[:] v):
    cdef object[:] w = v.copy()
    w[0] = None
    return v[0]
def call(object[:] v):
    return v[0](3)
def assign(object[:] v, object[:] w):
    v[:] = w
def none(object[:] v):
    return v is None
def notnone(object[:] v not None):
    return len(v)
def turned(object[:, :] v):
    return v.T[1, 0]
def length(object[:] v):
    return len(v)
