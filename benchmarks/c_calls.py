"""The cost of calling C: from a kernel, from C itself, and from Python: `python benchmarks/c_calls.py`.

A C library with small functions is compiled with gcc, and loops over them are run by C, by a kernel (a function of ctypes, an
`extern`, a function of cffi) and by Python. Prints nanoseconds per call; kernels also as a ratio to C. Runs are interleaved;
each figure is the best of several. Needs gcc; cffi is optional.
"""

import argparse
import ctypes
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

import ungil

try:
    import cffi
except ImportError:
    cffi = None

SOURCE = """
double scalar(double x, double y);
double element(const double *x, long i);
double scalar_loop(long n, double y) {
    double s = 0;
    for (long i = 0; i < n; i++) s += scalar(i, y);
    return s;
}
double element_loop(const double *x, long m, long n) {
    double s = 0;
    for (long i = 0; i < n; i++) s += element(x, i & m);
    return s;
}
double back_loop(double (*f)(double), long n) {
    double s = 0;
    for (long i = 0; i < n; i++) s += f(i);
    return s;
}
"""
CALLEES = """
double scalar(double x, double y) { return x * y + 1; }
double element(const double *x, long i) { return x[i]; }
double half(double x) { return 0.5 * x; }
"""


def build():
    """The library: callees in a file of their own, so that C cannot inline them, called as in any shared library."""
    folder = Path(tempfile.mkdtemp())
    for name, text in [("loops", SOURCE), ("callees", CALLEES)]:
        (folder / f"{name}.c").write_text(text)
    output = folder / "library.so"
    files = [folder / "loops.c", folder / "callees.c"]
    subprocess.run(["gcc", "-O3", "-march=native", "-shared", "-fPIC", "-o", output, *files], check=True)
    return output


def declared(function, restype, *argtypes):
    function.restype, function.argtypes = restype, list(argtypes)
    return function


def best(cases, rounds):
    """Seconds of each case: the best of several rounds, one case after the other in each."""
    times = dict.fromkeys(cases, float("inf"))
    for _ in range(rounds):
        for name, call in cases.items():
            start = time.perf_counter()
            call()
            times[name] = min(times[name], time.perf_counter() - start)
    return times


def show(title, cases, calls, rounds):
    """Prints nanoseconds per call; `calls` says how many calls a case makes."""
    times = best(cases, rounds)
    unit = {name: 1e9 * t / calls[name] for name, t in times.items()}
    print(title)
    for name, ns in unit.items():
        ratio = f"  {ns / unit['C']:6.2f} x C" if "C" in unit and name != "C" else ""
        print(f"  {name:24} {ns:9.2f} ns{ratio}")


def main():
    """Runs the cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--calls", type=int, default=50_000)
    options = parser.parse_args()
    path, n = build(), options.calls
    library = ctypes.CDLL(str(path))
    long, double = ctypes.c_long, ctypes.c_double
    doubles = np.ctypeslib.ndpointer(np.float64, 1, flags="C")
    scalar = declared(library.scalar, double, double, double)
    element = declared(library.element, double, doubles, long)
    scalar_loop = declared(library.scalar_loop, double, long, double)
    element_loop = declared(library.element_loop, double, doubles, long, long)
    scalar_extern = ungil.extern("double scalar(double, double)", library)
    element_extern = ungil.extern("double element(const double *x, long i)", library)
    few = 500

    def loop_of(function):
        @ungil.jit
        def loop(n, y):
            s = 0.0
            for i in range(n):
                s += function(i, y)
            return s

        return loop

    def elements_of(function):
        @ungil.jit
        def loop(x, m, n):
            s = 0.0
            for i in range(n):
                s += function(x, i & m)
            return s

        return loop

    def python_loop(function, y):
        for i in range(few):
            function(i, y)

    a = np.arange(1024.0)
    of_ctypes, of_extern = loop_of(scalar), loop_of(scalar_extern)
    cases = {
        "C": lambda: scalar_loop(n, 1.5),
        "kernel, ctypes": lambda: of_ctypes(n, 1.5),
        "kernel, extern": lambda: of_extern(n, 1.5),
        "Python, ctypes": lambda: python_loop(scalar, 1.5),
        "Python, extern": lambda: python_loop(scalar_extern, 1.5),
    }
    if cffi is not None:
        ffi = cffi.FFI()
        ffi.cdef("double scalar(double, double);")
        scalar_cffi = ffi.dlopen(str(path)).scalar
        of_cffi = loop_of(scalar_cffi)
        cases["kernel, cffi"] = lambda: of_cffi(n, 1.5)
        cases["Python, cffi (ABI)"] = lambda: python_loop(scalar_cffi, 1.5)
    for call in cases.values():
        call()
    counts = {name: few if name.startswith("Python") else n for name in cases}
    show("double scalar(double, double)", cases, counts, options.rounds)

    with_ctypes, with_extern = elements_of(element), elements_of(element_extern)
    cases = {
        "C": lambda: element_loop(a, 1023, n),
        "kernel, ndpointer": lambda: with_ctypes(a, 1023, n),
        "kernel, extern": lambda: with_extern(a, 1023, n),
        "Python, ndpointer": lambda: [element(a, 3) for _ in range(few)],
        "Python, extern": lambda: [element_extern(a, 3) for _ in range(few)],
    }
    for call in cases.values():
        call()
    counts = {name: few if name.startswith("Python") else n for name in cases}
    show("double element(const double *, long)", cases, counts, options.rounds)

    half = ungil.cfunc("float64(float64)")(lambda x: 0.5 * x)
    back = declared(library.back_loop, double, ctypes.c_void_p, long)
    in_c = ctypes.cast(library.half, ctypes.c_void_p).value
    python_half = ctypes.CFUNCTYPE(double, double)(lambda x: 0.5 * x)
    address = ctypes.cast(python_half, ctypes.c_void_p).value
    cases = {
        "C": lambda: back(in_c, n),
        "cfunc": lambda: back(half.address, n),
        "Python, ctypes": lambda: back(address, few),
    }
    counts = {name: few if name.startswith("Python") else n for name in cases}
    show("callback: double (*)(double)", cases, counts, options.rounds)


if __name__ == "__main__":
    main()
