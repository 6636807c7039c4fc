"""A picture made by one formula: waves from three sources meet."""

import numpy as np

import ungil

FORMULA = (
    "(sin(60*sqrt((x+1.1)**2 + y**2)) + sin(60*sqrt((x-1.1)**2 + y**2)) + sin(60*sqrt(x**2 + (y-0.6)**2)))"
    " * exp(-0.4*(x**2 + y**2))"
)


def picture(x, y):
    return ungil.evaluate(FORMULA)


def with_numpy(x, y):
    sin, sqrt, exp = np.sin, np.sqrt, np.exp
    waves = sin(60 * sqrt((x + 1.1) ** 2 + y**2)) + sin(60 * sqrt((x - 1.1) ** 2 + y**2))
    return (waves + sin(60 * sqrt(x**2 + (y - 0.6) ** 2))) * exp(-0.4 * (x**2 + y**2))


def load(width=1440, height=810):
    """Coordinates: a row and a column, which the formula spreads out."""
    return np.linspace(-1.6, 1.6, width), np.linspace(-0.9, 0.9, height)[:, None]


def check(result, x, y):
    """Compares with NumPy; returns what was found, in words."""
    assert np.allclose(result, with_numpy(x, y), rtol=1e-12, atol=1e-12), "the formula and NumPy differ"
    return f"{result.size:,} pixels from one string, equal to NumPy's"


if __name__ == "__main__":
    plane = load()
    print(check(picture(*plane), *plane))
