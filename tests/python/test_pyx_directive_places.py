"""Directives have Cython's effects in each of their places: comment of the file, decorator, `with` block, option."""

import numpy as np
import pytest
import pyx_reference

from ungil import errors, pyx

BODIES = {
    "item": ("double[:] v, int i", "r = v[i]"),
    "divided": ("int a, int b", "r = a // b, a % b"),
    "floats": ("double a, double b", "r = a / b, a // b"),
    "power": ("int a, int b", "r = a ** b"),
    "sum": ("int a, int b", "r = a + b"),
    "product": ("int a, int b", "r = a * b - a"),
    "none": ("double[:] v", "r = v[0]"),
    "none_slice": ("double[:] v", "r = v[1:]"),
}
A = np.arange(5.0)
CALLS = [
    ("boundscheck", True, "item", [(A, 4), (A, 5), (A, -6), (A, -1)]), ("boundscheck", False, "item", [(A, 4), (A, -1)]),
    ("wraparound", True, "item", [(A, -1), (A, 2)]), ("wraparound", False, "item", [(A, 0), (A, -1), (A, 9)]),
    ("cdivision", True, "divided", [(7, -2), (-7, 2), (7, 2)]), ("cdivision", False, "divided", [(7, -2), (-7, 2), (1, 0)]),
    ("cdivision", True, "floats", [(7.0, -2.0)]), ("cdivision", False, "floats", [(7.0, -2.0), (1.0, 0.0)]),
    ("cpow", True, "power", [(3, 4), (2, 0), (3, -1)]), ("cpow", False, "power", [(3, 4), (3, -1)]),
    ("overflowcheck", True, "sum", [(2**31 - 1, 1), (1, 2)]), ("overflowcheck", False, "sum", [(2**31 - 1, 1)]),
    ("overflowcheck", True, "product", [(65536, 65536), (3, 4)]),
    ("nonecheck", True, "none", [(None,), (A,)]), ("nonecheck", False, "none", [(None,), (A,)]),
    ("nonecheck", True, "none_slice", [(None,)]), ("nonecheck", False, "none_slice", [(None,)]),
]  # fmt: skip


def functions(place, cases):
    """The functions of these cases, with their directive in a place of theirs."""
    text = ""
    for k, (directive, value, body, _) in enumerate(cases):
        params, line = BODIES[body]
        head = f"def f{k}({params}):\n"
        if place == "decorator":
            text += f"@cython.{directive}({value})\n{head}    {line}\n    return r\n\n\n"
        elif place == "with":
            text += f"{head}    with cython.{directive}({value}):\n        {line}\n    return r\n\n\n"
        else:
            text += f"{head}    {line}\n    return r\n\n\n"
    return "cimport cython\n\n\n" + text


@pytest.mark.parametrize("place", ["decorator", "with"])
def test_of_functions_and_blocks(tmp_path, place):
    source = tmp_path / f"places_{place}.pyx"
    source.write_text("# cython: language_level=3\n" + functions(place, CALLS))
    modules = pyx_reference.build(source, tmp_path), pyx.compile(source)
    # What type a variable gets in a block with `cpow`, Cython decides by the directive outside.
    cases = [case for case in enumerate(CALLS) if (place, *case[1][:2]) != ("with", "cpow", True)]
    calls = [(f"f{k}", *args) for k, (*_, given) in cases for args in given]
    wrong = pyx_reference.differences(*modules, calls)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("value", [True, False])
def test_of_modules_and_options(tmp_path, value):
    cases = [case for case in CALLS if case[1] is value]
    line = ", ".join(
        sorted({f"{name}={value}" for name, *_ in cases if name not in ("overflowcheck", "wraparound")})
    )
    source = tmp_path / f"of_module_{value}.pyx"
    source.write_text(f"# cython: language_level=3, {line}\n" + functions("module", cases))
    reference, module = pyx_reference.build(source, tmp_path), pyx.compile(source)
    text = "# cython: language_level=3\n" + functions("module", cases)
    given = dict.fromkeys([part.partition("=")[0] for part in line.split(", ")], value)
    optional = pyx.compile(text, f"of_option_{value}", compiler_directives=given)
    # Without bounds checks Cython reads what lies beside the array, and divides by zero.
    calls = [
        (f"f{k}", *args)
        for k, (_, _, body, given) in enumerate(cases)
        for args in given
        if value or body not in ("item", "none", "none_slice", "power")
    ]
    for found in (module, optional):
        wrong = pyx_reference.differences(reference, found, calls)
        assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("text", [
    "# cython: bounds_check=False\ndef f():\n    pass\n",
    "cimport cython\n@cython.bounds_check(False)\ndef f():\n    pass\n",
    "cimport cython\ndef f():\n    with cython.bounds_check(False):\n        pass\n",
])  # fmt: skip
def test_unknown_ones_are_errors(text):
    with pytest.raises(errors.CompileError, match="bounds_check"):
        pyx.compile(text)
    with pytest.raises(ValueError, match="unknown compiler directive 'bounds_check'"):
        pyx.compile("def f():\n    pass\n", compiler_directives={"bounds_check": False})


LOCALS = """
# cython: language_level=3, embedsignature=True
cimport cython

@cython.locals(a=cython.int, b=cython.double, c=cython.uchar, l=list)
def scaled(a, b, l=None):
    "Doc."
    c = a + 250
    return a * b, c, l

@cython.locals(i=cython.int, total=cython.long)
def summed(n):
    total = 0
    for i in range(n):
        total += i
    return total

@cython.locals(x=cython.int)
def freed(x):
    with nogil:
        x = x * 2
    return x
"""


def test_locals_declare_parameters_and_variables(tmp_path):
    source = tmp_path / "locals_declare.pyx"
    source.write_text(LOCALS)
    modules = pyx_reference.build(source, tmp_path), pyx.compile(source)
    calls = [
        ("scaled", 2.5, 2.5), ("scaled", 2, 2.5), ("scaled", 10, 1), ("scaled", "a", 1), ("scaled", 2**40, 1), ("scaled", 2, None),
        ("scaled", 2, 2, [1]), ("scaled", 2, 2, (1,)), ("summed", 10), ("summed", "a"), ("freed", 3), ("freed", 2**31),
    ]  # fmt: skip
    wrong = pyx_reference.differences(*modules, calls)
    assert not wrong, "\n".join(wrong)
    assert modules[0].freed.__doc__ == modules[1].freed.__doc__ == "freed(int x)"


def test_locals_of_types_that_are_not_known_are_refused():
    with pytest.raises(errors.CompileError, match="this type in `@cython.locals` is not supported yet"):
        pyx.compile("cimport cython\n@cython.locals(p=cython.p_int)\ndef f(x):\n    return x\n")
