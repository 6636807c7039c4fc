# cython: language_level=3
"""Small programs that use memory of C beside Python objects, in the style of scientific code."""
from libc.stdlib cimport malloc, calloc, realloc, free, qsort
from libc.string cimport memcpy, memset, strlen, strcmp
from libc.math cimport sqrt, cos, sin, M_PI

# 1: k-means with centroids from malloc and a list of results.


cdef double distance(const double *a, const double *b, int dim) noexcept:
    cdef double total = 0
    cdef int k
    for k in range(dim):
        total += (a[k] - b[k]) * (a[k] - b[k])
    return total


def kmeans(list points, int k, int rounds=10):
    cdef int n = len(points), dim = len(points[0]), i, j, c, best
    cdef double *data = <double *>malloc(n * dim * sizeof(double))
    cdef double *centroids = <double *>calloc(k * dim, sizeof(double))
    cdef int *labels = <int *>malloc(n * sizeof(int))
    cdef int *counts = NULL
    cdef double nearest, found
    try:
        if not data or centroids == NULL or labels is NULL:
            raise MemoryError()
        for i, point in enumerate(points):
            if len(point) != dim:
                raise ValueError(f"point {i} has {len(point)} coordinates, expected {dim}")
            for j in range(dim):
                data[i * dim + j] = point[j]
        memcpy(centroids, data, k * dim * sizeof(double))
        counts = <int *>malloc(k * sizeof(int))
        for _ in range(rounds):
            memset(counts, 0, k * sizeof(int))
            for i in range(n):
                best, nearest = 0, distance(data + i * dim, centroids, dim)
                for c in range(1, k):
                    found = distance(&data[i * dim], &centroids[c * dim], dim)
                    if found < nearest:
                        best, nearest = c, found
                labels[i] = best
                counts[best] += 1
            memset(centroids, 0, k * dim * sizeof(double))
            for i in range(n):
                for j in range(dim):
                    centroids[labels[i] * dim + j] += data[i * dim + j] / counts[labels[i]]
        groups = {}
        for i in range(n):
            groups.setdefault(labels[i], []).append(points[i])
        return [[centroids[c * dim + j] for j in range(dim)] for c in range(k)], groups
    finally:
        free(data)
        free(centroids)
        free(labels)
        free(counts)


# 2: a tokenizer on characters.


def tokens(str text):
    cdef bytes raw = text.encode("utf-8")
    cdef char *p = raw
    cdef Py_ssize_t n = len(raw), start = -1, i
    found = []
    for i in range(n):
        if p[i] == c' ' or p[i] == c'\n' or p[i] == c'\t':
            if start >= 0:
                found.append(p[start:i].decode("utf-8"))
                start = -1
        elif start < 0:
            start = i
    if start >= 0:
        found.append(p[start:n].decode("utf-8"))
    return found


# 3: particles as structs that come back as dictionaries.

cdef struct Particle:
    double x
    double v
    int id


cdef void step(Particle *p, double dt) except *:
    if p.v > 1000:
        raise OverflowError("too fast: %d" % p.id)
    p.x += p.v * dt
    if p.x < 0 or p.x > 10:
        p.v = -p.v


def simulate(list starts, int steps, double dt=0.1):
    cdef Particle particles[16]
    cdef int n = len(starts), i, s
    if n > 16:
        raise ValueError("at most 16 particles")
    for i in range(n):
        particles[i] = starts[i]
    for s in range(steps):
        for i in range(n):
            step(&particles[i], dt)
    return [particles[i] for i in range(n)]


# 4: a histogram with counts in an array of C.


def histogram(values, double low, double high):
    cdef int counts[8]
    cdef double value
    cdef int at, i
    memset(counts, 0, sizeof(counts))
    outside = []
    for value in values:
        at = <int>((value - low) / (high - low) * 8)
        if 0 <= at < 8:
            counts[at] += 1
        else:
            outside.append(value)
    return counts, outside


def byte_frequencies(bytes data):
    cdef int counts[256]
    cdef unsigned char b
    cdef int i
    for i in range(256):
        counts[i] = 0
    for b in data:
        counts[b] += 1
    return {chr(i): counts[i] for i in range(256) if counts[i]}


# 5: qsort with a callback.


cdef int by_value(const void *a, const void *b) noexcept nogil:
    cdef double x = (<const double *>a)[0], y = (<const double *>b)[0]
    return (x > y) - (x < y)


def sorted_by_c(values):
    cdef Py_ssize_t n = len(values), i = 0
    cdef double *buffer = <double *>malloc(n * sizeof(double))
    if buffer is NULL:
        raise MemoryError(f"{n} values")
    try:
        for value in values:
            buffer[i] = value
            i += 1
        qsort(buffer, n, sizeof(double), &by_value)
        return [buffer[i] for i in range(n)]
    finally:
        free(buffer)


# 6: a heap on an array of C.


cdef struct Heap:
    int size
    double items[32]


cdef int push(Heap *heap, double value) except -1:
    cdef int at = heap.size, up
    if at == 32:
        raise IndexError("the heap is full")
    heap.size += 1
    heap.items[at] = value
    while at > 0:
        up = (at - 1) // 2
        if heap.items[up] <= heap.items[at]:
            break
        heap.items[up], heap.items[at] = heap.items[at], heap.items[up]
        at = up
    return at


cdef double pop(Heap *heap) except? -1:
    cdef double top
    cdef int at = 0, down
    if heap.size == 0:
        raise IndexError("the heap is empty")
    top = heap.items[0]
    heap.size -= 1
    heap.items[0] = heap.items[heap.size]
    while True:
        down = 2 * at + 1
        if down >= heap.size:
            break
        if down + 1 < heap.size and heap.items[down + 1] < heap.items[down]:
            down += 1
        if heap.items[at] <= heap.items[down]:
            break
        heap.items[at], heap.items[down] = heap.items[down], heap.items[at]
        at = down
    return top


def heap_sorted(values, int take):
    cdef Heap heap
    heap.size = 0
    places = []
    for value in values:
        places.append(push(&heap, value))
    out = []
    for _ in range(take):
        out.append(pop(&heap))
    return places, out, heap.size


# 7: a matrix from a list of lists in one buffer, and its product.


cdef double *matrix_of(rows, int *n, int *m) except NULL:
    cdef double *data
    cdef int i, j
    n[0] = len(rows)
    m[0] = len(rows[0]) if rows else 0
    if n[0] == 0 or m[0] == 0:
        raise ValueError("an empty matrix")
    data = <double *>malloc(n[0] * m[0] * sizeof(double))
    if data == NULL:
        raise MemoryError()
    try:
        for i in range(n[0]):
            row = rows[i]
            if len(row) != m[0]:
                raise ValueError("rows of different lengths: %s" % [len(r) for r in rows])
            for j in range(m[0]):
                data[i * m[0] + j] = row[j]
    except:
        free(data)
        raise
    return data


def matmul(a, b):
    cdef int n, m, k, p, i, j, q
    cdef double total
    cdef double *x = matrix_of(a, &n, &m)
    cdef double *y = NULL
    try:
        y = matrix_of(b, &k, &p)
        if m != k:
            raise ValueError("shapes do not fit: {0} {1}".format((n, m), (k, p)))
        result = []
        for i in range(n):
            row = []
            for j in range(p):
                total = 0
                for q in range(m):
                    total += x[i * m + q] * y[q * p + j]
                row.append(total)
            result.append(row)
        return result
    finally:
        free(x)
        if y is not NULL:
            free(y)


# 8: a fast Fourier transform of complex numbers of C.


cdef void fft_in_place(double complex *a, int n, double sign):
    cdef int i, j = 0, bit, length, k, half
    cdef double complex w, u, t
    cdef double angle
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j ^= bit
        if i < j:
            a[i], a[j] = a[j], a[i]
    length = 2
    while length <= n:
        half = length // 2
        for i in range(0, n, length):
            for k in range(half):
                angle = sign * 2 * M_PI * k / length
                w = cos(angle) + 1j * sin(angle)
                u, t = a[i + k], w * a[i + k + half]
                a[i + k] = u + t
                a[i + k + half] = u - t
        length <<= 1


def fft(values, bint inverse=False):
    cdef int n = len(values), i
    cdef double complex *a
    if n == 0 or n & (n - 1):
        raise ValueError(f"length {n} is no power of two")
    a = <double complex *>malloc(n * sizeof(double complex))
    try:
        for i in range(n):
            a[i] = values[i]
        fft_in_place(a, n, 1.0 if inverse else -1.0)
        return [a[i] / n if inverse else a[i] for i in range(n)]
    finally:
        free(a)


# 9: a list that grows, with realloc, of a linked chain's values.

cdef struct Node:
    int value
    Node *next


def reversed_chain(values):
    cdef Node *head = NULL
    cdef Node *node
    cdef int total = 0
    try:
        for value in values:
            node = <Node *>malloc(sizeof(Node))
            if not node:
                raise MemoryError
            node.value = 0
            node.next = head
            head = node
            node.value = value
        out = []
        node = head
        while node != NULL:
            out.append(node.value)
            total += node.value
            node = node.next
        return out, total
    finally:
        while head is not NULL:
            node = head.next
            free(head)
            head = node


def primes(int count):
    cdef int *found = NULL
    cdef int *more
    cdef int size = 0, room = 0, n = 2, i
    cdef bint is_prime
    while size < count:
        is_prime = True
        for i in range(size):
            if found[i] * found[i] > n:
                break
            if n % found[i] == 0:
                is_prime = False
                break
        if is_prime:
            if size == room:
                room = 2 * room + 4
                more = <int *>realloc(found, room * sizeof(int))
                if more is NULL:
                    free(found)
                    raise MemoryError()
                found = more
            found[size] = n
            size += 1
        n += 1
    result = [found[i] for i in range(size)]
    free(found)
    return {"primes": result, "last": result[-1] if result else None}


# 10: an edit distance with two rows and any strings.


def edit_distance(str a, str b):
    cdef int n = len(a), m = len(b), i, j, cost
    cdef int *before = <int *>malloc((m + 1) * sizeof(int))
    cdef int *now = <int *>malloc((m + 1) * sizeof(int))
    for j in range(m + 1):
        before[j] = j
    for i in range(1, n + 1):
        now[0] = i
        for j in range(1, m + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            now[j] = min(before[j] + 1, now[j - 1] + 1, before[j - 1] + cost)
        before, now = now, before
    result = before[m]
    free(before)
    free(now)
    return result


# 11: a graph as dictionary of lists, with distances in an array of C.


def breadth_first(dict graph, start):
    cdef int distances[64]
    cdef int queue[64]
    cdef int first = 0, last = 0, at
    names = sorted(graph)
    numbers = {name: k for k, name in enumerate(names)}
    if len(names) > 64:
        raise ValueError("too many nodes")
    for at in range(64):
        distances[at] = -1
    distances[numbers[start]] = 0
    queue[last] = numbers[start]
    last += 1
    while first < last:
        at = queue[first]
        first += 1
        for other in graph[names[at]]:
            k = numbers[other]
            if distances[k] < 0:
                distances[k] = distances[at] + 1
                queue[last] = k
                last += 1
    return {name: distances[numbers[name]] for name in names if distances[numbers[name]] >= 0}


# 12: running statistics in a struct that functions return.

cdef struct Stats:
    long n
    double mean
    double m2


cdef Stats updated(Stats s, double x):
    cdef double delta = x - s.mean
    s.n += 1
    s.mean += delta / s.n
    s.m2 += delta * (x - s.mean)
    return s


def statistics(values, **options):
    cdef Stats s = Stats(0, 0, 0)
    for value in values:
        s = updated(s, value)
    if options.get("raw"):
        return s
    if s.n < 2:
        raise ZeroDivisionError("two values at least")
    return {"n": s.n, "mean": s.mean, "std": sqrt(s.m2 / (s.n - 1)), **options}


# 13: polynomials with a callable and a buffer.


def integrate(f, double a, double b, int n):
    cdef double *y = <double *>malloc((n + 1) * sizeof(double))
    cdef double h = (b - a) / n, total = 0
    cdef int i
    try:
        for i in range(n + 1):
            y[i] = f(a + i * h)
        for i in range(n):
            total += (y[i] + y[i + 1]) * h / 2
        return total, max([y[i] for i in range(n + 1)])
    except (TypeError, ValueError) as error:
        return type(error).__name__, str(error)
    finally:
        free(y)


# 14: a cache of rows in a two-dimensional array.


def pascal(int n):
    cdef long rows[12][12]
    cdef int i, j
    if not 0 < n <= 12:
        raise IndexError(n)
    for i in range(n):
        for j in range(i + 1):
            rows[i][j] = 1 if j == 0 or j == i else rows[i - 1][j - 1] + rows[i - 1][j]
    return [[rows[i][j] for j in range(i + 1)] for i in range(n)]


# 15: words compared as C strings.


def longest_run(list words):
    cdef const char *before = NULL
    cdef const char *now
    cdef bytes word
    cdef int run = 0, best = 0
    raw = [w.encode() if isinstance(w, str) else w for w in words]
    for word in raw:
        now = word
        if before != NULL and strcmp(before, now) == 0:
            run += 1
        else:
            run = 1
        before = now
        best = max(best, run)
    return best, sum(strlen(w) for w in raw)
