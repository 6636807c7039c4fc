"""Axes that are out of bounds or given twice: every function with an axis raises what NumPy raises, with its message."""

import numpy as np
import pytest
from checking import check

REDUCTIONS = {
    "sum": lambda a: np.sum(a, 3),
    "sum_two": lambda a: np.sum(a, axis=(0, -4)),
    "sum_twice": lambda a: np.sum(a, axis=(0, -3)),
    "prod": lambda a: np.prod(a, 3),
    "min": lambda a: np.min(a, axis=3),
    "max": lambda a: a.max(-4),
    "any": lambda a: np.any(a, 3),
    "all": lambda a: np.all(a, 3),
    "count_nonzero": lambda a: np.count_nonzero(a, 3),
    "mean": lambda a: np.mean(a, (0, 3)),
    "mean_twice": lambda a: np.mean(a, (0, 0)),
    "var": lambda a: np.var(a, 3),
    "std": lambda a: a.std(3),
    "ptp": lambda a: np.ptp(a, 3),
    "nansum": lambda a: np.nansum(a, 3),
    "nanmin": lambda a: np.nanmin(a, 3),
    "nanmean": lambda a: np.nanmean(a, 3),
    "nanvar": lambda a: np.nanvar(a, 3),
    "argmin": lambda a: np.argmin(a, 3),
    "argmax": lambda a: a.argmax(-4),
    "nanargmin": lambda a: np.nanargmin(a, 3),
    "cumsum": lambda a: np.cumsum(a, 3),
    "cumprod": lambda a: a.cumprod(-4),
    "nancumsum": lambda a: np.nancumsum(a, 3),
    "median": lambda a: np.median(a, (0, 3)),
    "percentile": lambda a: np.percentile(a, 30, axis=3),
    "nanquantile": lambda a: np.nanquantile(a, 0.3, axis=3),
    "scalar_sum": lambda a: np.sum(a[0, 0, 0], axis=1),
    "scalar_sum_fine": lambda a: np.sum(a[0, 0, 0], axis=-1),
    "scalar_mean": lambda a: np.mean(a[0, 0, 0], axis=0),
    "add.reduce": lambda a: np.add.reduce(a, 3),
    "add.accumulate": lambda a: np.add.accumulate(a, 3),
}

SHAPES = {
    "concatenate": lambda a: np.concatenate((a, a), 3),
    "stack": lambda a: np.stack((a, a), -5),
    "append": lambda a: np.append(a, a, 3),
    "insert": lambda a: np.insert(a, 0, 1.0, 3),
    "delete": lambda a: np.delete(a, 0, 3),
    "split": lambda a: np.split(a, 2, 3),
    "repeat": lambda a: np.repeat(a, 2, 3),
    "roll": lambda a: np.roll(a, (1, 2), (0, 3)),
    "flip": lambda a: np.flip(a, (0, -4)),
    "flip_twice": lambda a: np.flip(a, (0, 0)),
    "expand_dims": lambda a: np.expand_dims(a, -5),
    "squeeze": lambda a: np.squeeze(a, 3),
    "moveaxis_source": lambda a: np.moveaxis(a, 3, 0),
    "moveaxis_destination": lambda a: np.moveaxis(a, 0, 3),
    "moveaxis_twice": lambda a: np.moveaxis(a, (0, 0), (1, 2)),
    "moveaxis_twice_there": lambda a: np.moveaxis(a, (0, 1), (2, 2)),
    "rollaxis": lambda a: np.rollaxis(a, 3),
    "rollaxis_start": lambda a: np.rollaxis(a, 1, -4),
    "swapaxes": lambda a: np.swapaxes(a, 0, 3),
    "swapaxes_first": lambda a: a.swapaxes(-4, 0),
    "transpose_few": lambda a: np.transpose(a, (0, 1)),
    "transpose_far": lambda a: a.transpose(0, 1, 3),
    "transpose_twice": lambda a: a.transpose((0, 1, 1)),
    "take": lambda a: np.take(a, 0, 3),
    "take_along_axis": lambda a: np.take_along_axis(a, np.zeros((2, 3, 4), np.int64), 3),
    "compress": lambda a: np.compress([True], a, 3),
    "diff": lambda a: np.diff(a, 1, 3),
    "gradient": lambda a: np.gradient(a, axis=3),
    "unwrap": lambda a: np.unwrap(a, axis=3),
    "diagonal": lambda a: np.diagonal(a, 0, 0, 3),
    "trace": lambda a: a.trace(0, 3, 0),
    "size": lambda a: np.size(a, 3),
    "vecdot": lambda a: np.vecdot(a, a, axis=3),
    "not_an_integer": lambda a: np.sum(a, axis=1.0),
    "a_boolean": lambda a: np.sum(a, axis=True),
}


@pytest.mark.parametrize("name", [*REDUCTIONS, *SHAPES])
def test_axes_raise_as_in_numpy(name):
    check({**REDUCTIONS, **SHAPES}[name], np.arange(24.0).reshape(2, 3, 4))


def test_an_axis_error_can_be_caught():
    def f(a):
        try:
            return a.sum(2)
        except ValueError:
            return np.zeros(1)

    check(f, np.ones((2, 3)))


VARIABLE = {
    "sum": lambda a, n: np.sum(a, axis=n),
    "method": lambda a, n: a.sum(n),
    "kept": lambda a, n: np.sum(a * 2 + 1, n, keepdims=True),
    "mean_of_deviations": lambda a, n: ((a - a.mean(axis=n, keepdims=True)) ** 2).sum(axis=n),
    "max": lambda a, n: a.max(axis=n),
    "any": lambda a, n: (a > 3).any(axis=n),
    "std": lambda a, n: np.std(a, axis=n),
    "median": lambda a, n: np.median(a, axis=n),
    "percentile": lambda a, n: np.percentile(a, (10, 50), axis=n),
    "argmin": lambda a, n: np.argmin(a, axis=n),
    "cumsum": lambda a, n: np.cumsum(a, axis=n),
    "nansum": lambda a, n: np.nansum(a, axis=n),
    "diff": lambda a, n: np.diff(a, axis=n),
    "flip": lambda a, n: np.flip(a, axis=n),
    "roll": lambda a, n: np.roll(a, 1, axis=n),
    "repeat": lambda a, n: np.repeat(a, 2, axis=n),
    "take": lambda a, n: np.take(a, [0, 1], n),
    "compress": lambda a, n: np.compress([True, False], a, axis=n),
    "concatenate": lambda a, n: np.concatenate((a, a), axis=n),
    "stack": lambda a, n: np.stack((a, a), axis=n),
    "expand_dims": lambda a, n: np.expand_dims(a, n),
    "delete": lambda a, n: np.delete(a, 0, axis=n),
    "reduce": lambda a, n: np.add.reduce(a, n),
}


@pytest.mark.parametrize("name", VARIABLE)
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_an_axis_that_is_a_variable(name, ndim):
    a = (np.arange(24.0) * 7 % 11).reshape((24, (4, 6), (2, 3, 4))[ndim - 1])
    for axis in range(-ndim - 1, ndim + 2):
        check(VARIABLE[name], a, axis, rtol=1e-14)
    check(VARIABLE[name], np.asfortranarray(a), np.int32(0), rtol=1e-14)


def test_every_axis_in_a_loop():
    def f(a):
        total = 0.0
        for k in range(a.ndim):
            total += a.max(axis=k).sum()
        return total

    check(f, np.arange(24.0).reshape(2, 3, 4))


def test_an_axis_is_an_integer():
    check(lambda a, n: np.sum(a, axis=n), np.ones((2, 3)), 1.0)
