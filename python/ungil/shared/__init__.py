"""Arrays that processes share, and arrays cut into parts.

>>> import numpy as np, ungil
>>> [part.shape for part in ungil.split(np.zeros((5, 2)), 2)]
[(3, 2), (2, 2)]
"""

from ungil.shared._split import split

__all__ = ["split"]
