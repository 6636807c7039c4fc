"""Prints a digest of the results of each maths function on numbers of all sizes; `test_lesser_processors.py` compares processors."""

import hashlib
import linecache
import math
import sys

import numpy as np

from ungil import jit

REAL = "exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh cbrt".split()
COMPLEX = "exp exp2 expm1 log log1p sqrt sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh".split()
PAIRS = ["np.power(x, y)", "np.arctan2(x, y)", "np.hypot(x, y)"]
OTHERS = ["math.erf(x)", "math.erfc(x)", "math.gamma(abs(x) + 0.5)"]


def kernel(expression, **options):
    source = f"def loop(out, xs, ys):\n    for i in range(out.shape[0]):\n        x = xs[i]\n        y = ys[i]\n        out[i] = {expression}\n"
    name = f"<digest {expression}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope = {"np": np, "math": math}
    exec(compile(source, name, "exec"), scope)
    return jit(scope["loop"], **options)


def main():
    rng = np.random.default_rng(1)
    sizes = np.exp2(rng.uniform(-40, 7, 403)) * rng.choice([-1, 1], 403)
    x = np.concatenate([sizes, rng.uniform(-1, 1, 200), [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0]])
    y = x[::-1].copy()
    fast = {"fastmath": {"afn"}} if "fastmath" in sys.argv[1:] else {}
    tasks = [(f"np.{n}(x)", x, y) for n in REAL] + [(e, x, y) for e in PAIRS]
    tasks += [(e, sizes, sizes) for e in OTHERS]
    tasks += [] if fast else [(f"np.{n}(x)", x + 1j * y, x + 1j * y) for n in COMPLEX]
    narrow = {"float64": "float32", "complex128": "complex64"}
    tasks += [(e, a.astype(narrow[a.dtype.name]), b.astype(narrow[b.dtype.name])) for e, a, b in tasks]
    for expression, a, b in tasks:
        out = np.empty_like(a)
        kernel(expression, **fast)(out, a, b)
        parts = out.view(out.real.dtype)
        parts[np.isnan(parts)] = np.nan
        print(expression, a.dtype.name, hashlib.sha256(out.tobytes()).hexdigest()[:16])


main()
