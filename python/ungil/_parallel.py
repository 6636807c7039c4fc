"""Parallel loops and threads, as seen from outside kernels."""

from __future__ import annotations

from ungil._ungil import get_num_threads as get_num_threads
from ungil._ungil import get_thread_id as get_thread_id
from ungil._ungil import set_num_threads as set_num_threads
from ungil._ungil import threading_layer as threading_layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Literal, TypeVar

    _T = TypeVar("_T")
    Schedule = Literal["static", "dynamic", "guided", "auto"]

    class prange(range):  # type: ignore[misc]
        """See below."""

        def __new__(
            cls,
            start: int,
            stop: int = ...,
            step: int = ...,
            /,
            *,
            schedule: Schedule = ...,
            chunksize: int | None = ...,
            num_threads: int | None = ...,
            nogil: bool = ...,
            use_threads_if: object = ...,
        ) -> prange: ...

else:

    class prange:
        """A range whose iterations run on all threads inside a kernel.

        Outside kernels it is `range`; the keywords are checked and have no effect there.

        Parameters
        ----------
        start, stop, step : int
            As for `range`.
        schedule : {"static", "dynamic", "guided", "auto"}
            How iterations are dealt to threads.
        chunksize : int, optional
            Iterations dealt at a time.
        num_threads : int, optional
            Number of threads of this loop.
        nogil, use_threads_if : bool, optional
            As in Cython, for modules in its language.

        Examples
        --------
        >>> import ungil
        >>> list(ungil.prange(1, 7, 2, schedule="dynamic"))
        [1, 3, 5]
        """

        def __new__(
            cls,
            *args,
            schedule="auto",
            chunksize=None,
            num_threads=None,
            nogil=False,
            use_threads_if=None,
        ):
            if schedule not in ("static", "dynamic", "guided", "auto", "runtime", None):
                raise ValueError(
                    f'schedule must be "static", "dynamic", "guided" or "auto", not {schedule!r}'
                )
            # Of no threads Cython makes as many as there are.
            for name, value, least in (("chunksize", chunksize, 1), ("num_threads", num_threads, 0)):
                if value is not None and value < least:
                    raise ValueError(f"{name} must be positive, not {value}")
            return range(*args)


prange.__module__ = "ungil"


def simd(iterable: _T) -> _T:
    """Run the iterations of a loop side by side in vector lanes inside a kernel.

    ``for i in simd(range(n))`` asks for what the compiler otherwise decides by itself: one iteration per lane of a vector, also
    where iterations branch, run for different times or leave early. If that is not possible it is an error. Outside kernels
    the argument is returned as it is.

    Parameters
    ----------
    iterable : range
        What the loop runs over.

    Examples
    --------
    >>> import ungil
    >>> list(ungil.simd(range(3)))
    [0, 1, 2]
    """
    return iterable


simd.__module__ = "ungil"


class threads:
    """Use a number of threads inside a ``with`` block.

    Parameters
    ----------
    n : int
        Number of threads of loops that this thread starts in the block.

    Examples
    --------
    >>> import ungil
    >>> before = ungil.get_num_threads()
    >>> with ungil.threads(1):
    ...     ungil.get_num_threads()
    1
    >>> ungil.get_num_threads() == before
    True
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._before: list[int] = []

    def __enter__(self) -> threads:
        self._before.append(set_num_threads(self._n))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        set_num_threads(self._before.pop())
