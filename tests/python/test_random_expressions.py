"""Random programs of whole-array statements against NumPy: same values, dtypes, shapes, and the same arrays afterwards.

`UNGIL_RANDOM_EXPRESSIONS` sets the number of programs; program `n` is the same in every run.
"""

import linecache
import os
import random
import warnings

import numpy as np
import pytest

from ungil import jit
from ungil.errors import TypingError

PROGRAMS = int(os.environ.get("UNGIL_RANDOM_EXPRESSIONS", "120"))
# Smaller integers are left out: NumPy's functions of them give float16, which kernels compute in float64.
DTYPES = ["float64", "float32", "int64", "int32", "uint64", "complex128", "complex64"]
UNARY = """-{0} | abs({0}) | np.sqrt(abs({0})) | np.sin({0}) | np.exp(-abs({0})) | np.square({0}) | np.conj({0}) | np.sign({0})
{0}.copy() | np.floor(np.real({0})) | np.real({0}) | np.imag({0}) | {0}**2 | ({0}+1)**3 | np.rint(np.real({0})) | np.tanh({0})
np.cumsum({0}) | np.angle({0}) | np.nan_to_num({0})"""
BINARY = """{0}+{1} | {0}-{1} | {0}*{1} | {0}/{1} | np.maximum({0},{1}) | np.minimum({0},{1}) | np.add({0},{1}) | np.fmax({0},{1})
np.hypot(np.real({0}),np.real({1})) | np.arctan2(np.real({0}),np.real({1})) | np.copysign(np.real({0}),np.real({1}))"""
MASKS = """{0}>{1} | {0}<={1} | {0}=={1} | {0}!={1} | np.isnan({0}) | np.isfinite({1}) | np.logical_and({0},{1}) | ~({0}>{1})
np.isclose({0},{1}) | np.logical_not({0})"""
REDUCTIONS = """{0}.sum() | {0}.max() | {0}.min() | {0}.mean() | {0}.sum(axis=0) | {0}.max(axis=-1) | {0}.mean(axis=0) | {0}.argmax()
np.count_nonzero({0}) | {0}.sum(axis=-1,keepdims=True) | {0}.std() | {0}.prod() | np.ptp({0}) | {0}.argmin(axis=0)
np.cumsum({0},axis=0) | np.median({0}) | {0}.var(axis=0) | np.nansum({0}) | np.nanmax({0})
np.sum({0},axis=0,initial=2) | np.sum({0},where={0}=={0}) | np.max({0},axis=0,keepdims=True) | np.mean({0},axis=-1,dtype=np.complex128)
np.nanmean({0},axis=0) | np.nanmedian({0}) | np.cumprod({0}) | np.average({0}) | np.any({0},axis=0) | np.all({0})"""
SHAPES = """{0}.T | {0}[::-1] | {0}[::2] | {0}[1:] | {0}.ravel() | {0}[None] | {0}[...,None] | {0}[:0] | np.roll({0},1)
{0}[-1:] | np.atleast_2d({0}) | np.concatenate(({0},{0})) | np.stack(({0},{0})) | np.repeat({0},2) | np.tile({0},2) | np.diff({0})
{0}.astype(np.float64) | np.expand_dims({0},0) | np.nonzero({0})[0] | np.swapaxes({0},0,-1) | np.broadcast_to({0},(2,)+{0}.shape)
{0}[True] | {0}[False] | {0}[{0}=={0}] | {0}[[0]] | {0}[[0,-1]] | {0}[None,...,0] | {0}[::-3] | {0}[np.array([[0],[-1]])] | {0}.flat[:2]
np.flip({0}) | np.rot90({0}) | np.tril({0}) | np.diagonal({0}) | np.moveaxis({0},0,-1) | np.squeeze({0}[None],0) | np.pad({0},1)
np.append({0},{0}) | np.delete({0},0) | np.take({0},[0,-1]) | np.array([{0}.sum(),{0}.max()]) | np.array([x for x in np.ravel({0})])"""


def forms(text):
    return [form.strip() for form in text.replace("\n", "|").split("|")]


class Program:
    """The text of a function of two arrays."""

    def __init__(self, seed):
        self.random, self.names = random.Random(seed), ["a", "b"]
        lines = [self.statement(i) for i in range(self.random.randrange(1, 5))]
        lines.append(f"return {self.number(2)}, {self.random.choice(self.names)}")
        self.text = "def f(a, b):\n    " + "\n    ".join(lines) + "\n"

    def number(self, depth):
        r = self.random
        if depth == 0 or r.random() < 0.15:
            return (
                r.choice(self.names) if r.random() < 0.85 else r.choice(["(2)", "0.5", "1.5", "(3)", "(-1)"])
            )
        kind = r.choices([BINARY, UNARY, SHAPES, REDUCTIONS, None], [30, 25, 17, 17, 11])[0]
        if kind is None:
            return f"np.where({self.mask()}, {self.number(depth - 1)}, {self.number(depth - 1)})"
        return f"({r.choice(forms(kind)).format(self.number(depth - 1), self.number(depth - 1))})"

    def mask(self):
        return self.random.choice(forms(MASKS)).format(self.random.choice(self.names), self.number(1))

    def statement(self, i):
        r, name = self.random, self.random.choice(self.names)
        kind = r.choices(
            ["new", "augmented", "fill", "shift", "mask", "out", "loop", "places", "list"],
            [60, 10, 10, 5, 5, 5, 5, 5, 5],
        )[0]
        if kind == "new":
            line = f"v{i} = {self.number(2)}"
            self.names.append(f"v{i}")
            return line
        return {
            "augmented": lambda: f"{name} {r.choice('+-*')}= {self.number(1)}",
            "fill": lambda: f"{name}[...] = {self.number(1)}",
            "shift": lambda: f"{name}[1:] = {r.choice(self.names)}[:-1]",
            "mask": lambda: f"{name}[{self.mask()}] = {r.choice('012')}",
            "out": lambda: f"np.add({r.choice(self.names)}, {r.choice(self.names)}, out={name})",
            "places": lambda: (
                f"{name}[{r.choice(['[0, -1]', 'True', '[0]', '::-2', '..., [0]'])}] {r.choice(['=', '+='])} {r.choice('012')}"
            ),
            "list": lambda: (
                f"rows = [{name}.sum()]\n    rows.append({self.names[0]}.sum())\n    {name}[:1] = len(rows)"
            ),
            "loop": lambda: f"for t in range(2):\n        {name}[...] = {self.number(1)}",
        }[kind]()


def argument(r, rng, shape, dtype):
    """An array with special numbers in one of many layouts."""
    a = rng.normal(size=shape) * 3
    if dtype.startswith("complex"):
        a = a + 1j * rng.normal(size=shape)
    elif dtype.startswith("float"):
        a = np.where(rng.random(shape) < 0.05, rng.choice([np.nan, np.inf, -0.0, 0.0, -np.inf]), a)
    else:
        a = rng.integers(0 if dtype[0] == "u" else -20, 20, size=shape)
    a = np.asarray(a).astype(dtype)
    layout = r.choice(["C", "C", "F", "spread", "reversed", "transposed"])
    if layout == "spread":
        spread = np.zeros([2 * s for s in a.shape], a.dtype)[(..., *(slice(None, None, 2) for _ in a.shape))]
        spread[...] = a
        return spread
    if layout == "reversed":
        return a[(..., *(slice(None, None, -1) for _ in a.shape))]
    return {"C": a, "F": np.asfortranarray(a), "transposed": np.ascontiguousarray(a.T).T}[layout]


def run(function, arrays):
    """What a call returns and leaves in its arguments; or the class of its exception."""
    arrays = [a.copy(order="K") for a in arrays]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return [*function(*arrays), *arrays]
        except Exception as error:
            return error


def compare(got, expected, single):
    """Equal up to the roundings of sums in another order; with a single-precision argument, of its precision."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.dtype == expected.dtype and got.shape == expected.shape
    if expected.dtype.kind in "fc":
        tolerance = 1e-3 if single else 1e-9
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_program(seed):
    program, rng, r = Program(seed), np.random.default_rng(seed), random.Random(-seed)
    shape = tuple(r.choice([0, 1, 2, 3, 5, 17]) for _ in range(r.choice([0, 1, 1, 1, 2, 2, 3])))
    other = shape
    if r.random() < 0.4:
        other = tuple(1 if r.random() < 0.5 else n for n in shape[r.randrange(len(shape) + 1) :])
    arrays = [argument(r, rng, s, r.choice(DTYPES)) for s in (shape, other)]
    name, scope = f"<random expressions {seed}>", {"np": np}
    linecache.cache[name] = (len(program.text), None, program.text.splitlines(True), name)
    exec(compile(program.text, name, "exec"), scope)
    expected, got = run(scope["f"], arrays), run(jit(scope["f"]), arrays)
    if isinstance(got, TypingError):
        # Kernels refuse more than NumPy does, for example numbers where shapes decide; never with an internal error.
        assert "internal error" not in str(got), program.text
    elif isinstance(expected, Exception):
        assert isinstance(got, Exception), program.text
    else:
        assert not isinstance(got, Exception), (program.text, got)
        single = any(a.dtype.char in "fF" for a in arrays)
        for mine, theirs in zip(got, expected, strict=True):
            compare(mine, theirs, single)
