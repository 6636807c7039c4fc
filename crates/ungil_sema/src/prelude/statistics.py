"""Medians and quantiles, extrema of complex numbers, sums of products of vectors."""


def median(a, axis: const = None, out=None, overwrite_input=False, keepdims: const = False):
    return _statistic(np.asarray(a), None, axis, out, keepdims, "median", False)


def nanmedian(a, axis: const = None, out=None, overwrite_input=False, keepdims: const = False):
    return _statistic(np.asarray(a), None, axis, out, keepdims, "median", True)


def quantile(
    a,
    q,
    axis: const = None,
    out=None,
    overwrite_input=False,
    method: const = "linear",
    keepdims: const = False,
    *,
    weights=None,
):
    return _quantile(a, q, 1, weights, axis, out, keepdims, method, False)


def nanquantile(
    a,
    q,
    axis: const = None,
    out=None,
    overwrite_input=False,
    method: const = "linear",
    keepdims: const = False,
    *,
    weights=None,
):
    return _quantile(a, q, 1, weights, axis, out, keepdims, method, True)


def percentile(
    a,
    q,
    axis: const = None,
    out=None,
    overwrite_input=False,
    method: const = "linear",
    keepdims: const = False,
    *,
    weights=None,
):
    return _quantile(a, q, 100, weights, axis, out, keepdims, method, False)


def nanpercentile(
    a,
    q,
    axis: const = None,
    out=None,
    overwrite_input=False,
    method: const = "linear",
    keepdims: const = False,
    *,
    weights=None,
):
    return _quantile(a, q, 100, weights, axis, out, keepdims, method, True)


def _quantile(a, q, whole: const, weights, axis: const, out, keepdims: const, method: const, skip: const):
    parts = _parts(a, q, whole)
    if weights is not None:
        return _weighted_quantile(
            np.asarray(a), weights, _shares(q, whole), axis, out, keepdims, method, skip
        )
    return _statistic(np.asarray(a), parts, axis, out, keepdims, method, skip)


def _parts(a, q, whole: const):
    # A number as q counts in the precision of the array, an array in its own.
    x = np.asarray(a)
    if is_complex(x):
        raise TypeError("a must be an array of real numbers")
    if is_number(q):
        one = np.result_type(x, q * 1.0)(q)
        part = one / like(one, whole)
        if not (part >= 0 and part <= 1):
            _refuse_part(whole)
        return part
    parts = np.asarray(q) / (1.0 * whole)
    if parts.ndim > 2:
        raise ValueError("q must be a scalar or 1d")
    if parts.ndim > 1 and parts.size == 0:
        raise ValueError("zero-size array to reduction operation minimum which has no identity")
    if not np.all((parts >= 0) & (parts <= 1)):
        _refuse_part(whole)
    return parts


def _shares(q, whole: const):
    if is_number(q):
        return np.asarray(q / (1.0 * whole))[()]
    return np.asarray(q) / (1.0 * whole)


def _refuse_part(whole: const):
    if whole == 100:
        raise ValueError("Percentiles must be in the range [0, 100]")
    raise ValueError("Quantiles must be in the range [0, 1]")


def _statistic(x, q, axis: const, out, keepdims: const, method: const, skip: const):
    whole = axis is None or (x.ndim == 1 and not is_tuple(axis))
    single = q is None or (is_number(q) and not is_bool(x))
    if whole and single and out is None and not keepdims:
        if axis is not None:
            axis_of(axis, 1)
        return _of_all(x, q, method, skip)
    if axis is None:
        return _written_statistic(x, q, steps(x.ndim), out, keepdims, method, skip)
    if is_tuple(axis):
        return _written_statistic(x, q, each(axis_of, axis, x.ndim), out, keepdims, method, skip)
    return _written_statistic(x, q, (axis_of(axis, x.ndim),), out, keepdims, method, skip)


def _of_all(x, q, method: const, skip: const):
    # One number of all elements: without rows and results in memory.
    if q is not None and not skip and x.size == 0:
        raise IndexError("index -1 is out of bounds for axis 0 with size 0")
    buffer = np.empty(x.size, x.dtype)
    kind = _kind(x, q, method)
    if x.ndim == 1:
        return _of_row(x, buffer, q, kind, method, skip)
    return _of_row(np.ravel(x), buffer, q, kind, method, skip)


def _written_statistic(x, q, axes: const, out, keepdims: const, method: const, skip: const):
    result = _kept_statistic(x, q, axes, keepdims, method, skip)
    if out is None:
        if result.ndim == 0 and not keepdims:
            return result[()]
        return result
    if out.shape != result.shape:
        raise ValueError("the shape of out does not match the result")
    out[...] = result
    return out


def _kept_statistic(x, q, axes: const, keepdims: const, method: const, skip: const):
    result = _statistics(x, q, axes, method, skip)
    if keepdims:
        if q is None or is_number(q):
            return result.reshape(each(_kept_extent, steps(x.ndim), x, axes))
        return result.reshape(np.shape(q) + each(_kept_extent, steps(x.ndim), x, axes))
    return result


def _kept_extent(k: const, x, axes: const):
    for axis in axes:
        if axis == k:
            return 1
    return x.shape[k]


def _rows(x, axes: const):
    # A row for each result.
    kept = x.ndim - len(axes)
    turned = np.moveaxis(x, axes, steps(x.ndim)[kept:])
    rows, n = 1, 1
    for k in steps(kept):
        rows *= turned.shape[k]
    for k in steps(len(axes)):
        n *= turned.shape[kept + k]
    return turned.reshape((rows, n))


def _statistics(x, q, axes: const, method: const, skip: const):
    table = _rows(x, axes)
    kept = np.moveaxis(x, axes, steps(x.ndim)[x.ndim - len(axes) :]).shape[: x.ndim - len(axes)]
    if q is not None and not skip and table.shape[1] == 0:
        raise IndexError("index -1 is out of bounds for axis 0 with size 0")
    if is_bool(x) and q is not None:
        return _of_truths(x, table, kept, q, method, skip)
    return _results(x, table, kept, q, method, skip)


def _of_truths(x, table, kept, q, method: const, skip: const):
    if method == "lower" or method == "higher" or method == "nearest":
        return _results(x, table, kept, q, method, skip)
    if method == "inverted_cdf" or method == "closest_observation":
        return _results(x, table, kept, q, method, skip)
    if skip and x.size == 0:
        return np.full(np.shape(q) + kept, np.nan)
    raise TypeError("numpy boolean subtract, the `-` operator, is not supported")


def _results(x, table, kept, q, method: const, skip: const):
    rows, n = table.shape[0], table.shape[1]
    buffer = np.empty(n, x.dtype)
    kind = _kind(x, q, method)
    if q is None or is_number(q):
        out = np.empty(kept, np.result_type(kind))
        flat = out.reshape(rows)
        for i in range(rows):
            flat[i] = _of_row(table[i], buffer, q, kind, method, skip)
        return out
    parts = np.ravel(q)
    out = np.empty(np.shape(q) + kept, np.result_type(kind))
    flat = out.reshape((parts.shape[0], rows))
    for i in range(rows):
        for j in range(parts.shape[0]):
            flat[j, i] = _of_row(table[i], buffer, parts[j], kind, method, skip)
    return out


def _kind(x, q, method: const):
    # Zero in the type of the results.
    if q is None:
        return np.result_type(x, 0.5)(0)
    if method == "lower" or method == "higher" or method == "nearest":
        return np.result_type(x)(0)
    if method == "inverted_cdf" or method == "closest_observation":
        return np.result_type(x)(0)
    return np.result_type(x, q)(0)


def _of_row(row, buffer, q, kind, method: const, skip: const):
    if method == "median" and is_plain(row, buffer) and is_inexact(row) and not is_complex(row):
        if row.shape[0] == 0:
            return like(kind, np.nan)
        median_of(buffer, row, int(skip))
        return buffer[0]
    n = 0
    for i in range(row.shape[0]):
        if row[i] == row[i]:
            buffer[n] = row[i]
            n += 1
        elif not skip:
            return like(kind, row[i])
    if n == 0:
        if is_complex(kind):
            return like(kind, complex(np.nan, np.nan))
        if is_inexact(kind):
            return like(kind, np.nan)
        raise IndexError("cannot take a quantile of no elements")
    values = buffer[:n]
    if method == "median":
        return _middle(values, kind)
    return like(kind, _picked(values, q, method))


def _middle(values, kind):
    n = values.shape[0]
    half = n // 2
    upper = like(kind, _select(values, half))
    if n % 2 == 1:
        # The mean of one number: zeros lose their sign, infinite complex numbers become NaN in part.
        return (upper + like(upper, 0)) / like(upper, 1)
    lower = values[0]
    for i in range(1, half):
        lower = max(lower, values[i])
    return (like(kind, lower) + upper) / like(upper, 2)


def _picked(values, q, method: const):
    n = values.shape[0]
    if method == "lower":
        return _select(values, int(np.floor((n - 1) * q)))
    if method == "higher":
        return _select(values, int(np.ceil((n - 1) * q)))
    if method == "nearest":
        return _select(values, int(np.rint((n - 1) * q)))
    if method == "inverted_cdf":
        at = n * q - 1
        return _select(values, max(int(np.ceil(at)), 0))
    if method == "closest_observation":
        at = n * q - 1 - 0.5
        k = int(np.floor(at))
        if np.floor(at) != at or k % 2 != 1:
            k += 1
        return _select(values, max(k, 0))
    return _interpolated(values, _virtual_index(n, q, method), method)


def _virtual_index(n, q, method: const):
    if method == "linear":
        return (n - 1) * q
    if method == "midpoint":
        return 0.5 * (np.floor((n - 1) * q) + np.ceil((n - 1) * q))
    if method == "averaged_inverted_cdf":
        return n * q - 1
    if method == "interpolated_inverted_cdf":
        return n * q + (0 + q * (1 - 0 - 1)) - 1
    if method == "hazen":
        return n * q + (0.5 + q * (1 - 0.5 - 0.5)) - 1
    if method == "weibull":
        return n * q + (0 + q * (1 - 0 - 0)) - 1
    if method == "median_unbiased":
        return n * q + (1 / 3.0 + q * (1 - 1 / 3.0 - 1 / 3.0)) - 1
    if method == "normal_unbiased":
        return n * q + (3 / 8.0 + q * (1 - 3 / 8.0 - 3 / 8.0)) - 1
    raise ValueError("the method of a quantile is none of NumPy's")


def _interpolated(values, at, method: const):
    n = values.shape[0]
    k = int(np.floor(at))
    gamma = at - k
    if at >= n - 1:
        k, gamma = n - 1, at + 1
    if at < 0:
        k, gamma = 0, at
    if method == "averaged_inverted_cdf":
        gamma = like(at, 0.5) if gamma == 0 else like(at, 1)
    if method == "midpoint":
        gamma = like(at, 0) if at % 1 == 0 else like(at, 0.5)
    low = _select(values, k)
    high = low
    if at >= 0 and at < n - 1:
        high = values[k + 1]
        for i in range(k + 2, n):
            high = min(high, values[i])
    difference = high - low
    if gamma >= 0.5:
        return high - difference * (1 - gamma)
    return low + difference * gamma


def _select(values, k):
    # Afterwards values[k] is in its place, smaller ones before it, larger ones behind.
    place_in_order(values, k)
    return values[k]


def _complex_extremum_from(a, largest: const, axes: const, keepdims: const, initial, mask):
    start = like(np.zeros(1, a.dtype)[0], initial)
    x = a if mask is None else np.where(mask, a, start)
    table = _rows(x, axes)
    kept = np.moveaxis(x, axes, steps(x.ndim)[x.ndim - len(axes) :]).shape[: x.ndim - len(axes)]
    out = np.full(kept, start)
    flat = out.reshape(table.shape[0])
    for i in range(table.shape[0]):
        best = start
        for j in range(table.shape[1]):
            best = np.maximum(best, table[i, j]) if largest else np.minimum(best, table[i, j])
        flat[i] = best
    if keepdims:
        return out.reshape(each(_kept_extent, steps(a.ndim), a, axes))
    if out.ndim == 0:
        return out[()]
    return out


def _complex_extremum(a, largest: const, axes: const, keepdims: const):
    table = _rows(a, axes)
    kept = np.moveaxis(a, axes, steps(a.ndim)[a.ndim - len(axes) :]).shape[: a.ndim - len(axes)]
    out = np.empty(kept, a.dtype)
    flat = out.reshape(table.shape[0])
    for i in range(table.shape[0]):
        best = table[i, 0]
        for j in range(1, table.shape[1]):
            best = np.maximum(best, table[i, j]) if largest else np.minimum(best, table[i, j])
        flat[i] = best
    if keepdims:
        return out.reshape(each(_kept_extent, steps(a.ndim), a, axes))
    if out.ndim == 0:
        return out[()]
    return out


def _complex_position(a, largest: const, axes: const, keepdims: const):
    table = _rows(a, axes)
    kept = np.moveaxis(a, axes, steps(a.ndim)[a.ndim - len(axes) :]).shape[: a.ndim - len(axes)]
    out = np.zeros(kept, np.int64)
    flat = out.reshape(table.shape[0])
    for i in range(table.shape[0]):
        best, at = table[i, 0], 0
        for j in range(1, table.shape[1]):
            x = table[i, j]
            better = x > best if largest else x < best
            if best == best and (better or x != x):
                best, at = x, j
        flat[i] = at
    if keepdims:
        return out.reshape(each(_kept_extent, steps(a.ndim), a, axes))
    if out.ndim == 0:
        return out[()]
    return out


def vecdot(x1, x2, axis: const = -1):
    x, y = np.asarray(x1), np.asarray(x2)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError("vecdot: Input operand does not have enough dimensions")
    x, y = np.moveaxis(x, axis_of(axis, x.ndim), -1), np.moveaxis(y, axis_of(axis, y.ndim), -1)
    if x.shape[-1] != y.shape[-1]:
        raise ValueError("vecdot: Input operand 1 has a mismatch in its core dimension 0")
    if is_bool(x) and is_bool(y):
        return np.any(x & y, axis=-1)
    wanted = np.result_type(x, y)
    if is_complex(x):
        return np.sum(np.conj(x) * y, axis=-1, dtype=wanted)
    return np.sum(x * y, axis=-1, dtype=wanted)


def matvec(x1, x2):
    x, y = np.asarray(x1), np.asarray(x2)
    if x.ndim < 2 or y.ndim == 0:
        raise ValueError("matvec: Input operand does not have enough dimensions")
    return np.squeeze(matmul(x, y[..., None]), axis=-1)


def vecmat(x1, x2):
    x, y = np.asarray(x1), np.asarray(x2)
    if x.ndim == 0 or y.ndim < 2:
        raise ValueError("vecmat: Input operand does not have enough dimensions")
    if is_complex(x):
        return np.squeeze(matmul(np.conj(x)[..., None, :], y), axis=-2)
    return np.squeeze(matmul(x[..., None, :], y), axis=-2)


def cov(
    m,
    y=None,
    rowvar: const = True,
    bias: const = False,
    ddof: const = None,
    fweights=None,
    aweights=None,
    *,
    dtype=None,
):
    x = _observations(np.asarray(m), rowvar)
    if fweights is None and aweights is None:
        if dtype is None:
            return _plain_covariance(m, x, y, rowvar, bias, ddof, dtype)
        if is_inexact(np.empty(0, dtype)):
            return _plain_covariance(m, x, y, rowvar, bias, ddof, dtype)
    if y is not None:
        z = np.concatenate((x, _observations(np.asarray(y), rowvar)), 0)
        return _covariance(z, bias, ddof, fweights, aweights, dtype)
    c = _covariance(x, bias, ddof, fweights, aweights, dtype)
    if np.ndim(m) < 2:
        return c.reshape(())
    return c


def _observations(x, rowvar: const):
    if x.ndim > 2:
        raise ValueError("m has more than 2 dimensions")
    rows = np.atleast_2d(x)
    if not rowvar and x.ndim == 2:
        return rows.T
    return rows


def _plain_covariance(m, x, y, rowvar: const, bias: const, ddof: const, dtype):
    free = (0 if bias else 1) if ddof is None else int(ddof)
    c = _covariances(x, y, rowvar, free, 0, dtype)
    if y is None and np.ndim(m) < 2:
        return c.reshape(())
    return c


def _covariances(x, y, rowvar: const, free, corr, dtype):
    z = x[:0] if y is None else _observations(np.asarray(y), rowvar)
    if y is not None and x.shape[1] != z.shape[1]:
        raise ValueError("all the input array dimensions except for the concatenation axis must match exactly")
    n = x.shape[0] + z.shape[0]
    out = np.empty((n, n), np.result_type(x, z, np.float64) if dtype is None else dtype)
    covariances(out, native(x, out), native(z, out), free, corr)
    return out


def _covariance(x, bias: const, ddof: const, fweights, aweights, dtype):
    free = ddof
    if ddof is None:
        free = 0 if bias else 1
    n = x.shape[1]
    data = x.astype(np.result_type(x, np.float64) if dtype is None else dtype)
    if fweights is None and aweights is None:
        data = data - data.mean(axis=1)[:, None]
        return _scaled(np.dot(data, np.conj(data.T)), n - free)
    if fweights is None:
        w = np.asarray(aweights).astype(np.float64)
    elif aweights is None:
        w = np.asarray(fweights).astype(np.float64)
    else:
        w = np.asarray(fweights) * np.asarray(aweights).astype(np.float64)
    if w.ndim != 1:
        raise RuntimeError("cannot handle multidimensional weights")
    if w.shape[0] != n:
        raise RuntimeError("incompatible numbers of samples and weights")
    if (w < 0).any():
        raise ValueError("weights cannot be negative")
    total = w.sum()
    left = total - free
    if aweights is not None and free != 0:
        left = total - free * np.sum(w * np.asarray(aweights)) / total
    data = data - (data * w).sum(axis=1)[:, None] / total
    return _scaled(np.dot(data, np.conj((data * w).T)), left)


def _scaled(c, count):
    c *= np.true_divide(1, max(count, 0))
    return c


def corrcoef(x, y=None, rowvar: const = True, *, dtype=None):
    if y is None and np.ndim(x) < 2:
        c = cov(x, dtype=dtype)
        return c / c
    return _covariances(_observations(np.asarray(x), rowvar), y, rowvar, 1, 1, dtype)


def cumulative_sum(x, *, axis: const = None, dtype=None, out=None, include_initial: const = False):
    a = np.atleast_1d(x)
    if axis is None:
        if a.ndim != 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        return _after_start(np.cumsum(a, 0, dtype), 0, 0, out, include_initial)
    return _after_start(np.cumsum(a, axis, dtype), axis_of(axis, a.ndim), 0, out, include_initial)


def cumulative_prod(x, *, axis: const = None, dtype=None, out=None, include_initial: const = False):
    a = np.atleast_1d(x)
    if axis is None:
        if a.ndim != 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        return _after_start(np.cumprod(a, 0, dtype), 0, 1, out, include_initial)
    return _after_start(np.cumprod(a, axis, dtype), axis_of(axis, a.ndim), 1, out, include_initial)


def _after_start(scanned, axis: const, start, out, include: const):
    # Running totals, with what they start from in front if it is asked for.
    if not include:
        if out is None:
            return scanned
        out[...] = scanned
        return out
    n = scanned.shape[axis]
    shape = scanned.shape[:axis] + (n + 1,) + scanned.shape[axis + 1 :]
    target = np.empty(shape, scanned.dtype) if out is None else out
    cut(target, axis, 0, 1)[...] = start
    cut(target, axis, 1, n + 1)[...] = scanned
    return target
