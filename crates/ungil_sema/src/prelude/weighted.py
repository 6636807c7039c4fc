"""Weighted quantiles: the inverse of the weights' distribution function, the one method for which NumPy has weights."""


def _weighted_quantile(x, weights, q, axis: const, out, keepdims: const, method: const, skip: const):
    if method != "inverted_cdf":
        raise ValueError("Only method 'inverted_cdf' supports weights.")
    if is_complex(x):
        refuse("complex numbers have no order")
    w = np.asarray(weights)
    if axis is None:
        return _written_weighted(
            x, _weight_rows(x, w, steps(x.ndim), True), q, steps(x.ndim), out, keepdims, skip
        )
    if is_tuple(axis):
        axes = each(axis_of, axis, x.ndim)
        return _written_weighted(x, _weight_rows(x, w, axes, False), q, axes, out, keepdims, skip)
    axes = (axis_of(axis, x.ndim),)
    return _written_weighted(x, _weight_rows(x, w, axes, False), q, axes, out, keepdims, skip)


def _weight_rows(x, w, axes: const, whole: const):
    # The weights of each row of numbers.
    if np.any(w < 0):
        raise ValueError("Weights must be non-negative.")
    if w.ndim == x.ndim:
        if w.shape != x.shape:
            if whole:
                raise TypeError("Axis must be specified when shapes of a and weights differ.")
            raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
        return _rows(w, axes)
    if whole:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    if w.ndim != len(axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    for k in steps(len(axes)):
        if w.shape[k] != x.shape[axes[k]]:
            raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    row = np.ravel(w)
    return np.broadcast_to(row, (_rows(x, axes).shape[0], row.shape[0]))


def _written_weighted(x, weights, q, axes: const, out, keepdims: const, skip: const):
    plain = _weighted_statistics(x, weights, q, axes, skip)
    result = _with_kept_axes(x, plain, q, axes, keepdims)
    if out is None:
        # NumPy gives an array without axes here, and a number where NaN is: types know only one of them.
        if result.ndim == 0:
            return result[()]
        return result
    if out.shape != result.shape:
        raise ValueError("the shape of out does not match the result")
    out[...] = result
    return out


def _with_kept_axes(x, result, q, axes: const, keepdims: const):
    if keepdims:
        if is_number(q):
            return result.reshape(each(_kept_extent, steps(x.ndim), x, axes))
        return result.reshape(np.shape(q) + each(_kept_extent, steps(x.ndim), x, axes))
    return result


def _weighted_statistics(x, weights, q, axes: const, skip: const):
    table = _rows(x, axes)
    kept = np.moveaxis(x, axes, steps(x.ndim)[x.ndim - len(axes) :]).shape[: x.ndim - len(axes)]
    rows, n = table.shape[0], table.shape[1]
    order, spare, cdf = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    parts = np.ravel(np.asarray(q))
    values = np.empty((parts.shape[0], rows), x.dtype)
    for i in range(rows):
        count = _distribution(table[i], weights[i], order, spare, cdf, skip)
        for j in range(parts.shape[0]):
            if count < 0:
                # A number that is none hides the others.
                values[j, i] = table[i, -1 - count]
            elif count == 0:
                values[j, i] = _nothing(values)
            else:
                values[j, i] = table[i, order[_place_of(cdf, count, parts[j])]]
    if is_number(q):
        return values.reshape(kept)
    return values.reshape(np.shape(q) + kept)


def _nothing(values):
    if is_inexact(values):
        return like(values[0, 0], np.nan)
    raise IndexError("cannot take a quantile of no elements")


def _distribution(row, weights, order, spare, cdf, skip: const):
    # How many numbers count, in order, with the share of the weights up to each; below zero: where NaN is.
    n, missing = 0, 0
    for i in range(row.shape[0]):
        if row[i] == row[i]:
            order[n] = i
            n += 1
        elif not skip:
            missing = -1 - i
    _sort_places(row, order, spare, n)
    total = 0.0
    for k in range(n):
        total += weights[order[k]]
        cdf[k] = total
    if n > 0 and not (total > 0 and total < np.inf):
        raise ValueError("Weights included NaN, inf or were all zero.")
    for k in range(n):
        cdf[k] = -1.0 if cdf[k] == 0 else cdf[k] / total
    if missing < 0:
        return missing
    return n


def _place_of(cdf, n, q):
    # The first share that reaches q, both in the precision of q.
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if like(q, cdf[middle]) < q:
            low = middle + 1
        else:
            high = middle
    return min(low, n - 1)


def _sort_places(row, order, spare, n):
    # Merges runs of growing lengths.
    width = 1
    while width < n:
        for low in range(0, n, 2 * width):
            middle, high = min(low + width, n), min(low + 2 * width, n)
            i, j = low, middle
            for k in range(low, high):
                if j >= high or (i < middle and not (row[order[j]] < row[order[i]])):
                    spare[k] = order[i]
                    i += 1
                else:
                    spare[k] = order[j]
                    j += 1
        for k in range(n):
            order[k] = spare[k]
        width *= 2
