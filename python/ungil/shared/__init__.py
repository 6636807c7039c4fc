"""Arrays in memory that processes share, and arrays cut into parts.

>>> import multiprocessing, ungil
>>> a = ungil.shared.zeros(4)
>>> def fill(part, value):
...     part[:] = value
>>> with ungil.Pool(2, backend="processes") as pool:
...     _ = pool.starmap(fill, zip(ungil.split(a, 2), [1, 2]))
>>> a
array([1., 1., 2., 2.])
"""

from ungil.shared import _reference as _reference
from ungil.shared._create import array, empty, is_shared, open, zeros
from ungil.shared._split import split

__all__ = ["array", "empty", "is_shared", "open", "split", "zeros"]
