"""Memory of arrays that kernels make."""

from __future__ import annotations

from ungil import _ungil


def empty_cache() -> int:
    """Give the memory of freed large arrays back to the operating system.

    Arrays of 256 KiB and more that a kernel made keep their memory, when they are freed, for the next array of about the
    same size: an array whose pages were used before is several times faster to fill. The operating system may take that
    memory at any time when it runs short. At most an eighth of the machine's memory is kept; the environment variable
    ``UNGIL_BLOCK_CACHE`` sets another limit in MiB, 0 for none.

    Returns
    -------
    int
        Bytes given back.

    Examples
    --------
    >>> import numpy as np, ungil
    >>> @ungil.jit
    ... def double(a):
    ...     r = np.empty_like(a)
    ...     for i in range(a.shape[0]):
    ...         r[i] = 2 * a[i]
    ...     return r
    >>> r = double(np.ones(1_000_000))
    >>> del r
    >>> ungil.empty_cache() >= 8_000_000
    True
    """
    return _ungil.empty_cache()
