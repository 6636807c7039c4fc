"""Worker processes: how they start and die, what travels to them, and that nothing hangs."""

import functools
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pool_tasks as tasks
import pytest

import ungil
from ungil.errors import BrokenPool
from ungil.pool import _wire as wire
from ungil.pool import _worker

METHODS = ["fork", "spawn", "forkserver"]


@pytest.fixture(scope="module", params=METHODS)
def pool(request):
    with ungil.Pool(2, backend="processes", start_method=request.param) as pool:
        yield pool


def test_functions_of_every_kind_travel(pool):
    factor = 3
    scale = tasks.Scale(2)
    assert pool.map(tasks.square, range(5)) == [0, 1, 4, 9, 16]
    assert pool.map(lambda x: factor * x, range(3)) == [0, 3, 6]
    assert pool.apply(lambda f: f(2), (lambda y: y + factor,)) == 5
    assert pool.map(scale.times, [1, 2]) == [2, 4]
    assert pool.map(scale, [1, 2]) == [2, 4]
    assert pool.map(functools.partial(tasks.add, b=10), [1, 2]) == [11, 12]
    assert pool.apply(tasks.compiled, (3,)) == 10
    assert pool.apply(ungil.jit(lambda x: x + factor), (3,)) == 6
    assert pool.apply(np.sum, ([1, 2],)) == 3


def test_state_is_taken_at_each_call(pool):
    scale = tasks.Scale(2)
    method = scale.times
    assert pool.map(method, [1]) == [2] and pool.apply(method, (1,)) == 2
    scale.factor = 5
    assert pool.map(method, [1]) == [5] and pool.apply(method, (1,)) == 5


def test_many_functions(pool):
    assert [pool.apply(lambda: i) for i in range(100)] == list(range(100))
    assert [pool.map(lambda x: x * i, [1, 2]) for i in range(80)] == [[i, 2 * i] for i in range(80)]


def test_remote_tracebacks(pool):
    with pytest.raises(ValueError) as caught:
        pool.apply(tasks.fail, (1,))
    assert type(caught.value.__cause__).__name__ == "RemoteTraceback"
    assert 'raise ValueError(f"no {x}")' in str(caught.value.__cause__)


def test_what_cannot_travel(pool):
    with pytest.raises(multiprocessing.pool.MaybeEncodingError, match="generator"):
        pool.apply(tasks.unpicklable, (1,))
    with pytest.raises(multiprocessing.pool.MaybeEncodingError, match="Awkward"):
        pool.apply(tasks.raise_awkward, (1,))
    with pytest.raises(TypeError, match="generator"):
        pool.map(tasks.square, [1, (i for i in range(2))])
    assert pool.map(tasks.square, [1, 2]) == [1, 4]


def test_long_messages(pool):
    text = "ab" * 3_000_000
    assert pool.map(str.upper, [text, text]) == [text.upper()] * 2
    assert pool.apply(len, (list(range(300_000)),)) == 300_000


@pytest.mark.parametrize(
    "function, argument, code, words",
    [
        (tasks.exit_hard, 3, 3, "ended with exit code 3"),
        (tasks.exit_softly, 4, 4, "ended with exit code 4"),
        (tasks.exit_hard, 0, 0, "ended with exit code 0"),
        (tasks.kill_self, signal.SIGKILL, -9, "was killed by SIGKILL"),
        (tasks.kill_self, signal.SIGTERM, -15, "was killed by SIGTERM"),
    ],
)
def test_a_dead_worker_is_reported(pool, function, argument, code, words):
    results = [pool.apply_async(tasks.square, (i,)) for i in range(50)]
    bad = pool.apply_async(function, (argument,))
    results += [pool.apply_async(tasks.square, (i,)) for i in range(50)]
    with pytest.raises(BrokenPool, match=words) as caught:
        bad.get(10)
    assert caught.value.exitcode == code
    assert function.__name__ in caught.value.task and function.__name__ in str(caught.value)
    assert caught.value.pid not in (None, os.getpid())
    # The others are done, and the pool lives on.
    assert [r.get(10) for r in results] == [i * i for i in range(50)] * 2
    assert pool.map(tasks.square, range(10)) == [i * i for i in range(10)]


def test_a_dead_worker_in_a_map(pool):
    with pytest.raises(BrokenPool, match=r"die_at_five, one of the items 4 to 7"):
        pool.map(tasks.die_at_five, range(20), 4)
    with pytest.raises(BrokenPool, match=r"die_at_five\(5\), item 5"):
        pool.map(tasks.die_at_five, range(20), 1)
    results = pool.imap(tasks.die_at_five, range(8))
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(BrokenPool):
        next(results)
    assert list(results) == [6, 7]


def test_an_idle_worker_killed_from_outside(pool):
    for victim in set(pool.map(tasks.pid, range(20), 1)):
        os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while True:
        try:
            assert pool.map(tasks.square, range(10)) == [i * i for i in range(10)]
            return
        except BrokenPool:
            # A task was sent before the death was seen.
            assert time.monotonic() < deadline


@pytest.mark.parametrize("method", METHODS)
def test_retries(method, tmp_path):
    with ungil.Pool(2, backend="processes", start_method=method, retries=1) as pool:
        assert pool.apply(tasks.die_once, (str(tmp_path / "a"),)) == "alive"
        assert pool.map(tasks.die_once, [str(tmp_path / c) for c in "bcd"], 1) == ["alive"] * 3
        with pytest.raises(BrokenPool):
            pool.apply(tasks.exit_hard, (1,))


@pytest.mark.parametrize("method", METHODS)
def test_initargs_carry_locks_queues_and_raw_arrays(method):
    context = multiprocessing.get_context(method)
    lock, queue, raw = context.Lock(), context.Queue(), context.RawArray("d", 8)
    with ungil.Pool(2, tasks.set_tools, (lock, queue, raw), context=context, backend="processes") as pool:
        assert pool.map(tasks.use_tools, range(8), 1) == list(range(8))
        assert sorted(queue.get(timeout=5) for _ in range(8)) == list(range(8))
    assert np.array_equal(np.frombuffer(raw), np.full(8, 1.5))


@pytest.mark.parametrize("method", METHODS)
def test_a_closure_as_initializer(method):
    value = 7
    with ungil.Pool(1, lambda: tasks.set_state(value), (), backend="processes", start_method=method) as pool:
        assert pool.apply(get_value) == 7


def get_value():
    return tasks.STATE


@pytest.mark.parametrize("method", METHODS)
def test_an_initializer_that_only_the_main_program_has(method, tmp_path):
    script = tmp_path / "main.py"
    script.write_text(
        "import math, sys, ungil\n"
        "if __name__ == '__main__':\n"
        "    def mark(n):\n"
        "        math.mark = n\n"
        "    with ungil.Pool(1, mark, (5,), backend='processes', start_method=sys.argv[1]) as pool:\n"
        "        print(pool.apply(eval, ('__import__(\"math\").mark',)))\n"
    )
    line = [sys.executable, str(script), method]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "5\n", done.stderr


def test_waiting_tasks_are_not_stuck_behind_a_long_one():
    with ungil.Pool(2, backend="processes") as pool:
        pool.map(tasks.square, range(5000), 1)
        begin = time.monotonic()
        results = pool.map_async(tasks.nap, [1.0] + [0.0] * 200, 1)
        rest = [pool.apply_async(tasks.square, (i,)) for i in range(20)]
        assert [r.get(10) for r in rest] == [i * i for i in range(20)]
        assert time.monotonic() - begin < 0.9
        assert len(results.get(10)) == 201


def test_pools_in_workers():
    def inner(n):
        with ungil.Pool(2, backend="processes") as pool:
            return sum(pool.map(tasks.square, range(n)))

    with ungil.Pool(2, backend="processes") as pool:
        assert pool.map(inner, [3, 4]) == [5, 14]


def test_a_pool_does_not_work_in_a_forked_child():
    with ungil.Pool(1, backend="processes") as pool:
        assert pool.apply(tasks.square, (2,)) == 4

        def child(pipe):
            try:
                pool.apply(tasks.square, (2,))
            except RuntimeError as error:
                pipe.send(str(error))

        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(target=child, args=(there,))
        process.start()
        assert here.poll(10) and "forked" in here.recv()
        process.join()


MAIN = """
import multiprocessing, sys
import ungil

class Point:
    def __init__(self, x):
        self.x = x

def move(p):
    return Point(p.x + OFFSET)

OFFSET = 1
STATE = None

def start(value):
    global STATE
    STATE = value

def state(_):
    return STATE

if __name__ == "__main__":
    def hidden(x):
        return x + 10 * OFFSET

    with ungil.Pool(2, start, (5,), backend="processes", start_method=sys.argv[1]) as pool:
        print([p.x for p in pool.map(move, [Point(1), Point(2)])])
        print(pool.map(state, range(3)))
        print(pool.map(hidden, range(3)), pool.apply(hidden, (5,)), pool.apply(hidden, (6,)))
        OFFSET = 2

        def state(x):
            return x * OFFSET

        class Late(Point):
            pass

        def late(p):
            return Late(-p.x)

        print(pool.map(state, range(3)))
        print([p.x for p in pool.map(late, [Late(1)])])
"""


@pytest.mark.parametrize("method", METHODS)
def test_functions_of_main(method, tmp_path):
    """By name where the worker has the same, otherwise by value: as a notebook needs."""
    script = tmp_path / "script.py"
    script.write_text(MAIN)
    done = run([str(script), method])
    assert done.stdout.splitlines() == ["[2, 3]", "[5, 5, 5]", "[10, 11, 12] 15 16", "[0, 2, 4]", "[-1]"]


def run(arguments, **options):
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, **options)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("method", METHODS)
def test_functions_of_an_interactive_session(method):
    code = (
        "import ungil\n"
        f"pool = ungil.Pool(2, backend='processes', start_method='{method}')\n"
        "def f(x):\n"
        "    return x + 1\n"
        "print(pool.map(f, range(3)), pool.map(lambda x: f(x) * 2, [1]))\n"
        "pool.terminate()\n"
    )
    assert run(["-c", code]).stdout == "[1, 2, 3] [4]\n"
    assert run(["-"], input=code).stdout == "[1, 2, 3] [4]\n"


WITHOUT_CLOUDPICKLE = """
import sys
sys.modules["cloudpickle"] = None
import math
import ungil

pool = ungil.Pool(2, backend="processes", start_method=sys.argv[1])
factor = 3

def twice(x, *, more=1):
    return 2 * x * more

def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)

def make():
    count = 5
    def even(n):
        return n == 0 or odd(n - 1)
    def odd(n):
        return n != 0 and even(n - 1)
    return lambda x: (twice(x, more=factor) + count, math.sqrt(4), even(x), [twice(i) for i in range(2)])

print(pool.map(make(), [1, 2]))
print(pool.apply(factorial, (10,)), pool.apply(lambda: factor))


try:
    pool.apply(lambda c: c, (type("Nowhere", (), {}),))
except Exception as error:
    print(type(error).__name__, *getattr(error, "__notes__", ()))
pool.terminate()
"""


@pytest.mark.parametrize("method", METHODS)
def test_functions_by_value_without_cloudpickle(method):
    first, second, third = run(["-c", WITHOUT_CLOUDPICKLE, method]).stdout.splitlines()
    assert first == "[(11, 2.0, False, [0, 2]), (17, 2.0, True, [0, 2])]"
    assert second == "3628800 3"
    assert third.startswith("PicklingError") and "ungil[pickle]" in third


def test_an_unguarded_main_is_reported(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import ungil\nprint(ungil.Pool(2, backend='processes', start_method='spawn').map(abs, [1]))\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "BrokenPool" in done.stderr and "__main__" in done.stderr


INTERRUPTED = """
import sys, time
import pool_tasks as tasks
import ungil

if __name__ == "__main__":
    pool = ungil.Pool(2, backend=sys.argv[1], start_method=sys.argv[2])
    pool.map(tasks.square, range(3))
    print("ready", *pool.map(tasks.pid, range(4), 1), flush=True)
    if sys.argv[3] == "with":
        with pool:
            pool.map(tasks.nap, [30] * 8, 1)
    elif sys.argv[3] == "without":
        for _ in pool.imap(tasks.nap, [30] * 8):
            pass
    elif sys.argv[3] == "end":
        with pool:
            pool.submit(tasks.nap, 30)
    else:
        pool.submit(tasks.nap, 30)
        pool.close()
        pool.join()
"""


INTERRUPTIONS = [
    *((signal.SIGINT, "processes", method, "with") for method in METHODS),
    *((signal.SIGINT, "processes", "fork", way) for way in ("without", "end", "join")),
    *((signal.SIGINT, "threads", "fork", way) for way in ("with", "without", "end", "join")),
    *((signal.SIGKILL, "processes", method, "with") for method in METHODS),
]


@pytest.mark.parametrize("number, backend, method, way", INTERRUPTIONS)
def test_interrupted_and_killed_parents(tmp_path, number, backend, method, way):
    """Ctrl-C ends the program at once with one traceback; a killed parent's workers end too."""
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, str(script), backend, method, way],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    first = process.stdout.readline().split()
    assert first[:1] == ["ready"], process.communicate()
    time.sleep(0.1)
    begin = time.monotonic()
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.kill()
    errors = process.communicate(timeout=20)[1]
    assert time.monotonic() - begin < 3
    if number == signal.SIGINT:
        assert process.returncode != 0
        assert errors.count("Traceback") == 1 and "KeyboardInterrupt" in errors, errors
    for pid in {int(p) for p in first[1:]} - {process.pid}:
        assert ended(pid), pid


def ended(pid):
    for _ in range(200):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_no_process_and_no_descriptor_is_left():
    before = len(os.listdir("/proc/self/fd"))
    children = set(multiprocessing.active_children())
    for _ in range(3):
        with ungil.Pool(2, backend="processes") as pool:
            pool.map(tasks.square, range(100))
        with ungil.Pool(2, backend="processes") as pool:
            pool.apply_async(tasks.nap, (20,))
            pool.terminate()
    assert len(os.listdir("/proc/self/fd")) <= before + 1
    assert set(multiprocessing.active_children()) <= children


def test_jobs_that_come_while_the_pool_wakes(monkeypatch):
    """A job between two steps of waking does not keep later ones from waking the pool."""
    read, between = os.eventfd_read, []
    with ungil.Pool(1, backend="processes") as pool:
        pool.apply(tasks.square, (1,))

        def submit_and_read(fd):
            if not between:
                between.append(pool.apply_async(tasks.square, (2,)))
            return read(fd)

        monkeypatch.setattr(os, "eventfd_read", submit_and_read)
        assert pool.apply_async(tasks.square, (3,)).get(3) == 9
        assert between[0].get(3) == 4
        assert pool.apply_async(tasks.square, (4,)).get(3) == 16


def test_a_goodbye_is_answered_while_jobs_are_given_back(monkeypatch):
    """The pool's answer is not lost when the worker's other thread is the one that reads it."""
    (tasks_read, tasks_write), (control, _), pair = os.pipe(), os.pipe(), socket.socketpair()
    worker = _worker.Worker(tasks_read, pair[0].fileno(), control, None, -1)

    def answer(records):
        assert records == [(wire.BYE,)]
        os.write(tasks_write, wire.frame([(wire.STOP, None)], []))
        worker._give_back()

    monkeypatch.setattr(worker, "_send", answer)
    leaving = threading.Thread(target=worker.leave, daemon=True)
    leaving.start()
    leaving.join(5)
    assert not leaving.is_alive()
