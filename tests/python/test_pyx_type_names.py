"""`cython.typeof` names types as Cython does; `long double` has a size only."""

from pathlib import Path

import numpy as np
import pytest
import pyx_reference

import ungil
from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "type_names.pyx"


def test_names_are_those_of_cython(tmp_path):
    reference, module = pyx_reference.build(SOURCE, tmp_path), pyx.compile(SOURCE)
    calls = [
        ("declared", np.ones((2, 2)), np.ones(2, np.int32), [1], "a"), ("expressions", np.ones(2), 1, 2.0), ("inferred",),
        ("of_fused", 1.5, np.ones(2)), ("of_fused", 1, np.ones(2, np.int32)), ("sizes",),
    ]  # fmt: skip
    wrong = pyx_reference.differences(reference, module, calls)
    assert not wrong, "\n".join(wrong)


def test_long_double_is_refused_where_it_is_declared():
    with pytest.raises(ungil.errors.CompileError) as caught:
        pyx.compile("def f():\n    cdef long double x = 1\n    return <double>x\n")
    assert "`long double` is not supported yet" in str(caught.value) and ":2:10" in str(caught.value)
