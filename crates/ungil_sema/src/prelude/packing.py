"""Bits packed into bytes, eight elements side by side in a word, and counts in the plane."""


def packbits(a, axis: const = None, bitorder: const = "big"):
    x = np.atleast_1d(a)
    if not is_bool(x) and not is_integer(x):
        raise TypeError("Expected an input array of integer or boolean data type")
    if bitorder != "big" and bitorder != "little":
        raise ValueError("'order' must be either 'little' or 'big'")
    if axis is None:
        return _packed(np.ravel(x), bitorder)
    rows = np.moveaxis(x, axis, -1)
    out = _packed(np.ravel(rows).reshape(rows.shape), bitorder)
    return np.ascontiguousarray(np.moveaxis(out, -1, axis))


def _packed(x, bitorder: const):
    # The bytes of a word, zeros and ones, meet in its highest byte.
    gather = np.uint64(0x8040201008040201 if bitorder == "big" else 0x0102040810204080)
    n = x.shape[-1]
    whole = n // 8
    size = (n + 7) // 8
    truths = np.ascontiguousarray(x if is_bool(x) else x != 0).reshape((x.size // n if n > 0 else 0, n))
    out = np.empty((truths.shape[0], size), np.uint8)
    for row in indices_of(truths.shape[0]):
        words = truths[row, : 8 * whole].view(np.uint64)
        for i in indices_of(whole):
            out[row, i] = np.uint8((words[i] * gather) >> np.uint64(56))
        if whole < size:
            last = 0
            for k in indices_of(n - 8 * whole):
                if truths[row, 8 * whole + k]:
                    last |= 1 << (7 - k if bitorder == "big" else k)
            out[row, whole] = last
    return out.reshape(x.shape[:-1] + (size,))


def unpackbits(a, axis: const = None, count=None, bitorder: const = "big"):
    x = np.asarray(a)
    if x.dtype != np.uint8:
        raise TypeError("Expected an input array of unsigned byte data type")
    if bitorder != "big" and bitorder != "little":
        raise ValueError("'order' must be either 'little' or 'big'")
    if axis is None:
        return _unpacked(np.ravel(x), count, bitorder)
    rows = np.moveaxis(x, axis, -1)
    out = _unpacked(np.ravel(rows).reshape(rows.shape), count, bitorder)
    return np.ascontiguousarray(np.moveaxis(out, -1, axis))


def _unpacked(x, count, bitorder: const):
    # Every byte of a word keeps one bit of the number, which becomes its lowest.
    chosen = np.uint64(0x0102040810204080 if bitorder == "big" else 0x8040201008040201)
    copies, carry = np.uint64(0x0101010101010101), np.uint64(0x7F7F7F7F7F7F7F7F)
    n = x.shape[-1]
    size = 8 * n
    if count is not None:
        size = count if count >= 0 else 8 * n + count
        if size < 0:
            raise ValueError(f"-ve count {count} cannot be larger than number of elements {8 * n}")
    out = np.empty(x.shape[:-1] + (size,), np.uint8)
    if x.size == 0:
        out[...] = 0
        return out
    numbers = x.reshape((x.size // n, n))
    table = out.reshape((numbers.shape[0], size))
    whole = min(size // 8, n)
    for row in indices_of(numbers.shape[0]):
        words = table[row, : 8 * whole].view(np.uint64)
        for i in indices_of(whole):
            words[i] = ((((np.uint64(numbers[row, i]) * copies) & chosen) + carry) >> np.uint64(7)) & copies
        for k in indices_of(size - 8 * whole):
            shift = 7 - k if bitorder == "big" else k
            table[row, 8 * whole + k] = (numbers[row, whole] >> shift) & 1 if whole < n else 0
    return out


def histogram2d(x, y, bins=10, range=None, density: const = False, weights=None):
    a, b = np.asarray(x), np.asarray(y)
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError("x and y must be one-dimensional")
    if a.shape[0] != b.shape[0]:
        raise ValueError("x and y must have the same length.")
    if weights is not None and np.shape(weights) != a.shape:
        raise ValueError("The weights must have the shape of x.")
    if is_tuple(bins) and len(bins) == 2:
        first = _axis_edges(a, bins[0], None if range is None else range[0])
        second = _axis_edges(b, bins[1], None if range is None else range[1])
    else:
        first = _axis_edges(a, bins, None if range is None else range[0])
        second = _axis_edges(b, bins, None if range is None else range[1])
    counts = _counts_in_plane(a, b, first, second, weights)
    if density:
        areas = np.diff(first)[:, None] * np.diff(second)
        return counts / areas / counts.sum(), first, second
    return counts, first, second


def _axis_edges(x, bins, limits):
    if is_number(bins):
        if bins < 1:
            raise ValueError("`bins` must be positive, when an integer")
        return _even_edges(x.astype(np.float64), bins, limits)
    return _uneven_edges(bins)


def _counts_in_plane(x, y, first, second, weights):
    # Elements on the last edge are in the last bin.
    rows, columns = first.shape[0] - 1, second.shape[0] - 1
    counts = np.zeros((rows, columns))
    i = np.searchsorted(first, x, side="right") - 1
    j = np.searchsorted(second, y, side="right") - 1
    for k in indices_of(x.shape[0]):
        row = i[k] - 1 if x[k] == first[rows] else i[k]
        column = j[k] - 1 if y[k] == second[columns] else j[k]
        if 0 <= row and row < rows and 0 <= column and column < columns:
            counts[row, column] += 1 if weights is None else weights[k]
    return counts
