"""The distances of 2000 points from each other: the textbook formula, without its (n, n, 3) temporaries."""

import numpy as np

from ungil import jit


@jit(parallel=True)
def pairwise_distances(x):
    d = x[:, None, :] - x
    return np.sqrt((d**2).sum(axis=-1))


def load(n=2000):
    """n points in a cube."""
    return (np.random.default_rng(4).random((n, 3)),)


def check(result, x):
    """Compares with NumPy; returns what was found, in words."""
    d = x[:, None, :] - x
    assert np.allclose(result, np.sqrt((d**2).sum(axis=-1)), rtol=1e-15, atol=0), (
        "the kernel and NumPy differ"
    )
    return f"{result.size:,} distances, mean {result.mean():.4f} (of a unit cube: 0.6617)"


if __name__ == "__main__":
    points = load()
    print(check(pairwise_distances(*points), *points))
