"""NumPy's elements per nanosecond on the arguments of examples/throughput.rs, as a Markdown table."""

import time

import numpy as np

FUNCTIONS = [
    ("exp", -20, 20), ("exp2", -20, 20), ("expm1", -2, 20), ("log", 0.01, 1000), ("log2", 0.01, 1000),
    ("log10", 0.01, 1000), ("log1p", 0, 10), ("sin", -100, 100), ("cos", -100, 100), ("tan", -100, 100),
    ("tanh", -5, 5), ("sinh", -5, 5), ("cosh", -5, 5), ("arcsin", -1, 1), ("arccos", -1, 1), ("arctan", -5, 5),
    ("arcsinh", -50, 50), ("arccosh", 1, 50), ("arctanh", -1, 1), ("cbrt", -10, 10), ("sqrt", 0, 100),
    ("power", 0.1, 10), ("arctan2", -5, 5), ("hypot", -5, 5),
]  # fmt: skip
ELEMENTS = 20_000


def speed(function, *arguments):
    out = np.empty_like(arguments[0])
    best, start = np.inf, time.perf_counter()
    while time.perf_counter() - start < 0.15:
        before = time.perf_counter()
        function(*arguments, out=out)
        best = min(best, time.perf_counter() - before)
    return ELEMENTS / best / 1e9


print("| function | float64 | float32 |\n|---|---|---|")
for name, low, high in FUNCTIONS:
    function, row = getattr(np, name), []
    for dtype in (np.float64, np.float32):
        scattered = (np.arange(ELEMENTS) * 7919 % 20_011) / 20_011
        x = (low + (high - low) * scattered).astype(dtype)
        y = (-5 + 10 * scattered).astype(dtype)
        row.append(speed(function, *((x, y) if function.nin == 2 else (x,))))
    print(f"| {name} | {row[0]:.2f} | {row[1]:.2f} |")
