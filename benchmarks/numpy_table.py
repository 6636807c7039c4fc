"""Array functions over element types, sizes and layouts: `./dev bench --arrays [--write FILE] [NAME…]`.

One markdown table of ungil, NumPy, Numba and numexpr, sorted by the ratio to NumPy, worst first. All run on one thread, BLAS
too, and interleaved; each figure is the best of several. Rows that are more than 10 % slower than NumPy carry the reason that
`REASONS` knows, or none.
"""

import argparse
import os
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # It is read when NumPy is imported.

import numpy as np

import ungil

try:
    import numba
except ImportError:
    numba = None
try:
    import numexpr
except ImportError:
    numexpr = None

__all__ = ["main"]

DTYPES = ["int32", "int64", "float32", "float64", "complex128", "bool"]
SIZES = [10, 1000, 1_000_000]
LAYOUTS = ["contiguous", "strided", "transposed", "Fortran"]
NUMBERS = "int32 int64 float32 float64 complex128"
FLOATS = "float32 float64"
REALS = "int32 int64 float32 float64"

# Function, the element types it is for, numexpr's text.
CASES = {
    "a + b": (lambda a, b: a + b, NUMBERS, "a + b"),
    "a * b": (lambda a, b: a * b, NUMBERS, "a * b"),
    "a / b": (lambda a, b: a / b, NUMBERS, "a / b"),
    "2*a - 4*b + a*b": (lambda a, b: 2 * a - 4 * b + a * b, NUMBERS, "2*a - 4*b + a*b"),
    "a // b": (lambda a, b: a // b, REALS, None),
    "a ** 2": (lambda a, b: a**2, NUMBERS, "a ** 2"),
    "a < b": (lambda a, b: a < b, REALS, "a < b"),
    "a & b": (lambda a, b: a & b, "int32 int64 bool", "a & b"),
    "~a": (lambda a, b: ~a, "int32 int64 bool", "~a"),
    "abs": (lambda a, b: np.abs(a), NUMBERS, None),
    "maximum": (lambda a, b: np.maximum(a, b), REALS, None),
    "where": (lambda a, b: np.where(a > b, a, b), REALS, "where(a > b, a, b)"),
    "clip": (lambda a, b: np.clip(a, 2, 5), REALS, None),
    "sqrt": (lambda a, b: np.sqrt(a), "float32 float64 complex128", "sqrt(a)"),
    "exp": (lambda a, b: np.exp(a), "float32 float64 complex128", "exp(a)"),
    "sin": (lambda a, b: np.sin(a), "float32 float64 complex128", "sin(a)"),
    "arctan2": (lambda a, b: np.arctan2(a, b), FLOATS, "arctan2(a, b)"),
    "astype(float64)": (lambda a, b: a.astype(np.float64), "int32 int64 float32 bool", None),
    "copy": (lambda a, b: a.copy(), "int32 float64 complex128 bool", None),
    "sum": (lambda a, b: a.sum(), NUMBERS + " bool", "sum(a)"),
    "sum(axis=0)": (lambda a, b: a.sum(axis=0), NUMBERS, "sum(a, axis=0)"),
    "sum(axis=-1)": (lambda a, b: a.sum(axis=-1), NUMBERS, None),
    "prod": (lambda a, b: a.prod(), FLOATS, "prod(a)"),
    "mean": (lambda a, b: a.mean(), "int32 float32 float64 complex128", None),
    "std": (lambda a, b: a.std(), FLOATS, None),
    "min": (lambda a, b: a.min(), REALS, "min(a)"),
    "max(axis=0)": (lambda a, b: a.max(axis=0), REALS, "max(a, axis=0)"),
    "argmax": (lambda a, b: a.argmax(), REALS + " bool", None),
    "any": (lambda a, b: (a != a).any(), REALS, None),
    "all": (lambda a, b: a.all(), "int32 bool", None),
    "count_nonzero": (lambda a, b: np.count_nonzero(a), REALS + " bool", None),
    "cumsum": (lambda a, b: a.cumsum(), NUMBERS, None),
    "a[mask]": (lambda a, b: a[a > b], REALS, None),
    "nonzero": (lambda a, b: np.nonzero(a)[0], REALS + " bool", None),
    "take": (lambda a, b: np.take(a, np.arange(0, a.size, 3)), "int32 float64 complex128", None),
    "dot": (lambda a, b: np.dot(np.ravel(a), np.ravel(b)), FLOATS + " int64 complex128", None),
    "a[::-1] = b": (lambda a, b: reverse(a, b), "int32 float64", None),
}

# Why rows of a function are slower, by the start of its name and of the dtype.
REASONS = {
    ("a[::-1]", ""): "a loop that learns the strides of the view at run time",
    ("abs", "complex"): "at most 1 ULP; float32 parts are computed in float64",
    ("sqrt", "complex"): "at most 1 ULP in both parts",
    ("exp", "complex"): "at most 1 ULP in both parts",
    ("sin", "complex"): "at most 1 ULP in both parts",
    ("argmax", "bool"): "the first place in the order of rows, across the order of memory",
    ("copy", ""): "NumPy's own call costs less than a kernel's",
    ("arctan2", "float32"): "at most 1 ULP",
    ("a / b", "complex"): "both cases of Smith's algorithm are computed, and one is taken",
    ("sum", "float"): "the error of each block's addition is kept",
    ("mean", "float"): "the error of each block's addition is kept",
}

# The same for any function, by the layout.
LAYOUT_REASONS = {
    "strided": "elements that lie apart are gathered; NumPy loads and shuffles some types",
    "transposed": "one operand is read across its rows",
}


def reverse(a, b):
    """Written through a reversed view."""
    c = np.empty_like(a)
    c[::-1] = b
    return c


def operands(dtype, size, layout):
    """Two arrays of about that many elements, of two axes, the second without zeros."""
    rng = np.random.default_rng(1)
    rows = {10: 2, 1000: 25}.get(size, int(size**0.5))
    shape = (rows, max(size // rows, 1))
    found = []
    for low in (0, 1):
        x = rng.integers(low, 9, (2 * shape[0], 2 * shape[1]))
        x = (x + 0.25 * (np.dtype(dtype).kind in "fc")).astype(dtype)
        if layout == "strided":
            x = x[::2, ::2]
        elif layout == "transposed":
            x = (
                np.ascontiguousarray(x[: shape[0], : shape[1]].T).T
                if low
                else x[: shape[0], : shape[1]].copy()
            )
        else:
            x = np.array(x[: shape[0], : shape[1]], order="F" if layout == "Fortran" else "C")
        found.append(x)
    return found


def best(calls):
    """Best time of each call in microseconds, interleaved."""
    figures = [float("inf")] * len(calls)
    start = time.perf_counter()
    calls[0]()
    repeat = max(1, int(0.002 / max(time.perf_counter() - start, 1e-7)))
    for _ in range(7):
        for k, call in enumerate(calls):
            start = time.perf_counter()
            for _ in range(repeat):
                call()
            figures[k] = min(figures[k], (time.perf_counter() - start) / repeat * 1e6)
    return figures


def of_numba(function, a, b):
    """Numba's compilation as a call, or None where it refuses."""
    try:
        compiled = numba.njit(function)
        compiled(a, b)
        return lambda: compiled(a, b)
    except Exception:
        return None


def of_numexpr(text, a, b):
    """numexpr's evaluation as a call, or None where it refuses."""
    try:
        numexpr.evaluate(text, {"a": a, "b": b})
        return lambda: numexpr.evaluate(text, {"a": a, "b": b})
    except Exception:
        return None


def measured(names, sizes, dtypes, layouts, peers):
    """Rows of the table: function, dtype, size, layout, the four times."""
    for name, (function, known, text) in CASES.items():
        if names and name not in names:
            continue
        compiled = ungil.jit(reverse if name.startswith("a[::-1]") else function)
        for dtype in (d for d in dtypes if d in known.split()):
            for size in sizes:
                for layout in layouts:
                    a, b = operands(dtype, size, layout)
                    if name == "a // b" and dtype.startswith("int"):
                        b = np.maximum(b, 1)
                    with np.errstate(all="ignore"):
                        yield (name, dtype, size, layout, *row(compiled, function, text, a, b, peers))


def row(compiled, function, text, a, b, peers):
    """Times of ungil, NumPy, Numba and numexpr in microseconds; None: it cannot."""
    calls = [lambda: compiled(a, b), lambda: function(a, b)]
    calls.append(of_numba(function, a, b) if numba and peers else None)
    calls.append(of_numexpr(text, a, b) if numexpr and peers and text else None)
    for call in calls[:2]:
        call()
    figures = iter(best([call for call in calls if call]))
    return [next(figures) if call else None for call in calls]


def reason(name, dtype, layout):
    """Why a row may be slower than NumPy."""
    found = [why for (n, d), why in REASONS.items() if name.startswith(n) and dtype.startswith(d)]
    return found[0] if found else LAYOUT_REASONS.get(layout, "")


def table(rows):
    """The rows as markdown, worst ratio first."""
    number = lambda x: "–" if x is None else f"{x:.3g}"  # noqa: E731
    lines = [
        "| function | dtype | elements | layout | ungil µs | NumPy µs | Numba µs | numexpr µs | ungil/NumPy | reason |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, dtype, size, layout, *times in sorted(rows, key=lambda r: -r[4] / r[5]):
        ratio = times[0] / times[1]
        why = reason(name, dtype, layout) if ratio > 1.1 else ""
        figures = " | ".join(number(t) for t in times)
        lines.append(f"| `{name}` | {dtype} | {size} | {layout} | {figures} | {ratio:.2f} | {why} |")
    return "\n".join(lines) + "\n"


def main():
    """Prints the table, or writes it beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(CASES))
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--dtypes", nargs="*", default=DTYPES)
    parser.add_argument("--layouts", nargs="*", default=LAYOUTS)
    parser.add_argument("--no-peers", action="store_true", help="NumPy only")
    parser.add_argument("--write", type=Path, help="a file for the table")
    options = parser.parse_args()
    ungil.set_num_threads(1)
    if numexpr:
        numexpr.set_num_threads(1)
    chosen = (options.names, options.sizes, options.dtypes, options.layouts, not options.no_peers)
    rows = list(measured(*chosen))
    text = table(rows)
    if options.write:
        options.write.write_text(text)
    else:
        print(text)
    slower = sum(r[4] > 1.1 * r[5] for r in rows)
    print(f"{slower} of {len(rows)} rows are more than 10 % slower than NumPy")


if __name__ == "__main__":
    main()
