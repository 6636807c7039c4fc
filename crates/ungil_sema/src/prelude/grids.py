"""`np.mgrid`, `np.ogrid` and slices in `np.r_`: a slice comes as a tuple of its start, its stop and its step.

An imaginary step is how many places there are, both ends among them.
"""


def _mgrid(slices, dtype):
    n = len(slices)
    out = np.empty((n,) + each(_grid_extent, slices), dtype)
    for k in steps(n):
        out[k] = spread(_grid_line(slices[k], dtype), n, k)
    return out


def _ogrid(slices, dtype):
    return each(_grid_axis, steps(len(slices)), slices, dtype)


def _grid_axis(k: const, slices, dtype):
    return spread(_grid_line(slices[k], dtype), len(slices), k)


def _grid_alone(s, dtype):
    if is_complex(s[2]):
        return _grid_line(s, dtype)
    return np.arange(s[0], s[1], s[2])


def _grid_extent(s):
    if is_complex(s[2]):
        return int(abs(s[2]))
    return int(np.ceil((s[1] - s[0]) / s[2]))


def _grid_line(s, dtype):
    line = np.arange(_grid_extent(s)).astype(dtype)
    if is_complex(s[2]):
        n = line.shape[0]
        return line * ((s[1] - s[0]) / float(n - 1) if n != 1 else 1.0) + s[0]
    return line * s[2] + s[0]


def _grid_range(s):
    if is_complex(s[2]):
        return np.linspace(s[0], s[1], int(abs(s[2])))
    return np.arange(s[0], s[1], s[2])
