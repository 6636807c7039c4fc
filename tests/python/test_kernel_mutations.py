"""Mutated kernels and formulas: whatever they say, they are compiled or refused.

`UNGIL_COMPILATIONS` says how many, `UNGIL_SEED` which.
"""

import ast
import copy
import math
import os
import random
import re
import warnings

import numpy as np

import ungil
from ungil import errors

COUNT = int(os.environ.get("UNGIL_COMPILATIONS", "150"))
SEED = int(os.environ.get("UNGIL_SEED", "1"))

KERNELS = """
def f(a, x, n):
    out = np.empty(n)
    for i in prange(n):
        out[i] = math.sin(a[i]) + x
    return out
%%
def f(a, x, n):
    s = 0
    for i in range(n):
        if a[i] > x:
            s += a[i] * i
        elif a[i] == 0:
            continue
        else:
            break
    return s
%%
def f(b, x, n):
    r = np.zeros((n, 3))
    for i in range(n):
        for j in range(3):
            r[i, j] = b[i, j] ** 2 - x
    return r.sum(axis=0), r.max()
%%
def f(a, x, n):
    found = []
    for v in a:
        found.append(v * 2)
    found.sort()
    return [y + 1 for y in found if y > x]
%%
def f(a, x, n):
    try:
        if n > 3:
            raise ValueError("large")
        t = a[n], x
    except ValueError:
        t = a[0], 1.0
    finally:
        n += 1
    return t
%%
def f(b, x, n):
    c = b @ b.T
    d = np.where(c > x, c, 0.0)
    return np.sqrt(d + c[::2, None].sum()) if n else d[:, 1:]
%%
def f(a, x, n):
    def g(y):
        return y * x
    s = 0.0
    for i, v in enumerate(a):
        s += g(v)
    h = lambda q, r=2: q + r
    return h(s)
%%
def f(k, x, n):
    hist = np.zeros(8, np.int64)
    for i in prange(len(k)):
        hist[k[i] & 7] += 1
    return hist
%%
def f(a, x, n):
    match n:
        case 0 | 1:
            return 0.0
        case v if v > 2:
            return a[v - 3]
    first, *rest = (n, x, 2.0)
    while n > 0 and first:
        n -= 1
    return rest[0] + first
"""
TEXTS = [text.strip("\n") + "\n" for text in KERNELS.split("%%")]
LEAVES = [ast.parse(word, mode="eval").body for word in (
    "i n a x 0 1 -1 2.5 None True a[i] a[1:] a.T a.shape[0] () [] {} {x} 'abc' b'ab' 1j 9223372036854775807 1e400 (x,) a[::-1] a[None] np.zeros(n) "
    "np.ones((n,2)) np.sum(a) a.mean() a.astype(np.float32) np.int8(n) np.float32(x) a.reshape(-1,1) np.clip(a,0,1) np.argsort(a) np.unique(a) "
    "divmod(n,3) pow(n,2) round(x) int(x) str(n) len(a) isinstance(x,float) a.copy() sorted(a) reversed(a) zip(a,a) any(a) max(a) range(n,0,-1) "
    "prange(n) f(a,x,n) np.nan np.stack((a,a)) np.outer(a,a) np.einsum('i,i',a,a) tuple(a) list(a) set(a) a+a [y*x]"
).split()]  # fmt: skip
OPERATORS = [getattr(ast, name) for name in "Add Sub Mult Div FloorDiv Mod Pow MatMult LShift RShift BitOr BitXor BitAnd".split()]  # fmt: skip
ORDERS = [getattr(ast, name) for name in "Eq NotEq Lt LtE Gt GtE Is IsNot In NotIn".split()]
TYPES = {
    "a": ["float64[::1]", "float32[:]", "int64[::1]", "complex128[::1]", "bool[::1]", "list[float64]"],
    "b": ["float64[:, ::1]", "float64[:, :]", "int32[:, ::1]"], "k": ["int64[::1]", "int32[:]"],
    "x": ["float", "int", "float32"], "n": ["int", "int32", "uint8"],
}  # fmt: skip


def read_only(node):
    return not isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del))


EXPRESSIONS = [n for text in TEXTS for n in ast.walk(ast.parse(text)) if isinstance(n, ast.expr) and read_only(n)]  # fmt: skip
STATEMENTS = [n for text in TEXTS for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt) and getattr(n, "name", "") != "f"]  # fmt: skip


class Swapped(ast.NodeTransformer):
    """Replaces one node of those that can be, by its number."""

    def __init__(self, rng, at=-1):
        self.rng, self.at, self.count = rng, at, 0

    def visit(self, node):
        kinds = (ast.expr, ast.operator, ast.cmpop, ast.stmt)
        if isinstance(node, kinds) and read_only(node) and getattr(node, "name", "") != "f":
            self.count += 1
            if self.count - 1 == self.at:
                return self.other(node)
        return self.generic_visit(node)

    def any(self, nodes):
        return copy.deepcopy(self.rng.choice(nodes))

    def other(self, node):
        if isinstance(node, ast.operator):
            return self.rng.choice(OPERATORS)()
        if isinstance(node, ast.cmpop):
            return self.rng.choice(ORDERS)()
        how = self.rng.randrange(4)
        if isinstance(node, ast.stmt):
            new = self.any(STATEMENTS)
            return [new, [node, new], [new, node], ast.Pass()][how]
        leaf = self.any(LEAVES)
        return [leaf, self.any(EXPRESSIONS), ast.BinOp(node, ast.Mult(), leaf), ast.Tuple([node, leaf], ast.Load())][how]  # fmt: skip


def mutated_kernel(rng):
    while True:
        tree = ast.parse(rng.choice(TEXTS))
        for _ in range(rng.choice([1, 1, 2, 4])):
            counted = Swapped(rng)
            counted.visit(tree)
            tree = Swapped(rng, rng.randrange(counted.count)).visit(tree)
        try:
            text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
            compile(text, "mutated", "exec")
        except (SyntaxError, ValueError):
            continue
        return text


def test_mutated_kernels_are_compiled():
    rng = random.Random(SEED)
    for _ in range(COUNT):
        text = mutated_kernel(rng)
        scope = {"np": np, "math": math, "prange": ungil.prange}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(text, scope)
            names = [p.arg for p in ast.parse(text).body[0].args.args]
            signature = ", ".join(rng.choice(TYPES[name]) for name in names)
            try:
                ungil.jit(source=text)(scope["f"]).compile(f"({signature})")
            except errors.CompileError as error:
                assert error.code != "U0500", f"{signature}\n{text}{error}"


FORMULAS = (
    "2*a - 4.5*b + 1.1*sin(a)", "where(a > 0, a, -b)", "sum(a*b, axis=0)", "(k & 7) << 2 | ~k", "arctan2(a, b) < 0.5",
    "prod(m, axis=1)", "contains(s, b'a')", "conj(z)*z + real(z)", "a % b // 2", "(a > 1) & (b < 2) | (k == 3)", "k ** 3",
    "s == b'abc'", "m + a", "floor(a) + isnan(b)",
)  # fmt: skip
WORDS = (
    "a b k z s m 0 1 2.5 1j 'x' None True sin( where( sum( , axis=0 ) ( + - ** // % < == & | ^ ~ << >> and or not in is if else lambda [ ] { } : "
    ".real := 1e400 99999999999999999999 complex( # ; @ f'{a}' __import__ double( 0x10 ... λ ² \\"
).split()


def mutated_formula(rng):
    text = rng.choice(FORMULAS)
    for _ in range(rng.choice([1, 1, 2, 4])):
        parts = re.findall(r"\w+|[^\w\s]|\s+", text) or ["a"]
        at = rng.randrange(len(parts))
        parts[at] = rng.choice(["", rng.choice(WORDS), parts[at] + rng.choice(WORDS), f"({rng.choice(FORMULAS)})"])  # fmt: skip
        text = "".join(parts)
    return (
        rng.choice(["(", "-", "a+", "sin("]) * rng.choice([50, 5000]) + text if rng.random() < 0.02 else text
    )


def test_mutated_formulas_are_evaluated():
    rng = random.Random(SEED)
    a, k = np.linspace(-2, 2, 6), np.arange(6)
    names = {
        "a": a,
        "b": a.astype(np.float32),
        "k": k,
        "z": a * 1j,
        "s": np.array([b"abc", b"a"] * 3),
        "m": np.ones((4, 6)),
    }
    for _ in range(COUNT * 4):
        text = mutated_formula(rng)
        with np.errstate(all="ignore"):
            try:
                ungil.evaluate(text, local_dict=names)
            except Exception as error:
                is_bug = isinstance(error, (SystemError, RecursionError, MemoryError, AssertionError))
                assert not is_bug and getattr(error, "code", "") != "U0500", text[:2000]
