"""Python that is not compiled is refused by name, with a code, the line and what to write instead."""

import linecache

import pytest

import ungil
from ungil import jit

STATEMENTS = {
    "class": "class A:\n    pass",
    "del": "y = x\ndel y",
    "with": "with x:\n    pass",
    "except … as": "try:\n    y = x\nexcept ValueError as e:\n    pass",
    "import": "import math",
    "from import": "from math import sin",
}
EXPRESSIONS = {
    "set": "{x, 1}",
    "set comprehension": "{i for i in range(3)}",
    "dict": "{x: 1}",
    "dict comprehension": "{i: i for i in range(3)}",
    "generator": "sum(zip((i for i in range(3)), (1, 2)))",
    "f-string": "f'{x}'",
    "bytes": "b'abc'",
}
OTHERS = {
    "yield": ("yield x", "U0241"),
    "yield from": ("yield from (x, x)", "U0241"),
    "global": ("global y\ny = x", "U0243"),
    "nonlocal": ("y = x\ndef inner():\n    nonlocal y\n    y = 2\ninner()", "U0242"),
    "attribute": ("x.real = 1", "U0241"),
    "augmented attribute": ("x.real += 1", "U0241"),
    "undefined": ("return undefined_name", "U0201"),
    "unbound": ("y = z\nz = 1", "U0202"),
    "module attribute": ("import_ = math.nothing(x)", "U0203"),
    "attribute of a number": ("return x.length", "U0205"),
    "joined types": ("y = 1\nif x > 0:\n    y = (1, 2)\nreturn y", "U0210"),
    "operands": ("return x + None", "U0212"),
    "text and number": ("return x + 'a'", "U0212"),
    "operand": ("return -'a'", "U0213"),
    "index": ("return x[0]", "U0215"),
    "call": ("return x(1)", "U0216"),
    "iteration": ("for i in x:\n    pass", "U0217"),
    "too large": ("return int(x) + 2**70", "U0218"),
    "constant too large": ("return int(x) + 2**200", "U0212"),
    "unpacking": ("a, b = x", "U0220"),
    "too few": ("a, b = (x,)", "U0221"),
    "too few starred": ("a, *b, c = (x,)", "U0221"),
    "argument": ("return len(x)", "U0222"),
    "comparison": ("return x < 1j", "U0223"),
    "tuple index": ("return (x, 1)[5]", "U0224"),
    "item assignment": ("y = (x, x)\ny[0] = 1", "U0227"),
    "missing": ("return round()", "U0230"),
    "unknown function": ("return hash(x)", "U0231"),
    "double star": ("return abs(**{})", "U0233"),
    "star": ("return max(*x)", "U0234"),
    "raise": ("raise x", "U0244"),
    "bare raise": ("raise", "U0244"),
    "format": ("raise ValueError(f'{x:.3f}')", "U0245"),
    "conversion": ("raise ValueError(f'{x!r}')", "U0245"),
    "keywords parameter": ("def inner(**k):\n    return 1\nreturn inner()", "U0247"),
    "declared": ("y: float64 = (x, x)", "U0260"),
    "conversion of complex": ("return int(x * 1j)", "U0261"),
    "iterator": ("y = zip((1, 2), (x, x))", "U0262"),
}


def compiled(body, name):
    text = "def kernel(x):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    file = f"<refused {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    import math

    namespace = {"math": math, "float64": ungil.float64}
    exec(compile(text, file, "exec"), namespace)
    return jit(namespace["kernel"])


def refusal(body, name):
    with pytest.raises(ungil.errors.CompileError) as error:
        compiled(body, name)(1.5)
    text = str(error.value)
    assert "help:" in text and f"<refused {name}>:" in text, text
    return error.value.code, text


@pytest.mark.parametrize("name", STATEMENTS)
def test_statements(name):
    code, text = refusal(STATEMENTS[name], name)
    assert code == "U0240"
    assert f"`{name.split()[-1]}" in text or f"{name.split()[-1]}`" in text


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions(name):
    code, text = refusal(f"y = {EXPRESSIONS[name]}", name)
    assert code == "U0241"
    assert "not supported in compiled code" in text


@pytest.mark.parametrize("name", OTHERS)
def test_others(name):
    body, expected = OTHERS[name]
    code, _ = refusal(body, name)
    assert code == expected


def test_what_types_prune_is_not_compiled():
    assert compiled("if x is None:\n    return [1]\nreturn x", "pruned")(1.5) == 1.5
