"""Arrays made from numbers: identities, triangles, grids, sequences."""


def eye(N, M=None, k=0, dtype=float, order="C"):
    columns = N if M is None else M
    out = np.zeros((N, columns), dtype, order=order)
    for i in range(max(0, -k), min(N, columns - k)):
        out[i, i + k] = 1
    return out


def identity(n, dtype=None):
    return eye(n, dtype=dtype)


def tri(N, M=None, k=0, dtype=float):
    out = np.zeros((max(0, N), max(0, N if M is None else M)), dtype)
    for i in range(out.shape[0]):
        out[i, : max(0, min(i + k + 1, out.shape[1]))] = 1
    return out


def tril(m, k=0):
    return _triangle(np.asarray(m), k, True)


def triu(m, k=0):
    return _triangle(np.asarray(m), k - 1, False)


def _triangle(m, k, lower: const):
    if m.ndim == 0:
        raise TypeError("tri() missing 1 required positional argument: 'N'")
    if m.ndim == 1:
        n = m.shape[0]
        return _triangle(np.broadcast_to(m, (n, n)), k, lower)
    out = np.empty(m.shape, m.dtype)
    _copy_triangle(out, native(m, out), k, 1 if lower else 0)
    return out


def _copy_triangle(out, m, k, lower: const):
    if m.ndim > 2:
        for i in range(m.shape[0]):
            _copy_triangle(out[i], m[i], k, lower)
    else:
        triangle(out, m, k, lower)


def diag(v, k=0):
    x = np.asarray(v)
    if x.ndim == 1:
        return _on_diagonal(x, k)
    if x.ndim == 2:
        return np.diagonal(x, k)
    raise ValueError("Input must be 1- or 2-d.")


def diagflat(v, k=0):
    return _on_diagonal(np.ravel(v), k)


def _on_diagonal(x, k):
    n = x.shape[0] + abs(k)
    out = np.zeros((n, n), x.dtype)
    down, right = max(0, -k), max(0, k)
    for i in range(x.shape[0]):
        out[i + down, i + right] = x[i]
    return out


def isfortran(a):
    return np.asarray(a).flags.fnc


def logspace(start, stop, num=50, endpoint: const = True, base=10.0, dtype=None, axis: const = 0):
    if is_array(base) and base.ndim > 0:
        first, last, low = np.broadcast_arrays(start, stop, base)
        y = np.linspace(first, last, num, endpoint, axis=axis)
        powers = np.power(np.expand_dims(low, axis), y)
    else:
        powers = np.power(base, np.linspace(start, stop, num, endpoint, axis=axis))
    if dtype is None:
        return powers
    return powers.astype(dtype)


def geomspace(start, stop, num=50, endpoint: const = True, dtype=None, axis: const = 0):
    first, last = np.asarray(start), np.asarray(stop)
    if np.any(first == 0) or np.any(last == 0):
        raise ValueError("Geometric sequence cannot include zero")
    wanted = np.result_type(first, last, np.float64)
    a, b = first.astype(wanted), last.astype(wanted)
    sign = np.sign(a)
    low, high = a / sign, b / sign
    out = np.power(10.0, np.linspace(np.log10(low), np.log10(high), num, endpoint))
    if num > 0:
        out[0] = low
        if num > 1 and endpoint:
            out[num - 1] = high
    out *= sign
    moved = out if axis == 0 else np.moveaxis(out, 0, axis)
    if dtype is None:
        return moved
    return moved.astype(dtype)


def _linspace(start, stop, num, endpoint: const, retstep: const, dtype, axis: const):
    # Between arrays and complex numbers.
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    between = np.result_type(start, stop)
    if is_inexact(between):
        return _linspace_in(between, start, stop, num, endpoint, retstep, dtype, axis)
    return _linspace_in(np.float64, start, stop, num, endpoint, retstep, dtype, axis)


def _linspace_in(wanted, start, stop, num, endpoint: const, retstep: const, dtype, axis: const):
    first, last = np.asarray(start).astype(wanted), np.asarray(stop).astype(wanted)
    delta = last - first
    out = np.empty((num,) + np.shape(delta), wanted)
    ramp = np.arange(num).astype(wanted)
    intervals = num - 1 if endpoint else num
    step = delta / max(intervals, 1)
    # Where a step underflows to zero NumPy divides first.
    vanishes = bool(np.any(step == 0))
    for i in range(num):
        if vanishes and intervals > 0:
            out[i] = ramp[i] / intervals * delta + first
        else:
            out[i] = ramp[i] * step + first
    if endpoint and num > 1:
        out[num - 1] = last
    moved = out if axis == 0 else np.moveaxis(out, 0, axis)
    if dtype is None:
        typed = moved
    elif is_integer(dtype):
        typed = np.floor(moved).astype(dtype)
    else:
        typed = moved.astype(dtype)
    if retstep:
        return typed, step if intervals > 0 else step * np.nan
    return typed


def meshgrid(*xi, copy: const = True, sparse: const = False, indexing: const = "xy"):
    if indexing != "xy" and indexing != "ij":
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    axes = each(np.ravel, xi)
    return each(_grid, steps(len(axes)), axes, copy, sparse, indexing)


def _grid(k: const, axes, copy: const, sparse: const, indexing: const):
    n = len(axes)
    swaps = indexing == "xy" and n > 1 and k < 2
    along = spread(axes[k], n, 1 - k if swaps else k)
    if sparse:
        if copy:
            return along.copy()
        return along
    shape = each(np.size, axes)
    if indexing == "xy" and n > 1:
        grid = np.broadcast_to(along, (shape[1], shape[0]) + shape[2:])
    else:
        grid = np.broadcast_to(along, shape)
    if copy:
        return _copied_grid(grid)
    return grid


def _copied_grid(grid):
    out = np.empty(grid.shape, grid.dtype)
    _copy_rows(out, native(grid, out))
    return out


def _copy_rows(out, x):
    if x.ndim > 2:
        for i in range(x.shape[0]):
            _copy_rows(out[i], x[i])
    else:
        copy(out, x)


def indices(dimensions, dtype=int, sparse: const = False):
    n = len(dimensions)
    if sparse:
        return each(_sparse_index, steps(n), dimensions, dtype)
    out = np.empty((n,) + dimensions, dtype)
    for k in steps(n):
        out[k] = spread(np.arange(dimensions[k]), n, k)
    return out


def _sparse_index(k: const, dimensions, dtype):
    return spread(np.arange(dimensions[k]), len(dimensions), k).astype(dtype)


def vander(x, N=None, increasing: const = False):
    a = np.asarray(x)
    if a.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    columns = a.shape[0] if N is None else N
    out = np.empty((a.shape[0], columns), np.promote_types(a.dtype, np.int64))
    for i in range(a.shape[0]):
        for j in range(columns):
            at = j if increasing else columns - 1 - j
            if j == 0:
                out[i, at] = 1
            elif increasing:
                out[i, at] = out[i, at - 1] * a[i]
            else:
                out[i, at] = out[i, at + 1] * a[i]
    return out


def fill_diagonal(a, val, wrap: const = False):
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if is_number(val):
        # Stored as such: one that the elements cannot hold raises.
        element = np.empty(1, a.dtype)
        element[0] = val
        return fill_diagonal(a, element, wrap)
    values = np.ravel(val)
    count = values.shape[0]
    if count == 0:
        return
    if a.ndim == 2:
        columns = a.shape[1]
        end = a.shape[0] * columns
        if not wrap:
            end = min(end, columns * columns)
        at = 0
        for p in range(0, end, columns + 1):
            a[p // columns, p % columns] = values[at % count]
            at += 1
    else:
        n = a.shape[0]
        for k in steps(a.ndim):
            if a.shape[k] != n:
                raise ValueError("All dimensions of input must be of equal length")
        for i in range(n):
            a[same(i, a.ndim)] = values[i % count]


def frombuffer(buffer, dtype=float, count=-1, offset=0):
    if not is_contiguous(buffer):
        raise ValueError("ndarray is not C-contiguous")
    like = np.empty(0, dtype)
    room = buffer.nbytes
    if offset < 0 or offset > room:
        raise ValueError(f"offset must be non-negative and no greater than buffer length ({room})")
    room -= offset
    size = like.itemsize
    if count < 0:
        if room % size != 0:
            raise ValueError("buffer size must be a multiple of element size")
        return reinterpreted(buffer, like, offset, room // size)
    if count * size > room:
        raise ValueError("buffer is smaller than requested size")
    return reinterpreted(buffer, like, offset, count)


def tril_indices(n, k=0, m=None):
    return np.nonzero(tri(n, m, k, bool))


def triu_indices(n, k=0, m=None):
    return np.nonzero(~tri(n, m, k - 1, bool))


def tril_indices_from(arr, k=0):
    if arr.ndim != 2:
        raise ValueError("input array must be 2-d")
    return tril_indices(arr.shape[0], k, arr.shape[1])


def triu_indices_from(arr, k=0):
    if arr.ndim != 2:
        raise ValueError("input array must be 2-d")
    return triu_indices(arr.shape[0], k, arr.shape[1])


def mask_indices(n, mask_func, k=0):
    return np.nonzero(mask_func(np.ones((n, n), np.int64), k) != 0)


def diag_indices_from(arr):
    if arr.ndim < 2:
        raise ValueError("input array must be at least 2-d")
    for k in steps(arr.ndim):
        if arr.shape[k] != arr.shape[0]:
            raise ValueError("All dimensions of input must be of equal length")
    return same(np.arange(arr.shape[0]), arr.ndim)


def diag_indices(n, ndim: const = 2):
    return same(np.arange(n), ndim)


def ix_(*args):
    return each(_open_grid, steps(len(args)), each(np.asarray, args))


def _open_grid(k: const, arrays):
    a = arrays[k]
    if a.ndim != 1:
        raise ValueError("Cross index must be 1 dimensional")
    if is_bool(a):
        return spread(np.flatnonzero(a), len(arrays), k)
    return spread(a, len(arrays), k)


def unravel_index(indices, shape, order: const = "C"):
    if is_number(shape):
        return unravel_index(indices, (shape,), order)
    size = 1
    for n in shape:
        size *= n
    if is_number(indices):
        if is_inexact(indices):
            raise TypeError("only int indices permitted")
        if indices < 0 or indices >= size:
            raise ValueError(f"index {indices} is out of bounds for array with size {size}")
        return each(_coordinate, steps(len(shape)), np.int64(indices), shape, order)
    flat = np.ravel(indices)
    if is_inexact(flat):
        raise TypeError("only int indices permitted")
    for i in range(flat.shape[0]):
        if flat[i] < 0 or flat[i] >= size:
            raise ValueError(f"index {flat[i]} is out of bounds for array with size {size}")
    return each(_coordinate, steps(len(shape)), np.asarray(indices).astype(np.int64), shape, order)


def _coordinate(k: const, index, shape, order: const):
    below = 1
    for n in shape[:k] if order == "F" else shape[k + 1 :]:
        below *= n
    return index // below % shape[k]


def ravel_multi_index(multi_index, dims, mode: const = "raise", order: const = "C"):
    if is_number(dims):
        return ravel_multi_index(multi_index, (dims,), mode, order)
    if len(multi_index) != len(dims):
        raise ValueError(f"parameter multi_index must be a sequence of length {len(dims)}")
    columns = each(_column_of_indices, steps(len(dims)), multi_index, dims, mode)
    at = columns[0] if order == "C" else columns[len(dims) - 1]
    for k in steps(len(dims) - 1):
        if order == "C":
            at = at * dims[k + 1] + columns[k + 1]
        else:
            at = at * dims[len(dims) - 2 - k] + columns[len(dims) - 2 - k]
    return at


def _column_of_indices(k: const, rows, dims, mode: const):
    given = np.asarray(rows[k])
    if is_inexact(given):
        raise TypeError("only int indices permitted")
    index = np.int64(given[()]) if given.ndim == 0 else given.astype(np.int64)
    if is_tuple(mode):
        return _index_within(index, dims[k], mode[k])
    return _index_within(index, dims[k], mode)


def _index_within(index, n, mode: const):
    if mode == "wrap":
        return index % n
    if mode == "clip":
        return np.clip(index, 0, n - 1)
    if mode != "raise":
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got '{mode}')")
    if np.any((index < 0) | (index >= n)):
        raise ValueError("invalid entry in coordinates array")
    return index


def asarray_chkfinite(a, dtype=None, order: const = None):
    x = np.asarray(a, dtype, order)
    if is_inexact(x) and not np.isfinite(x).all():
        raise ValueError("array must not contain infs or NaNs")
    return x


def astype(x, dtype):
    return x.astype(dtype)


def _window(shape, M):
    # A function of twice the distances of M points from their middle, and the largest of them.
    if M < 1:
        return np.empty(0)
    if M == 1:
        return np.ones(1)
    points = np.float64(M)
    return shape(np.arange(1 - points, points, 2), points - 1)


def bartlett(M):
    return _window(_bartlett, M)


def _bartlett(n, largest):
    return np.where(n <= 0, 1 + n / largest, 1 - n / largest)


def hanning(M):
    return _window(_hanning, M)


def _hanning(n, largest):
    return 0.5 + 0.5 * np.cos(np.pi * n / largest)


def hamming(M):
    return _window(_hamming, M)


def _hamming(n, largest):
    return 0.54 + 0.46 * np.cos(np.pi * n / largest)


def blackman(M):
    return _window(_blackman, M)


def _blackman(n, largest):
    return 0.42 + 0.5 * np.cos(np.pi * n / largest) + 0.08 * np.cos(2.0 * np.pi * n / largest)


def kaiser(M, beta):
    if M == 1:
        return np.ones(1)
    n = np.arange(0, np.float64(M))
    alpha = (M - 1) / 2.0
    return np.i0(beta * np.sqrt(1 - ((n - alpha) / alpha) ** 2.0)) / np.i0(np.float64(beta))
