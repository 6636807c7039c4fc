"""Checks moved in front of loops: clamped, guarded and conditional indices keep NumPy's results and errors."""

import numpy as np
import pytest
from checking import check


def smooth(u, v):
    n = u.shape[0]
    for i in range(v.shape[0]):
        left, right = max(i - 1, 0), min(i + 1, n - 1)
        v[i] = u[left] + u[right]


def clipped_window(a, o, radius):
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(max(0, i - radius), min(a.shape[0], i + radius + 1)):
            s += a[j]
        o[i] = s


def guarded(a, o):
    for i in range(a.shape[0]):
        if i > 0 and i + 1 < a.shape[0]:
            o[i] = a[i - 1] + a[i + 1]
        elif i == 0:
            o[i] = a[i]
        else:
            o[i] = -a[i - 1]


def guarded_far(a, o, start, stop, far):
    for i in range(start, stop):
        if i + far < a.shape[0]:
            o[i] = a[i + far]


def conditional(a, flags, o, shift):
    for i in range(flags.shape[0]):
        o[0] += 1.0
        if flags[i]:
            o[i] = a[i + shift]


def conditional_nest(a, flags, o):
    for i in range(flags.shape[0]):
        if flags[i]:
            for c in range(a.shape[1]):
                o[i, c] = 2 * a[i, c]


def conditional_division(a, flags, d):
    s = 0
    for i in range(a.shape[0]):
        if flags[i]:
            s += i // d
    return s


def minimum_of_three(a, o, k):
    for i in range(o.shape[0]):
        o[i] = a[min(min(i, k), a.shape[0] - 1)]


def clamped_and_scaled(a, o):
    for i in range(o.shape[0]):
        o[i] = a[2 * max(i - 3, 0) + 1]


def clamp_of_a_loaded_index(a, index, o):
    for i in range(index.shape[0]):
        o[i] = a[min(max(index[i], 0), a.shape[0] - 1)]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 50])
def test_clamped_indices(n):
    a = np.arange(n) + 0.5
    check(smooth, a, np.zeros(n))
    for radius in (0, 1, 3, 100):
        check(clipped_window, a, np.zeros(n), radius)
    check(guarded, a, np.zeros(n))
    check(clamp_of_a_loaded_index, np.arange(n + 1.0), np.array([-5, 0, 1, 7, 2**62, -(2**62)]), np.zeros(6))


@pytest.mark.parametrize("n", [0, 1, 2, 50])
@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_clamps_that_do_not_suffice(n, extra):
    # The output is longer or shorter than what the clamps were meant for.
    check(smooth, np.arange(max(n, 0)) + 0.5, np.zeros(max(n + extra, 0)))
    check(clipped_window, np.arange(n) + 0.5, np.zeros(max(n + extra, 0)), 2)
    check(guarded, np.arange(n) + 0.5, np.zeros(max(n + extra, 0)))
    check(minimum_of_three, np.arange(n) + 0.5, np.zeros(5), n + extra)
    check(clamped_and_scaled, np.arange(n) + 0.5, np.zeros(n // 2 + 3 + extra))


def test_a_negative_bound_wraps_as_in_python():
    check(minimum_of_three, np.arange(5.0), np.zeros(4), -2)
    check(minimum_of_three, np.arange(5.0), np.zeros(4), -9)
    check(clipped_window, np.arange(5.0), np.zeros(5), -1)


@pytest.mark.parametrize("shift", [0, 1, 3, -1, -8, 40])
def test_conditional_checks(shift):
    a = np.arange(10.0)
    for flags in (np.zeros(10, bool), np.ones(10, bool), np.arange(10) < 4, np.arange(10) > 6):
        check(conditional, a, flags, np.zeros(10), shift)


@pytest.mark.parametrize("rows", [0, 2, 5, 6, 9])
def test_conditional_nests(rows):
    a = np.arange(15.0).reshape(5, 3)
    for flags in (np.zeros(rows, bool), np.ones(rows, bool), np.arange(rows) < 4):
        check(conditional_nest, a, flags, np.zeros((5, 3)))
        check(conditional_nest, a, flags, np.zeros((5, 2)))


def test_conditional_divisions():
    a = np.arange(6)
    for d in (0, 1, -3):
        check(conditional_division, a, np.zeros(6, bool), d)
        check(conditional_division, a, a > 3, d)


def alternatives(a, o, low, high):
    for i in range(a.shape[0]):
        if i < 1 or i > a.shape[0] - 2 or a[i] == low:
            o[i] = 0
        elif i - 1 < high and not a[i] > high:
            o[i] = a[i - 1] + a[i + 1]


def reassigned(a, o):
    for i in range(a.shape[0]):
        inside = i > 0 and a[i] > 0
        if i == 3:
            inside = True
        if inside:
            o[i] = a[i - 1]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 30])
def test_short_circuit_conditions(n):
    for low, high in ((0.5, 7.0), (-1.0, 100.0), (3.5, -1.0)):
        check(alternatives, np.arange(n) + 0.5, np.ones(n), low, high)
    check(reassigned, np.arange(n) - 5.0, np.zeros(n))


@pytest.mark.parametrize(
    ("kernel", "args"),
    [
        (alternatives, (np.arange(9.0), np.ones(9), 0.5, 7.0)),
        (guarded, (np.arange(9.0), np.ones(9))),
        (smooth, (np.arange(9.0), np.ones(9))),
        (clipped_window, (np.arange(9.0), np.ones(9), 2)),
        (conditional, (np.arange(9.0), np.ones(9, bool), np.ones(9), 0)),
        (clamp_of_a_loaded_index, (np.arange(9.0), np.arange(9), np.ones(9))),
    ],
)
def test_no_check_is_left_in_the_fast_version(kernel, args):
    report = check(kernel, *args).diagnostics()
    assert "checks hoisted out of the loop" in report and "+ all" in report, report


@pytest.mark.parametrize("start", [0, -3, 5, 2**63 - 8])
@pytest.mark.parametrize("far", [0, 2, 10])
def test_conditions_do_not_hide_wrapping(start, far):
    if start > 10 and far == 10:
        # `i + far` wraps to a negative index far outside.
        kernel = check(guarded_far, np.arange(8.0), np.zeros(8), 0, 4, 1)
        with pytest.raises(IndexError):
            kernel(np.arange(8.0), np.zeros(8), start, start + 6, far)
    else:
        check(guarded_far, np.arange(8.0), np.zeros(8), start, start + 6, far)


def clamp_of_a_checked_index(a, b, o):
    for i in range(o.shape[0]):
        for j in range(a.shape[0]):
            k = a[j]
            if k >= 0:
                o[i] += b[min(i + j, b.shape[0] - 1)] + b[min(k, j)]


@pytest.mark.parametrize("n", [0, 1, 5, 30])
def test_clamps_inside_nests(n):
    rng = np.random.default_rng(n)
    check(clamp_of_a_checked_index, rng.integers(-3, 9, n), rng.random(n), np.zeros(n))
    check(clamp_of_a_checked_index, rng.integers(-3, 9, n + 2), rng.random(n), np.zeros(n))
