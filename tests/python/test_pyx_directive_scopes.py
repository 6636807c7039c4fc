"""Directives wherever they may stand, under every name, beside Cython; what may not stand there is an error that says what may."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from pyx_reference import build, check

from ungil import errors, pyx

SOURCE = Path(__file__).parent / "pyx" / "directive_scopes.pyx"


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return build(SOURCE, tmp_path_factory.mktemp("places")), pyx.compile(SOURCE)


A, L = np.arange(4.0), [1, 2, 3]
OVER, SIGNS = [(65536, 65536), (3, 4)], [(7, -2), (-7, 2), (7, 2)]
OVERFLOWING = (
    "alias_module alias_name bare none_value with_alias with_alias2 with_two keyword_sub twice twice2 in_module_with outer_inner "
    "inner_own inner_off inner_in_with nested_with with_off in_lambda in_genexpr in_comprehension call_c"
)
DIVIDING = "cdiv_outer cdiv_with cdiv_pyobj cdiv_mixed cdiv_true true_div"
CALLS = {
    **dict.fromkeys(OVERFLOWING.split(), OVER),
    **dict.fromkeys(DIVIDING.split(), SIGNS),
    "outer_inner_objects": [([3], 4), ([65536], 65536)],
    "with_off_objects": [([65536], 65536), ([2**31 - 1], 2**31 - 1)],
    "true_div": [(1, 0), (7, 2)],
    "cdiv_with_objects": [([7, -7], -2)],
    "cdiv_double": [(7.0, -2.0), (1.0, 0.0), (-7.0, 2.0), (0.0, 0.0)],
    "pydiv_double": [(7.0, -2.0), (1.0, 0.0), (-7.0, 2.0), (0.0, 0.0)],
    "cdiv_pyobj": [*SIGNS, (1, 0), (1.5, 0), (1.5, 2)],
    "cdiv_mixed": [*SIGNS, (1, 0), (1, 2.5)],
    "objects_divide": [(1, 0), (1.5, 0.0), (7, 2), (-7, 2)],
    "cpow_with_neg": [(2, 3), (2, -1), (0, -1), (1, -3), (-1, -3)],
    "pow_unsigned": [(2, 3), (2, 31), (-2, 3), (0, 0), (3, 40)],
    "pow_dbl_c": [(2.0, 3.0), (-8.0, 0.5), (0.0, -1.0)],
    "pow_mixed": [(2, 0.5), (-2, 0.5)],
    "pow_inplace": [(2, 3), (2, -1)],
    "pow_inplace_no": [(2.0, 3), (2.0, -1)],
    "view_nowrap": [(A, 1), (A, -1), (A, 4)],
    "list_nowrap": [(L, 0), (L, 3), (None, 0)],
    "tuple_nowrap": [((1, 2), 0), ((1, 2), 2)],
    "str_nowrap": [("abc", 1), ("abc", 3)],
    "list_untyped_index": [(L, -1), (L, 5)],
    "list_store": [([1, 2], 0, 5), ([1, 2], 2, 5)],
    "list_slice": [(L, 1), (L, -1)],
    "view_slice": [(A, 1), (A, -1)],
    "view_slice_nb": [(A, 2), (A, 9), (A, -1)],
    "wrap_block": [(A, 1), (A, -1)],
    "wrap_block_objects": [(L, 1)],
    "list_nobounds": [(L, 1)],
    "none_view": [(None,), (A,)],
    "none_shape": [(None,)],
    "none_list": [(None,)],
    "none_list_no": [(None,)],
    "none_len": [(None,)],
    "none_iter": [(None,)],
    "none_method": [(None,)],
    "none_attr": [(None,)],
    "none_view_store": [(None,)],
    "none_block": [(None,)],
    "uninit_global_view": [()],
    "inf_int": [(65536,), (3,)],
    "inf_div": [(7, 2), (-7, 2), (1, 0)],
    "inf_long": [(2**63 - 1,)],
    "inf_reassign": [(1,)],
    "inf_obj": [(1,)],
    "inf_default": [(65536,), (-3,)],
    "inf_default_range": [(70000,)],
    "inf_ptr": [(65536,)],
    "inf_float": [(1.1,)],
    "inf_none_value": [(65536,)],
    "overflowing_sum": [(2**31 - 1, 32767), (-(2**31), -32768), (5, 3)],
    "from_element": [(np.array([65536], np.int32),)],
    "from_shape": [(A, 2**30), (A, -7)],
    "shared": [(4,)],
    "ann": [(2,), (2.5, 1)],
    "ann_off": [(2,), ("x",)],
    "ann_quoted": [(1,), ("x",)],
    "ann_inner": [(1,), ("x",)],
    "ann_ret": [(1,), (2.5,), ("x",)],
    "of_list": [(L,), (None,), ((1,),), (1,)],
    "of_generic": [(L,), (None,), ((1,),)],
    "of_optional": [(L,), (None,), ((1,),)],
    "of_union": [(L,), (None,), ((1,),)],
    "of_default": [(), (L,), (None,), ((1,),)],
    "of_str": [("a", {}, (), set()), (1, {}, (), set()), ("a", None, (), set()), ("a", {}, [], set()), ("a", {}, (), frozenset())],
    "of_bytes": [(b"a", bytearray(), frozenset()), ("a", bytearray(), frozenset()), (b"a", b"", frozenset())],
    "of_bool": [(1,), (0.0,), ("",), ([1],)],
    "of_complex": [(1,), (2j,), (1.5,)],
    "of_object": [(1,), (None,)],
    "of_nothing": [(1, "x", 2.5), ((1,), None, "s")],
    "variables": [(3,), (2.5,), ("x",), (None,)],
    "of_class": [(L,), (None,), ((1,),), (1,)],
    "of_number": [(2.75,), (-2.75,)],
    "inside": [(1,), (2.5,), ("x",)],
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_as_cython(modules, name):
    check(*modules, name, *CALLS[name])


SIGNATURES = '''\
# cython: language_level=3, embedsignature=True, embedsignature.format={form}
cimport cython

cdef struct P:
    int x

def f1(int a, double b=2.5, *args, c=None, **kw):
    """Doc."""

def f2(a, double[:] b, str s="x"):
    pass

def f3(a: int, b: float = 2.0, /, c: str = 'q', *, d=[1, 2]) -> list:
    return []

cpdef int f4(int a, float b=1.0) except -1:
    """More."""
    return a

def f5():
    pass

cpdef f6(a, b=None):
    return a

def f7(unsigned long a, list l=None, object o=None, bint t=True):
    pass

def f8(P p, a: cython.int, list x not None):
    pass

cpdef double f9(double x=1e-3) noexcept:
    return x

@cython.embedsignature(False)
def f10(int a):
    pass

@cython.embedsignature.format("python")
def f11(int a):
    pass

@cython.embedsignature(True, format="c")
def f12(int a):
    pass
'''


@pytest.mark.parametrize("form", ["c", "python", "clinic"])
def test_formats_of_signatures(tmp_path, form):
    path = tmp_path / f"signatures_{form}.pyx"
    path.write_text(SIGNATURES.format(form=form))
    reference, module = build(path, tmp_path), pyx.compile(path)
    for name in (f"f{n}" for n in range(1, 13)):
        expected, found = getattr(reference, name).__doc__, getattr(module, name).__doc__
        # Where there is no documentation, Cython writes `None` in this format.
        assert (None if expected == "None" else expected) == found, name


HEAD = "cimport cython\n"
WRONG = {
    "@cython.boundscheck(1)\ndef f(): pass\n": ("U0197", "expected `True` or `False`, found `1`"),
    "@cython.boundscheck('no')\ndef f(): pass\n": ("U0197", "found a text"),
    "@cython.boundscheck()\ndef f(): pass\n": ("U0197", "found no value"),
    "@cython.boundscheck(True, False)\ndef f(): pass\n": ("U0197", "found a second value"),
    "@cython.boundscheck(x=True)\ndef f(): pass\n": ("U0197", "found the keyword `x`"),
    "V = True\n@cython.boundscheck(V)\ndef f(): pass\n": ("U0197", "found the variable `V`"),
    "@cython.embedsignature.format('x')\ndef f(): pass\n": ("U0197", "expected `c`, `clinic`, `python`"),
    "@cython.embedsignature.format\ndef f(): pass\n": ("U0197", "found no value"),
    "@cython.language_level('3')\ndef f(): pass\n": ("U0199", "write `# cython: language_level=3str` at the top"),
    "def f():\n    with cython.language_level('3'): pass\n": ("U0199", "in a comment at the top"),
    "@cython.c_string_type('str')\nclass C: pass\n": ("U0199", "above a class"),
    "def f():\n    with cython.boundscheck(True) as x: pass\n": ("U0199", "expected no `as`"),
    "def f():\n    x = cython.boundscheck(False)\n": ("U0199", "stands in an expression"),
    "@cython.unknown(True)\ndef f(): pass\n": ("U0196", "known are: allow_none_for_extension_args"),
    "@cython.boundchek(True)\ndef f(): pass\n": ("U0196", "did you mean `boundscheck`?"),
    "def f():\n    @cython.wraparond(True)\n    def g(): pass\n": ("U0196", "did you mean `wraparound`?"),
    "def f():\n    with cython.unknown(True): pass\n": ("U0196", "initializedcheck"),
    "from cython cimport nothing as n\n@n(True)\ndef f(): pass\n": ("U0196", "known are"),
}  # fmt: skip
WRONG_COMMENTS = {
    "# cython: nope=True\n": ("U0196", "known are: allow_none_for_extension_args"),
    "# cython: boundscheck=1\n": ("U0197", "expected `True` or `False`, found `1`"),
    "# cython: language_level=7\n": ("U0197", "expected `2`, `3`, `3str`, found `7`"),
    "# cython: embedsignature.format=x\n": ("U0197", "expected `c`, `clinic`, `python`, found `x`"),
    "# cython: c_compile_guard=x\n": ("U0199", "above a function"),
}


@pytest.mark.parametrize("text", [HEAD + text for text in WRONG] + list(WRONG_COMMENTS))
def test_wrong_ones(text):
    code, message = (WRONG | WRONG_COMMENTS)[text.removeprefix(HEAD)]
    with pytest.raises(errors.CompileError) as found:
        pyx.compile(text, "wrong")
    assert f"error[{code}]" in str(found.value) and message in str(found.value)


def test_all_are_told_at_once():
    text = HEAD + "@cython.boundscheck(1)\ndef f(): pass\n@cython.nope(1)\ndef g(): pass\n"
    with pytest.raises(errors.CompileError) as found:
        pyx.compile(text, "wrong")
    assert "U0197" in str(found.value) and "U0196" in str(found.value)


PRODUCT = "def f(int a, int b):\n    return a * b\n"


def test_options():
    f = pyx.compile(PRODUCT, "options", compiler_directives={"overflowcheck": True}).f
    with pytest.raises(OverflowError, match="^value too large$"):
        f(65536, 65536)
    # What the module says comes first, and zero stands for False.
    text = "# cython: overflowcheck=False\n" + PRODUCT
    assert pyx.compile(text, "options", compiler_directives={"overflowcheck": 1}).f(65536, 65536) == 0
    options = {"embedsignature": True, "embedsignature.format": "python", "binding": False}
    f = pyx.compile(PRODUCT, "options", compiler_directives=options).f
    assert f.__doc__ == "f(a: int, b: int)" and not hasattr(type(f), "__get__")
    text = "cimport cython\ndef f(x: cython.int):\n    return x\n"
    assert pyx.compile(text, "options", compiler_directives={"annotation_typing": False}).f("a") == "a"
    options = {"language_level": 2, "profile": None}
    assert pyx.compile("def f(int a):\n    return a / 2\n", "options", compiler_directives=options).f(3) == 1


@pytest.mark.parametrize(("options", "message"), [
    ({"boundschek": True}, "unknown compiler directive .boundschek.: did you mean `boundscheck`"),
    ({"nope": True}, "known are: allow_none"), ({"boundscheck": "yes"}, "must be True or False, not yes"),
    ({"boundscheck": 2}, "must be True or False, not 2"), ({"language_level": 4}, "must be 2, 3, 3str, not 4"),
    ({"embedsignature.format": "x"}, "must be c, clinic, python, not x"),
])  # fmt: skip
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        pyx.compile(PRODUCT, "options", compiler_directives=options)


def test_names_of_the_user_are_no_directives():
    text = "def boundscheck(x):\n    return lambda f: f\n\n@boundscheck(3)\ndef f(int a):\n    return a\n"
    module = pyx.compile(text, "own")
    assert module.f(2) == 2 and inspect.isfunction(module.f) is False
