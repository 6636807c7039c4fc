"""Arrays joined, split, repeated and moved along axes."""


def concatenate(arrays, axis: const = 0, dtype=None):
    if is_list(arrays):
        return _joined_list(arrays, axis, dtype)
    if is_array(arrays):
        _check_rows(arrays)
        if arrays.ndim < 2:
            raise ValueError("zero-dimensional arrays cannot be concatenated")
        if axis is None:
            return np.ravel(arrays).copy()
        at = axis_of(axis, arrays.ndim - 1)
        rows = np.moveaxis(arrays, 0, at)
        return rows.copy().reshape(
            rows.shape[:at] + (rows.shape[at] * rows.shape[at + 1],) + rows.shape[at + 2 :]
        )
    if len(arrays) == 0:
        raise ValueError("need at least one array to concatenate")
    if axis is None:
        return concatenate(each(np.ravel, arrays), 0, dtype)
    return _joined(each(np.asarray, arrays), axis, dtype)


def _joined_list(arrays, axis: const, dtype):
    # Arrays of one type, as many as the list has.
    if len(arrays) == 0:
        raise ValueError("need at least one array to concatenate")
    if axis is None:
        return _joined_flat(arrays, dtype)
    return _joined(arrays, axis, dtype)


def _joined_flat(arrays, dtype):
    total = 0
    for a in arrays:
        total += a.size
    out = np.empty(total, arrays[0].dtype if dtype is None else dtype)
    at = 0
    for a in arrays:
        out[at : at + a.size] = np.ravel(a)
        at += a.size
    return out


def _check_rows(a):
    if a.ndim == 0:
        raise TypeError("iteration over a 0-d array")
    elif a.shape[0] == 0:
        raise ValueError("need at least one array to concatenate")


def _joined(arrays, axis: const, dtype):
    first = arrays[0]
    if first.ndim == 0:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    axis = axis_of(axis, first.ndim)
    total = 0
    for a in arrays:
        if a.ndim != first.ndim:
            raise ValueError("all the input arrays must have same number of dimensions")
        for k in steps(first.ndim):
            if k != axis and a.shape[k] != first.shape[k]:
                raise ValueError(
                    "all the input array dimensions except for the concatenation axis must match exactly"
                )
        total += a.shape[axis]
    if dtype is not None:
        wanted = dtype
    elif is_list(arrays):
        wanted = first.dtype
    else:
        wanted = np.result_type(*arrays)
    out = np.empty(first.shape[:axis] + (total,) + first.shape[axis + 1 :], wanted)
    at = 0
    for a in arrays:
        n = a.shape[axis]
        copy(cut(out, axis, at, at + n), a)
        at += n
    return out


def stack(arrays, axis: const = 0, dtype=None):
    if is_list(arrays):
        return _stacked_list(arrays, axis, dtype)
    if is_array(arrays):
        _check_rows(arrays)
        at = axis_of(axis, arrays.ndim)
        return np.moveaxis(arrays, 0, at).copy()
    if len(arrays) == 0:
        raise ValueError("need at least one array to stack")
    return _stacked(each(np.asarray, arrays), axis, dtype)


def _stacked_list(arrays, axis: const, dtype):
    if len(arrays) == 0:
        raise ValueError("need at least one array to stack")
    first = arrays[0]
    out = np.empty((len(arrays),) + first.shape, first.dtype if dtype is None else dtype)
    for i in range(len(arrays)):
        for k in steps(first.ndim):
            if arrays[i].shape[k] != first.shape[k]:
                raise ValueError("all input arrays must have the same shape")
        out[i] = arrays[i]
    return np.moveaxis(out, 0, axis_of(axis, first.ndim + 1))


def _stacked(arrays, axis: const, dtype):
    first = arrays[0]
    for a in arrays:
        if a.ndim != first.ndim:
            raise ValueError("all input arrays must have the same shape")
        for k in steps(first.ndim):
            if a.shape[k] != first.shape[k]:
                raise ValueError("all input arrays must have the same shape")
    at = axis_of(axis, first.ndim + 1)
    return _joined(each(np.expand_dims, arrays, at), at, dtype)


def concat(arrays, axis: const = 0, dtype=None):
    return concatenate(arrays, axis, dtype)


def row_stack(tup, dtype=None):
    return vstack(tup, dtype)


def vstack(tup, dtype=None):
    if is_list(tup):
        if len(tup) == 0:
            raise ValueError("need at least one array to concatenate")
        if tup[0].ndim > 1:
            return _joined(tup, 0, dtype)
        return _rows_of_list(tup, dtype)
    return _joined(each(np.atleast_2d, rows_of(tup)), 0, dtype)


def _rows_of_list(arrays, dtype):
    n = arrays[0].size
    out = np.empty((len(arrays), n), arrays[0].dtype if dtype is None else dtype)
    for i in range(len(arrays)):
        if arrays[i].size != n:
            raise ValueError(
                "all the input array dimensions except for the concatenation axis must match exactly"
            )
        out[i] = np.ravel(arrays[i])
    return out


def hstack(tup, dtype=None):
    if is_list(tup):
        if len(tup) == 0:
            raise ValueError("need at least one array to concatenate")
        if tup[0].ndim < 2:
            return _joined_flat(tup, dtype)
        return _joined(tup, 1, dtype)
    arrays = each(np.atleast_1d, rows_of(tup))
    if arrays[0].ndim == 1:
        return _joined(arrays, 0, dtype)
    return _joined(arrays, 1, dtype)


def dstack(tup):
    return _joined(each(np.atleast_3d, rows_of(tup)), 2, None)


def column_stack(tup):
    return _joined(each(_column, rows_of(tup)), 1, None)


def _column(x):
    a = np.asarray(x)
    if a.ndim < 2:
        return np.ravel(a)[:, None]
    return a


def append(arr, values, axis: const = None):
    if axis is None:
        return _joined((np.ravel(arr), np.ravel(values)), 0, None)
    return _joined((np.asarray(arr), np.asarray(values)), axis, None)


def insert(arr, obj, values, axis: const = None):
    if axis is None:
        return _inserted(np.ravel(arr), obj, values, 0)
    return _inserted(np.asarray(arr), obj, values, axis)


def _inserted(a, obj, values, axis: const):
    axis = axis_of(axis, a.ndim)
    n = a.shape[axis]
    if is_number(obj):
        if obj < -n or obj > n:
            raise IndexError(f"index {obj} is out of bounds for axis {axis} with size {n}")
        at = obj + n if obj < 0 else obj
        # As in NumPy, what is inserted for one index may have several elements along the axis.
        new = np.moveaxis(np.atleast_1d(_as_rank(values, a.ndim)), 0, axis)
        count = new.shape[axis]
        out = np.empty(a.shape[:axis] + (n + count,) + a.shape[axis + 1 :], a.dtype)
        copy(cut(out, axis, None, at), cut(a, axis, None, at))
        store(cut(out, axis, at, at + count), new)
        copy(cut(out, axis, at + count, None), cut(a, axis, at, None))
        return out
    places = np.ravel(obj)
    count = places.shape[0]
    out = np.empty(a.shape[:axis] + (n + count,) + a.shape[axis + 1 :], a.dtype)
    taken = np.zeros(n + count, np.bool)
    order = np.empty(count, np.int64)
    for i in range(count):
        p = int(places[i])
        if p < -n or p > n:
            raise IndexError(f"index {p} is out of bounds for axis {axis} with size {n}")
        p = p + n if p < 0 else p
        earlier = 0
        for j in range(count):
            q = int(places[j])
            q = q + n if q < 0 else q
            if q < p or (q == p and j < i):
                earlier += 1
        order[i] = p + earlier
        taken[p + earlier] = True
    new = np.broadcast_to(values, a.shape[:axis] + (count,) + a.shape[axis + 1 :])
    for i in range(count):
        copy(cut(out, axis, order[i], order[i] + 1), cut(new, axis, i, i + 1))
    at = 0
    for i in range(n + count):
        if not taken[i]:
            copy(cut(out, axis, i, i + 1), cut(a, axis, at, at + 1))
            at += 1
    return out


def _as_rank(values, ndim: const):
    v = np.asarray(values)
    if v.ndim >= ndim:
        return v
    return _as_rank(v[None], ndim)


def delete(arr, obj, axis: const = None):
    if axis is None:
        return _deleted(np.ravel(arr), obj, 0)
    return _deleted(np.asarray(arr), obj, axis)


def _deleted(a, obj, axis: const):
    axis = axis_of(axis, a.ndim)
    n = a.shape[axis]
    if is_number(obj):
        if obj < -n or obj >= n:
            raise IndexError(f"index {obj} is out of bounds for axis {axis} with size {n}")
        at = obj + n if obj < 0 else obj
        out = np.empty(a.shape[:axis] + (n - 1,) + a.shape[axis + 1 :], a.dtype)
        copy(cut(out, axis, None, at), cut(a, axis, None, at))
        copy(cut(out, axis, at, None), cut(a, axis, at + 1, None))
        return out
    keep = np.full(n, True)
    places = np.ravel(obj)
    if is_bool(places):
        if places.shape[0] != n:
            raise ValueError(
                f"boolean array argument obj to delete must be one dimensional and match the axis length of {n}"
            )
        for i in range(n):
            keep[i] = not places[i]
    else:
        for i in range(places.shape[0]):
            keep[places[i]] = False
    count = 0
    for i in range(n):
        count += keep[i]
    out = np.empty(a.shape[:axis] + (count,) + a.shape[axis + 1 :], a.dtype)
    at = 0
    for i in range(n):
        if keep[i]:
            copy(cut(out, axis, at, at + 1), cut(a, axis, i, i + 1))
            at += 1
    return out


def array_split(ary, indices_or_sections: count, axis: const = 0):
    a = np.asarray(ary)
    if axis < -a.ndim or axis >= a.ndim:
        raise IndexError("tuple index out of range")
    axis = axis_of(axis, a.ndim)
    if is_tuple(indices_or_sections):
        bounds = (0,) + indices_or_sections + (a.shape[axis],)
        return each(_piece, steps(len(bounds) - 1), a, bounds, axis)
    if indices_or_sections <= 0:
        raise ValueError("number sections must be larger than 0.")
    return each(_section, steps(indices_or_sections), a, indices_or_sections, axis)


def _piece(k: const, a, bounds, axis: const):
    return cut(a, axis, bounds[k], bounds[k + 1])


def _section(k: const, a, n: const, axis: const):
    size = a.shape[axis]
    least, extra = size // n, size % n
    start = k * least + min(k, extra)
    stop = start + least + (1 if k < extra else 0)
    return cut(a, axis, start, stop)


def split(ary, indices_or_sections: count, axis: const = 0):
    a = np.asarray(ary)
    if is_number(indices_or_sections):
        if axis < -a.ndim or axis >= a.ndim:
            raise IndexError("tuple index out of range")
        if indices_or_sections == 0:
            raise ZeroDivisionError("integer modulo by zero")
        if a.shape[axis_of(axis, a.ndim)] % indices_or_sections != 0:
            raise ValueError("array split does not result in an equal division")
    return array_split(a, indices_or_sections, axis)


def vsplit(ary, indices_or_sections: count):
    a = np.asarray(ary)
    if a.ndim < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(a, indices_or_sections, 0)


def hsplit(ary, indices_or_sections: count):
    a = np.asarray(ary)
    if a.ndim == 0:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    if a.ndim == 1:
        return split(a, indices_or_sections, 0)
    return split(a, indices_or_sections, 1)


def dsplit(ary, indices_or_sections: count):
    a = np.asarray(ary)
    if a.ndim < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(a, indices_or_sections, 2)


def tile(A, reps):
    a = np.asarray(A)
    if is_number(reps):
        return _tiled(a, (reps,))
    return _tiled(a, reps)


def _tiled(a, reps):
    if len(reps) < a.ndim:
        return _tiled(a, (1,) + reps)
    if a.ndim < len(reps):
        return _tiled(a[None], reps)
    n = a.ndim
    out = np.empty(each(_product, steps(n), a.shape, reps), a.dtype)
    blocks = out.reshape(interleave(reps, a.shape))
    copy(blocks, np.expand_dims(a, steps(2 * n)[::2]))
    return out


def _product(k: const, a, b):
    return a[k] * b[k]


def repeat(a, repeats, axis: const = None):
    if axis is None:
        return _repeated(np.ravel(a), repeats, 0)
    return _repeated(np.atleast_1d(a), repeats, axis)


def _repeated(a, repeats, axis: const):
    axis = axis_of(axis, a.ndim)
    n = a.shape[axis]
    before, behind = a.shape[:axis], a.shape[axis + 1 :]
    if is_number(repeats):
        if repeats < 0:
            if a.size > 0:
                raise ValueError("repeats may not contain negative values.")
            return np.empty(before + (0,) + behind, a.dtype)
        out = np.empty(before + (n * repeats,) + behind, a.dtype)
        copy(out.reshape(before + (n, repeats) + behind), np.expand_dims(a, axis + 1))
        return out
    counts = np.asarray(repeats)
    if counts.ndim == 0:
        return _repeated(a, counts[()], axis)
    if counts.shape[0] == 1:
        return _repeated(a, counts[0], axis)
    if counts.shape[0] != n:
        raise ValueError("operands could not be broadcast together")
    total = 0
    for i in range(n):
        if counts[i] < 0:
            raise ValueError("repeats may not contain negative values.")
        total += int(counts[i])
    out = np.empty(before + (total,) + behind, a.dtype)
    at = 0
    for i in range(n):
        more = int(counts[i])
        store(cut(out, axis, at, at + more), cut(a, axis, i, i + 1))
        at += more
    return out


def roll(a, shift, axis: const = None):
    x = np.asarray(a)
    if axis is None:
        return _rolled(np.ravel(x), _total(shift), 0).reshape(x.shape)
    if is_tuple(axis):
        if len(axis) == 0:
            return x.copy()
        if is_number(shift):
            return roll(_rolled(x, shift, axis[0]), shift, axis[1:])
        if len(shift) != len(axis):
            raise ValueError("'shift' and 'axis' should be scalars or 1D sequences")
        return roll(_rolled(x, shift[0], axis[0]), shift[1:], axis[1:])
    return _rolled(x, _total(shift), axis)


def _total(shift):
    if is_number(shift):
        return shift
    total = 0
    for s in shift:
        total += s
    return total


def _rolled(a, shift, axis: const):
    axis = axis_of(axis, a.ndim)
    out = np.empty_like(a)
    n = a.shape[axis]
    by = shift % n if n > 0 else 0
    copy(cut(out, axis, by, None), cut(a, axis, None, n - by))
    copy(cut(out, axis, None, by), cut(a, axis, n - by, None))
    return out


def resize(a, new_shape):
    flat = np.ravel(a)
    out = np.zeros(new_shape, flat.dtype)
    all = out.reshape(np.size(out))
    n = flat.shape[0]
    if n == 0:
        return out
    for start in range(0, all.shape[0], n):
        stop = min(start + n, all.shape[0])
        all[start:stop] = flat[: stop - start]
    return out


def trim_zeros(filt, trim: const = "fb"):
    first = 0
    last = filt.shape[0]
    if trim == "fb" or trim == "f" or trim == "bf":
        while first < last and filt[first] == 0:
            first += 1
    if trim == "fb" or trim == "b" or trim == "bf":
        while last > first and filt[last - 1] == 0:
            last -= 1
    return filt[first:last]
