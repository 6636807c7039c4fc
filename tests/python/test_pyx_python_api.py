"""Python's C interface by cimport, compared with Cython."""

import datetime as dt
import io
import sys
from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

CALLS = [
    ("squares", 0), ("squares", 5), ("squares", "a"),
    ("tuple_of", [1, "a", None]), ("tuple_of", [2.5]), ("tuple_of", []), ("tuple_of", 3),
    ("total", [1, 2.5]), ("total", []), ("total", [1, "a"]), ("total", [1j]),
    ("grown", np.ones(5)), ("grown", np.zeros(0)), ("grown", [1]),
    ("arrays_of_both", 3, 2), ("arrays_of_both", "a", 1),
    ("arrays", [1, 2, 3]), ("arrays", [5, 6]), ("arrays", ["a"]), ("arrays", [2**31]), ("arrays", None),
    ("compared", 1, 2), ("compared", "a", "a"), ("compared", "a", 1), ("compared", [1], [0]),
    ("flags", True, {1: 2}, 1), ("flags", False, {}, 1), ("flags", True, {}, []),
    ("counted", "text"), ("names", 2.0), ("names", "a"), ("in_team", np.ones(1000)),
    ("raised_with", ValueError, 7), ("raised_with", KeyError, 300),
    ("raised", ValueError), ("raised", KeyError, (1, 2)), ("raised", KeyError, 1), ("raised", OSError, (2, "gone")),
    ("out_of_memory",), ("asked", KeyError(1), LookupError), ("asked", KeyError, ValueError), ("warned", UserWarning),
    *[(f, t) for f in ("parts_of_time", "text_of_time") for t in (0, 1_700_000_000)], ("days_later", 1_700_000_000, 3),
]  # fmt: skip


MORE_CALLS = [
    ("sum_of_bytes", b"abc"), ("sum_of_bytes", bytearray(3)), ("sum_of_bytes", np.arange(3.0)), ("sum_of_bytes", 3),
    ("shape", np.ones((2, 3)), 0), ("shape", np.ones((2, 3)).T, 0), ("shape", b"abc", 1), ("shape", np.float32(2), 0),
    ("exports", b""), ("exports", 1), ("capsule",), ("wrong_capsule",),
    *[("slices", s, 5) for s in (slice(None, None, -1), slice(1, 9, 2), slice(-2, None), slice(None, None, 0))],
    ("views",), ("references", dict), ("references", 3), ("numbers", 3, 4), ("numbers", 1.5, 2), ("numbers", "a", 1),
    ("dictionaries", {"a": 1, "old": 2}, {"a": 3, "b": 4}), ("dictionaries", {}, {}), ("others", {1, 3}, [1, 2]),
    ("mappings", {"k": 1}), ("mappings", {}), ("mappings", 3), ("unsigned_of", 2**63), ("unsigned_of", -1), ("unsigned_of", 2**64), ("unsigned_of", True),
    ("attrs", type("Thing", (), {})),
]  # fmt: skip


@pytest.fixture(scope="module")
def more_modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "more_python_api.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("more_python_api")), pyx.compile(source)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in MORE_CALLS)))
def test_further_modules_end_like_those_of_cython(more_modules, name):
    wrong = pyx_reference.differences(*more_modules, [call for call in MORE_CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "python_api.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("python_api")), pyx.compile(source)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_functions_end_like_those_of_cython(modules, name):
    wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)


def test_references_that_are_stolen_are_counted_once(modules):
    held = [object() for _ in range(4)]
    before = [sys.getrefcount(x) for x in held]
    for _ in range(100):
        modules[1].tuple_of(held)
        modules[1].counted(held[0])
    assert [sys.getrefcount(x) for x in held] == before
    counts = [[sys.getrefcount(x) for x in module.squares(3)[1:]] for module in modules]
    assert counts[0] == counts[1]


def test_a_tuple_is_filled_within_its_bounds(modules):
    from ungil.pyx import _cpython

    fill = _cpython.names("cpython.tuple")["PyTuple_SET_ITEM"]
    for k in (-1, 2):
        with pytest.raises(IndexError):
            fill(("a", "b"), k, None)


def test_lists_of_negative_lengths_are_refused(modules):
    for module in modules:
        with pytest.raises(SystemError, match="bad argument to internal function"):
            module.squares(-1)


A = np.arange(6.0)
DERIVED = np.ones(2).view(type("Derived", (np.ndarray,), {}))
NUMPY_CALLS = [
    *[(f, o) for f in ("extent", "none_refused", "none_taken", "variable", "cast", "not_an_array")
      for o in (A, A.reshape(2, 3), DERIVED, [1], 3)],
    *[(f, None) for f in ("none_refused", "none_taken", "variable", "cast")], ("none_taken",),
    *[(f, o) for f in ("fields", "axes", "contiguous") for o in (A, A[::-1], A.reshape(2, 3).T, np.ones(3, "i4"), 3)],
    *[("questions", o) for o in (A, DERIVED, [1], None)],
    ("first", A), ("first", A[2:]), ("element", A.reshape(2, 3), 1, 2), ("element", None, 1, 2),
    ("buffer_data", A), ("buffer_data", A.astype("f4")), ("buffer_data", [1.0]), ("buffer_free", A.reshape(2, 3)),
    ("buffer_beside", A, {}), ("buffer_beside", [1.0, 2.0], {}),
    ("zeros", 4), ("zeros", 0), ("zeros", -1), ("made", 2, 3), ("over_memory",), ("converted", [1, 2]), ("converted", "a"),
    ("bad_type", 7),
]  # fmt: skip


@pytest.fixture(scope="module")
def numpy_modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "numpy_api.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("numpy_api")), pyx.compile(source)


def test_the_interface_of_numpy_is_that_of_cython(numpy_modules):
    wrong = pyx_reference.differences(*numpy_modules, NUMPY_CALLS)
    assert not wrong, "\n".join(wrong)
    for module in numpy_modules:
        made = module.alike(A.reshape(2, 3))
        assert made.shape == (2, 3) and made.flags.f_contiguous and not made.flags.c_contiguous


def test_arrays_that_are_made_are_given_back(numpy_modules):
    counts = [sys.getrefcount(made) for made in [module.made(2, 3) for module in numpy_modules]]
    assert counts[0] == counts[1]
    before = sys.getrefcount(A)
    for _ in range(100):
        numpy_modules[1].fields(A), numpy_modules[1].axes(A), numpy_modules[1].first(A)
    assert sys.getrefcount(A) == before


def test_entries_of_numpy_that_are_not_known_are_told():
    with pytest.raises(errors.CompileError, match="PyArray_Nothing` of NumPy's C interface"):
        pyx.compile("cimport numpy as cnp\ndef f(a):\n    return cnp.PyArray_Nothing(a)\n", name="nothing")


def test_names_that_are_not_known_are_told():
    with pytest.raises(errors.CompileError, match="PyMarshal_Nothing` cannot be cimported"):
        pyx.compile("from cpython cimport PyMarshal_Nothing\n", name="nothing")


UTC = dt.UTC
TIMES = [1, dt.date(2020, 2, 3), dt.datetime(2020, 2, 3, 4, 5, 6, 7), dt.datetime(2020, 2, 3, 4, 5, 6, 7, UTC), dt.time(1, 2, 3, 4),
         dt.timedelta(1, 2, 3), UTC]  # fmt: skip
DATE_CALLS = [
    *[("dates", y, 1, 2) for y in (2020, 2020.5, "a", 2**40, None)], ("dates", 2020, 13, 2),
    *[("moments", 2020, 1, 2, 3, 4, 5, 6, tz) for tz in (None, UTC, 3)], ("folded", None),
    ("times", 1, None), ("times", 25, None), ("times", 2, UTC),
    ("differences", 1, 2, 3), ("differences", 10**9, 2, 3), ("differences", 1, 100000, -5),
    *[("checks", t) for t in (None, *TIMES)], *[("parts_of_date", t) for t in TIMES[1:4]],
    *[("parts_of_moment", t) for t in TIMES[2:4]],
    ("parts_of_time", dt.time(1, 2, 3, 4)), ("parts_of_time", dt.time(1, 2, 3, 4, UTC, fold=1)),
    ("parts_of_difference", dt.timedelta(1, 2, 3)), ("parts_of_difference", dt.timedelta(-1, 2, 3)), ("made", 0), ("made", 1e9),
    *[(f, t) for f in ("moment_given", "date_given", "variable", "checked_cast", "added", "result") for t in TIMES],
    ("date_given", None), ("checked_cast", None), ("result", None), ("together", dt.date(2020, 1, 1), dt.timedelta(1)),
    ("together", 1, 2), ("together", dt.date(2020, 1, 1), 2), ("repeated", dt.datetime(2020, 2, 3), 3),
    ("none_by_default",), ("none_by_default", 3), ("none_by_default", None),
]  # fmt: skip


def test_dates_and_times_are_those_of_cython(tmp_path):
    source = Path(__file__).parent / "pyx" / "datetimes.pyx"
    wrong = pyx_reference.differences(pyx_reference.build(source, tmp_path), pyx.compile(source), DATE_CALLS)
    assert not wrong, "\n".join(wrong)


def test_classes_of_numpy_are_checked(numpy_modules):
    wrong = pyx_reference.differences(
        *numpy_modules, [(f, o) for f in ("typed", "typed_result") for o in (np.dtype("i4"), "i4", None, 1)]
    )
    assert not wrong, "\n".join(wrong)


REST_CALLS = [
    ("modules", b"math"), ("modules", b"nosuch"), ("codecs", "a\xe9", "utf-8"), ("codecs", "a\xe9", b"utf-8"),
    ("codecs", "a\xe9", b"ascii"), ("codecs", "a", b"klingon"), ("decoded", b"a\xff", b"ascii"), ("decoded", b"a", b"ascii"),
    ("unknown", b"utf-8"), ("variables", 3), ("printed", 3, 2.5), ("iterators", [1, 2]), ("iterators", "ab"), ("numbers",),
    ("version",), ("state",), ("locks",), ("files", 3, 3), ("failed", OSError, 2), ("failed", ValueError, 13),
    ("failed_file", OSError, 2, b"gone"), ("failed_object", OSError, 2, "gone"), ("bad",), ("texts", "abcb", b"utf-8"),
    ("texts", "ab\ncb\xe9", b"latin-1"), ("texts", "\xe9", b"ascii"), *[("characters", s) for s in "a7 \xb2"], ("packed", 1, "a"),
    ("called", max, 2), ("called", len, 2), ("method", [1, 2], b"index", 2), ("method", [1, 2], b"none", 2), ("floats", 2.5),
    ("cells", 1), ("views", np.arange(6).reshape(2, 3).T),
]  # fmt: skip


def test_the_rest_of_the_modules_ends_like_that_of_cython(tmp_path):
    source = Path(__file__).parent / "pyx" / "rest_of_python_api.pyx"
    reference, module = pyx_reference.build(source, tmp_path), pyx.compile(source)
    # What `unknown` gives shows where it lies.
    wrong = pyx_reference.differences(
        reference, module, [call for call in REST_CALLS if call[0] != "unknown"]
    )
    assert not wrong, "\n".join(wrong)
    assert module.unknown(b"utf-8")[0] == reference.unknown(b"utf-8")[0] == 1
    for text in ("hi", 3):
        assert module.files(io.StringIO(), text) == reference.files(io.StringIO(), text)
    # Cython's own declaration of this one lacks its header.
    assert module.marshalled([1, "a", {2: 3}]) == [1, "a", {2: 3}]
    with pytest.raises(ValueError, match="unmarshallable object"):
        module.marshalled(object())


@pytest.mark.parametrize(
    "name", "bytes codecs descr function genobject memoryview object pycapsule type unicode weakref".split()
)
def test_everything_of_a_module_is_cimported(name):
    pyx.compile(f"from cpython.{name} cimport *\ncimport cpython.{name} as own\n", name="everything")
