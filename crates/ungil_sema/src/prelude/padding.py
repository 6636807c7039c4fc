"""Arrays with their edges padded, axis by axis: an axis sees the padding of those before it, as in NumPy.

Functions as modes get an empty tuple where NumPy passes the keyword arguments.
"""


def pad(
    array,
    pad_width,
    mode: const = "constant",
    *,
    constant_values=None,
    end_values=None,
    stat_length=None,
    reflect_type: const = None,
):
    a = np.asarray(array)
    widths = _pad_pairs(pad_width, a.ndim)
    if is_function(mode):
        return _pad_by(a, widths, mode)
    _check_pad(mode, constant_values is None, end_values is None, stat_length is None, reflect_type)
    shape = each(_padded_extent, steps(a.ndim), a, widths)
    if is_fortran(a):
        out = np.empty(shape, a.dtype, order="F")
    else:
        out = np.empty(shape, a.dtype)
    copy(_unpadded(out, a, widths, 0), a)
    if mode == "constant":
        values = _pad_constants(constant_values, a)
        for k in steps(a.ndim):
            rest = _unpadded(out, a, widths, k + 1)
            store(cut(rest, k, None, widths[k, 0]), values[k, 0])
            store(cut(rest, k, widths[k, 0] + a.shape[k], None), values[k, 1])
    elif mode != "empty":
        if a.size == 0:
            _check_extended(a, widths)
        else:
            for k in steps(a.ndim):
                rest = _unpadded(out, a, widths, k + 1)
                _pad_axis(
                    rest, k, widths[k, 0], widths[k, 0] + a.shape[k], mode, end_values, stat_length, reflect_type
                )
    return out


def _pad_constants(constant_values, a):
    if constant_values is None:
        return _pad_pairs_of(0, a.ndim)
    if is_number(constant_values):
        # Stored as a number of NumPy's: one that signed elements cannot hold raises.
        element = np.empty(1, a.dtype)
        element[:] = scalar(constant_values)
        return _pad_pairs_of(element[0], a.ndim)
    return _pad_pairs_of(constant_values, a.ndim)


def _pad_by(a, widths, function: const):
    # Zeros first; then the function changes each row, together with what it has made of the axes before.
    out = np.zeros(each(_padded_extent, steps(a.ndim), a, widths), a.dtype)
    copy(_unpadded(out, a, widths, 0), a)
    for k in steps(a.ndim):
        turned = np.moveaxis(out, k, -1)
        width = (int(widths[k, 0]), int(widths[k, 1]))
        for at in np.ndindex(turned.shape[:-1]):
            function(turned[at], width, k, ())
    return out


def _check_extended(a, widths):
    for k in steps(a.ndim):
        if a.shape[k] == 0 and widths[k, 0] + widths[k, 1] > 0:
            raise ValueError(f"can't extend empty axis {k} using modes other than 'constant' or 'empty'")


def _pad_axis(x, k: const, low, high, mode: const, end_values, stat_length, reflect_type: const):
    # What lies between low and high along the axis is there already.
    if mode == "edge":
        _pad_edges(x, k, low, high)
    elif mode == "linear_ramp":
        ends = _pad_pairs_of(0 if end_values is None else end_values, x.ndim)
        _pad_ramp(cut(x, k, None, low), k, cut(x, k, low, low + 1), ends[k, 0])
        _pad_ramp(np.flip(cut(x, k, high, None), k), k, cut(x, k, high - 1, high), ends[k, 1])
    elif mode == "wrap":
        _pad_wrapped(x, k, low, high)
    elif mode == "reflect" or mode == "symmetric":
        _pad_mirrored(x, k, low, high, mode == "symmetric", reflect_type == "odd")
    elif stat_length is None:
        _pad_statistic(x, k, low, high, high - low, high - low, mode)
    else:
        lengths = _pad_pairs(stat_length, x.ndim)
        _pad_statistic(x, k, low, high, lengths[k, 0], lengths[k, 1], mode)


def _check_pad(mode: const, no_values: const, no_ends: const, no_length: const, reflect_type: const):
    statistic = mode == "maximum" or mode == "mean" or mode == "median" or mode == "minimum"
    mirror = mode == "reflect" or mode == "symmetric"
    plain = mode == "edge" or mode == "empty" or mode == "wrap"
    if not (statistic or mirror or plain or mode == "constant" or mode == "linear_ramp"):
        raise ValueError(f"mode '{mode}' is not supported")
    if not (no_values or mode == "constant"):
        raise ValueError(f"unsupported keyword arguments for mode '{mode}': {{'constant_values'}}")
    if not (no_ends or mode == "linear_ramp"):
        raise ValueError(f"unsupported keyword arguments for mode '{mode}': {{'end_values'}}")
    if not (no_length or statistic):
        raise ValueError(f"unsupported keyword arguments for mode '{mode}': {{'stat_length'}}")
    if not (reflect_type is None or mirror):
        raise ValueError(f"unsupported keyword arguments for mode '{mode}': {{'reflect_type'}}")


def _pad_pairs_of(values, ndim: const):
    # A number for the front and one for the end of each axis.
    return np.broadcast_to(np.asarray(values), (ndim, 2))


def _pad_pairs(counts, ndim: const):
    given = np.asarray(counts)
    if not is_integer(given):
        raise TypeError("`pad_width` must be of integral type.")
    if np.any(given < 0):
        raise ValueError("index can't contain negative values")
    return _pad_pairs_of(given, ndim)


def _padded_extent(k: const, a, widths):
    return int(widths[k, 0] + a.shape[k] + widths[k, 1])


def _unpadded(x, a, widths, k: const):
    # The part of x in which the axes from k on are not padded.
    if k == a.ndim:
        return x
    return _unpadded(cut(x, k, widths[k, 0], widths[k, 0] + a.shape[k]), a, widths, k + 1)


def _pad_edges(x, k: const, low, high):
    store(cut(x, k, None, low), cut(x, k, low, low + 1))
    store(cut(x, k, high, None), cut(x, k, high - 1, high))


def _pad_ramp(target, k: const, edge, end):
    # From the end value, which is in front, to the edge, which is behind: the steps of np.linspace.
    n = target.shape[k]
    if n > 0:
        first = end * 1.0
        way = edge * 1.0 - first
        step = way / n
        at = spread(np.arange(n) * 1.0, target.ndim, k)
        ramp = np.empty(target.shape, way.dtype)
        if np.any(step == 0):
            ramp[...] = at / n * way + first
        else:
            ramp[...] = at * step + first
        if is_integer(target):
            ramp[...] = np.floor(ramp)
        store(target, ramp.astype(target.dtype))


def _pad_wrapped(x, k: const, low, high):
    n, size = x.shape[k], high - low
    while low > 0 or high < n:
        # What is there already is repeated, a whole number of times.
        period = (high - low) // size * size
        left, right = min(low, period), min(n - high, period)
        copy(cut(x, k, low - left, low), cut(x, k, low - left + period, low + period))
        copy(cut(x, k, high, high + right), cut(x, k, high - period, high - period + right))
        low -= left
        high += right


def _pad_mirrored(x, k: const, low, high, edge: const, odd: const):
    n, size = x.shape[k], high - low
    if size == 1:
        _pad_edges(x, k, low, high)
    else:
        skip = 0 if edge else 1
        while low > 0 or high < n:
            # What is there already is mirrored, but no part of the original alone.
            most = (high - low - skip) // (size - skip) * (size - skip)
            left, right = min(low, most), min(n - high, most)
            before = np.flip(cut(x, k, low + skip, low + skip + left), k)
            behind = np.flip(cut(x, k, high - skip - right, high - skip), k)
            if odd:
                store(cut(x, k, low - left, low), (2 * cut(x, k, low, low + 1) - before).astype(x.dtype))
                store(cut(x, k, high, high + right), (2 * cut(x, k, high - 1, high) - behind).astype(x.dtype))
            else:
                copy(cut(x, k, low - left, low), before)
                copy(cut(x, k, high, high + right), behind)
            low -= left
            high += right


def _pad_statistic(x, k: const, low, high, before, behind, mode: const):
    left, right = min(before, high - low), min(behind, high - low)
    if (left == 0 or right == 0) and (mode == "maximum" or mode == "minimum"):
        raise ValueError("stat_length of 0 yields no value for padding")
    first = _edge_statistic(cut(x, k, low, low + left), k, mode)
    last = _edge_statistic(cut(x, k, high - right, high), k, mode)
    store(cut(x, k, None, low), first.astype(x.dtype))
    store(cut(x, k, high, None), last.astype(x.dtype))


def _edge_statistic(x, k: const, mode: const):
    if mode == "maximum":
        return np.max(x, axis=k, keepdims=True)
    if mode == "minimum":
        return np.min(x, axis=k, keepdims=True)
    if mode == "mean":
        value = np.mean(x, axis=k, keepdims=True)
    else:
        value = np.median(x, axis=k, keepdims=True)
    if is_integer(x):
        return np.round(value)
    return value
