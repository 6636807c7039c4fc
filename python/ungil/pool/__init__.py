"""Pools of workers: `ungil.Pool`, with the interfaces of `multiprocessing.Pool` and `concurrent.futures.Executor`.

>>> import ungil
>>> with ungil.Pool(2) as pool:
...     pool.starmap(pow, [(2, 3), (3, 2)])
[8, 9]
"""

from concurrent.futures import as_completed, wait

from ungil.pool._broken import BrokenPool
from ungil.pool._imap import ResultIterator
from ungil.pool._pool import Pool
from ungil.pool._results import MapResult, Result

__all__ = ["BrokenPool", "MapResult", "Pool", "Result", "ResultIterator", "as_completed", "wait"]
