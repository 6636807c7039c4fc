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
    rows = x.reshape((_count(x.shape[:-1]), n))
    columns = y.reshape((_count(y.shape[:-1]), n))
    return matmul(rows, columns.T).reshape(x.shape[:-1] + y.shape[:-1])


def _count(shape):
    n = 1
    for k in steps(len(shape)):
        n *= shape[k]
    return n


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
    rows = x.reshape((_count(x.shape[:-1]), n))
    turned = np.moveaxis(y, -2, 0)
    columns = turned.reshape((n, _count(turned.shape[1:])))
    return matmul(rows, columns).reshape(x.shape[:-1] + y.shape[:-2] + y.shape[-1:])


def _check_dot(x, y):
    axis = max(y.ndim - 2, 0)
    n, m = x.shape[-1], y.shape[axis]
    if n != m:
        last = x.ndim - 1
        if x.ndim == 1 and y.ndim == 1:
            raise ValueError(f"shapes ({n},) and ({m},) not aligned: {n} (dim 0) != {m} (dim 0)")
        if x.ndim == 2 and y.ndim == 2:
            p, q = x.shape[0], y.shape[1]
            raise ValueError(f"shapes ({p},{n}) and ({m},{q}) not aligned: {n} (dim 1) != {m} (dim 0)")
        raise ValueError(f"shapes are not aligned: {n} (dim {last}) != {m} (dim {axis})")


def vdot(a, b):
    x, y = np.ravel(a), np.ravel(b)
    if x.shape[0] != y.shape[0]:
        raise ValueError("cannot reshape array")
    if is_complex(x) and is_complex(y):
        # Sums of real and imaginary parts, which need no conjugate array.
        z = shaped_as(y, x)
        p, q, u, v = x.real, x.imag, z.real, z.imag
        return np.asarray(complex(np.sum(p * u + q * v), np.sum(p * v - q * u)), np.result_type(x, y))[()]
    if is_complex(x):
        return np.sum(np.conj(x) * shaped_as(y, x))
    return _dot(x, y)


def _dot(x, other):
    y = shaped_as(other, x)
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
        matrix_product(out, native(x, out), native(y, out))
        return out
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    out = np.empty(batch + (x.shape[-2], y.shape[-1]), wanted)
    _each_product(out, np.broadcast_to(x, batch + x.shape[-2:]), np.broadcast_to(y, batch + y.shape[-2:]))
    return out


def _each_product(out, x, y):
    if out.ndim == 2:
        matrix_product(out, native(x, out), native(y, out))
    else:
        for i in range(out.shape[0]):
            _each_product(out[i], x[i], y[i])


def _matmul_into(a, b):
    # `a @= b`.
    if a.ndim == 0 or np.ndim(b) < 2:
        raise ValueError(
            "inplace matrix multiplication requires the first operand to have at least one and the second at least two dimensions."
        )
    result = matmul(a, b)
    for k in steps(a.ndim):
        if result.ndim != a.ndim or result.shape[k] != a.shape[k]:
            raise ValueError("the product does not have the shape of the first operand")
    return _written(a, result)


def tensordot(a, b, axes: const = 2):
    x, y = np.asarray(a), np.asarray(b)
    if not is_tuple(axes):
        if axes > x.ndim or axes > y.ndim:
            raise IndexError("tuple index out of range")
        if axes < 0:
            # NumPy then joins no axes.
            return _contracted(x, y, (), ())
        return _contracted(x, y, steps(x.ndim)[x.ndim - axes :], steps(axes))
    if is_tuple(axes[0]):
        return _contracted(x, y, each(axis_of, axes[0], x.ndim), each(axis_of, axes[1], y.ndim))
    return _contracted(x, y, (axis_of(axes[0], x.ndim),), (axis_of(axes[1], y.ndim),))


def _contracted(x, y, of_x: const, of_y: const):
    if len(of_x) != len(of_y):
        raise ValueError("shape-mismatch for sum")
    for k in steps(len(of_x)):
        if x.shape[of_x[k]] != y.shape[of_y[k]]:
            raise ValueError("shape-mismatch for sum")
    kept = x.ndim - len(of_x)
    left = np.moveaxis(x, of_x, steps(x.ndim)[kept:])
    right = np.moveaxis(y, of_y, steps(len(of_y)))
    shape = left.shape[:kept] + right.shape[len(of_y) :]
    n = _count(right.shape[: len(of_y)])
    columns = right.reshape((n, _count(right.shape[len(of_y) :])))
    return matmul(left.reshape((_count(left.shape[:kept]), n)), columns).reshape(shape)


def kron(a, b):
    x, y = np.asarray(a), np.asarray(b)
    if x.ndim < y.ndim:
        return kron(x[None], y)
    if y.ndim < x.ndim:
        return kron(x, y[None])
    n = x.ndim
    odd, even = steps(2 * n)[1::2], steps(2 * n)[::2]
    product = np.expand_dims(x, odd) * np.expand_dims(y, even)
    if n == 1:
        return np.ravel(product)
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
    if is_bool(x) and is_bool(y):
        raise TypeError("numpy boolean subtract, the `-` operator, is not supported")
    shape = np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    out = np.empty(shape + (3,), np.result_type(x, y))
    _each_cross(out, np.broadcast_to(x, shape + (n,)), np.broadcast_to(y, shape + (m,)))
    return np.moveaxis(out, -1, axis_of(axisc, out.ndim, "axisc: "))


def _each_cross(out, x, y):
    if out.ndim == 1:
        _each_cross(out[None], x[None], y[None])
    elif out.ndim == 2:
        cross_products(out, native(x, out), native(y, out))
    else:
        for i in range(out.shape[0]):
            _each_cross(out[i], x[i], y[i])


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
    if mode == "full":
        return _sums(x, y, 0, n + m - 1)
    if mode == "same":
        return _sums(x, y, (m - 1) // 2, n)
    if mode == "valid":
        return _sums(x, y, m - 1, n - m + 1)
    raise ValueError("mode must be one of 'valid', 'same', or 'full'")


def _sums(x, y, first, length):
    # Some of the sums of products, from one on.
    out = np.empty(length, np.result_type(x, y))
    sliding_product(out, native(x, out), native(y, out), first)
    return out


def correlate(a, v, mode: const = "valid"):
    if np.ndim(a) == 0 or np.ndim(v) == 0:
        raise ValueError("object of too small depth for desired array")
    x, y = np.ravel(a), np.ravel(v)
    if np.ndim(a) > 1 or np.ndim(v) > 1:
        raise ValueError("object too deep for desired array")
    if is_complex(y):
        return _correlated(x, np.conj(y), mode)
    return _correlated(x, y, mode)


def _correlated(x, y, mode: const):
    if x.shape[0] == 0 or y.shape[0] == 0:
        raise ValueError("first array argument cannot be empty")
    if y.shape[0] > x.shape[0]:
        # The result of the exchanged arrays, backwards.
        return _slid(y, x[::-1], mode)[::-1].copy()
    return _slid(x, y[::-1], mode)


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
