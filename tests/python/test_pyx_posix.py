"""Functions of POSIX by cimport, compared with Cython."""

from pathlib import Path

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

NUMBERS = (1 + 2j, -1 + 0j, 0.5)
CALLS = [
    ("processes",), ("sizes",), ("pipes", b"abcd", True), ("pipes", b"abcd", False), ("not_blocking",), ("clocks",),
    ("numbers", 3), ("numbers", 2**32), ("environment", b"UNGIL_X", b"1"), ("memory", 10000), ("memory", 0), ("limits",),
    ("children", 3), ("children", 0), ("signals", 3), ("signals", 0), ("signal_sets", 5), ("libraries", -4),
    ("paths", b"/usr/../usr/lib"), ("paths", b"/none/x"), ("texts", b"Abc", b"aBC"), ("texts", b"ab", b"ab"), ("locale",),
    *[("complex_numbers", z, w) for z in NUMBERS for w in (2, 1j)], ("turns", np.array([1 + 1j, 2, -3j])),
    *[("kinds_of_numbers", x) for x in (1, 0, np.nan, -np.inf, 5e-324)], ("lines_of_files",),
    ("parsed_dates", b"2020-03-04"), ("parsed_dates", b"x"),
    ("truths", 2, 3), ("truths", 0, 0),
]  # fmt: skip


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    source = Path(__file__).parent / "pyx" / "posix_functions.pyx"
    return pyx_reference.build(source, tmp_path_factory.mktemp("posix")), pyx.compile(source)


@pytest.mark.parametrize("name", list(dict.fromkeys(name for name, *_ in CALLS)))
def test_functions_end_like_those_of_cython(modules, name):
    wrong = pyx_reference.differences(*modules, [call for call in CALLS if call[0] == name])
    assert not wrong, "\n".join(wrong)
    assert ":" in repr(getattr(modules[1], name)), "it runs as plain Python"


def test_files_and_folders(modules, tmp_path):
    folder = bytes(tmp_path)
    calls = [
        ("files", folder, b"hello"),
        ("files", folder + b"/none", b"hello"),
        ("files", folder, "a"),
        ("folders", folder + b"/x"),
    ]
    wrong = pyx_reference.differences(*modules, calls)
    assert not wrong, "\n".join(wrong)
    assert not list(tmp_path.iterdir())


def test_everything_of_a_module_is_cimported():
    for name in "dlfcn fcntl ioctl mman resource select signal stat stdio stdlib strings time types uio unistd wait".split():
        pyx.compile(f"from posix.{name} cimport *\ncimport posix.{name} as own\n", name="everything")


def test_code_of_the_module_itself_calls_them():
    text = (
        "from posix.unistd cimport access, sysconf, pipe, _SC_PAGESIZE\nfrom libc.signal cimport SIGINT\n"
        "from posix.stdlib cimport srandom\n"
        "found = access(b'/', 0), sysconf(_SC_PAGESIZE), SIGINT, srandom(3)\n"
        "def f(call):\n    return call()\n"
        "numbers, texts, ends = (lambda: srandom(-1)), (lambda: access('/', 0)), (lambda: pipe([1, 2]))\n"
    )
    module = pyx.compile(text, name="itself")
    assert module.found == (0, 4096, 2, None)
    with pytest.raises(OverflowError):
        module.f(module.numbers)
    with pytest.raises(TypeError, match="expected bytes, str found"):
        module.f(module.texts)
    with pytest.raises(TypeError, match="work in compiled functions only"):
        module.f(module.ends)


def test_jumps_between_functions_are_refused():
    for text in (
        "from libc.setjmp cimport setjmp\n",
        "cimport libc.setjmp\n",
        "from libc cimport setjmp as jumps\n",
    ):
        with pytest.raises(errors.CompileError, match="`libc.setjmp` cannot be cimported: `longjmp` leaves"):
            pyx.compile(text, name="jumps")


def test_libraries_by_dotted_names(tmp_path):
    source = Path(__file__).parent / "pyx" / "dotted_libraries.pyx"
    calls = [("dotted_numbers", 1), ("dotted_structs",), ("dotted_classes", None), ("dotted_classes", []), ("dotted_calls",),
             ("dotted_constant",)]  # fmt: skip
    wrong = pyx_reference.differences(pyx_reference.build(source, tmp_path), pyx.compile(source), calls)
    assert not wrong, "\n".join(wrong)


def test_whole_libraries_beside_variables_of_the_module(tmp_path):
    (tmp_path / "file").write_bytes(b"some text")
    source = Path(__file__).parent / "pyx" / "whole_libraries.pyx"
    calls = [("timer",), ("now",), ("best", 10), ("mapped", bytes(tmp_path / "file")), ("mapped", b"/none/x"),
             ("accessible", "/none/x"), ("accessible", "/"), ("host",), ("piped",)]  # fmt: skip
    wrong = pyx_reference.differences(pyx_reference.build(source, tmp_path), pyx.compile(source), calls)
    assert not wrong, "\n".join(wrong)
