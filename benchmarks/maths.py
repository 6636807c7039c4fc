"""Elements per nanosecond of each maths function on one thread: ungil beside NumPy, Numba, numexpr, glibc and libmvec.

`python benchmarks/maths.py [--only exp,sin] [--types float64,float32] [--seconds 0.1]` prints a Markdown table; a mark shows
where ungil is behind the best of the others. All variants of a row are run in turns, the best time of each counts. 32,768
numbers in the second-level cache; scattered arguments of an ordinary range. libmvec (glibc's vector functions, up to 4 ULP, which gcc
uses with -Ofast) is a column of its own and not among the best of the others, which are within 1 to 4 ULP by default. "fastmath" is ungil with `fastmath=True`, up to 4 ULP, too.
"""

import argparse
import ctypes
import linecache
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("NUMEXPR_NUM_THREADS", "1")
os.environ.setdefault("NUMEXPR_MAX_THREADS", "1")

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

ELEMENTS = 32_768

# Expression of kernels, NumPy's function, numexpr's, C's, and the intervals of the arguments.
FUNCTIONS = {
    "sqrt": ("np.sqrt(x)", "sqrt", "sqrt", "sqrt", (0, 100)),
    "exp": ("np.exp(x)", "exp", "exp", "exp", (-20, 20)),
    "exp2": ("np.exp2(x)", "exp2", None, "exp2", (-20, 20)),
    "expm1": ("np.expm1(x)", "expm1", "expm1", "expm1", (-2, 20)),
    "log": ("np.log(x)", "log", "log", "log", (0.01, 1000)),
    "log2": ("np.log2(x)", "log2", None, "log2", (0.01, 1000)),
    "log10": ("np.log10(x)", "log10", "log10", "log10", (0.01, 1000)),
    "log1p": ("np.log1p(x)", "log1p", "log1p", "log1p", (0, 10)),
    "sin": ("np.sin(x)", "sin", "sin", "sin", (-100, 100)),
    "cos": ("np.cos(x)", "cos", "cos", "cos", (-100, 100)),
    "tan": ("np.tan(x)", "tan", "tan", "tan", (-100, 100)),
    "asin": ("np.arcsin(x)", "arcsin", "arcsin", "asin", (-1, 1)),
    "acos": ("np.arccos(x)", "arccos", "arccos", "acos", (-1, 1)),
    "atan": ("np.arctan(x)", "arctan", "arctan", "atan", (-5, 5)),
    "sinh": ("np.sinh(x)", "sinh", "sinh", "sinh", (-5, 5)),
    "cosh": ("np.cosh(x)", "cosh", "cosh", "cosh", (-5, 5)),
    "tanh": ("np.tanh(x)", "tanh", "tanh", "tanh", (-5, 5)),
    "asinh": ("np.arcsinh(x)", "arcsinh", "arcsinh", "asinh", (-50, 50)),
    "acosh": ("np.arccosh(x)", "arccosh", "arccosh", "acosh", (1, 50)),
    "atanh": ("np.arctanh(x)", "arctanh", "arctanh", "atanh", (-1, 1)),
    "cbrt": ("np.cbrt(x)", "cbrt", None, "cbrt", (-10, 10)),
    "erf": ("math.erf(x)", None, None, "erf", (-4, 4)),
    "erfc": ("math.erfc(x)", None, None, "erfc", (-4, 9)),
    "gamma": ("math.gamma(x)", None, None, "tgamma", (0.5, 100)),
    "lgamma": ("math.lgamma(x)", None, None, "lgamma", (0.5, 100)),
    "floor": ("np.floor(x)", "floor", "floor", "floor", (-100, 100)),
    "pow": ("x ** y", "power", "**", "pow", (0.1, 10), (-5, 5)),
    "atan2": ("np.arctan2(x, y)", "arctan2", "arctan2", "atan2", (-5, 5), (-5, 5)),
    "hypot": ("np.hypot(x, y)", "hypot", None, "hypot", (-5, 5), (-5, 5)),
    "fmod": ("np.fmod(x, y)", "fmod", "fmod", "fmod", (-100, 100), (0.5, 5)),
}
COMPLEX = ("sqrt", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh")


def compiled(decorate, expression: str, arguments: int):
    """A loop over arrays around an expression of `x` and `y`, compiled by a decorator."""
    names = ("x", "y")[:arguments]
    lines = [f"def kernel(out, {', '.join(n + 's' for n in names)}):", "    for i in range(out.shape[0]):"]
    lines += [f"        {n} = {n}s[i]" for n in names]
    lines += [f"        out[i] = {expression}", ""]
    source = "\n".join(lines)
    name = f"<maths {expression}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope = {"np": np, "math": math}
    exec(compile(source, name, "exec"), scope)
    return decorate(scope["kernel"])


class CLibrary:
    """glibc's functions in plain C loops, compiled by `cc` without vector code."""

    def __init__(self):
        text = ["#include <math.h>"]
        for name, *_ in [(row[3], *row) for row in FUNCTIONS.values()]:
            two = name in ("pow", "atan2", "hypot", "fmod")
            for kind, suffix in (("double", ""), ("float", "f")):
                call = f"{name}{suffix}(x[i]{', y[i]' if two else ''})"
                text.append(
                    f"void loop_{name}{suffix}({kind}*o,const {kind}*x,const {kind}*y,long n)"
                    f"{{for(long i=0;i<n;i++)o[i]={call};}}"
                )
        self.folder = tempfile.TemporaryDirectory()
        source, library = Path(self.folder.name) / "loops.c", Path(self.folder.name) / "loops.so"
        source.write_text("\n".join(text))
        flags = ["-O2", "-fno-builtin", "-fno-tree-vectorize", "-shared", "-fPIC"]
        subprocess.run(["cc", *flags, str(source), "-o", str(library), "-lm"], check=True)
        self.library = ctypes.CDLL(str(library))

        # The same loops with -Ofast, which calls libmvec where that has the function.
        fast = Path(self.folder.name) / "fast.so"
        flags = ["-Ofast", "-march=native", "-mprefer-vector-width=512", "-shared", "-fPIC"]
        subprocess.run(["gcc", *flags, str(source), "-o", str(fast), "-lmvec", "-lm"], check=True)
        names = subprocess.run(["nm", "-D", str(fast)], check=True, capture_output=True, text=True).stdout
        self.vectors = {line.split("@")[0].split("_")[-1] for line in names.splitlines() if "_ZGV" in line}
        self.fast = ctypes.CDLL(str(fast))

    def vector_loop(self, name: str, out, args):
        """The loop around libmvec's function, if there is one."""
        name += "f" if out.dtype == np.float32 else ""
        if name not in self.vectors:
            return None
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in (out, args[0], args[-1])]
        function, count = getattr(self.fast, f"loop_{name}"), ctypes.c_long(len(out))
        return lambda: function(*pointers, count)

    def loop(self, name: str, out, args):
        function = getattr(self.library, f"loop_{name}{'f' if out.dtype == np.float32 else ''}")
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in (out, args[0], args[-1])]
        count = ctypes.c_long(len(out))
        return lambda: function(*pointers, count)


def numbers(interval, dtype, seed: int):
    scattered = ((np.arange(ELEMENTS) + seed) * 7919 % 32_771) / 32_771
    values = interval[0] + (interval[1] - interval[0]) * scattered
    if np.issubdtype(dtype, np.complexfloating):
        return (values + 1j * np.roll(values, 77)).astype(dtype)
    return values.astype(dtype)


def variants(name: str, dtype, c_library):
    """The runnable variants of a row, by column, and ungil's result beside NumPy's."""
    expression, numpy_name, numexpr_name, c_name, *intervals = FUNCTIONS[name]
    is_complex = np.issubdtype(dtype, np.complexfloating)
    if is_complex:
        intervals = [(-3, 3)]
    args = [numbers(interval, dtype, 11 * i) for i, interval in enumerate(intervals)]
    out = np.empty(ELEMENTS, dtype)
    runs = {}

    def add(column, run):
        try:
            run()
            runs[column] = run
        except Exception as error:
            print(f"{name} {np.dtype(dtype).name} {column}: {str(error).splitlines()[0]}", file=sys.stderr)

    own = compiled(ungil.jit, expression, len(args))
    add("ungil", lambda: own(out, *args))
    if not is_complex:
        relaxed = compiled(ungil.jit(fastmath=True), expression, len(args))
        add("fastmath", lambda: relaxed(out, *args))
    if numpy_name:
        function = getattr(np, numpy_name)
        add("NumPy", lambda: function(*args, out=out))
    if numba:
        theirs = compiled(numba.njit, expression, len(args))
        add("Numba", lambda: theirs(out, *args))
    if numexpr and numexpr_name and dtype != np.complex64:
        formula = "x ** y" if numexpr_name == "**" else f"{numexpr_name}({', '.join('xy'[: len(args)])})"
        scope = dict(zip("xy", args))
        add("numexpr", lambda: numexpr.evaluate(formula, local_dict=scope, out=out, casting="same_kind"))
    if c_library and not is_complex:
        add("glibc", c_library.loop(c_name, out, args))
        vector = c_library.vector_loop(c_name, out, args)
        if vector:
            add("libmvec", vector)
    return runs


def measure(runs, seconds: float) -> dict[str, float]:
    best = dict.fromkeys(runs, math.inf)
    end = time.perf_counter() + seconds * len(runs)
    while time.perf_counter() < end:
        for column, run in runs.items():
            for _ in range(3):
                start = time.perf_counter()
                run()
                best[column] = min(best[column], time.perf_counter() - start)
    return {column: ELEMENTS / t / 1e9 for column, t in best.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--types", default="float64,float32,complex128,complex64")
    parser.add_argument("--seconds", type=float, default=0.1)
    options = parser.parse_args()
    wanted = [n for n in FUNCTIONS if not options.only or n in options.only.split(",")]
    columns = ["ungil", "NumPy", "Numba", "numexpr", "glibc", "libmvec", "fastmath"]
    try:
        c_library = CLibrary()
    except (OSError, subprocess.CalledProcessError):
        c_library = None
    if numexpr:
        numexpr.set_num_threads(1)
    print(
        "| function | type | "
        + " | ".join(columns)
        + " | ungil / best | ungil / libmvec | fastmath / libmvec |\n|---|---|"
        + "---:|" * (len(columns) + 3)
    )
    behind = []
    np.seterr(all="ignore")
    for kind in options.types.split(","):
        dtype = np.dtype(kind).type
        for name in wanted:
            if np.issubdtype(dtype, np.complexfloating) and name not in COMPLEX:
                continue
            speeds = measure(variants(name, dtype, c_library), options.seconds)
            others = max(
                (s for c, s in speeds.items() if c not in ("ungil", "libmvec", "fastmath")), default=math.nan
            )
            ratio = speeds.get("ungil", math.nan) / others
            if not ratio >= 1:
                behind.append(f"{name} {kind} {ratio:.2f}")
            cells = [f"{speeds[c]:.2f}" if c in speeds else "–" for c in columns]
            known = "libmvec" in speeds and "fastmath" in speeds
            vector = [f"{speeds[c] / speeds['libmvec']:.2f}" if known else "–" for c in ("ungil", "fastmath")]
            cells += [f"{ratio:.2f}", *vector]
            print(f"| `{name}` | {kind} | " + " | ".join(cells) + " |", flush=True)
    print(f"\nBehind the best of the others: {', '.join(behind) or 'none'}.")


if __name__ == "__main__":
    main()
