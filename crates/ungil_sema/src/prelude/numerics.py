"""Numerics: differences, integrals, interpolation, as NumPy computes them."""


def diff(a, n: const = 1, axis: const = -1):
    a = np.asarray(a)
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    if a.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    axis = axis_of(axis, a.ndim)
    if is_bool(a):
        d = cut(a, axis, 1, None) != cut(a, axis, None, -1)
    else:
        d = cut(a, axis, 1, None) - cut(a, axis, None, -1)
    if n == 1:
        return d
    return diff(d, n - 1, axis)
