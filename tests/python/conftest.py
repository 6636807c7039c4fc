"""Every test run has a cache of its own."""

import faulthandler
import os
import signal
import tempfile

import pytest

_folder = tempfile.TemporaryDirectory(prefix="ungil-tests-")
os.environ["UNGIL_CACHE_DIR"] = _folder.name

# A shell without job control starts background jobs with Ctrl-C ignored, which children inherit.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_is_watched = False


def _watch():
    """A forked process that hangs says where, before the test that waits for it is given up."""
    global _is_watched
    # A child of such a process has no watching thread, but the lock that this one holds: it would wait for it for ever.
    if not _is_watched:
        _is_watched = True
        faulthandler.dump_traceback_later(240)


os.register_at_fork(after_in_child=_watch)


@pytest.fixture
def run_script(tmp_path):
    """Writes a script and runs it in a fresh process; returns its output."""
    import subprocess
    import sys

    def run(source, *, name="script.py", check=True, timeout=120, **env):
        file = tmp_path / name
        file.write_text(source)
        done = subprocess.run(
            [sys.executable, str(file)],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check:
            assert done.returncode == 0, done.stderr
        return done

    return run
