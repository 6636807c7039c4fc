"""Directives have the effects that they have in Cython, wherever they stand."""

import inspect
import warnings
from pathlib import Path

import pytest
from pyx_reference import build, check, ending

from ungil import errors, pyx

SOURCE = Path(__file__).parent / "pyx" / "directives.pyx"
INT, LONG = 2**31 - 1, 2**63 - 1


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return build(SOURCE, tmp_path_factory.mktemp("directives")), pyx.compile(SOURCE)


CALLS = {
    "add_int": [(INT, 1), (INT, 0), (-INT - 1, -1), (-INT, -1), (3, 4)],
    "sub_int": [(-INT, 2), (-INT, 1), (0, -INT - 1), (INT, -1), (5, 7)],
    "mul_int": [(65536, 65536), (65536, 32767), (-65536, 32768), (65536, 32768), (3, -4), (0, INT)],
    "add_ll": [(LONG, 1), (LONG, 0), (-LONG, -2), (-LONG, -1), (1, 2)],
    "mul_ll": [(2**62, 2), (2**31, 2**31), (-(2**62), 2), (2**62, -2), (-LONG - 1, -1), (-1, -LONG - 1), (LONG, 0), (0, LONG),
               (3037000499, 3037000499), (3037000500, 3037000500)],
    "sub_u": [(1, 2), (2, 1), (2**32 - 1, 2**32 - 1)],
    "mul_size": [(2**63, 2), (3, 2), (2**32, 2**32), (2**32, 2**31), (0, 5)],
    "shift": [(1, 31), (1, 30), (1, 3), (1, 40), (5, 29), (1, -1), (-1, 3)],
    "neg": [(5,), (-5,)],
    "folded": [(65536, 65536, 1), (2, 3, 4), (46340, 46340, INT)],
    "inplace": [(1, 31), (1, 30)],
    "with_objects": [([1, 2, 3], 5), ([1] * 20, 9), (["a"], 1)],
    "short_add": [(30000, 2000), (30000, 30000)],
    "in_with": [(65536, 65536), (3, 4)],
    "wraps": [(65536, 65536)],
    "cdiv": [(7, -2), (-7, 2), (7, 2)],
    "cdiv_objects": [([7, -7, 8], 2), ([7], -3), (["a"], 1)],
    "warned": [(-7, 2), (7, 2), (-7, -2)],
    "cpow_int": [(3, 4), (3, -1), (0, 0), (-2, 5)],
    "pow_int": [(3, 4), (3, -1), (2, 40)],
    "cpow_double": [(2.0, 3.0), (-8.0, 2.0)],
    "pow_const": [(5,)],
    "cpow_objects": [([2, 3], 4), ([2], -1), (["a"], 2)],
    "annotated_no": [(1, 2), ("a", 2.5)],
    "annotated_yes": [(1.5, 2), (1, 2.5), ("a", 2), (1 << 40, 1), (1, "a")],
    "safe_inferred": [(4,), (0,)],
}  # fmt: skip


def heard(function, args):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        result = ending(function, args)
    return result, [(w.category, str(w.message)) for w in found]


@pytest.mark.parametrize("name", CALLS)
def test_as_cython(modules, name):
    check(*modules, name, *CALLS[name])
    for args in CALLS[name]:
        assert heard(getattr(modules[0], name), args) == heard(getattr(modules[1], name), args)


@pytest.mark.parametrize("name", ["signed", "signed_bare", "signed_cp", "bound_method", "unbound_method"])
def test_documentation(modules, name):
    assert getattr(modules[0], name).__doc__ == getattr(modules[1], name).__doc__


def signature(function):
    try:
        return str(inspect.signature(function))
    except ValueError:
        return None


def test_binding(modules):
    found = []
    for module in modules:
        kind = type("C", (), {"bound": module.bound_method, "unbound": module.unbound_method})
        thing = kind()
        assert thing.bound() == (thing, 1) and thing.bound(b=3) == (thing, 3)
        with pytest.raises(TypeError):
            thing.unbound()
        found.append((thing.unbound(3), thing.unbound(a=4), type(module.unbound_method)))
    assert found[0] == found[1]
    for name in ("signed", "bound_method", "unbound_method", "annotated_no"):
        assert signature(getattr(modules[0], name)) == signature(getattr(modules[1], name))


BODY = "def f(int a, int b):\n    return a * b\n"
PLACES = {
    "comment": "# cython: overflowcheck=True\n" + BODY,
    "decorator": "cimport cython\n@cython.overflowcheck(True)\n" + BODY,
    "with": "cimport cython\ndef f(int a, int b):\n    with cython.overflowcheck(True):\n        return a * b\n",
    "decorator over comment": "# cython: overflowcheck=False\ncimport cython\n@cython.overflowcheck(True)\n"
    + BODY,
    "fold": "# cython: overflowcheck=True, overflowcheck.fold=False\n" + BODY,
}


@pytest.mark.parametrize("place", PLACES)
def test_places(place):
    f = pyx.compile(PLACES[place], "places").f
    assert f(3, 4) == 12
    with pytest.raises(OverflowError, match="^value too large$"):
        f(65536, 65536)


@pytest.mark.parametrize("text", [
    "# cython: overflowchek=True\n" + BODY, "cimport cython\n@cython.overflowchek(True)\n" + BODY,
    "cimport cython\ndef f():\n    with cython.overflowchek(True):\n        pass\n", "# cython: language_level=4\n" + BODY,
    "# cython: profile=maybe\n" + BODY,
])  # fmt: skip
def test_unknown_ones_are_errors(text):
    with pytest.raises(errors.CompileError):
        pyx.compile(text, "unknown")


def test_known_ones_are_taken():
    names = (
        "nonecheck initializedcheck embedsignature binding profile linetrace annotation_typing cdivision_warnings "
        "infer_types cpow always_allow_keywords"
    )
    for name in names.split():
        for value in (True, False):
            text = f"# cython: {name}={value}\ncimport cython\n@cython.{name}({value})\n{BODY}"
            assert pyx.compile(text, "known").f(3, 4) == 12


@pytest.mark.parametrize("level", [2, 3])
@pytest.mark.parametrize("cdivision", [False, True])
def test_division_in_functions_that_run_as_plain_python(level, cdivision, tmp_path):
    source = tmp_path / f"plain_division{level}{int(cdivision)}.pyx"
    source.write_text(f"""# cython: language_level={level}, cdivision={cdivision}
def divided(int a, int b, double x, double y):
    eval("1")
    return a // b, a % b, a / b, x / y, (a + 1) / y, -a / 2 * x
""")
    modules = build(source, tmp_path, level), pyx.compile(source)
    calls = [(7, 2, 1.5, 0.5), (-7, 2, 1.0, -3.0), (7, -2, -1.0, 4.0), (6, -3, 0.0, 1.0)]
    if cdivision:
        calls += [(3, 1, 1.0, 0.0), (3, 1, -1.0, -0.0), (3, 1, 0.0, 0.0)]
    check(*modules, "divided", *calls)
