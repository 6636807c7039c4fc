"""Shared arrays: ordinary arrays that arrive as the same memory and leave nothing behind; large arrays in pool tasks."""

import gc
import io
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pool_tasks as tasks
import pytest

import ungil
from ungil import shared

METHODS = ["fork", "spawn", "forkserver"]
TYPES = [
    "?",
    "i1",
    "<u2",
    ">i4",
    "i8",
    "f2",
    ">f8",
    "c8",
    ">c16",
    "g",
    "S5",
    "<U3",
    ">U2",
    "M8[ns]",
    "m8[s]",
    "V7",
]
TYPES += [
    [("a", "i4"), ("b", ">f8", (2, 3)), ("c", "S3")],
    {"names": ["x"], "formats": ["f4"], "itemsize": 16},
]


@pytest.fixture(scope="module", params=METHODS)
def pool(request):
    with ungil.Pool(2, backend="processes", start_method=request.param) as pool:
        yield pool


def until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    return condition()


def left_files():
    """Files of shared memory that ungil or multiprocessing may have made; other programs have theirs."""
    return {name for name in os.listdir("/dev/shm") if name.startswith(("ungil", "psm_"))}


def sample(dtype, shape):
    """An array of a type, with various bytes in it."""
    kind = np.dtype(dtype)
    count = int(np.prod(shape))
    if kind.kind in "SUMm" or kind.kind in "biufc":
        return (np.arange(count) % 251).astype(kind).reshape(shape)
    raw = np.resize(np.arange(251, dtype=np.uint8), count * kind.itemsize)
    return np.frombuffer(raw.tobytes(), kind).reshape(shape)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_every_type(dtype, pool):
    source = sample(dtype, (4, 5))
    a = shared.array(source)
    assert type(a) is np.ndarray and a.dtype == source.dtype and a.flags.writeable
    assert np.array_equal(a, source)
    back = pool.apply(tasks.same, (a[1:],))
    assert back.dtype == a.dtype and np.array_equal(back, source[1:])
    assert np.shares_memory(back, a)


@pytest.mark.parametrize("shape", [(), 0, 3, (2, 3), (0, 4), (2, 0), (1, 2, 3, 4), [2, 2], np.int64(3)])
def test_creation(shape):
    for make, peer in ((shared.empty, np.zeros), (shared.zeros, np.zeros)):
        for order in "CF":
            a, b = make(shape, np.float32, order), peer(shape, np.float32, order)
            assert a.shape == b.shape and a.strides == b.strides and a.dtype == b.dtype
            assert np.array_equal(a, b) and a.flags.aligned and a.flags.writeable
    assert shared.zeros(3).dtype == np.float64
    assert shared.array([[1, 2], [3, 4]], "f4").dtype == np.float32
    f = shared.array(np.ones((3, 4), order="F"))
    assert f.flags.f_contiguous and not f.flags.c_contiguous


def test_refusals():
    with pytest.raises(TypeError, match="objects"):
        shared.empty(3, object)
    with pytest.raises(TypeError):
        shared.array([None, "a"], object)
    with pytest.raises(ValueError):
        shared.zeros(-1)
    with pytest.raises(ValueError):
        shared.zeros(3, order="A")
    with pytest.raises(TypeError):
        shared.zeros(1.5)


VIEWS = {
    "whole": lambda a: a,
    "slice": lambda a: a[2:5],
    "backwards": lambda a: a[::-1, ::-2],
    "transposed": lambda a: a.T,
    "diagonal": lambda a: a[0, 1:4],
    "broadcast": lambda a: a[:, None, 3],
    "view": lambda a: a.view("i4"),
    "bytes": lambda a: a.view("u1")[:, 3:9],
    "reshaped": lambda a: a.reshape(-1)[5:].reshape(5, -1),
    "strided": lambda a: np.lib.stride_tricks.sliding_window_view(a, 3, 0),
    "0-d": lambda a: a[1, 2, ...],
    "buffer": lambda a: np.asarray(memoryview(a))[1:],
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_arrive_as_views(name, pool):
    a = shared.array(np.arange(60.0).reshape(6, 10))
    view = VIEWS[name](a)
    back = pool.apply(tasks.same, (view,))
    assert back.shape == view.shape and back.strides == view.strides and back.dtype == view.dtype
    assert np.array_equal(back, view) and np.shares_memory(back, a)
    assert back.flags.writeable == view.flags.writeable
    if view.flags.writeable:
        pool.apply(tasks.fill, (view, 7))
        assert np.all(view == 7)


def test_read_only(pool):
    a = shared.array(np.arange(5.0), readonly=True)
    assert not a.flags.writeable
    assert not pool.apply(tasks.same, (a,)).flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        pool.apply(tasks.fill, (a, 1))
    b = shared.zeros(3)
    b.flags.writeable = False
    assert not pool.apply(tasks.same, (b,)).flags.writeable


def test_tasks_write_into_shared_arrays(pool):
    a = shared.zeros((100, 1000))
    pool.starmap(tasks.fill, [(part, i) for i, part in enumerate(ungil.split(a, 7))])
    assert [int(part.max()) for part in ungil.split(a, 7)] == list(range(7))
    assert [int(part.min()) for part in ungil.split(a, 7)] == list(range(7))


def test_arrays_made_by_workers(pool):
    made = pool.map(tasks.make_shared, [10, 100_000], 1)
    assert all(shared.is_shared(a) for a in made)
    assert [int(a[-1]) for a in made] == [9, 99_999]
    pool.apply(tasks.fill, (made[1], 3))
    assert np.all(made[1] == 3)


@pytest.mark.parametrize("method", METHODS)
def test_arguments_of_processes_and_queues(method):
    context = multiprocessing.get_context(method)
    a = shared.zeros((3, 4))
    process = context.Process(target=tasks.fill, args=(a[1:], 5))
    process.start()
    process.join(20)
    assert process.exitcode == 0 and a.tolist() == [[0] * 4, [5] * 4, [5] * 4]

    queue, done = context.Queue(), context.Queue()
    process = context.Process(target=tasks.fill_from_queue, args=(queue, done))
    process.start()
    queue.put(a[:, ::2])
    assert done.get(timeout=20) == ((3, 2), True)
    process.join(20)
    assert a.tolist() == [[1, 0, 1, 0], [6, 5, 6, 5], [6, 5, 6, 5]]

    # The sender ends at once, but not before its array was taken.
    process = context.Process(target=tasks.put_shared, args=(queue, 50_000))
    process.start()
    time.sleep(0.3)
    b = queue.get(timeout=20)
    process.join(20)
    assert process.exitcode == 0 and np.array_equal(b, np.arange(50_000)) and shared.is_shared(b)


def test_pipes():
    here, there = multiprocessing.Pipe()
    a = shared.array([1, 2, 3])
    here.send({"a": a, "b": [a[1:]]})
    got = there.recv()
    got["b"][0][0] = 9
    assert a.tolist() == [1, 9, 3] and got["a"].tolist() == [1, 9, 3]


def test_a_forked_child_shares():
    a = shared.zeros(10)
    pid = os.fork()
    if pid == 0:
        a[3] = 1
        os._exit(0)
    os.waitpid(pid, 0)
    assert a[3] == 1


def test_pickle_and_save_copy():
    a = shared.array(np.arange(5))
    for copy in (pickle.loads(pickle.dumps(a)), pickle.loads(pickle.dumps(a, 5)), a.copy()):
        assert np.array_equal(copy, a) and not np.shares_memory(copy, a) and not shared.is_shared(copy)
    file = io.BytesIO()
    np.save(file, a)
    file.seek(0)
    assert np.array_equal(np.load(file), a)


def test_kernels_take_shared_arrays():
    a = shared.array(np.arange(4.0))
    out = shared.empty(4)
    tasks.square_into(out, a)
    assert out.tolist() == [0, 1, 4, 9]


def test_memory_is_freed_with_the_last_array():
    gc.collect()
    shared._reference.cool()
    before = tasks.segments()
    a = shared.zeros((10, 1000))
    view = a[2:, ::3]
    assert tasks.segments() == before + 1
    del a
    gc.collect()
    assert tasks.segments() == before + 1
    view[0] = 1
    del view
    assert until(lambda: tasks.segments() <= before)


def test_workers_let_go(pool):
    before = tasks.segments()
    x = np.arange(100_000.0)
    a = shared.array(x)
    for _ in range(5):
        assert pool.map(tasks.total, [a, x, a[1:]], 1)[0] == x.sum()
        assert np.array_equal(pool.apply(tasks.same, (a,)), x)
    del a
    assert until(lambda: tasks.segments() <= before + 4)
    assert until(lambda: max(pool.map(tasks.segments, range(8), 1)) <= 4)


def test_arrays_of_an_ended_sender():
    reader, writer = multiprocessing.Pipe(duplex=False)
    pid = os.fork()
    if pid == 0:
        writer.send(shared.zeros(10))
        os._exit(0)
    os.waitpid(pid, 0)
    with pytest.raises(FileNotFoundError, match="has ended"):
        reader.recv()


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_left_after_killed_workers(method):
    files = left_files()
    shared._reference.cool()
    before = tasks.segments()
    with ungil.Pool(2, backend="processes", start_method=method) as pool:
        a = shared.zeros(100_000)
        for argument in (a, np.zeros(100_000)):
            with pytest.raises(ungil.errors.BrokenPool, match="kill_holding"):
                pool.apply(tasks.kill_holding, (argument,))
        assert a[0] == -1
        del a
    assert until(lambda: tasks.segments() <= before), tasks.segments()
    assert left_files() <= files


KILLED = """
import os, signal
import numpy as np
import pool_tasks as tasks
import ungil
from ungil import shared

if __name__ == "__main__":
    a = shared.zeros(1000)
    b = shared.zeros(1000, name="ungil-test-killed")
    with ungil.Pool(2, backend="processes") as pool:
        pool.map(tasks.total, [a, b, np.zeros(100_000)], 1)
        print(*os.listdir("/dev/shm"), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_nothing_is_left_after_a_killed_parent(tmp_path):
    files = left_files()
    script = tmp_path / "script.py"
    script.write_text(KILLED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=30, env=environment
    )
    assert done.returncode == -signal.SIGKILL
    assert "ungil.ungil-test-killed" in done.stdout
    assert until(lambda: left_files() <= files)


def test_names():
    name = f"test-{os.getpid()}"
    a = shared.array(np.arange(6, dtype=">i4").reshape(2, 3), name=name)
    with pytest.raises(FileExistsError):
        shared.zeros(3, name=name)
    b = shared.open(name)
    assert b.dtype == a.dtype and np.shares_memory(a, b)
    code = f"from ungil import shared; a = shared.open({name!r}); print(a.tolist()); a[1, 1] = 77"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout == "[[0, 1, 2], [3, 4, 5]]\n", done.stderr
    assert done.stderr == "" and a[1, 1] == 77
    assert not shared.open(name, readonly=True).flags.writeable
    del a, b
    gc.collect()
    with pytest.raises(FileNotFoundError, match=name):
        shared.open(name)
    for wrong in ("", "a/b", "a\0"):
        with pytest.raises(ValueError):
            shared.zeros(3, name=wrong)
    assert shared.zeros((0, 2), name=name).shape == (0, 2)


class TestTransport:
    """Large arrays that are not shared."""

    @pytest.mark.parametrize("dtype", TYPES, ids=str)
    def test_round_trips(self, dtype, pool):
        source = sample(dtype, (300, 300))
        for a in (source, source.T, source[::2, ::-1], np.asfortranarray(source)):
            back = pool.apply(tasks.same, (a,))
            assert back.dtype == a.dtype and np.array_equal(back, a)
            assert back.flags.writeable

    def test_callers_keep_theirs(self, pool):
        a = np.zeros(100_000)
        b = pool.apply(tasks.fill_and_return, (a, 3))
        assert a.max() == 0 and b.min() == 3
        b[:] = 4
        assert pool.apply(tasks.total, (a,)) == 0

    def test_memory_in_use_is_not_used_again(self, pool):
        results = [pool.apply(tasks.doubled, (np.full(50_000, i),)) for i in range(40)]
        assert [int(r[0]) for r in results] == [2 * i for i in range(40)]
        assert [int(r[-1]) for r in results] == [2 * i for i in range(40)]

    def test_workers_may_keep_their_arguments(self):
        with ungil.Pool(1, backend="processes") as pool:
            expected = []
            for i in range(25):
                expected.append(i * 20_000.0)
                assert pool.apply(tasks.keep_and_sum, (np.full(20_000, float(i)),)) == expected

    def test_results_outlive_workers(self, pool):
        with ungil.Pool(1, backend="processes", maxtasksperchild=1) as other:
            results = other.map(tasks.doubled, [np.full(50_000, i) for i in range(6)], 1)
        assert [int(r.sum()) for r in results] == [100_000 * i for i in range(6)]

    def test_results_outlive_killed_workers(self, pool):
        for _ in range(5):
            results = [pool.apply_async(tasks.doubled, (np.full(20_000, i),)) for i in range(4)]
            made = pool.apply_async(tasks.make_shared, (1000,))
            killed = pool.apply_async(tasks.exit_hard, (1,))
            assert [int(r.get(10)[-1]) for r in results] == [0, 2, 4, 6]
            assert made.get(10)[-1] == 999
            with pytest.raises(ungil.errors.BrokenPool):
                killed.get(10)

    def test_maps_leave_nothing_in_workers(self):
        with ungil.Pool(1, backend="processes") as pool:
            for i in range(5):
                a = np.full(50_000, i)
                assert pool.map(lambda k: int(a[k]), range(3), 1) == [i] * 3
            assert until(lambda: pool.apply(tasks.segments) == 0)
            assert until(lambda: not [f for f in pool._processes._encoder._functions.values() if f.call])

    def test_one_array_in_many_tasks(self, pool):
        a = np.arange(100_000.0)
        assert pool.map(lambda i: float(a[i]), range(50), 1) == list(range(50))

        def spoil(i):
            # What a worker writes is its own, and stays for its next items.
            before = int((a == -1).sum())
            a[i] = -1
            return before, int((a == -1).sum()), os.getpid()

        results = pool.map(spoil, range(6), 1)
        for pid in {r[2] for r in results}:
            assert sorted(r[:2] for r in results if r[2] == pid) == [
                (i, i + 1) for i in range(sum(r[2] == pid for r in results))
            ]
        assert a.min() == 0

    def test_a_common_argument_is_copied_once(self, pool, monkeypatch):
        copies = []
        fill = shared._reference._fill
        monkeypatch.setattr(shared._reference, "_fill", lambda s, a: copies.append(a.nbytes) or fill(s, a))
        shared._reference.cool()
        before = tasks.segments()
        a = np.arange(50_000.0)
        assert pool.starmap(tasks.pick, [(a, i) for i in range(40)], 1) == list(range(40))
        assert copies == [400_000]
        results = pool.starmap(tasks.fill_and_return, [(a, i) for i in range(4)], 1)
        assert [int(r.max()) for r in results] == list(range(4))
        assert np.array_equal(a, np.arange(50_000.0))
        del results
        shared._reference.cool()
        assert until(lambda: tasks.segments() <= before)

    def test_objects_and_subclasses(self, pool):
        objects = np.array([{}, None, "x"] * 10_000, object)
        assert pool.apply(tasks.same, (objects,)).tolist() == objects.tolist()
        masked = np.ma.masked_less(np.arange(50_000), 10)
        back = pool.apply(tasks.same, (masked,))
        assert type(back) is type(masked) and back.sum() == masked.sum()
        nested = pool.apply(tasks.same, ({"a": [np.ones(20_000)] * 2},))
        assert nested["a"][0] is nested["a"][1] and nested["a"][0].sum() == 20_000

    def test_the_callers_segments_are_few(self, pool):
        before = tasks.segments()
        for i in range(30):
            assert pool.map(tasks.total, [np.full(40_000, i)] * 4, 1) == [40_000.0 * i] * 4
        assert tasks.segments() <= before + 20

    def test_what_was_never_read_is_freed(self):
        shared._reference.cool()
        before = tasks.segments()
        with ungil.Pool(2, backend="processes") as pool:
            # Dealt in advance to a busy worker, asked back, and to workers that are terminated.
            pool.map(tasks.square, range(2000), 1)
            mixed = [pool.apply_async(tasks.nap, (0.3,))]
            mixed += [pool.apply_async(tasks.total, (np.zeros(20_000),)) for _ in range(20)]
            assert [r.get(10) for r in mixed] == [0.3] + [0.0] * 20
            with pytest.raises(TypeError):
                pool.apply(tasks.total, (np.zeros(20_000), (i for i in range(3))))
            for _ in range(4):
                pool.apply_async(tasks.hold, (np.zeros(20_000), 20))
            time.sleep(0.1)
            pool.terminate()
        assert until(lambda: tasks.segments() <= before), (tasks.segments(), before)
