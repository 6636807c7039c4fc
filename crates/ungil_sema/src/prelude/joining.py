"""Arrays joined, split, repeated and moved along axes."""


def concatenate(arrays, axis: const = 0, out=None, *, dtype=None, casting: const = "same_kind"):
    if out is not None and dtype is not None:
        raise TypeError(
            "concatenate() only takes `out` or `dtype` as an argument, but both were provided."
        )
    if is_list(arrays):
        return _joined_list(arrays, axis, out, dtype, casting)
    if is_array(arrays):
        _check_rows(arrays)
        if arrays.ndim < 2:
            raise ValueError("zero-dimensional arrays cannot be concatenated")
        if axis is None:
            return _converted(np.ravel(arrays), out, dtype, casting)
        at = axis_of(axis, arrays.ndim - 1)
        rows = np.moveaxis(arrays, 0, at)
        flat = rows.copy().reshape(
            rows.shape[:at] + (rows.shape[at] * rows.shape[at + 1],) + rows.shape[at + 2 :]
        )
        if out is None and dtype is None:
            return flat
        return _converted(flat, out, dtype, casting)
    if len(arrays) == 0:
        raise ValueError("need at least one array to concatenate")
    if axis is None:
        return _joined(each(np.ravel, arrays), 0, out, dtype, casting)
    return _joined(each(np.asarray, arrays), axis, out, dtype, casting)


def _converted(x, out, dtype, casting: const):
    target = _room(x.shape, x.dtype, out, dtype)
    np.copyto(target, x, casting=casting)
    return target


def _room(shape, natural, out, dtype):
    # Where the result goes.
    if out is None:
        return np.empty(shape, natural if dtype is None else dtype)
    if out.ndim != len(shape):
        raise ValueError("Output array has wrong dimensionality")
    for k in steps(len(shape)):
        if out.shape[k] != shape[k]:
            raise ValueError("Output array is the wrong shape")
    return out


def _joined_list(arrays, axis: const, out, dtype, casting: const):
    # Arrays of one type, as many as the list has.
    if len(arrays) == 0:
        raise ValueError("need at least one array to concatenate")
    if axis is None:
        return _joined_flat(arrays, out, dtype, casting)
    return _joined(arrays, axis, out, dtype, casting)


def _joined_flat(arrays, out, dtype, casting: const):
    total = 0
    for a in arrays:
        total += a.size
    target = _room((total,), arrays[0].dtype, out, dtype)
    at = 0
    for a in arrays:
        np.copyto(target[at : at + a.size], np.ravel(a), casting=casting)
        at += a.size
    return target


def _check_rows(a):
    if a.ndim == 0:
        raise TypeError("iteration over a 0-d array")
    elif a.shape[0] == 0:
        raise ValueError("need at least one array to concatenate")


def _joined(arrays, axis: const, out, dtype, casting: const):
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
    natural = first.dtype if is_list(arrays) else np.result_type(*arrays)
    target = _room(first.shape[:axis] + (total,) + first.shape[axis + 1 :], natural, out, dtype)
    at = 0
    for a in arrays:
        n = a.shape[axis]
        if out is None and dtype is None:
            copy(cut(target, axis, at, at + n), a)
        else:
            np.copyto(cut(target, axis, at, at + n), a, casting=casting)
        at += n
    return target


def stack(arrays, axis: const = 0, out=None, *, dtype=None, casting: const = "same_kind"):
    if out is not None and dtype is not None:
        raise TypeError(
            "concatenate() only takes `out` or `dtype` as an argument, but both were provided."
        )
    if is_list(arrays):
        return _stacked_list(arrays, axis, out, dtype, casting)
    if is_array(arrays):
        _check_rows(arrays)
        at = axis_of(axis, arrays.ndim)
        moved = np.moveaxis(arrays, 0, at)
        if out is None and dtype is None:
            return moved.copy()
        return _converted(moved, out, dtype, casting)
    if len(arrays) == 0:
        raise ValueError("need at least one array to stack")
    return _stacked(each(np.asarray, arrays), axis, out, dtype, casting)


def _stacked_list(arrays, axis: const, out, dtype, casting: const):
    if len(arrays) == 0:
        raise ValueError("need at least one array to stack")
    first = arrays[0]
    rows = np.empty((len(arrays),) + first.shape, first.dtype)
    for i in range(len(arrays)):
        for k in steps(first.ndim):
            if arrays[i].shape[k] != first.shape[k]:
                raise ValueError("all input arrays must have the same shape")
        rows[i] = arrays[i]
    moved = np.moveaxis(rows, 0, axis_of(axis, first.ndim + 1))
    if out is None and dtype is None:
        return moved
    return _converted(moved, out, dtype, casting)


def _stacked(arrays, axis: const, out, dtype, casting: const):
    first = arrays[0]
    for a in arrays:
        if a.ndim != first.ndim:
            raise ValueError("all input arrays must have the same shape")
        for k in steps(first.ndim):
            if a.shape[k] != first.shape[k]:
                raise ValueError("all input arrays must have the same shape")
    at = axis_of(axis, first.ndim + 1)
    target = _room(first.shape[:at] + (len(arrays),) + first.shape[at:], np.result_type(*arrays), out, dtype)
    if out is None and at == first.ndim and are_plain(arrays, target):
        interleaved(target, arrays)
    elif at == 0:
        _fill_slots(target, arrays, out is None and dtype is None, casting)
    else:
        # A part of the rows of all arrays at a time, so that lines of the result are written once.
        n = first.shape[0]
        step = n if out is not None else n * 4096 // max(target.size, 1)
        step = max(1, step)
        for low in range(0, n, step):
            high = min(low + step, n)
            moved = np.moveaxis(target[low:high], at, 0)
            _fill_slots(moved, each(_row_range, arrays, low, high), out is None and dtype is None, casting)
    return target


def _row_range(a, low, high):
    return a[low:high]


def _fill_slots(target, arrays, plain: const, casting: const):
    k = 0
    for a in arrays:
        if plain:
            copy(target[k, ...], a)
        else:
            np.copyto(target[k, ...], a, casting=casting)
        k += 1


def _assign_flat(a, at, value):
    # `a.flat[at] = value` where no view has the elements in order.
    if is_number(at):
        if at < -a.size or at >= a.size:
            raise IndexError(f"index {at} is out of bounds for size {a.size}")
        a[np.unravel_index(at + a.size if at < 0 else at, a.shape)] = value
    else:
        elements = np.ravel(a).copy()
        elements[at] = value
        a[...] = elements.reshape(a.shape)


def unstack(x, *, axis: const = 0):
    a = np.asarray(x)
    if a.ndim == 0:
        raise ValueError("Input array must be at least 1-d.")
    at = axis_of(axis, a.ndim)
    return [pick(a, at, i) for i in range(a.shape[at])]


def concat(arrays, axis: const = 0, out=None, *, dtype=None, casting: const = "same_kind"):
    return concatenate(arrays, axis, out, dtype=dtype, casting=casting)


def row_stack(tup, *, dtype=None, casting: const = "same_kind"):
    return vstack(tup, dtype=dtype, casting=casting)


def vstack(tup, *, dtype=None, casting: const = "same_kind"):
    if is_list(tup):
        if len(tup) == 0:
            raise ValueError("need at least one array to concatenate")
        if tup[0].ndim > 1:
            return _joined(tup, 0, None, dtype, casting)
        return _rows_of_list(tup, dtype, casting)
    return _joined(each(np.atleast_2d, rows_of(tup)), 0, None, dtype, casting)


def _rows_of_list(arrays, dtype, casting: const):
    n = arrays[0].size
    out = np.empty((len(arrays), n), arrays[0].dtype if dtype is None else dtype)
    for i in range(len(arrays)):
        if arrays[i].size != n:
            raise ValueError(
                "all the input array dimensions except for the concatenation axis must match exactly"
            )
        np.copyto(out[i], np.ravel(arrays[i]), casting=casting)
    return out


def hstack(tup, *, dtype=None, casting: const = "same_kind"):
    if is_list(tup):
        if len(tup) == 0:
            raise ValueError("need at least one array to concatenate")
        if tup[0].ndim < 2:
            return _joined_flat(tup, None, dtype, casting)
        return _joined(tup, 1, None, dtype, casting)
    arrays = each(np.atleast_1d, rows_of(tup))
    if arrays[0].ndim == 1:
        return _joined(arrays, 0, None, dtype, casting)
    return _joined(arrays, 1, None, dtype, casting)


def dstack(tup):
    return _joined_as(np.atleast_3d, tup, 2)


def column_stack(tup):
    return _joined_as(_column, tup, 1)


def _joined_as(shaped, tup, axis: const):
    return _joined(each(shaped, rows_of(tup)), axis, None, None, "same_kind")


def _column(x):
    a = np.asarray(x)
    if a.ndim < 2:
        return np.ravel(a)[:, None]
    return a


def append(arr, values, axis: const = None):
    if axis is None:
        return _joined((np.ravel(arr), np.ravel(values)), 0, None, None, "same_kind")
    return _joined((np.asarray(arr), np.asarray(values)), axis, None, None, "same_kind")


def insert(arr, obj, values, axis: const = None):
    if axis is None:
        return _inserted(np.ravel(arr), obj, values, 0)
    return _inserted(np.asarray(arr), obj, values, axis)


def _inserted(a, obj, values, axis: const):
    if is_number(values):
        # Stored as such: one that the elements cannot hold raises.
        element = np.empty(1, a.dtype)
        element[0] = values
        return _inserted(a, obj, element, axis)
    axis = axis_of(axis, a.ndim)
    n = a.shape[axis]
    if is_slice(obj):
        return _inserted(a, np.arange(n)[obj], values, axis)
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
    if len(np.shape(obj)) > 1:
        raise ValueError("index array argument obj to insert must be one dimensional or scalar")
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
    if is_slice(obj):
        return _deleted(a, np.arange(n)[obj], axis)
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
    elif not is_integer(places):
        if places.shape[0] > 0:
            raise IndexError("arrays used as indices must be of integer (or boolean) type")
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
    if not is_number(indices_or_sections):
        return _split_at(a, np.asarray(indices_or_sections), axis)
    if indices_or_sections <= 0:
        raise ValueError("number sections must be larger than 0.")
    if not is_known(indices_or_sections):
        return _split_into(a, int(indices_or_sections), axis)
    return each(_section, steps(indices_or_sections), a, indices_or_sections, axis)


def _split_at(a, places, axis: const):
    if places.ndim != 1:
        raise TypeError("only integer scalar arrays can be converted to a scalar index")
    if is_inexact(places) and places.shape[0] > 0:
        raise TypeError("slice indices must be integers or None or have an __index__ method")
    pieces = []
    low = 0
    for i in range(places.shape[0]):
        pieces.append(cut(a, axis, low, int(places[i])))
        low = int(places[i])
    pieces.append(cut(a, axis, low, a.shape[axis]))
    return pieces


def _split_into(a, n, axis: const):
    size = a.shape[axis]
    least, extra = size // n, size % n
    pieces = []
    low = 0
    for i in range(n):
        high = low + least + (1 if i < extra else 0)
        pieces.append(cut(a, axis, low, high))
        low = high
    return pieces


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
        if is_bool(repeats):
            return _repeated(a, int(repeats), axis)
        if repeats < 0:
            if a.size > 0:
                raise ValueError("repeats may not contain negative values.")
            return np.empty(before + (0,) + behind, a.dtype)
        out = np.empty(before + (n * repeats,) + behind, a.dtype)
        if is_plain(a, out) and len(behind) == 0:
            repeated(out, a, repeats)
            return out
        copy(out.reshape(before + (n, repeats) + behind), np.expand_dims(a, axis + 1))
        return out
    counts = np.asarray(repeats)
    if is_bool(counts):
        return _repeated(a, counts.astype(np.int64), axis)
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
            return _rolled_along(x, same(shift, len(axis)), axis)
        if len(shift) == 1:
            return _rolled_along(x, same(shift[0], len(axis)), axis)
        if len(shift) != len(axis):
            raise ValueError("shape mismatch: objects cannot be broadcast to a single shape")
        return _rolled_along(x, shift, axis)
    return _rolled(x, _total(shift), axis)


def _total(shift):
    if is_number(shift):
        return shift
    total = 0
    for s in shift:
        total += s
    return total


def _rolled_along(a, shifts, axes: const):
    if len(axes) == 1:
        return _rolled(a, shifts[0], axes[0])
    if axis_of(axes[0], a.ndim) == axis_of(axes[1], a.ndim):
        return _rolled_along(a, (shifts[0] + shifts[1],) + shifts[2:], axes[1:])
    if len(axes) > 2:
        return _rolled_along(_rolled(a, shifts[0], axes[0]), shifts[1:], axes[1:])
    # Two axes at once: four blocks that change places.
    out = np.empty_like(a)
    rows, columns = axis_of(axes[0], a.ndim), axis_of(axes[1], a.ndim)
    n = a.shape[rows]
    by = shifts[0] % n if n > 0 else 0
    _roll_into(cut(out, rows, by, None), cut(a, rows, None, n - by), shifts[1], columns)
    _roll_into(cut(out, rows, None, by), cut(a, rows, n - by, None), shifts[1], columns)
    return out


def _rolled(a, shift, axis: const):
    axis = axis_of(axis, a.ndim)
    out = np.empty_like(a)
    _roll_into(out, a, shift, axis)
    return out


def _roll_into(out, a, shift, axis: const):
    n = a.shape[axis]
    by = shift % n if n > 0 else 0
    copy(cut(out, axis, by, None), cut(a, axis, None, n - by))
    copy(cut(out, axis, None, by), cut(a, axis, n - by, None))


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


def trim_zeros(filt, trim: const = "fb", axis: const = None):
    x = np.asarray(filt)
    if trim == "FB" or trim == "BF" or trim == "bf":
        return trim_zeros(x, "fb", axis)
    if trim == "F" or trim == "B":
        return trim_zeros(x, "f" if trim == "F" else "b", axis)
    if trim != "fb" and trim != "f" and trim != "b":
        raise ValueError(f"unexpected character(s) in `trim`: '{trim}'")
    if axis is None:
        return _trimmed(x, trim, steps(x.ndim))
    if is_tuple(axis):
        return _trimmed(x, trim, each(axis_of, axis, x.ndim))
    return _trimmed(x, trim, (axis_of(axis, x.ndim),))


def _trimmed(x, trim: const, axes: const):
    first, last = _extent_of_nonzero(x)
    trimmed = x
    for k in steps(len(axes)):
        low = first[axes[k]] if trim != "b" or first[0] == last[0] else 0
        high = last[axes[k]] if trim != "f" or first[0] == last[0] else x.shape[axes[k]]
        trimmed = cut(trimmed, axes[k], low, high)
    return trimmed


def _extent_of_nonzero(x):
    # Along each axis where what is not zero starts and ends; nowhere if there is nothing.
    first, last = np.zeros(x.ndim, np.int64), np.zeros(x.ndim, np.int64)
    found = False
    for at, value in np.ndenumerate(x):
        if value != 0:
            for k in steps(x.ndim):
                i = at[k]
                first[k] = min(first[k], i) if found else i
                last[k] = max(last[k], i + 1)
            found = True
    return first, last

