"""Methods of universal functions that are no reductions of their own; a function of two numbers is the first argument."""


def _ufunc_reduce(f, start, x, axes: const, keepdims: const, where):
    if where is None:
        result = _reduced_rows(f, start, _joined_axes(x, axes), None)
    else:
        mask = np.broadcast_to(np.asarray(where), x.shape)
        result = _reduced_rows(f, start, _joined_axes(x, axes), _joined_axes(mask, axes))
    if keepdims:
        return np.expand_dims(np.asarray(result), axes)
    return result


def _joined_axes(x, axes: const):
    # The axes in front, as one.
    if len(axes) == 0:
        return np.expand_dims(x, 0)
    rows = np.moveaxis(x, axes, steps(len(axes)))
    if len(axes) == 1:
        return rows
    count = 1
    for k in range(len(axes)):
        count *= rows.shape[k]
    return rows.reshape((count, *rows.shape[len(axes) :]))


def _reduced_rows(f, start, x, mask):
    n = x.shape[0]
    out = np.empty(x.shape[1:], x.dtype)
    first = 0
    if start is None:
        if n == 0:
            raise ValueError("zero-size array to reduction operation which has no identity")
        out[...] = x[0]
        first = 1
    else:
        out[...] = start
    if x.ndim == 1:
        for i in range(first, n):
            if mask is None:
                out[()] = f(out[()], x[i])
            elif mask[i]:
                out[()] = f(out[()], x[i])
        return out[()]
    if abs(x.strides[0]) < abs(x.strides[1]):
        # Each row lies together.
        for j in range(x.shape[1]):
            out[j] = _reduced_rows(f, start, x[:, j], None if mask is None else mask[:, j])
        return out
    for i in range(first, n):
        if mask is None:
            out[...] = f(out, x[i])
        else:
            f(out, x[i], out=out, where=mask[i])
    return out


def _ufunc_accumulate(f, x, axis: const):
    out = np.empty(x.shape, x.dtype)
    k = axis_of(axis, x.ndim)
    _accumulated_rows(f, np.moveaxis(x, k, 0), np.moveaxis(out, k, 0))
    return out


def _accumulated_rows(f, x, out):
    n = x.shape[0]
    if x.ndim == 1:
        if n > 0:
            out[0] = x[0]
        for i in range(1, n):
            out[i] = f(out[i - 1], x[i])
    elif abs(x.strides[0]) < abs(x.strides[1]):
        for j in range(x.shape[1]):
            _accumulated_rows(f, x[:, j], out[:, j])
    else:
        if n > 0:
            out[0] = x[0]
        for i in range(1, n):
            out[i] = f(out[i - 1], x[i])


def _outer_left(x, y):
    if y.ndim == 0:
        return x
    return np.expand_dims(x, steps(x.ndim + y.ndim)[x.ndim :])


def _ufunc_reduceat(f, a, axis: const, indices):
    at = np.asarray(indices)
    k = axis_of(axis, a.ndim)
    x = np.moveaxis(a, k, 0)
    out = np.empty(at.shape + x.shape[1:], a.dtype)
    n = x.shape[0]
    for i in range(at.shape[0]):
        low = at[i]
        if low < 0 or low >= n:
            raise IndexError(f"index {low} out-of-bounds in reduceat [0, {n})")
        high = at[i + 1] if i + 1 < at.shape[0] else n
        out[i] = x[low]
        for j in range(low + 1, high):
            out[i] = f(out[i], x[j])
    return np.moveaxis(out, 0, k)


def _ufunc_at(f, a, indices, b):
    if is_array(indices):
        if a.ndim == 1 and indices.ndim == 1 and is_integer(indices):
            _check_places(indices, a.shape[0])
            other = np.broadcast_to(np.asarray(b), indices.shape)
            for i in range(indices.shape[0]):
                a[indices[i]] = f(a[indices[i]], other[i])
            return
    if is_number(indices) and a.ndim == 1:
        a[indices] = f(a[indices], np.asarray(b)[()])
    else:
        places = np.asarray(np.arange(a.size).reshape(a.shape)[indices])
        _update_places(f, a, np.ravel(places), np.ravel(np.broadcast_to(np.asarray(b), places.shape)))


def _update_places(f, a, places, other):
    # Places are numbers of elements in the order of C.
    for i in range(places.shape[0]):
        at = np.unravel_index(places[i], a.shape)
        a[at] = f(a[at], other[i])


def _check_places(indices, n):
    # Nothing is changed if one is wrong.
    at = np.ravel(indices)
    for i in range(at.shape[0]):
        if at[i] >= n or at[i] < -n:
            k = at[i]
            raise IndexError(f"index {k} is out of bounds for axis 0 with size {n}")


def _ufunc_at_alone(f, a, indices):
    places = np.ravel(np.asarray(np.arange(a.size).reshape(a.shape)[indices]))
    for i in range(places.shape[0]):
        at = np.unravel_index(places[i], a.shape)
        a[at] = f(a[at])


def _counted(array, count):
    if count < 0:
        return array
    if array.shape[0] < count:
        n = array.shape[0]
        raise ValueError(f"iterator too short: Expected {count} but iterator had only {n} items.")
    return array[:count]
