"""Arrays cut into parts of equal size."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def split(array: npt.ArrayLike, n: int, axis: int = 0) -> list[npt.NDArray[Any]]:
    """Cut an array into `n` views whose lengths differ by at most one, as `numpy.array_split` does.

    Parameters
    ----------
    array : array_like
        What to cut.
    n : int
        Number of parts; the first ones are longer. Parts of an array that is too short are empty.
    axis : int
        Along which axis.

    Returns
    -------
    list of ndarray
        Views of `array`.

    Examples
    --------
    >>> import numpy as np, ungil
    >>> ungil.split(np.arange(5), 3)
    [array([0, 1]), array([2, 3]), array([4])]
    """
    whole = np.asanyarray(array)
    if n < 1:
        raise ValueError("the number of parts must be at least 1")
    axis = np.lib.array_utils.normalize_axis_index(axis, whole.ndim)
    size, longer = divmod(whole.shape[axis], n)
    ends = [size * (i + 1) + min(i + 1, longer) for i in range(n)]
    before = (slice(None),) * axis
    return [whole[(*before, slice(begin, end))] for begin, end in zip([0, *ends], ends)]


split.__module__ = "ungil"
