"""NumPy's functions inside a kernel, beside NumPy itself and Numba: `python benchmarks/numpy_functions.py [name…]`.

Prints nanoseconds per call for 10, 1,000 and 1,000,000 elements (matrix products: matrices of so many elements) and marks
where ungil is more than 10 % slower than NumPy. Runs are interleaved; each figure is the best of several.
"""

import argparse
import time

import numpy as np

import ungil

try:
    import numba
except ImportError:
    numba = None

CASES = {
    "concatenate": lambda a: np.concatenate((a, a)),
    "stack": lambda a: np.stack((a, a), axis=1),
    "tile": lambda a: np.tile(a, 3),
    "repeat": lambda a: np.repeat(a, 3),
    "roll": lambda a: np.roll(a, 3),
    "flip": lambda a: np.flip(a) + 0,
    "insert": lambda a: np.insert(a, 3, 1.5),
    "delete": lambda a: np.delete(a, 3),
    "append": lambda a: np.append(a, 1.5),
    "diff": lambda a: np.diff(a),
    "ediff1d": lambda a: np.ediff1d(a),
    "gradient": lambda a: np.gradient(a),
    "trapezoid": lambda a: np.trapezoid(a),
    "interp": lambda a: np.interp(a, a[:8], a[:8]),
    "searchsorted": lambda a: np.searchsorted(a, a),
    "digitize": lambda a: np.digitize(a, a[:8]),
    "histogram": lambda a: np.histogram(a, 10),
    "convolve": lambda a: np.convolve(a, a[:7]),
    "outer": lambda a: np.outer(a[: int(a.size**0.5)], a[: int(a.size**0.5)]),
    "clip": lambda a: np.clip(a, 0.25, 0.75),
    "isclose": lambda a: np.isclose(a, a),
    "allclose": lambda a: np.allclose(a, a),
    "array_equal": lambda a: np.array_equal(a, a),
    "nan_to_num": lambda a: np.nan_to_num(a),
    "sign": lambda a: np.sign(a),
    "heaviside": lambda a: np.heaviside(a, 0.5),
    "sinc": lambda a: np.sinc(a),
    "polyval": lambda a: np.polyval(a[:6], a),
    "dot": lambda a: np.dot(a, a),
}
COUNTS = {"bincount": lambda a: np.bincount(a), "gcd": lambda a: np.gcd(a, 36)}
SQUARES = {
    "matmul": lambda a: a @ a,
    "matrix_vector": lambda a: a @ a[0],
    "transpose_copy": lambda a: np.ascontiguousarray(a.T),
    "tril": lambda a: np.tril(a),
    "trace": lambda a: np.trace(a),
    "kron": lambda a: np.kron(a[:3, :3], a),
}


def argument(name, size):
    """An array of about that many elements, sorted where a search needs it."""
    rng = np.random.default_rng(1)
    if name in COUNTS:
        return rng.integers(0, 1000, size)
    if name in SQUARES:
        n = max(3, int(size**0.5))
        return rng.random((n, n))
    return np.sort(rng.random(size))


def best(functions, arg):
    """Best time of each function in nanoseconds, interleaved."""
    figures = [float("inf")] * len(functions)
    start = time.perf_counter()
    functions[0](arg)
    repeat = max(1, int(0.01 / max(time.perf_counter() - start, 1e-7)))
    for _ in range(7):
        for k, function in enumerate(functions):
            start = time.perf_counter()
            for _ in range(repeat):
                function(arg)
            figures[k] = min(figures[k], (time.perf_counter() - start) / repeat * 1e9)
    return figures


def numba_of(function, arg):
    """Numba's compilation, or None where it refuses."""
    if numba is None:
        return None
    try:
        compiled = numba.njit(function)
        compiled(arg)
        return compiled
    except Exception:
        return None


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--no-numba", action="store_true")
    options = parser.parse_args()
    losing = []
    print(f"{'function':16}{'size':>9}{'ungil ns':>13}{'NumPy ns':>13}{'Numba ns':>13}{'ratio':>8}")
    for name, function in (CASES | COUNTS | SQUARES).items():
        if options.names and name not in options.names:
            continue
        compiled = ungil.jit(function)
        for size in (10, 1000, 1_000_000):
            arg = argument(name, size)
            compiled(arg)
            other = None if options.no_numba else numba_of(function, arg)
            figures = best([compiled, function] + ([other] if other else []), arg)
            ratio = figures[0] / figures[1]
            third = f"{figures[2]:13.0f}" if other else f"{'–':>13}"
            print(f"{name:16}{size:9}{figures[0]:13.0f}{figures[1]:13.0f}{third}{ratio:8.2f}", flush=True)
            if ratio > 1.1:
                losing.append(f"{name} at {size}: {ratio:.2f}")
    print("slower than NumPy by more than 10 %:", "; ".join(losing) or "none")


if __name__ == "__main__":
    main()
