"""Memoryviews beside objects that are assigned while they are in use, beside Cython's own."""

from pathlib import Path

import numpy as np
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "changing_views.pyx"
MATRIX = np.arange(12.0).reshape(3, 4)
CALLS = [
    *[("halves", np.arange(float(n)), []) for n in (0, 1, 2, 9, 64)], ("halves", np.arange(20.0)[::-2], []),
    *[("strides", m, []) for m in (MATRIX, MATRIX.T, MATRIX[::-1, ::2], np.zeros((0, 3)), np.ones((1, 1)))],
    ("failing", np.ones(3), [np.zeros(2), "text", np.arange(4), np.full(5, 2.0), np.zeros((2, 2)), MATRIX[1]]),
    ("shared_inside", np.arange(6.0), 4), ("shared_inside", np.arange(2.0), 4),
    ("set_on_one_way", True), ("of_the_module", np.arange(5.0), []), ("of_the_module", np.arange(5.0)[::-1], []),
    ("looped", [np.ones(3, "f"), np.zeros(0, "f"), np.arange(4, dtype="f")]),
    ("looped", [np.ones(3, "f"), np.ones(6, "f")[::2]]), ("looped", [np.ones(3, "f"), 1]),
]  # fmt: skip


def test_views_that_change_end_like_those_of_cython(tmp_path):
    reference, module = pyx_reference.build(SOURCE, tmp_path), pyx.compile(SOURCE)
    wrong = pyx_reference.differences(reference, module, CALLS)
    assert not wrong, "\n".join(wrong)
