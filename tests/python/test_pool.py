"""`ungil.Pool` has multiprocessing.Pool's results and exceptions, and those of executors, on both backends."""

import concurrent.futures
import functools
import multiprocessing
import pickle
import threading
import time

import numpy as np
import pool_tasks as tasks
import pytest

import ungil
from ungil.pool._pool import prefers_threads
from ungil.pool._results import Result


@pytest.fixture(scope="module", params=["threads", "processes"])
def pool(request):
    with ungil.Pool(2, backend=request.param) as pool:
        yield pool


@pytest.fixture(scope="module")
def peer():
    with multiprocessing.Pool(2) as pool:
        yield pool


CALLS = {
    "apply": lambda p: p.apply(tasks.add, (1,), {"b": 5}),
    "apply_async": lambda p: p.apply_async(tasks.add, (1, 3)).get(5),
    "map": lambda p: p.map(tasks.square, range(20)),
    "map empty": lambda p: p.map(tasks.square, []),
    "map chunks": lambda p: p.map(tasks.square, iter(range(20)), 7),
    "map chunksize": lambda p: p.map(tasks.square, range(20), chunksize=30),
    "map_async": lambda p: p.map_async(tasks.square, range(11)).get(5),
    "starmap": lambda p: p.starmap(tasks.add, [(1, 2), (3, 4), (5,)]),
    "starmap_async": lambda p: p.starmap_async(tasks.add, [(1, 2), (3, 4)], 1).get(5),
    "imap": lambda p: list(p.imap(tasks.square, range(9))),
    "imap chunks": lambda p: list(p.imap(tasks.square, range(9), chunksize=4)),
    "imap_unordered": lambda p: sorted(p.imap_unordered(tasks.square, range(9), 2)),
    "strings": lambda p: p.map(str.upper, ["a", "ß", "\ud800"]),
    "mixed": lambda p: p.map(type, [1, True, 1.5, None, "a", b"b", 1j, (1,), [2], np.float64(3)]),
    "numpy scalars": lambda p: [type(x) for x in p.map(tasks.square, [np.float32(2), np.int8(3)])],
    "fail": lambda p: p.apply(tasks.fail, (1,)),
    "map fails": lambda p: p.map(tasks.fail_at_three, range(9)),
    "async fails": lambda p: p.apply_async(tasks.fail, (2,)).get(),
    "starmap fails": lambda p: p.starmap(tasks.add, [(1, 2), (3,), ("a",)]),
    "wrong arguments": lambda p: p.apply(tasks.square, (1, 2, 3)),
    "chunksize 0": lambda p: p.imap(tasks.square, [1], 0),
}


def outcome(call, pool):
    try:
        return call(pool)
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("name", CALLS)
def test_results_are_those_of_multiprocessing(pool, peer, name):
    assert outcome(CALLS[name], pool) == outcome(CALLS[name], peer)


def test_callbacks(pool):
    got, errors = [], []
    pool.apply_async(tasks.square, (3,), callback=got.append, error_callback=errors.append).wait(5)
    pool.map_async(tasks.square, range(3), callback=got.append).wait(5)
    with pytest.raises(ValueError):
        pool.apply_async(tasks.fail, (1,), callback=got.append, error_callback=errors.append).get(5)
    assert got == [9, [0, 1, 4]]
    assert [str(e) for e in errors] == ["no 1"]


def test_a_failing_callback_stops_nothing(pool, capsys):
    assert pool.apply_async(tasks.square, (3,), callback=tasks.fail).get(5) == 9
    assert pool.apply(tasks.square, (4,)) == 16
    assert "no 9" in capsys.readouterr().err


def test_states_of_a_result(pool):
    result = pool.apply_async(tasks.nap, (0.2,))
    with pytest.raises(ValueError, match="not ready"):
        result.successful()
    assert not result.ready()
    with pytest.raises(multiprocessing.TimeoutError):
        result.get(timeout=0.01)
    with pytest.raises(TimeoutError):
        result.get(0)
    result.wait(5)
    assert result.ready() and result.successful() and result.done()
    failed = pool.apply_async(tasks.fail, (1,))
    failed.wait(5)
    assert not failed.successful()


def test_imap_next_and_timeout(pool):
    results = pool.imap(tasks.nap, [0.2, 0.0])
    with pytest.raises(multiprocessing.TimeoutError):
        results.next(timeout=0.01)
    assert results.next(5) == 0.2
    assert next(results) == 0.0
    with pytest.raises(StopIteration):
        next(results)


def test_imap_continues_after_an_exception(pool):
    results = pool.imap(tasks.fail_at_three, range(5))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KeyError):
        next(results)
    assert list(results) == [4]


def test_imap_raises_what_the_iterable_raises(pool, peer):
    def items():
        yield 1
        yield 2
        raise LookupError("end")

    for p in (pool, peer):
        results = p.imap(tasks.square, items())
        assert next(results) == 1 and next(results) == 4
        with pytest.raises(LookupError, match="end"):
            next(results)
        assert list(results) == []


def test_imap_reads_endless_iterables(pool):
    read = []

    def numbers():
        i = 0
        while True:
            read.append(i)
            yield i
            i += 1

    results = pool.imap(tasks.square, numbers())
    assert [next(results) for _ in range(5)] == [0, 1, 4, 9, 16]
    time.sleep(0.05)
    assert len(read) < 100
    results._stop()


def test_an_executor(pool):
    assert isinstance(pool, concurrent.futures.Executor)
    futures = [pool.submit(tasks.add, i, b=1) for i in range(10)]
    assert {f.result() for f in concurrent.futures.as_completed(futures, 5)} == set(range(1, 11))
    assert {f.result() for f in pool.as_completed(futures)} == set(range(1, 11))
    done, not_done = concurrent.futures.wait(futures)
    assert len(done) == 10 and not not_done
    assert list(pool.map(tasks.add, [1, 2, 3], [10, 20, 30])) == [11, 22, 33]
    assert list(pool.map(tasks.square, [1, 2], timeout=5)) == [1, 4]
    results = pool.map(tasks.nap, [0.5], timeout=0.05)
    with pytest.raises(TimeoutError):
        next(results)
    failed = pool.submit(tasks.fail, 3)
    assert isinstance(failed.exception(5), ValueError)
    called = []
    pool.submit(tasks.square, 2).add_done_callback(lambda f: called.append(f.result()))
    pool.apply(tasks.nap, (0.05,))
    assert called == [4]


def test_results_change_under_their_condition():
    # `concurrent.futures.as_completed` reads the states of all while it holds their conditions.
    result = Result()
    worker = threading.Thread(target=result._settle, args=(True, 5))
    with result._condition:
        worker.start()
        worker.join(0.05)
        assert not result.done()
    worker.join()
    assert result.done() and result.get() == 5
    finished = Result()
    finished._settle(True, 6)
    called = []
    finished.add_done_callback(called.append)
    assert called == [finished] and concurrent.futures.wait([finished, result]).not_done == set()
    assert set(concurrent.futures.as_completed([finished, result])) == {finished, result}


@pytest.mark.parametrize("backend", ["threads", "processes"])
def test_cancel(backend):
    with ungil.Pool(1, backend=backend) as pool:
        first = pool.submit(tasks.nap, 0.2)
        time.sleep(0.05)
        later = [pool.submit(tasks.square, i) for i in range(3)]
        assert later[1].cancel()
        assert not first.cancel() and first.running()
        assert [later[0].result(5), later[2].result(5)] == [0, 4]
        with pytest.raises(concurrent.futures.CancelledError):
            later[1].get()
    pool = ungil.Pool(1, backend=backend)
    first = pool.submit(tasks.nap, 0.2)
    time.sleep(0.1)
    last = pool.submit(tasks.nap, 5)
    pool.shutdown(cancel_futures=True)
    assert first.result() == 0.2 and last.cancelled()


@pytest.mark.parametrize("backend", ["threads", "processes"])
class TestLife:
    def test_the_block_ends_when_the_tasks_do(self, backend):
        with ungil.Pool(2, backend=backend) as pool:
            results = [pool.apply_async(tasks.nap, (0.05,)) for _ in range(4)]
        assert all(r.successful() for r in results)

    def test_an_exception_ends_the_pool(self, backend):
        begin = time.monotonic()
        with pytest.raises(ZeroDivisionError):
            with ungil.Pool(1, backend=backend) as pool:
                result = pool.apply_async(tasks.nap, (20,))
                waiting = pool.apply_async(tasks.nap, (20,))
                time.sleep(0.1)
                1 / 0
        for late in (result, waiting):
            with pytest.raises(ungil.errors.BrokenPool, match="terminated"):
                late.get(5)
        assert time.monotonic() - begin < 5

    def test_closed(self, backend):
        pool = ungil.Pool(1, backend=backend)
        with pytest.raises(ValueError, match="still running"):
            pool.join()
        results = pool.imap(tasks.square, range(100))
        pool.close()
        pool.join()
        assert list(results) == [i * i for i in range(100)]
        for error in (ValueError, RuntimeError):
            with pytest.raises(error, match="not running"):
                pool.apply_async(tasks.square, (1,))
            with pytest.raises(error):
                pool.submit(tasks.square, 1)
        with pytest.raises(ValueError):
            pool.map(tasks.square, [1])
        pool.terminate()
        pool.join()

    def test_an_iterator_left_half_read(self, backend):
        with ungil.Pool(2, backend=backend) as pool:
            for value in pool.imap_unordered(tasks.nap, iter(lambda: 0.01, None)):
                break
        assert value == 0.01

    def test_initializer(self, backend):
        with ungil.Pool(2, tasks.set_state, (42,), backend=backend) as pool:
            assert pool.map(tasks.get_state, range(4)) == [42] * 4

    def test_a_failing_initializer(self, backend):
        with ungil.Pool(2, tasks.bad_initializer, backend=backend) as pool:
            with pytest.raises(ungil.errors.BrokenPool, match="initializer raised RuntimeError: no start"):
                pool.map(tasks.square, range(4))
            with pytest.raises(concurrent.futures.BrokenExecutor):
                pool.submit(tasks.square, 1).result(5)

    def test_maxtasksperchild(self, backend):
        with ungil.Pool(1, backend=backend, maxtasksperchild=2) as pool:
            ids = pool.map(tasks.pid if backend == "processes" else ident, range(6), chunksize=1)
            assert [ids.count(i) for i in dict.fromkeys(ids)] == [2, 2, 2] or backend == "threads"
            assert pool.map(tasks.square, range(50), 1) == [i * i for i in range(50)]

    def test_unused(self, backend):
        with ungil.Pool(2, backend=backend):
            pass
        ungil.Pool(2, backend=backend).terminate()

    def test_forgotten(self, backend):
        result = ungil.Pool(1, backend=backend).apply_async(tasks.nap, (0.1,))
        assert result.get(5) == 0.1


def ident(_):
    return threading.get_ident()


@pytest.mark.parametrize(
    "wrong",
    [
        {"processes": 0},
        {"backend": "gpu"},
        {"retries": -1},
        {"maxtasksperchild": 0},
        {"start_method": "wish"},
    ],
)
def test_wrong_options(wrong):
    with pytest.raises(ValueError):
        ungil.Pool(**wrong)
    with pytest.raises(TypeError):
        ungil.Pool(1, initializer=3)


def test_auto_chooses_threads_for_compiled_functions():
    class Holder:
        @ungil.jit
        def method(self, x):
            return x

    f = tasks.compiled
    assert prefers_threads(f)
    assert prefers_threads(functools.partial(functools.partial(f, 1)))
    assert prefers_threads(Holder().method) and prefers_threads(functools.partial(Holder().method, 3))
    assert not prefers_threads(tasks.square) and not prefers_threads(functools.partial(tasks.square, 1))
    assert not prefers_threads(print)


def test_auto_chooses_threads_without_the_gil(monkeypatch):
    monkeypatch.setattr("sys._is_gil_enabled", lambda: False, raising=False)
    assert prefers_threads(tasks.square)
    with ungil.Pool(2) as pool:
        assert pool.map(tasks.square, range(4)) == [0, 1, 4, 9]
        assert pool._processes is None


def test_pools_do_not_travel():
    with ungil.Pool(1, backend="threads") as pool:
        with pytest.raises(NotImplementedError):
            pickle.dumps(pool)


def test_auto_runs_both():
    with ungil.Pool(2) as pool:
        assert pool.map(tasks.compiled, range(4)) == [1, 2, 5, 10]
        assert pool._processes is None
        assert pool.map(tasks.square, range(4)) == [0, 1, 4, 9]
        assert pool._processes is not None


def test_threads_share_arrays():
    x = np.linspace(0, 1, 100_001)
    out = np.empty_like(x)
    with ungil.Pool(2) as pool:
        pool.starmap(tasks.square_into, zip(ungil.split(out, 3), ungil.split(x, 3)))
    assert np.array_equal(out, x**2)


def test_progress(capsys):
    with ungil.Pool(2, backend="threads", progress=True) as pool:
        assert pool.map(tasks.square, range(10)) == [i * i for i in range(10)]
        assert len(list(pool.imap(tasks.square, range(5)))) == 5
    shown = capsys.readouterr().err
    assert "square" in shown and "10/10" in shown and "5/5" in shown


@pytest.mark.parametrize("shape, axis", [((10,), 0), ((3, 7), 1), ((0,), 0), ((2, 5), -1), ((5, 4), 0)])
@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_split(shape, axis, n):
    a = np.arange(np.prod(shape)).reshape(shape)
    parts = ungil.split(a, n, axis)
    for part, expected in zip(parts, np.array_split(a, n, axis), strict=True):
        assert np.array_equal(part, expected) and part.shape == expected.shape
        assert part.size == 0 or np.shares_memory(part, a)


def test_split_refuses():
    with pytest.raises(ValueError):
        ungil.split(np.zeros(3), 0)
    with pytest.raises(np.exceptions.AxisError):
        ungil.split(np.zeros(3), 2, 1)


def test_importing_ungil_loads_no_pool(run_script):
    done = run_script(
        "import sys, ungil\n"
        "print([m for m in sys.modules if m.startswith(('multiprocessing', 'concurrent'))])\n"
        "print(ungil.Pool.__name__, ungil.errors.BrokenPool.__name__, 'Pool' in dir(ungil))\n"
    )
    assert done.stdout.splitlines() == ["[]", "Pool BrokenPool True"]
