"""Ways out of `parallel` blocks beside Cython's own: jumps, results and exceptions, inside loops of the block and outside."""

from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import pyx

SOURCE = Path(__file__).parent / "pyx" / "team_exits.pyx"
A = np.arange(20.0)
B = -np.arange(5.0)


def ints(n=5):
    return np.zeros(n, np.int32)


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return pyx_reference.build(SOURCE, tmp_path_factory.mktemp("cython")), pyx.compile(SOURCE)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_blocks_end_like_those_of_cython(modules, n):
    calls = [
        *[("jumps", n, limit, ints()) for limit in (0, 1, 3, 9)], ("in_while", n),
        ("returns", n, n - 1), ("returns", n, 9), *[("first_at_least", A, x, n) for x in (19.0, 99.0)],
        ("first_at_least", B, 1.0, n), ("raises", A, n, 9, 3.0), ("raises", A, n, 9, 99.0),
        ("either", A, n, 3.0, -1.0), ("either", A, n, -1.0, 3.0),
        ("either", A, n, -1.0, -1.0), ("skipped", A, n),
    ]  # fmt: skip
    wrong = pyx_reference.differences(*modules, calls)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_lowest_counts(modules, n):
    # In Cython it is any of them.
    module = modules[1]
    for _ in range(20):
        assert [module.returns(n, k) for k in range(n)] == [10 * k for k in range(n)]
        assert [module.first_at_least(A, x, n) for x in (0.0, 3.0, 7.5)] == [0.0, 6.0, 16.0]
        assert [module.either(A, n, x, y) for x, y in ((9.0, 3.0), (99.0, 0.0))] == [3, 0]
        with pytest.raises(KeyError, match="^3$"):
            module.either(A, n, 3.0, 9.0)
        # Cython's team waits for ever for a thread that left before the loop.
        for at in {0, n - 1}:
            with pytest.raises(ValueError, match=f"thread {at}"):
                module.raises(A, n, at, 99.0)
        found = [module.position(A, x, n) for x in (0.0, 7.0, 19.0, 99.0)]
        assert found == [(0, 0.0), (7, 49.0), (19, 361.0), (-1, 0.5)]
        sums = [module.sum_before(A, x, n) for x in (0.0, 7.0, 19.0, 99.0)]
        assert sums == [0.0, 21.0, 171.0, 190.0]
    assert module.position(np.tile(A, 5), 7.0, n) == (7, 49.0)
