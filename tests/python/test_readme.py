"""The README's example prints what the README says, when it is copied into a file and run."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def example() -> tuple[str, str]:
    """The first Python block, and the block that shows what it prints."""
    text = README.read_text()
    found = re.search(r"```python\n(.*?)```\s+prints\s+```\n(.*?)```", text, re.DOTALL)
    assert found, "the README has no example followed by what it prints"
    return found[1], found[2]


def test_the_example_prints_what_is_shown(tmp_path):
    source, printed = example()
    script = tmp_path / "example.py"
    script.write_text(source)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed


def test_the_example_is_short():
    lines = [line for line in example()[0].splitlines() if line.strip()]
    assert len(lines) <= 12
