"""Differences, integrals, searches and counts, as NumPy computes them."""


def diff(a, n: const = 1, axis: const = -1, prepend=None, append=None):
    a = np.asarray(a)
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    if a.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    axis = axis_of(axis, a.ndim)
    if prepend is None and append is None:
        return _differences(a, n, axis)
    if append is None:
        return _differences(concatenate((_edge(prepend, a, axis), a), axis), n, axis)
    if prepend is None:
        return _differences(concatenate((a, _edge(append, a, axis)), axis), n, axis)
    return _differences(concatenate((_edge(prepend, a, axis), a, _edge(append, a, axis)), axis), n, axis)


def _edge(value, a, axis: const):
    edge = np.asarray(value)
    if edge.ndim == 0:
        return np.broadcast_to(edge, a.shape[:axis] + (1,) + a.shape[axis + 1 :])
    return edge


def _differences(a, n: const, axis: const):
    if is_bool(a):
        d = cut(a, axis, 1, None) != cut(a, axis, None, -1)
    else:
        d = cut(a, axis, 1, None) - cut(a, axis, None, -1)
    if n == 1:
        return d
    return _differences(d, n - 1, axis)


def ediff1d(ary, to_end=None, to_begin=None):
    a = np.ravel(ary)
    d = a[1:] - a[:-1]
    if to_end is None and to_begin is None:
        return d
    _check_ends(a, to_end, "to_end")
    _check_ends(a, to_begin, "to_begin")
    if to_begin is None:
        return concatenate((d, np.ravel(to_end).astype(a.dtype)), 0)
    if to_end is None:
        return concatenate((np.ravel(to_begin).astype(a.dtype), d), 0)
    return concatenate((np.ravel(to_begin).astype(a.dtype), d, np.ravel(to_end).astype(a.dtype)), 0)


def _check_ends(a, ends, name: const):
    if ends is not None:
        if not np.can_cast(np.asarray(ends), a.dtype, "same_kind"):
            raise TypeError(
                f"dtype of `{name}` must be compatible with input `ary` under the `same_kind` rule."
            )


def trapezoid(y, x=None, dx=1.0, axis: const = -1):
    y = np.asarray(y)
    if y.ndim == 0:
        raise IndexError("list assignment index out of range")
    axis = axis_of(axis, y.ndim)
    if x is None:
        return (dx * (cut(y, axis, 1, None) + cut(y, axis, None, -1)) / 2.0).sum(axis=axis)
    x = np.asarray(x)
    if x.ndim == 1:
        d = spread(x[1:] - x[:-1], y.ndim, axis)
        return (d * (cut(y, axis, 1, None) + cut(y, axis, None, -1)) / 2.0).sum(axis=axis)
    d = cut(x, axis, 1, None) - cut(x, axis, None, -1)
    return (d * (cut(y, axis, 1, None) + cut(y, axis, None, -1)) / 2.0).sum(axis=axis)


def gradient(f, *varargs, axis: const = None, edge_order: const = 1):
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    given = np.asarray(f)
    # Differences of unsigned numbers would wrap.
    f = given.astype(np.float64) if is_integer(given) else given
    if axis is None:
        return _gradient(f, varargs, steps(f.ndim), edge_order)
    if is_tuple(axis):
        return _gradient(f, varargs, axis, edge_order)
    return _gradient(f, varargs, (axis,), edge_order)


def _gradient(f, spacing, axes: const, edge_order: const):
    if len(spacing) != 0 and len(spacing) != len(axes) and (len(spacing) > 1 or np.ndim(spacing[0]) != 0):
        raise TypeError("invalid number of arguments")
    if len(axes) == 1:
        return _along(0, f, spacing, axes, edge_order)
    return each(_along, steps(len(axes)), f, spacing, axes, edge_order)


def _along(k: const, f, spacing, axes: const, edge_order: const):
    axis = axis_of(axes[k], f.ndim)
    if f.shape[axis] < edge_order + 1:
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are required."
        )
    if len(spacing) == 0:
        return _even(f, 1.0, axis, edge_order)
    given = spacing[0 if len(spacing) == 1 else k]
    if is_number(given):
        return _even(f, given, axis, edge_order)
    return _spaced(f, given, axis, edge_order)


def _spaced(f, x, axis: const, edge_order: const):
    if x.ndim == 0:
        return _even(f, x[()], axis, edge_order)
    if x.ndim != 1:
        raise ValueError("distances must be either scalars or 1d")
    if x.shape[0] != f.shape[axis]:
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    # Differences of unsigned numbers would wrap.
    h = _differences(x.astype(np.float64) if is_integer(x) else x, 1, 0)
    if np.all(h == h[0]):
        return _even(f, h[0], axis, edge_order)
    return _uneven(f, h, axis, edge_order)


def _even(f, h, axis: const, edge_order: const):
    wanted = f.dtype if is_inexact(f) else np.float64
    out = np.empty(f.shape, wanted)
    copy(cut(out, axis, 1, -1), (cut(f, axis, 2, None) - cut(f, axis, None, -2)) / (2.0 * h))
    if edge_order == 1:
        if f.ndim == 1:
            out[0], out[-1] = (f[1] - f[0]) / h, (f[-1] - f[-2]) / h
            return out
        # At both ends, by the same code.
        n = f.shape[axis]
        for at in range(0, n, n - 1):
            low = max(at - 1, 0)
            _put(out, axis, at, (pick(f, axis, low + 1) - pick(f, axis, low)) / h)
    else:
        a, b, c = -1.5 / h, 2.0 / h, -0.5 / h
        copy(
            cut(out, axis, None, 1), a * cut(f, axis, 0, 1) + b * cut(f, axis, 1, 2) + c * cut(f, axis, 2, 3)
        )
        a, b, c = 0.5 / h, -2.0 / h, 1.5 / h
        copy(
            cut(out, axis, -1, None),
            a * cut(f, axis, -3, -2) + b * cut(f, axis, -2, -1) + c * cut(f, axis, -1, None),
        )
    return out


def _put(out, axis: const, at, values):
    if out.ndim == 1:
        out[at] = values
    else:
        copy(pick(out, axis, at), values)


def _uneven(f, h, axis: const, edge_order: const):
    wanted = f.dtype if is_inexact(f) else np.float64
    out = np.empty(f.shape, wanted)
    one, two = h[:-1], h[1:]
    a = spread(-two / (one * (one + two)), f.ndim, axis)
    b = spread((two - one) / (one * two), f.ndim, axis)
    c = spread(one / (two * (one + two)), f.ndim, axis)
    inner = a * cut(f, axis, None, -2) + b * cut(f, axis, 1, -1) + c * cut(f, axis, 2, None)
    copy(cut(out, axis, 1, -1), inner)
    if edge_order == 1:
        n = f.shape[axis]
        for at in range(0, n, n - 1):
            low = max(at - 1, 0)
            _put(out, axis, at, (pick(f, axis, low + 1) - pick(f, axis, low)) / h[low])
    else:
        p, q = h[0], h[1]
        u, v, w = -(2.0 * p + q) / (p * (p + q)), (p + q) / (p * q), -p / (q * (p + q))
        copy(
            cut(out, axis, None, 1), u * cut(f, axis, 0, 1) + v * cut(f, axis, 1, 2) + w * cut(f, axis, 2, 3)
        )
        p, q = h[-2], h[-1]
        u, v, w = q / (p * (p + q)), -(q + p) / (p * q), (2.0 * q + p) / (q * (p + q))
        copy(
            cut(out, axis, -1, None),
            u * cut(f, axis, -3, -2) + v * cut(f, axis, -2, -1) + w * cut(f, axis, -1, None),
        )
    return out


def unwrap(p, discont=None, axis: const = -1, period=6.283185307179586):
    x = np.asarray(p)
    if x.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    axis = axis_of(axis, x.ndim)
    if is_inexact(x) and not is_complex(x) and not is_array(period):
        return _unwrapped(x, discont, axis, period)
    if is_integer(x) and is_integer(period):
        out = x.copy()
    elif is_inexact(x):
        out = x.copy()
    else:
        out = x.astype(np.float64)
    half = period / 2
    least = half if discont is None else max(discont, half)
    n = x.shape[axis]
    if n > 1:
        d = cut(x, axis, 1, n) - cut(x, axis, 0, n - 1)
        turned = (d + half) % period - half
        turned = np.where((turned == -half) & (d > 0), half, turned)
        steps = np.where(np.abs(d) < least, 0, turned - d).astype(out.dtype)
        store(cut(out, axis, 1, n), cut(x, axis, 1, n) + np.cumsum(steps, axis=axis))
    return out


def _unwrapped(x, discont, axis: const, period):
    half = period / 2
    parameters = np.empty(2, x.dtype)
    parameters[0] = period
    parameters[1] = half if discont is None else max(discont, half)
    out = np.empty(x.shape, x.dtype)
    _each_unwrapped(np.moveaxis(out, axis, -1), np.moveaxis(x, axis, -1), parameters)
    return out


def _each_unwrapped(out, x, parameters):
    if out.ndim == 1:
        unwrapped(out[None], native(x[None], out), parameters)
    elif out.ndim == 2:
        unwrapped(out, native(x, out), parameters)
    else:
        for i in range(out.shape[0]):
            _each_unwrapped(out[i], x[i], parameters)


def interp(x, xp, fp, left=None, right=None, period=None):
    points = native(np.asarray(xp), np.float64)
    values = np.asarray(fp)
    if period is not None:
        return _periodic(np.asarray(x), points, values, abs(period))
    if points.ndim != 1 or values.ndim != 1:
        raise ValueError("object too deep for desired array")
    if points.shape[0] == 0:
        raise ValueError("array of sample points is empty")
    if points.shape[0] != values.shape[0]:
        raise ValueError("fp and xp are not of the same length.")
    wanted = np.complex128 if is_complex(values) else np.float64
    table = native(values, wanted)
    low = table[0] if left is None else wanted(left)
    high = table[-1] if right is None else wanted(right)
    if is_number(x):
        return _between(np.float64(x), points, table, low, high)
    at = np.asarray(x)
    out = np.empty(at.shape, wanted)
    flat, target = np.ravel(at), out.reshape(at.size)
    if is_complex(values):
        for i in range(flat.shape[0]):
            target[i] = _between(np.float64(flat[i]), points, table, low, high)
    else:
        ends = np.empty(2)
        ends[0], ends[1] = low, high
        interpolated(target, native(flat, out), points, table, ends)
    if at.ndim == 0:
        return out[()]
    return out


def _periodic(x, points, values, period):
    if period == 0:
        raise ValueError("period must be a non-zero value")
    if points.ndim != 1 or values.ndim != 1:
        raise ValueError("Data points must be 1-D sequences")
    if points.shape[0] != values.shape[0]:
        raise ValueError("fp and xp are not of the same length")
    n = points.shape[0]
    wrapped = points % period
    order = _order_of(wrapped)
    ends = np.empty(n + 2)
    table = np.empty(n + 2, values.dtype)
    for i in range(n):
        ends[i + 1] = wrapped[order[i]]
        table[i + 1] = values[order[i]]
    if n > 0:
        ends[0], ends[n + 1] = ends[n] - period, ends[1] + period
        table[0], table[n + 1] = table[n], table[1]
    if x.ndim == 0:
        return interp(x[()] % period, ends, table)
    return interp(x % period, ends, table)


def _order_of(x):
    # Places in order of the elements, equal ones as they were: merges of runs that double.
    n = x.shape[0]
    order, other = np.arange(n), np.empty(n, np.int64)
    width = 1
    while width < n:
        for low in range(0, n, 2 * width):
            middle, high = min(low + width, n), min(low + 2 * width, n)
            i, j = low, middle
            for k in range(low, high):
                if i < middle and (j >= high or not x[order[j]] < x[order[i]]):
                    other[k] = order[i]
                    i += 1
                else:
                    other[k] = order[j]
                    j += 1
        order, other = other, order
        width *= 2
    return order


def _between(x, points, table, low, high):
    n = points.shape[0]
    if x != x:
        # One point is not compared with: NumPy gives its value.
        return table[0] if n == 1 else like(table[0], x)
    if x > points[n - 1]:
        return high
    if x < points[0]:
        return low
    # The last point that is not beyond x.
    j, size = 0, n
    while size > 1:
        half = size // 2
        j = j + half if points[j + half] <= x else j
        size -= half
    if j == n - 1 or points[j] == x:
        return table[j]
    slope = (table[j + 1] - table[j]) / (points[j + 1] - points[j])
    y = slope * (x - points[j]) + table[j]
    if y != y:
        y = slope * (x - points[j + 1]) + table[j + 1]
        if y != y and table[j] == table[j + 1]:
            y = table[j]
    return y


def searchsorted(a, v, side: const = "left", sorter=None):
    table = np.asarray(a) if sorter is None else np.asarray(a)[np.asarray(sorter)]
    if side != "left" and side != "right":
        raise ValueError(f"side must be 'left' or 'right'")
    if table.ndim != 1:
        raise ValueError("object too deep for desired array")
    if is_number(v):
        return np.int64(_place(table, v, side == "right"))
    return _places(table, np.asarray(v), 1 if side == "right" else 0)


def _places(table, keys, mode: const):
    # Of keys in a table of their own type.
    common = np.result_type(table, keys)
    out = np.empty(keys.shape, np.int64)
    search(out.reshape(keys.size), native(table, common), native(np.ravel(keys), common), mode)
    if keys.ndim == 0:
        return out[()]
    return out


def _goes_before(x, key, right: const):
    if right:
        return not _precedes(key, x)
    return _precedes(x, key)


def _place(table, key, right: const):
    at, size = 0, table.shape[0]
    while size > 0:
        half = size // 2
        goes = _goes_before(table[at + half], key, right)
        at = at + half + 1 if goes else at
        size = size - half - 1 if goes else half
    return at


def _precedes(x, y):
    # In the order of sorting, in which NaN comes last.
    if is_complex(x) or is_complex(y):
        return _complex_precedes(np.complex128(x), np.complex128(y))
    if is_inexact(x) or is_inexact(y):
        return (x < y) | ((y != y) & (x == x))
    return x < y


def _complex_precedes(x, y):
    # By real, then imaginary parts; numbers with a NaN come last, those in the imaginary part alone first.
    if x.real < y.real:
        return x.imag == x.imag or y.imag != y.imag
    if x.real > y.real:
        return y.imag != y.imag and x.imag == x.imag
    if x.real == y.real or (x.real != x.real and y.real != y.real):
        return x.imag < y.imag or (y.imag != y.imag and x.imag == x.imag)
    return y.real != y.real


def digitize(x, bins, right: const = False):
    if is_complex(np.asarray(x)):
        raise TypeError("x may not be complex")
    edges = np.asarray(bins)
    if edges.ndim != 1:
        raise ValueError("object too deep for desired array")
    return _places(edges, np.asarray(x), 2 if right else 3)


def bincount(x, weights=None, minlength=0):
    a = np.asarray(x)
    if a.ndim != 1:
        raise ValueError("object too deep for desired array")
    if is_inexact(a):
        raise TypeError("Cannot cast array data to dtype('int64') according to the rule 'safe'")
    if is_bool(a):
        # A truth value as an index would be a mask.
        return bincount(a.astype(np.int64), weights, minlength)
    if minlength < 0:
        raise ValueError("'minlength' must not be negative")
    n = 0
    numbers = native(a, np.int64)
    if a.shape[0] > 0:
        low, high = range_of(numbers)
        if low < 0:
            raise ValueError("'list' argument must have no negative elements")
        n = int(high) + 1
    n = max(n, minlength)
    if weights is None:
        out = np.zeros(n, np.int64)
        tallied(out, numbers)
        return out
    w = np.asarray(weights)
    if w.ndim != 1 or w.shape[0] != a.shape[0]:
        raise ValueError("The weights and list don't have the same length.")
    out = np.zeros(n, np.float64)
    for i in range(a.shape[0]):
        out[a[i]] += w[i]
    return out


def histogram(a, bins=10, range=None, density: const = False, weights=None):
    x = np.ravel(a)
    if weights is not None:
        if np.shape(weights) != np.shape(a):
            raise ValueError("weights should have the same shape as a.")
    if is_text(bins):
        if weights is not None:
            raise TypeError("Automated estimation of the number of bins is not supported for weighted data")
        n = _estimated_bins(x, bins, range)
        edges = _even_edges(x, n, range)
        counts = _counts_even(x, edges, n, weights)
    elif is_number(bins):
        if bins < 1:
            raise ValueError("`bins` must be positive, when an integer")
        edges = _even_edges(x, bins, range)
        counts = _counts_even(x, edges, bins, weights)
    else:
        edges = _uneven_edges(bins)
        counts = _counts_uneven(x, edges, weights)
    if density:
        return counts / (edges[1:] - edges[:-1]).astype(np.float64) / counts.sum(), edges
    return counts, edges


def histogram_bin_edges(a, bins=10, range=None, weights=None):
    x = np.ravel(a)
    if weights is not None:
        if np.shape(weights) != np.shape(a):
            raise ValueError("weights should have the same shape as a.")
    if is_text(bins):
        if weights is not None:
            raise TypeError("Automated estimation of the number of bins is not supported for weighted data")
        return _even_edges(x, _estimated_bins(x, bins, range), range)
    if is_number(bins):
        if bins < 1:
            raise ValueError("`bins` must be positive, when an integer")
        return _even_edges(x, bins, range)
    return _uneven_edges(bins)


def _uneven_edges(bins):
    edges = np.asarray(bins)
    if edges.ndim != 1:
        raise ValueError("`bins` must be 1d, when an array")
    for i in indices_of(edges.shape[0] - 1):
        if edges[i] > edges[i + 1]:
            raise ValueError("`bins` must increase monotonically, when an array")
    return edges


def _estimated_bins(x, name, limits):
    # How many bins of the width that a rule gives cover the range.
    if limits is None:
        return _bins_of_width(x, name, _outer(x.min(), x.max()) if x.shape[0] > 0 else _outer(0.0, 1.0))
    bounds = _outer(limits[0], limits[1])
    return _bins_of_width(x[(x >= bounds[0]) & (x <= bounds[1])], name, bounds)


def _outer(low, high):
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("the range is not finite")
    if low == high:
        return inexact(low) - 0.5, inexact(high) + 0.5
    return inexact(low), inexact(high)


def _bins_of_width(x, name, bounds):
    if x.shape[0] == 0:
        return 1
    width = _bin_width(x, name, bounds)
    if width == 0:
        return 1
    if is_integer(x) and width < 1:
        return int(np.ceil(bounds[1] - bounds[0]))
    return int(np.ceil((bounds[1] - bounds[0]) / width))


def _bin_width(x, name, bounds):
    n = x.shape[0]
    if name == "sqrt":
        return np.ptp(x) / np.sqrt(n)
    if name == "sturges":
        return np.ptp(x) / (np.log2(n) + 1.0)
    if name == "rice":
        return np.ptp(x) / (2.0 * n ** (1.0 / 3))
    if name == "scott":
        return (24.0 * np.pi**0.5 / n) ** (1.0 / 3.0) * np.std(x)
    if name == "fd":
        return 2.0 * (np.percentile(x, 75) - np.percentile(x, 25)) * n ** (-1.0 / 3.0)
    if name == "doane":
        return _skewed_width(x)
    if name == "stone":
        return _risked_width(x, bounds)
    if name == "auto":
        least = max(_bin_width(x, "fd", bounds), _bin_width(x, "sqrt", bounds) / 2)
        return min(least, _bin_width(x, "sturges", bounds))
    raise ValueError("not a valid estimator for `bins`")


def _skewed_width(x):
    n = x.shape[0]
    if n > 2:
        scale = np.sqrt(6.0 * (n - 2) / ((n + 1.0) * (n + 3)))
        sigma = np.std(x)
        if sigma > 0.0:
            skewness = np.mean(((x - np.mean(x)) / sigma) ** 3)
            return np.ptp(x) / (1.0 + np.log2(n) + np.log2(1.0 + abs(skewness) / scale))
    return 0.0


def _risked_width(x, bounds):
    # The number of bins with the least estimated risk.
    n = x.shape[0]
    spread = inexact(np.ptp(x))
    if n <= 1 or spread == 0:
        return spread / 1
    best, least = 1, np.inf
    for k in range(1, max(100, int(np.sqrt(n))) + 1):
        shares = _counts_even(x, _even_edges(x, k, bounds), k, None) / n
        risk = (2 - (n + 1) * np.sum(shares * shares)) / (spread / k)
        if risk < least:
            best, least = k, risk
    return spread / best


def _even_edges(x, n, limits):
    wanted = x.dtype if is_inexact(x) else np.float64
    if limits is None and not is_complex(x):
        edges = np.empty(n + 1, wanted)
        even_edges(edges, native(x, x))
        return edges
    if limits is None:
        if x.shape[0] == 0:
            return np.linspace(0.0, 1.0, n + 1, dtype=wanted)
        low, high = x.min(), x.max()
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError("autodetected range is not finite")
        return _edges(low, high, n, wanted)
    if limits[0] > limits[1]:
        raise ValueError("max must be larger than min in range parameter.")
    if not (np.isfinite(limits[0]) and np.isfinite(limits[1])):
        raise ValueError("supplied range is not finite")
    return _edges(limits[0], limits[1], n, wanted)


def _edges(low, high, n, wanted):
    if low == high:
        return np.linspace(low - 0.5, high + 0.5, n + 1, dtype=wanted)
    return np.linspace(low, high, n + 1, dtype=wanted)


def _weight(weights, i):
    if weights is None:
        return 1
    return np.ravel(weights)[i]


def _counter(n, weights):
    if weights is None:
        return np.zeros(n, np.int64)
    return np.zeros(n, np.result_type(np.asarray(weights)))


def _counts_complex(x, edges, n, weights):
    # Bins by the real parts of quotients, between bounds in the order of complex numbers: what NumPy does, whatever it means.
    out = _counter(n, weights)
    first, last = edges[0], edges[-1]
    span = last - first
    for i in range(x.shape[0]):
        value = x[i]
        if value >= first and value <= last:
            at = int(((value - first) * n / span).real)
            if at == n:
                at = n - 1
            if value < edges[at]:
                at -= 1
            elif value >= edges[at + 1] and at != n - 1:
                at += 1
            if at < 0:
                raise ValueError("'list' argument must have no negative elements")
            out[at] += 1 if weights is None else _weight(weights, i)
    return out


def _counts_even(x, edges, n, weights):
    out = _counter(n, weights)
    if is_complex(x):
        return _counts_complex(x, edges, n, weights)
    if weights is None:
        count_in_bins(out, native(x, x), edges)
        if out[0] < 0:
            raise ValueError(f"Too many bins for data range. Cannot create {n} finite-sized bins.")
        return out
    first, last = edges[0], edges[-1]
    span = last - first
    if not np.all(edges[:-1] < edges[1:]):
        raise ValueError(f"Too many bins for data range. Cannot create {n} finite-sized bins.")
    for i in indices_of(x.shape[0]):
        value = x[i]
        if value >= first and value <= last:
            at = int(((value - first) / span) * n)
            at = min(at, n - 1)
            if value < edges[at]:
                at -= 1
            elif value >= edges[at + 1] and at != n - 1:
                at += 1
            out[at] += _weight(weights, i)
    return out


def _counts_uneven(x, edges, weights):
    n = max(edges.shape[0] - 1, 0)
    out = _counter(n, weights)
    for low in range(0, x.shape[0], 4096):
        some = x[low : low + 4096]
        places = searchsorted(edges, some, "right")
        for i in range(places.shape[0]):
            at = places[i] - 1
            if at == n and some[i] == edges[n]:
                at = n - 1
            if at >= 0 and at < n:
                out[at] += 1 if weights is None else _weight(weights, low + i)
    return out
