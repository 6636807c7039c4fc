"""Methods of universal functions that are no reductions of their own; a function of two numbers is the first argument."""


def _ufunc_reduce(f, identity: const, array, axis: const = 0, keepdims: const = False):
    a = np.asarray(array)
    if axis is None:
        x = np.ravel(a)
        if keepdims:
            return _reduced_rows(f, identity, x).reshape(same(1, a.ndim))
        return _reduced_rows(f, identity, x)
    x = np.moveaxis(a, axis_of(axis, a.ndim), 0)
    if keepdims:
        return np.expand_dims(np.asarray(_reduced_rows(f, identity, x)), axis)
    return _reduced_rows(f, identity, x)


def _reduced_rows(f, identity: const, x):
    if x.ndim == 0:
        raise TypeError("cannot reduce on a scalar")
    if x.shape[0] == 0:
        if identity is None:
            raise ValueError("zero-size array to reduction operation which has no identity")
        return _filled(np.empty(x.shape[1:], f(x, x).dtype), identity)
    if x.ndim == 1:
        total = np.empty((), f(x, x).dtype)
        total[()] = x[0]
        for i in range(1, x.shape[0]):
            total[()] = f(total[()], x[i])
        return total[()]
    out = np.empty(x.shape[1:], f(x[:1], x[:1]).dtype)
    out[...] = x[0]
    for i in range(1, x.shape[0]):
        out[...] = f(out, x[i])
    return out


def _filled(out, value):
    out[...] = value
    if out.ndim == 0:
        return out[()]
    return out


def _ufunc_accumulate(f, array, axis: const = 0):
    a = np.asarray(array)
    x = np.moveaxis(a, axis_of(axis, a.ndim), 0)
    out = np.empty(a.shape, f(x[:1], x[:1]).dtype)
    target = np.moveaxis(out, axis, 0)
    if x.shape[0] > 0:
        target[0] = x[0]
    for i in range(1, x.shape[0]):
        target[i] = f(target[i - 1], x[i])
    return out


def _ufunc_outer(f, a, b):
    x, y = np.asarray(a), np.asarray(b)
    if y.ndim == 0:
        return f(x, y)
    return f(np.expand_dims(x, steps(x.ndim + y.ndim)[x.ndim :]), y)


def _ufunc_reduceat(f, array, indices, axis: const = 0):
    a, at = np.asarray(array), np.asarray(indices)
    x = np.moveaxis(a, axis_of(axis, a.ndim), 0)
    first = f(x[:1], x[:1])
    out = np.empty(at.shape + x.shape[1:], first.dtype)
    n = x.shape[0]
    for i in range(at.shape[0]):
        low = at[i]
        if low < 0 or low >= n:
            raise IndexError(f"index {low} out-of-bounds in reduceat [0, {n})")
        high = at[i + 1] if i + 1 < at.shape[0] else n
        out[i] = x[low]
        for k in range(low + 1, high):
            out[i] = f(out[i], x[k])
    return np.moveaxis(out, 0, axis)


def _ufunc_at(f, a, indices, b):
    if is_tuple(indices):
        places = each(np.asarray, indices)
        other = np.broadcast_to(np.asarray(b), places[0].shape)
        flat = np.ravel(other)
        rows = each(np.ravel, places)
        for i in range(flat.shape[0]):
            at = each(_item, rows, i)
            a[at] = f(a[at], flat[i])
    elif is_number(indices):
        a[indices] = f(a[indices], b)
    else:
        _update_each(f, a, np.asarray(indices), np.asarray(b))


def _item(x, i):
    return x[i]


def _update_each(f, a, indices, b):
    if is_bool(indices):
        if indices.ndim != 1:
            refuse("masks have one axis here")
        _update_each(f, a, np.flatnonzero(indices), b)
    elif a.ndim == 1:
        _check_places(indices, a.shape[0])
        at, other = np.ravel(indices), np.ravel(np.broadcast_to(b, indices.shape))
        for i in range(at.shape[0]):
            a[at[i]] = f(a[at[i]], other[i])
    else:
        if indices.ndim != 1:
            refuse("indices of rows have one axis here")
        _check_places(indices, a.shape[0])
        other = np.broadcast_to(b, indices.shape + a.shape[1:])
        for i in range(indices.shape[0]):
            a[indices[i]] = f(a[indices[i]], other[i])


def _check_places(indices, n):
    # Nothing is changed if one is wrong.
    at = np.ravel(indices)
    for i in range(at.shape[0]):
        if at[i] >= n or at[i] < -n:
            k = at[i]
            raise IndexError(f"index {k} is out of bounds for axis 0 with size {n}")


def _ufunc_at_alone(f, a, indices):
    at = np.ravel(np.asarray(indices))
    _check_places(at, a.shape[0])
    for i in range(at.shape[0]):
        a[at[i]] = f(a[at[i]])


def _counted(array, count):
    if count < 0:
        return array
    if array.shape[0] < count:
        n = array.shape[0]
        raise ValueError(f"iterator too short: Expected {count} but iterator had only {n} items.")
    return array[:count]
