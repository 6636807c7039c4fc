"""The two of 2000 points that lie farthest apart: NumPy's formula, without the arrays that NumPy makes for it."""

import numpy as np

from ungil import jit


@jit(parallel=True)
def farthest_pair(x):
    d = ((x[:, None, :] - x) ** 2).sum(axis=-1)
    k = np.argmax(d)
    return k // len(x), k % len(x)


def load(n=2000):
    """n points of a ball, in three dimensions."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(n, 3))
    return (x / np.linalg.norm(x, axis=1)[:, None] * rng.random((n, 1)) ** (1 / 3),)


def check(result, x):
    """Compares with a loop over rows; returns what was found, in words."""
    best = max(((((row - x) ** 2).sum(axis=1)).max(), i) for i, row in enumerate(x))
    i, j = result
    distance = np.linalg.norm(x[i] - x[j])
    assert np.isclose(distance**2, best[0], rtol=1e-14), "the kernel and the loop differ"
    return f"points {i} and {j} are {distance:.4f} apart, in a ball of diameter 2"


if __name__ == "__main__":
    points = load()
    print(check(farthest_pair(*points), *points))
