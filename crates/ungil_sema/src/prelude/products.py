"""Products of vectors and matrices, sliding sums, polynomials."""


def outer(a, b, out=None):
    if out is None:
        return np.ravel(a)[:, None] * np.ravel(b)[None, :]
    return np.multiply(np.ravel(a)[:, None], np.ravel(b)[None, :], out)


def inner(a, b):
    x, y = np.asarray(a), np.asarray(b)
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    if x.shape[-1] != y.shape[-1]:
        raise ValueError("shapes are not aligned")
    if y.ndim == 1:
        return matmul(x, y)
    if x.ndim == 1:
        return matmul(y, x)
    n = x.shape[-1]
    rows = x.reshape((np.size(x[..., 0]), n))
    columns = y.reshape((np.size(y[..., 0]), n))
    return matmul(rows, columns.T).reshape(x.shape[:-1] + y.shape[:-1])


def _written(out, result):
    if (is_complex(result) and not is_complex(out)) or (is_inexact(result) and not is_inexact(out)):
        raise TypeError("cannot cast the result to the type of out")
    out[...] = result
    return out


def dot(a, b, out=None):
    if out is not None:
        result = dot(a, b)
        if out.shape != np.shape(result):
            raise ValueError("output array has wrong dimensions")
        return _written(out, result)
    x, y = np.asarray(a), np.asarray(b)
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    _check_dot(x, y)
    if y.ndim == 1 or (x.ndim <= 2 and y.ndim <= 2):
        return matmul(x, y)
    n = x.shape[-1]
    rows = x.reshape((np.size(x[..., 0]), n))
    turned = np.moveaxis(y, -2, 0)
    columns = turned.reshape((n, np.size(turned[0])))
    return matmul(rows, columns).reshape(x.shape[:-1] + y.shape[:-2] + y.shape[-1:])


def _check_dot(x, y):
    axis = max(y.ndim - 2, 0)
    n, m = x.shape[-1], y.shape[axis]
    if n != m:
        last = x.ndim - 1
        if x.ndim == 1 and y.ndim == 1:
            raise ValueError(f"shapes ({n},) and ({m},) not aligned: {n} (dim 0) != {m} (dim 0)")
        raise ValueError(f"shapes are not aligned: {n} (dim {last}) != {m} (dim {axis})")


def vdot(a, b):
    x, y = np.ravel(a), np.ravel(b)
    if x.shape[0] != y.shape[0]:
        raise ValueError("cannot reshape array")
    if is_complex(x):
        return _dot(np.conj(x), y)
    return _dot(x, y)


def _dot(x, y):
    if is_bool(x) and is_bool(y):
        return np.any(x & y)
    wanted = np.result_type(x, y)
    return np.sum(x * y, dtype=wanted)


def matmul(x1, x2, out=None):
    if out is not None:
        return _written(out, matmul(x1, x2))
    x, y = np.asarray(x1), np.asarray(x2)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError("matmul: Input operand does not have enough dimensions")
    if x.ndim == 1:
        if y.ndim == 1:
            _check_aligned(x.shape[0], y.shape[0])
            return _dot(x, y)
        return np.squeeze(_batched(x[None], y), axis=-2)
    if y.ndim == 1:
        return np.squeeze(_batched(x, y[:, None]), axis=-1)
    return _batched(x, y)


def _check_aligned(n, m):
    if n != m:
        raise ValueError(
            f"matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature (n?,k),(k,m?)->(n?,m?) (size {m} is different from {n})"
        )


def _batched(x, y):
    _check_aligned(x.shape[-1], y.shape[-2])
    wanted = np.result_type(x, y)
    if x.ndim == 2 and y.ndim == 2:
        out = np.empty((x.shape[0], y.shape[1]), wanted)
        _multiply(out, x, y)
        return out
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    out = np.empty(batch + (x.shape[-2], y.shape[-1]), wanted)
    _each_product(out, np.broadcast_to(x, batch + x.shape[-2:]), np.broadcast_to(y, batch + y.shape[-2:]))
    return out


def _each_product(out, x, y):
    if out.ndim == 2:
        _multiply(out, x, y)
    else:
        for i in range(out.shape[0]):
            _each_product(out[i], x[i], y[i])


def _multiply(out, x, y):
    rows, depth, columns = x.shape[0], x.shape[1], y.shape[1]
    if is_bool(out):
        out[...] = False
        for i in range(rows):
            for k in range(depth):
                if x[i, k]:
                    for j in range(columns):
                        out[i, j] = out[i, j] or y[k, j]
    elif columns == 1:
        _multiply_vector(out.reshape(rows), native(x, out), native(y[:, 0].copy(), out))
    elif rows == 1:
        _multiply_vector(out.reshape(columns), native(y.T, out), native(x[0].copy(), out))
    elif is_inexact(out):
        _multiply_floats(out, native(x, out), native(y, out))
    else:
        out[...] = 0
        _multiply_blocks(out, x.astype(out.dtype), y.astype(out.dtype))


def _multiply_floats(out, x, y):
    # The library's call costs more than a product of few elements.
    if x.shape[0] * x.shape[1] * y.shape[1] < 6000:
        _multiply_few(out, x, y)
    else:
        matrix_product(out, x, y)


def _multiply_few(out, x, y):
    # Two rows at a time with four of y.
    rows, depth = x.shape[0], x.shape[1]
    out[...] = 0
    for i in range(0, rows - 1, 2):
        for k in range(0, depth - 3, 4):
            a, b, c, d = x[i, k], x[i, k + 1], x[i, k + 2], x[i, k + 3]
            e, f, g, h = x[i + 1, k], x[i + 1, k + 1], x[i + 1, k + 2], x[i + 1, k + 3]
            for j in range(y.shape[1]):
                p, q, r, s = y[k, j], y[k + 1, j], y[k + 2, j], y[k + 3, j]
                out[i, j] += a * p + b * q + (c * r + d * s)
                out[i + 1, j] += e * p + f * q + (g * r + h * s)
        for k in range(depth - depth % 4, depth):
            a, e = x[i, k], x[i + 1, k]
            for j in range(y.shape[1]):
                out[i, j] += a * y[k, j]
                out[i + 1, j] += e * y[k, j]
    if rows % 2 == 1:
        i = rows - 1
        for k in range(0, depth - 3, 4):
            a, b, c, d = x[i, k], x[i, k + 1], x[i, k + 2], x[i, k + 3]
            for j in range(y.shape[1]):
                out[i, j] += a * y[k, j] + b * y[k + 1, j] + (c * y[k + 2, j] + d * y[k + 3, j])
        for k in range(depth - depth % 4, depth):
            a = x[i, k]
            for j in range(y.shape[1]):
                out[i, j] += a * y[k, j]


def _multiply_vector(out, x, v):
    # Along rows where these lie in memory, else by columns.
    if is_contiguous(x):
        _multiply_rows(out, x, v)
    elif is_fortran(x):
        _add_columns(out, x, v)
    elif abs(x.strides[0]) < abs(x.strides[1]):
        _add_columns(out, x, v)
    else:
        _multiply_rows(out, x, v)


def _multiply_rows(out, x, v):
    rows, depth = x.shape[0], x.shape[1]
    nothing = np.zeros((), out.dtype)[()]
    if depth < 16:
        for i in range(rows):
            total = nothing
            for k in range(depth):
                total += x[i, k] * v[k]
            out[i] = total
        return
    for i in range(0, rows - 1, 2):
        first, second = nothing, nothing
        for k in rotating(depth):
            first += x[i, k] * v[k]
            second += x[i + 1, k] * v[k]
        out[i], out[i + 1] = first, second
    if rows % 2 == 1:
        first = nothing
        for k in rotating(depth):
            first += x[rows - 1, k] * v[k]
        out[rows - 1] = first


def _add_columns(out, x, v):
    # Eight columns at a time, in strips of the result that stay in the cache.
    rows, depth = x.shape[0], x.shape[1]
    out[...] = 0
    for low in range(0, rows, 2048):
        high = min(low + 2048, rows)
        for k in range(0, depth - 7, 8):
            a, b, c, d = v[k], v[k + 1], v[k + 2], v[k + 3]
            e, f, g, h = v[k + 4], v[k + 5], v[k + 6], v[k + 7]
            for i in range(low, high):
                near = a * x[i, k] + b * x[i, k + 1] + (c * x[i, k + 2] + d * x[i, k + 3])
                far = e * x[i, k + 4] + f * x[i, k + 5] + (g * x[i, k + 6] + h * x[i, k + 7])
                out[i] += near + far
        for k in range(depth - depth % 8, depth):
            a = v[k]
            for i in range(low, high):
                out[i] += a * x[i, k]


def _multiply_blocks(out, x, y):
    rows, depth, columns = x.shape[0], x.shape[1], y.shape[1]
    # Four rows of y at a time, in strips that stay in the cache.
    for low in range(0, columns, 512):
        high = min(low + 512, columns)
        for k in range(0, depth - 3, 4):
            p, q, r, s = y[k, low:high], y[k + 1, low:high], y[k + 2, low:high], y[k + 3, low:high]
            for i in range(rows):
                a, b, c, d = x[i, k], x[i, k + 1], x[i, k + 2], x[i, k + 3]
                target = out[i, low:high]
                for j in range(high - low):
                    target[j] += a * p[j] + b * q[j] + c * r[j] + d * s[j]
        for k in range(depth - depth % 4, depth):
            p = y[k, low:high]
            for i in range(rows):
                a = x[i, k]
                target = out[i, low:high]
                for j in range(high - low):
                    target[j] += a * p[j]


def kron(a, b):
    x, y = np.asarray(a), np.asarray(b)
    if x.ndim < y.ndim:
        return kron(x[None], y)
    if y.ndim < x.ndim:
        return kron(x, y[None])
    n = x.ndim
    odd, even = steps(2 * n)[1::2], steps(2 * n)[::2]
    product = np.expand_dims(x, odd) * np.expand_dims(y, even)
    return product.reshape(each(_product, steps(n), x.shape, y.shape))


def cross(a, b, axisa: const = -1, axisb: const = -1, axisc: const = -1, axis: const = None):
    if axis is not None:
        return cross(a, b, axis, axis, axis)
    x, y = np.asarray(a), np.asarray(b)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError("At least one array has zero dimension")
    x = np.moveaxis(x, axis_of(axisa, x.ndim, "axisa: "), -1)
    y = np.moveaxis(y, axis_of(axisb, y.ndim, "axisb: "), -1)
    n, m = x.shape[-1], y.shape[-1]
    if n < 2 or n > 3 or m < 2 or m > 3:
        raise ValueError("incompatible dimensions for cross product\n(dimension must be 2 or 3)")
    if n == 2 and m == 2:
        # NumPy's result has an axis less, which types cannot know.
        raise ValueError("cross product of vectors of two numbers: write a[0] * b[1] - a[1] * b[0]")
    if n + m < 6:
        return np.moveaxis(cross(_in_space(x), _in_space(y)), -1, axis_of(axisc, max(x.ndim, y.ndim), "axisc: "))
    p, q, r = x[..., 0], x[..., 1], x[..., 2]
    u, v, w = y[..., 0], y[..., 1], y[..., 2]
    first = q * w - r * v
    shape = np.shape(first)
    out = np.empty(shape + (3,), np.result_type(x, y))
    out[..., 0] = first
    out[..., 1] = r * u - p * w
    out[..., 2] = p * v - q * u
    return np.moveaxis(out, -1, axis_of(axisc, out.ndim, "axisc: "))


def _in_space(x):
    # Vectors of two numbers with a third that is zero.
    out = np.zeros(x.shape[:-1] + (3,), x.dtype)
    out[..., : x.shape[-1]] = x
    return out


def convolve(a, v, mode: const = "full"):
    x, y = np.ravel(a), np.ravel(v)
    if np.ndim(a) > 1 or np.ndim(v) > 1:
        raise ValueError("object too deep for desired array")
    if y.shape[0] > x.shape[0]:
        return _slid(y, x, mode)
    return _slid(x, y, mode)


def _slid(x, y, mode: const):
    n, m = x.shape[0], y.shape[0]
    if n == 0:
        raise ValueError("v cannot be empty")
    if m == 0:
        raise ValueError("a cannot be empty")
    full = np.zeros(n + m - 1, np.result_type(x, y))
    _add_products(full, np.asarray(x, full.dtype), np.asarray(y, full.dtype))
    if mode == "full":
        return full
    if mode == "same":
        return full[(m - 1) // 2 : (m - 1) // 2 + n]
    if mode == "valid":
        return full[m - 1 : n]
    raise ValueError("mode must be one of 'valid', 'same', or 'full'")


def _add_products(full, x, y):
    n, m = x.shape[0], y.shape[0]
    if is_bool(full):
        for j in range(m):
            for i in range(n):
                full[i + j] = full[i + j] or (x[i] and y[j])
    else:
        # Parts of the result that stay in the cache while all of y passes.
        for low in range(0, n + m - 1, 4096):
            _add_part(full, x, y, low, min(low + 4096, n + m - 1))
        for j in range(0, m - 3, 4):
            _add_ends(full, x, (y[j], y[j + 1], y[j + 2], y[j + 3]), j)


def _add_part(full, x, y, low, high):
    n, m = x.shape[0], y.shape[0]
    for j in range(0, m - 3, 4):
        a, b, c, d = y[j], y[j + 1], y[j + 2], y[j + 3]
        # Where all four overlap an element; the ends follow one by one.
        start, stop = max(low - j, 3), min(high - j, n)
        for i in range(start, stop):
            full[i + j] += x[i] * a + x[i - 1] * b + x[i - 2] * c + x[i - 3] * d
    for j in range(m - m % 4, m):
        a = y[j]
        start, stop = max(low - j, 0), min(high - j, n)
        for i in range(start, stop):
            full[i + j] += x[i] * a


def _add_ends(full, x, four, j):
    n = x.shape[0]
    for t in range(0, min(3, n)):
        for k in range(t + 1):
            full[t + j] += x[t - k] * four[k]
    for t in range(max(3, n), n + 3):
        for k in range(t - n + 1, 4):
            full[t + j] += x[t - k] * four[k]


def correlate(a, v, mode: const = "valid"):
    x, y = np.ravel(a), np.ravel(v)
    if np.ndim(a) > 1 or np.ndim(v) > 1:
        raise ValueError("object too deep for desired array")
    if is_complex(y):
        return _correlated(x, np.conj(y), mode)
    return _correlated(x, y, mode)


def _correlated(x, y, mode: const):
    if y.shape[0] > x.shape[0]:
        # The result of the exchanged arrays, backwards.
        return _slid_whole(y, x, mode)[::-1].copy()
    return _slid_whole(x, y, mode)


def _slid_whole(x, y, mode: const):
    n, m = x.shape[0], y.shape[0]
    if n == 0 or m == 0:
        raise ValueError("first array argument cannot be empty")
    return _slid(x, y[::-1].copy(), mode).copy()


def polyval(p, x):
    if np.ndim(p) > 1:
        # Rows of coefficients are broadcast.
        rows, points = np.asarray(p), np.asarray(x)
        found = np.zeros(np.broadcast_shapes(rows.shape[1:], points.shape), np.result_type(rows, points))
        for k in range(rows.shape[0]):
            found[...] = found * points + rows[k]
        return found
    coefficients = np.ravel(p)
    if is_number(x):
        at = np.asarray(x)[()]
        y = np.zeros((), np.result_type(coefficients, at))[()]
        for k in range(coefficients.shape[0]):
            y = y * at + coefficients[k]
        return y
    at = np.asarray(x)
    out = np.zeros(at.shape, np.result_type(coefficients, at))
    flat, target = np.ravel(at), out.reshape(at.size)
    for i in range(flat.shape[0]):
        y = target[i]
        for k in range(coefficients.shape[0]):
            y = y * flat[i] + coefficients[k]
        target[i] = y
    return out


def trace(a, offset=0, axis1: const = 0, axis2: const = 1, dtype=None, out=None):
    return np.diagonal(a, offset, axis1, axis2).sum(axis=-1, dtype=dtype, out=out)
