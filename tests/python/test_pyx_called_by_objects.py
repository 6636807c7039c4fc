"""Functions of Python objects that call C functions with fused types and defaults; beside Cython."""

from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "called_by_objects.pyx"
V = np.array([3.0, 4.0])
R = np.array([(1.5, 2.5), (3.0, 4.0)], dtype=[("a", "f8"), ("b", "f8")])
CALLS = [
    ("arrays", 2), ("arrays", 2.5), ("arrays", "a"), ("arrays_of_c", 4), ("characters", "keep", V, 7.0), ("characters", "drop", V, 7.0),
    ("characters", "kk", V.astype("f4"), 7), ("characters", "drop", V.astype("i4"), 7), ("characters", 3, V, 7.0), ("defaults", 1, -2),
    ("defaults", 1, -2, 0.1), ("defaults", 1, -2, 1e-9), ("defaults", "a", 1), ("defaults", 1, -2, "a"), ("modes", "nearest"),
    ("modes", "wrap"), ("modes", 3), ("buffers", V.reshape(1, 2), 1), ("buffers", V, 1), ("buffers", V.reshape(1, 2).astype("f4"), 1),
    ("holders", np.array([1, "a"], object)), ("holders", V), ("results", "a", [1]), ("results", None, None), ("results", 3, []),
    ("results", "a", (1,)), ("as_dict", {}), ("as_dict", [1]), ("as_dict", 3, False), ("as_dict", None), ("of_grid",), ("of_grid",),
    ("records", R, 1), ("records", R, 5), ("records", V, 0), ("records", [1], 0),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return pyx_reference.build(SOURCE, tmp_path_factory.mktemp("cython")), pyx.compile(SOURCE)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_functions_end_like_those_of_cython(modules, name):
    wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)


def test_arrays_of_objects_are_arrays(modules):
    for module in modules:
        assert type(module.holders(np.array([1], object), False)) is np.ndarray
