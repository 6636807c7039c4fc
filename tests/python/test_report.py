"""The report says once for each loop what was done, in plain words."""

import numpy as np

from ungil import jit, prange


@jit
def nest(a, b, out):
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = a[i, j] / (1 + np.sqrt(b[i, j]))


@jit
def in_order(x, index, counts):
    s = 0.0
    for i in range(x.size):
        counts[index[i]] += 1
    for i in range(x.size):
        s += x[i] * x[i]
    return s


@jit
def rows(n):
    total = 0.0
    for i in range(n):
        row = np.zeros(i)
        total += row.size
    return total


def report_of(kernel, *args):
    kernel(*args)
    return [line.strip() for line in kernel.diagnostics().splitlines()]


def test_a_nest():
    a = np.ones((20, 20))
    report = report_of(nest, a, a, a.copy())
    assert report[0].startswith("nest(") and report[1].endswith("test_report.py")
    inner = next(i for i, line in enumerate(report) if line.endswith("for j in range(a.shape[1]):"))
    assert report[inner + 1].startswith("+ vectorised: "), report
    assert sum("vectorised" in line for line in report) == 1, report
    assert "+ parallel: iterations are independent" in report
    assert not any("LLVM" in line or "loop-vectorize" in line for line in report)


def test_reasons():
    report = report_of(in_order, np.ones(9), np.zeros(9, np.int64), np.zeros(3, np.int64))
    reasons = [line for line in report if line.startswith("- not vectorised: ")]
    assert len(reasons) == 1, report
    assert "an iteration may read or write what an earlier one wrote" in reasons[0]
    sums = [line for line in report if line.startswith("+ vectorised: ")]
    assert len(sums) == 1 and "sums in their order" in sums[0], report


def test_arrays_in_loops():
    assert "- makes an array of float64 in each iteration" in report_of(rows, 5)
