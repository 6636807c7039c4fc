"""Functions that are given functions."""


def apply_along_axis(func1d, axis: const, arr, *args):
    x = np.asarray(arr)
    at = axis_of(axis, x.ndim)
    turned = np.moveaxis(x, at, -1)
    kept = turned.shape[:-1]
    count = 1
    for k in steps(x.ndim - 1):
        count *= kept[k]
    if count == 0:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    rows = turned.reshape((count, turned.shape[-1]))
    first = np.asarray(func1d(rows[0], *args))
    out = np.empty((count,) + first.shape, first.dtype)
    out[0] = first
    for i in range(1, count):
        out[i] = func1d(rows[i], *args)
    result = out.reshape(kept + first.shape)
    if first.ndim == 0:
        return result
    behind = steps(result.ndim)[x.ndim - 1 :]
    return np.moveaxis(result, behind, steps(at + first.ndim)[at:])


def fromfunction(function, shape, *, dtype=None):
    places = np.indices(shape, np.float64 if dtype is None else dtype)
    return function(*each(_row, steps(places.ndim - 1), places))


def _row(k: const, places):
    return places[k]


def piecewise(x, condlist, funclist, *args):
    a = np.asarray(x)
    conditions = condlist if is_tuple(condlist) else (condlist,)
    n = len(conditions)
    if len(funclist) != n and len(funclist) != n + 1:
        raise ValueError("as many functions as conditions are expected, and at most one for what is left")
    out = np.zeros_like(a)
    rest = np.ones(a.shape, bool)
    for k in steps(n):
        holds = np.asarray(conditions[k])
        _fill_piece(out, a, holds, funclist[k], args)
        rest &= ~holds
    if len(funclist) == n + 1:
        _fill_piece(out, a, rest, funclist[n], args)
    return out


def _fill_piece(out, a, holds, value, args):
    if is_function(value):
        out[holds] = value(a[holds], *args)
    else:
        out[holds] = value
