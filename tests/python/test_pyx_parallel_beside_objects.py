"""Parallel loops of functions that handle Python objects beside them run on all threads; results are Cython's."""

import types
import warnings
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

SOURCE = Path(__file__).parent / "pyx" / "parallel_beside_objects.pyx"
V = np.arange(8.0)
CALLS = [
    ("named", V), ("named", V, "abc"), ("named", V, 3), ("texts", V), ("keywords", V),
    ("structs", V), ("team", V, "ab"), ("failing", V, "a"), ("failing", np.array([1, 2, -3.0, 4]), {"k": 1}),
    ("rows", np.ones((3, 2)), lambda k: k == 1), ("rows", np.ones((3, 2)), lambda k: 1 / 0), ("on_one_line", [V, V[:2]]), ("on_one_line", [1]),
    ("stored", {1: 2.5}, 4), ("stored", {1: "2"}, 4), ("stored", {1: None}, 4), ("stored", {1: "x"}, 4), ("stored", {1: [1]}, 4),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return pyx_reference.build(SOURCE, tmp_path_factory.mktemp("cython")), pyx.compile(SOURCE)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_loops_run_on_all_threads(modules, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error", errors.PerformanceWarning)
        wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)


def test_objects_are_used_on_both_sides_of_the_loop(modules):
    for module in modules:
        holder = types.SimpleNamespace(data=V)
        assert module.of_attributes(holder, str) == "28.0" and holder.total == 28.0
        assert module.of_attributes(types.SimpleNamespace(data=V[:2])) == [0.0, 1.0]
        assert module.keywords(V, b=1, a=2) == (["a", "b"], (2 * V).tolist())
        with pytest.raises(AttributeError):
            module.of_attributes(3)


def test_pointers_on_both_sides_of_the_loop_make_it_run_in_order(modules):
    reference, module = modules
    with pytest.warns(errors.PerformanceWarning, match="parallel loops of `pointers` run in order"):
        assert module.pointers(V, "a") == reference.pointers(V, "a")
