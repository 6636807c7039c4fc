"""Programs that use memory of C beside Python objects: results, errors and what is held, compared with Cython's."""

import resource
import sys
from pathlib import Path

import pytest
import pyx_reference

from ungil import pyx

POINTS = [[0.0, 0.0], [10.0, 10.0], [0.5, 0.2], [9.5, 10.5], [0.1, 0.9]]
GRAPH = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["e"], "e": [], "f": ["a"]}
CALLS = [
    ("kmeans", POINTS, 2), ("kmeans", POINTS, 1, 3), ("kmeans", [[1.0, "a"]], 1), ("kmeans", [[1, 2], [3]], 1),
    ("kmeans", [], 1), ("kmeans", 3, 1),
    ("tokens", "the quick\tbrown \n fox"), ("tokens", ""), ("tokens", "naïve café"), ("tokens", None), ("tokens", 3),
    ("simulate", [{"x": 1, "v": 2, "id": 7}, {"x": 9.5, "v": 30, "id": 8}], 20), ("simulate", [], 3),
    ("simulate", [{"x": 1, "v": 2000, "id": 7}], 2), ("simulate", [{"x": 1, "v": 2}], 2), ("simulate", [1], 2),
    ("simulate", [{"x": 1, "v": 2, "id": 2**40}], 2), ("simulate", [{}] * 17, 2),
    ("histogram", [0.1, 0.2, 0.9, 3.0, -1.0], 0.0, 1.0), ("histogram", [], 0, 1), ("histogram", [1, None], 0, 1),
    ("histogram", [0.5], 1, 1), ("histogram", 3, 0, 1),
    ("byte_frequencies", b"hello\xff\x00"), ("byte_frequencies", b""), ("byte_frequencies", "a"),
    ("sorted_by_c", [3, 1.5, -2, 8]), ("sorted_by_c", []), ("sorted_by_c", [1, "b"]), ("sorted_by_c", 5),
    ("heap_sorted", [5, 3, 8, 1, 2], 5), ("heap_sorted", [1], 2), ("heap_sorted", range(40), 1),
    ("heap_sorted", [1, None], 1),
    ("matmul", [[1, 2], [3, 4]], [[5, 6], [7, 8]]), ("matmul", [[1, 2]], [[3, 4]]), ("matmul", [], [[1]]),
    ("matmul", [[1, 2], [3]], [[1]]), ("matmul", [[1]], [["a"]]), ("matmul", [[1]], [[1], [2, 3]]), ("matmul", 3, 4),
    ("fft", [1, 2j, 3.5, -1]), ("fft", [1, 0, 0, 0, 0, 0, 0, 0]), ("fft", [1, 2, 3]), ("fft", [1, "a"]),
    ("fft", [1, 2], True), ("fft", []),
    ("reversed_chain", [1, 2, 3]), ("reversed_chain", []), ("reversed_chain", [1, 2**31]), ("reversed_chain", [1, "a"]),
    ("reversed_chain", 3), ("primes", 10), ("primes", 0), ("primes", "a"),
    ("edit_distance", "kitten", "sitting"), ("edit_distance", "", "äb"), ("edit_distance", "a", 3),
    ("breadth_first", GRAPH, "a"), ("breadth_first", GRAPH, "z"), ("breadth_first", {}, "z"), ("breadth_first", [], "z"),
    ("statistics", [1, 2, 3.5]), ("statistics", [1]), ("statistics", [1, "a"]), ("statistics", []),
    ("integrate", abs, -1, 1, 10), ("integrate", str, 0, 1, 2), ("integrate", 3, 0, 1, 2), ("integrate", lambda x: 1 / x, 0, 1, 2),
    ("integrate", abs, 0, 1, 0),
    ("pascal", 6), ("pascal", 12), ("pascal", 13), ("pascal", "a"),
    ("longest_run", ["a", b"a", "b", "b", "b"]), ("longest_run", []), ("longest_run", ["a", 3]), ("longest_run", [None]),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "programs_beside.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("programs")), pyx.compile(source)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_programs_end_like_those_of_cython(modules, name):
    wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)
    assert ":" in repr(getattr(modules[1], name)), "it runs as plain Python"


def test_keywords_and_raw_structs(modules):
    for module in modules:
        assert module.statistics([1, 2], unit="m") == {"n": 2, "mean": 1.5, "std": 0.5**0.5, "unit": "m"}
        assert module.statistics([1, 2], raw=True) == {"n": 2, "mean": 1.5, "m2": 0.5}


def ended(function, args):
    try:
        function(*args)
    except Exception as error:
        return type(error)


def test_memory_is_given_back_after_results_and_errors(modules):
    module = modules[1]
    calls = [(getattr(module, name), args) for name, *args in CALLS]
    counts = lambda: [sys.getrefcount(a) for _, args in calls for a in args if isinstance(a, (list, dict))]
    for function, args in calls * 3:
        ended(function, args)
    before, held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, counts()
    shared = [None, True, (), b"", ""]
    numbers = [sys.getrefcount(o) for o in shared]
    for _ in range(1_500):
        for function, args in calls:
            ended(function, args)
    assert counts() == held
    assert all(abs(sys.getrefcount(o) - n) < 200 for o, n in zip(shared, numbers, strict=True))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 3_000
