"""Whole arrays compared."""


def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan: const = False):
    return bool(np.all(np.isclose(a, b, rtol, atol, equal_nan)))


def array_equal(a1, a2, equal_nan: const = False):
    x, y = np.asarray(a1), np.asarray(a2)
    if x.ndim != y.ndim:
        return False
    for k in steps(x.ndim):
        if x.shape[k] != y.shape[k]:
            return False
    if equal_nan:
        return bool(np.all((x == y) | ((x != x) & (y != y))))
    return bool(np.all(x == y))


def array_equiv(a1, a2):
    x, y = np.asarray(a1), np.asarray(a2)
    for k in steps(min(x.ndim, y.ndim)):
        n, m = x.shape[x.ndim - 1 - k], y.shape[y.ndim - 1 - k]
        if n != m and n != 1 and m != 1:
            return False
    return bool(np.all(x == y))


def real(val):
    if is_number(val):
        return val.real
    return np.asarray(val).real


def imag(val):
    if is_number(val):
        return val.imag
    return np.asarray(val).imag
