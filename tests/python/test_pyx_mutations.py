"""Mutated modules: whatever the text, the compiler answers with a module or with errors.

`UNGIL_MUTATIONS` says how many are read, `UNGIL_COMPILATIONS` how many compiled, `UNGIL_SEED` which. `mutation_shards.py` does many more.
"""

import os
import random
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from ungil import _ungil, errors, jit, prange, pyx

TEXTS = [path.read_text() for path in sorted((Path(__file__).parent / "pyx").glob("*.pyx"))]
COUNT = int(os.environ.get("UNGIL_MUTATIONS", "300"))
COMPILED = int(os.environ.get("UNGIL_COMPILATIONS", str(min(COUNT, 300))))
SEED = int(os.environ.get("UNGIL_SEED", "1"))
WORDS = (
    "i n a p x 0 1 -1 2.5 None True a[i] a[1:] a.T &x p[0] break continue return raise pass try: finally: nogil double int double[:] "
    "float NULL a.shape[0] * // ** % [ ] ( ) : == is not prange(n) range(n) sizeof(int) yield"
).split()
ODD = "\0\t\n\f\r({[])}:\\\"'#\ufeffλ"


def functions():
    """The functions of the modules, each with the imports of its module."""
    for text in TEXTS:
        head = "\n".join(line for line in text.splitlines() if re.match(r"(from .* )?c?import ", line))
        for piece in text.split("\n\n\n"):
            if re.match(r"(def|cdef|cpdef) .*\(", piece):
                yield f"{head}\n\n\n{piece}\n"


def mutated_text(rng):
    text = rng.choice(TEXTS)
    for _ in range(rng.choice([1, 1, 2, 4])):
        at = rng.randrange(len(text) + 1)
        to = min(len(text), at + rng.choice([0, 1, 5, 40]))
        other = rng.choice(TEXTS)
        start = rng.randrange(len(other))
        new = rng.choice(["", rng.choice(WORDS), rng.choice(ODD), text[at:to] * 2, other[start : start + 50]])
        text = text[:at] + new + text[to:]
    return text


def mutated_function(rng, known):
    parts = re.findall(r"\w+|[^\w\s]|\s+", rng.choice(known))
    places = [i for i, part in enumerate(parts) if not part.isspace()]
    for _ in range(rng.choice([1, 1, 2, 3])):
        parts[rng.choice(places)] = rng.choice(["", rng.choice(WORDS), parts[rng.choice(places)]])
    return "".join(parts)


def test_mutated_texts_are_read():
    rng = random.Random(SEED)
    for _ in range(COUNT):
        text = mutated_text(rng)
        try:
            _ungil.pyx_read(text, "mutated.pyx", False, "3", {}, {})
        except errors.CompileError as error:
            assert error.code != "U0500", text


def test_mutated_functions_are_compiled(tmp_path):
    rng, known = random.Random(SEED), list(functions())
    path = tmp_path / "mutated.pyx"
    for _ in range(COMPILED):
        path.write_text(text := mutated_function(rng, known))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                page = Path(pyx.annotate(path)).read_text()
            except Exception as error:
                # The code of the module runs too, and may raise anything of its own.
                assert getattr(error, "code", "") != "U0500" and not isinstance(error, SystemError), text
            else:
                assert "U0500" not in page, text


def test_what_mutations_found():
    """The smallest case of each."""
    # An order of complex numbers beside objects; Cython refuses it where it compiles.
    text = "def f(x, y):\n    cdef int a = x\n    cdef double complex b = y\n    return {str(x): a < b}\n"
    with pytest.raises(TypeError, match="'<' not supported"):
        pyx.compile(text).f(1, 2j)
    text = "def f(x, y):\n    cdef double complex b = y\n    return [x, b == y, b != 1]\n"
    assert pyx.compile(text).f(1, 2j) == [1, True, True]
    # A parameter's name in C, which Cython refuses too.
    for parameters in ('a, *, b "c"', 'int a "c"', "a 'c'"):
        with pytest.raises(errors.CompileError, match="name in C"):
            pyx.compile(f"def f({parameters}):\n    return a\n")


def test_ranges_of_narrow_integers():
    """Mutated kernels returned ranges with bounds of their arguments' types."""

    def bounds(n, m):
        return range(n), range(m, n), range(n, m, 2), len(range(n))

    for n, m in [(np.int32(5), np.uint8(2)), (np.int64(7), 2), (3, np.int16(-4))]:
        assert jit(bounds)(n, m) == bounds(n, m)

    def summed(n):
        r = range(n)
        total = 0
        for i in r:
            total += i
        return total, prange(n)

    assert jit(summed)(np.int32(5)) == (10, range(5))
