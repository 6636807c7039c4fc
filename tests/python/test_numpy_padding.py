"""np.pad in every mode, np.block, against NumPy: widths in all forms, empty axes, dtypes, layouts, errors."""

import numpy as np
import pytest
from checking import check_numpy

MODES = {
    "constant": lambda a, w: np.pad(a, w),
    "constant_values": lambda a, w: np.pad(a, w, "constant", constant_values=(7, -2.5)),
    "edge": lambda a, w: np.pad(a, w, mode="edge"),
    "linear_ramp": lambda a, w: np.pad(a, w, "linear_ramp"),
    "linear_ramp_ends": lambda a, w: np.pad(a, w, "linear_ramp", end_values=(-4, 9)),
    "maximum": lambda a, w: np.pad(a, w, "maximum"),
    "minimum": lambda a, w: np.pad(a, w, "minimum", stat_length=2),
    "mean": lambda a, w: np.pad(a, w, "mean"),
    "mean_length": lambda a, w: np.pad(a, w, "mean", stat_length=(1, 3)),
    "median": lambda a, w: np.pad(a, w, "median"),
    "no_length": lambda a, w: np.pad(a, w, "maximum", stat_length=0),
    "reflect": lambda a, w: np.pad(a, w, "reflect"),
    "reflect_odd": lambda a, w: np.pad(a, w, "reflect", reflect_type="odd"),
    "symmetric": lambda a, w: np.pad(a, w, "symmetric"),
    "symmetric_odd": lambda a, w: np.pad(a, w, "symmetric", reflect_type="odd"),
    "wrap": lambda a, w: np.pad(a, w, "wrap"),
    "unknown": lambda a, w: np.pad(a, w, "other"),
    "wrong_argument": lambda a, w: np.pad(a, w, "edge", end_values=1),
}

WIDTHS = [0, 1, 3, 11, (2, 1), (0, 7), ((1, 2),), -1, (2, -1), 1.5]
SHAPES = [(), (5,), (1,), (0,), (2, 3), (3, 1), (0, 3), (2, 3, 4)]


def numbers(shape, code):
    a = np.arange(np.prod(shape, dtype=int)) * 7 % 11 - 3
    return (a + 0.25 if code in "fdFD" else a).reshape(shape).astype(code)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_pad(mode, shape):
    for width in WIDTHS:
        check_numpy(MODES[mode], numbers(shape, "d"), width)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("code", "?bBhlLfFD")
def test_pad_dtypes(mode, code):
    if code in "FD" and mode in ("maximum", "minimum", "no_length"):
        return  # Extrema of complex numbers along axes are refused.
    a = numbers((3, 4), code)
    check_numpy(MODES[mode], a, (2, 3), rtol=1e-6 if code in "fFD" else 0)


@pytest.mark.parametrize("mode", MODES)
def test_pad_layouts(mode):
    a = numbers((6, 8), "d")
    for x in (np.asfortranarray(a), a[::-1, ::2], a[1::2].T, a[:, ::-1]):
        check_numpy(MODES[mode], x, ((1, 4), (0, 9)))
    frozen = a.copy()
    frozen.flags.writeable = False
    check_numpy(MODES[mode], frozen, np.array([[1, 2], [3, 0]]))


def test_pad_empty():
    def f(a):
        p = np.pad(a, ((1, 2), (0, 3)), mode="empty")
        return p.shape, p[1:-2, :-3].copy()

    check_numpy(f, numbers((2, 3), "i"))
    check_numpy(f, np.zeros((0, 2)))


BLOCKS = {
    "square": lambda a: np.block([[a, a + 1], [a * 2, np.zeros((2, 2))]]),
    "row": lambda a: np.block([a, a]),
    "mixed_ranks": lambda a: np.block([[a, a], [np.array([1, 2, 3, 4])]]),
    "numbers": lambda a: np.block([1, 2.5, 3]),
    "deep": lambda a: np.block([[[a, a]], [[a, a]]]),
    "alone": lambda a: np.block(a),
    "one_list": lambda a: np.block([a[0], 3, a[1]]),
    "mismatched": lambda a: np.block([[a, a], a]),
    "empty": lambda a: np.block([[a], []]),
    "wrong_shape": lambda a: np.block([[a, a[:1]]]),
    "dtypes": lambda a: np.block([[a.astype(np.int8), a.astype(np.float32)]]),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_block(name):
    check_numpy(BLOCKS[name], np.arange(4.0).reshape(2, 2))
    check_numpy(BLOCKS[name], np.asfortranarray(np.arange(4).reshape(2, 2)))


def test_block_alone_is_a_copy():
    def f(a):
        b = np.block(a)
        b[0] = 9
        return b

    check_numpy(f, np.arange(3.0))


def frame(vector, width, axis, options):
    vector[: width[0]] = 5 + axis
    vector[vector.shape[0] - width[1] :] = vector[width[0]]


def test_functions_pad():
    check_numpy(lambda a: np.pad(a, 2, frame), np.arange(6.0).reshape(2, 3))
    check_numpy(lambda a: np.pad(a, ((1, 2), (0, 3)), frame), np.arange(6, dtype=np.int16).reshape(2, 3))
    check_numpy(lambda a: np.pad(a, 1, "none"), np.arange(3.0))


def test_keywords_of_other_modes():
    a = np.arange(4.0)
    check_numpy(lambda a: np.pad(a, 1, mode="edge", constant_values=3), a)
    check_numpy(lambda a: np.pad(a, 1, mode="mean", end_values=3), a)
    check_numpy(lambda a: np.pad(a, 1, stat_length=2), a)
    check_numpy(lambda a: np.pad(a, 1, mode="wrap", reflect_type="odd"), a)
