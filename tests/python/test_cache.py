"""The disk cache: found again, never in the way."""

import os
import subprocess
import sys

import pytest

KERNEL = """
import sys
from ungil import jit, _ungil

@jit
def f(x):
    s = 0.0
    for i in range(10):
        s += x * i
    return s

assert f(2.0) == 90.0
info = _ungil.cache_info()
print(info[1], info[4], info[5], info[6])
"""


def numbers(done):
    entries, hits, misses, off = done.stdout.split()
    return int(entries), int(hits), int(misses), off == "True"


def test_the_second_process_finds_the_code(run_script, tmp_path):
    cache = str(tmp_path / "cache")
    assert numbers(run_script(KERNEL, UNGIL_CACHE_DIR=cache)) == (1, 0, 1, False)
    assert numbers(run_script(KERNEL, UNGIL_CACHE_DIR=cache)) == (1, 1, 0, False)
    # The file may move and grow; the function is the same.
    moved = KERNEL.replace("@jit", "# moved\n\n@jit")
    assert numbers(run_script(moved, name="other.py", UNGIL_CACHE_DIR=cache))[1:] == (1, 0, False)
    # Another text of the function is another kernel.
    changed = KERNEL.replace("x * i", "i * x + 0")
    assert numbers(run_script(changed, UNGIL_CACHE_DIR=cache))[1:] == (0, 1, False)


def test_the_directory_is_private(run_script, tmp_path):
    run_script(KERNEL, UNGIL_CACHE_DIR=str(tmp_path / "cache"))
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert all(f.stat().st_mode & 0o777 == 0o600 for f in (tmp_path / "cache").iterdir())


def test_damaged_entries_are_made_again(run_script, tmp_path):
    cache = tmp_path / "cache"
    run_script(KERNEL, UNGIL_CACHE_DIR=str(cache))
    (entry,) = cache.glob("*.ungil")
    whole = entry.read_bytes()
    for damage in (b"", whole[:100], whole[:-1], whole[:200] + b"X" + whole[201:]):
        entry.write_bytes(damage)
        assert numbers(run_script(KERNEL, UNGIL_CACHE_DIR=str(cache)))[1:] == (0, 1, False)
        assert entry.read_bytes() == whole


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory_is_left_alone(run_script, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o500)
    assert numbers(run_script(KERNEL, UNGIL_CACHE_DIR=str(cache))) == (0, 0, 1, True)


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null/x", ""])
def test_no_directory_no_cache(run_script, place):
    entries, hits, _, off = numbers(run_script(KERNEL, UNGIL_CACHE_DIR=place))
    assert (entries, hits, off) == (0, 0, True)


def test_cache_false_writes_nothing(run_script, tmp_path):
    source = KERNEL.replace("@jit", "@jit(cache=False)")
    assert numbers(run_script(source, UNGIL_CACHE_DIR=str(tmp_path / "c"))) == (0, 0, 0, False)


def test_the_size_is_bounded(run_script, tmp_path):
    source = (
        KERNEL + "for k in range(70):\n    g = jit(eval(f'lambda x: x + {k}'), source=f'lambda x: x + {k}')\n"
    )
    source += "    assert g(1) == 1 + k\nprint(_ungil.cache_info()[2])\n"
    done = run_script(source, UNGIL_CACHE_DIR=str(tmp_path / "c"), UNGIL_CACHE_SIZE="0")
    left = [f for f in (tmp_path / "c").iterdir() if f.suffix == ".ungil"]
    assert len(left) < 64, done.stdout


def test_many_processes_at_once(tmp_path):
    script = tmp_path / "many.py"
    script.write_text(KERNEL)
    env = {**os.environ, "UNGIL_CACHE_DIR": str(tmp_path / "cache")}
    running = [
        subprocess.Popen(
            [sys.executable, script], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    files = sorted(f.name for f in (tmp_path / "cache").iterdir())
    assert len(files) == 1 and files[0].endswith(".ungil"), files


def test_command_line(run_script, tmp_path):
    env = {**os.environ, "UNGIL_CACHE_DIR": str(tmp_path / "cache")}

    def ungil(*words):
        return subprocess.run(
            [sys.executable, "-m", "ungil", *words], env=env, capture_output=True, text=True
        )

    run_script(KERNEL, UNGIL_CACHE_DIR=str(tmp_path / "cache"))
    assert "entries    1" in ungil("cache", "info").stdout
    assert ungil("cache", "clear").stdout.startswith("removed 1 entries")
    assert "entries    0" in ungil("cache", "info").stdout
    assert "processor" in ungil("doctor").stdout
    wrong = ungil("frobnicate")
    assert wrong.returncode == 2 and "unknown command `frobnicate`" in wrong.stderr
    assert ungil("--help").stdout.startswith("usage: ungil")


def test_bench(tmp_path):
    file = tmp_path / "k.py"
    file.write_text(
        "from ungil import jit\n\ndef f_args():\n    return (1000,)\n\n\n@jit\ndef f(n):\n    s = 0\n"
        "    for i in range(n):\n        s += i % 7\n    return s\n"
    )

    def bench(target):
        return subprocess.run(
            [sys.executable, "-m", "ungil", "bench", target], capture_output=True, text=True
        )

    done = bench(f"{file}::f")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("first call") and lines[1].startswith("python")
    assert lines[2].startswith("ungil   1 thread") and lines[2].endswith("x")
    assert bench(f"{file}::g").returncode == 1
    assert bench(f"{tmp_path}/none.py::g").returncode == 1
