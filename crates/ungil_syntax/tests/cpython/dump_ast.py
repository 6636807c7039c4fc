"""CPython's own trees in the form of `ungil_syntax::dump`, with positions.

Reads file names from standard input, a line each, and writes for each a line
`file NAME`, then `skip REASON`, `reject MESSAGE` or `tree` and the dump, a line per
top-level statement, and a line `end`. With `--compile` a file that does not
compile is rejected too.
"""

import ast
import struct
import sys
import tokenize
import warnings

IN_STRINGS = sys.version_info >= (3, 12)
BINARY = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.MatMult: "@", ast.Div: "/", ast.FloorDiv: "//",
    ast.Mod: "%", ast.Pow: "**", ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|",
    ast.BitXor: "^", ast.BitAnd: "&",
}  # fmt: skip
UNARY = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Not: "not"}
COMPARE = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


class Dumper:
    def __init__(self, source: bytes):
        self.lines = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self.inside = 0

    def open(self, kind, node):
        if self.inside and not IN_STRINGS:
            return "(" + kind
        return f"({kind}@{node.lineno}:{node.col_offset}-{node.end_lineno}:{node.end_col_offset}"

    def list(self, items, write):
        return " [" + " ".join(map(write, items)) + "]"

    def optional(self, item, write):
        return " _" if item is None else " " + write(item)

    def word(self, word):
        return word

    def node(self, node):
        return getattr(self, type(node).__name__)(node)

    def nodes(self, nodes):
        return self.list(nodes, self.node)

    def quoted(self, points):
        out = ['"']
        for point in points:
            plain = 32 <= point < 127 and point not in (34, 92)
            out.append(chr(point) if plain else f"\\{{{point:x}}}")
        return "".join(out) + '"'

    def literal(self, value):
        if value is Ellipsis:
            return "..."
        if isinstance(value, float):
            return f"f{struct.unpack('<Q', struct.pack('<d', value))[0]:016x}"
        if isinstance(value, complex):
            return self.literal(value.imag) + "j"
        if isinstance(value, str):
            return self.quoted(map(ord, value))
        if isinstance(value, bytes):
            return "b" + self.quoted(value)
        return str(value)

    # Expressions

    def Name(self, n):
        return self.open("name", n) + f" {n.id})"

    def Constant(self, n):
        return self.open("literal", n) + f" {self.literal(n.value)})"

    def JoinedStr(self, n):
        return self.open("f-string", n) + self.parts(n.values) + ")"

    def parts(self, values):
        self.inside += 1
        # Some releases leave neighbouring or empty literal parts.
        out, text = [], ""
        for value in values:
            if isinstance(value, ast.Constant):
                text += value.value
                continue
            if text:
                out.append(self.literal(text))
                text = ""
            out.append(self.FormattedValue(value))
        if text:
            out.append(self.literal(text))
        self.inside -= 1
        return " [" + " ".join(out) + "]"

    def FormattedValue(self, n):
        conversion = "_" if n.conversion == -1 else chr(n.conversion)
        spec = " _" if n.format_spec is None else self.parts(n.format_spec.values)
        return f"(field {self.node(n.value)} {conversion}{spec})"

    def NamedExpr(self, n):
        return self.open("named", n) + f" {n.target.id} {self.node(n.value)})"

    def BoolOp(self, n):
        op = "and" if isinstance(n.op, ast.And) else "or"
        return self.open("bool", n) + f" {op}" + self.nodes(n.values) + ")"

    def BinOp(self, n):
        # Long chains of operators are deep on the left.
        chain = []
        while isinstance(n, ast.BinOp):
            chain.append(n)
            n = n.left
        out = [self.open("binary", b) + f" {BINARY[type(b.op)]} " for b in chain]
        out.append(self.node(n))
        out.extend(f" {self.node(b.right)})" for b in reversed(chain))
        return "".join(out)

    def UnaryOp(self, n):
        return self.open("unary", n) + f" {UNARY[type(n.op)]} {self.node(n.operand)})"

    def Compare(self, n):
        steps = "".join(f" {COMPARE[type(op)]} {self.node(c)}" for op, c in zip(n.ops, n.comparators))
        return self.open("compare", n) + f" {self.node(n.left)}{steps})"

    def IfExp(self, n):
        return self.open("conditional", n) + f" {self.node(n.test)} {self.node(n.body)} {self.node(n.orelse)})"

    def Lambda(self, n):
        return self.open("lambda", n) + f"{self.params(n.args)} {self.node(n.body)})"

    def Call(self, n):
        return self.open("call", n) + f" {self.node(n.func)}{self.nodes(n.args)}{self.nodes(n.keywords)})"

    def keyword(self, n):
        return self.open("keyword", n) + self.optional(n.arg, self.word) + f" {self.node(n.value)})"

    def Attribute(self, n):
        return self.open("attribute", n) + f" {self.node(n.value)} {n.attr})"

    def Subscript(self, n):
        return self.open("subscript", n) + f" {self.node(n.value)} {self.node(n.slice)})"

    def Slice(self, n):
        return self.open("slice", n) + "".join(self.optional(b, self.node) for b in (n.lower, n.upper, n.step)) + ")"

    def value(self, kind, n):
        return self.open(kind, n) + f" {self.node(n.value)})"

    def Starred(self, n):
        return self.value("starred", n)

    def Await(self, n):
        return self.value("await", n)

    def YieldFrom(self, n):
        return self.value("yield-from", n)

    def Yield(self, n):
        return self.open("yield", n) + self.optional(n.value, self.node) + ")"

    def Tuple(self, n):
        return self.open("tuple", n) + self.nodes(n.elts) + ")"

    def List(self, n):
        return self.open("list", n) + self.nodes(n.elts) + ")"

    def Set(self, n):
        return self.open("set", n) + self.nodes(n.elts) + ")"

    def Dict(self, n):
        def item(pair):
            key, value = pair
            return f"({'_' if key is None else self.node(key)} {self.node(value)})"

        return self.open("dict", n) + self.list(zip(n.keys, n.values), item) + ")"

    def comp(self, kind, n):
        return self.open(kind, n) + f" {self.node(n.elt)}{self.nodes(n.generators)})"

    def ListComp(self, n):
        return self.comp("list-comp", n)

    def SetComp(self, n):
        return self.comp("set-comp", n)

    def GeneratorExp(self, n):
        return self.comp("generator", n)

    def DictComp(self, n):
        return self.open("dict-comp", n) + f" {self.node(n.key)} {self.node(n.value)}{self.nodes(n.generators)})"

    def comprehension(self, n):
        head = "(async-for" if n.is_async else "(for"
        return f"{head} {self.node(n.target)} {self.node(n.iter)}{self.nodes(n.ifs)})"

    # Parameters

    def params(self, a):
        positional = a.posonlyargs + a.args
        defaults = [None] * (len(positional) - len(a.defaults)) + a.defaults
        pairs = list(zip(positional, defaults))
        cut = len(a.posonlyargs)
        return (
            self.list(pairs[:cut], self.param)
            + self.list(pairs[cut:], self.param)
            + self.optional(a.vararg and (a.vararg, None), self.param)
            + self.list(zip(a.kwonlyargs, a.kw_defaults), self.param)
            + self.optional(a.kwarg and (a.kwarg, None), self.param)
        )

    def param(self, pair):
        n, default = pair
        annotation = self.optional(n.annotation, self.node)
        return self.open("param", n) + f" {n.arg}{annotation}{self.optional(default, self.node)})"

    def type_params(self, n):
        return self.nodes(getattr(n, "type_params", []))

    def type_param(self, kind, n, bound=""):
        return self.open(kind, n) + f" {n.name}{bound}{self.optional(getattr(n, 'default_value', None), self.node)})"

    def TypeVar(self, n):
        return self.type_param("type-var", n, self.optional(n.bound, self.node))

    def TypeVarTuple(self, n):
        return self.type_param("type-var-tuple", n)

    def ParamSpec(self, n):
        return self.type_param("param-spec", n)

    # Statements

    def function(self, kind, n):
        return (
            self.open(kind, n)
            + f" {n.name}{self.nodes(n.decorator_list)}{self.type_params(n)}{self.params(n.args)}"
            + f"{self.optional(n.returns, self.node)}{self.nodes(n.body)})"
        )

    def FunctionDef(self, n):
        return self.function("def", n)

    def AsyncFunctionDef(self, n):
        return self.function("async-def", n)

    def ClassDef(self, n):
        return (
            self.open("class", n)
            + f" {n.name}{self.nodes(n.decorator_list)}{self.type_params(n)}{self.nodes(n.bases)}"
            + f"{self.nodes(n.keywords)}{self.nodes(n.body)})"
        )

    def Return(self, n):
        return self.open("return", n) + self.optional(n.value, self.node) + ")"

    def Delete(self, n):
        return self.open("delete", n) + self.nodes(n.targets) + ")"

    def Assign(self, n):
        return self.open("assign", n) + f"{self.nodes(n.targets)} {self.node(n.value)})"

    def AugAssign(self, n):
        return self.open("aug-assign", n) + f" {BINARY[type(n.op)]} {self.node(n.target)} {self.node(n.value)})"

    def AnnAssign(self, n):
        simple = "simple" if n.simple else "_"
        value = self.optional(n.value, self.node)
        return self.open("ann-assign", n) + f" {simple} {self.node(n.target)} {self.node(n.annotation)}{value})"

    def TypeAlias(self, n):
        return self.open("type-alias", n) + f" {n.name.id}{self.type_params(n)} {self.node(n.value)})"

    def loop(self, kind, n):
        return self.open(kind, n) + f" {self.node(n.target)} {self.node(n.iter)}{self.nodes(n.body)}{self.nodes(n.orelse)})"

    def For(self, n):
        return self.loop("for", n)

    def AsyncFor(self, n):
        return self.loop("async-for", n)

    def While(self, n):
        return self.open("while", n) + f" {self.node(n.test)}{self.nodes(n.body)}{self.nodes(n.orelse)})"

    def If(self, n):
        head = self.open("if", n)
        branches = []
        while True:
            branches.append(f"({self.node(n.test)}{self.nodes(n.body)})")
            orelse = n.orelse
            if not (len(orelse) == 1 and isinstance(orelse[0], ast.If)):
                break
            inner = orelse[0]
            if not self.lines[inner.lineno - 1][inner.col_offset :].startswith(b"elif"):
                break
            n = inner
        return f"{head} [{' '.join(branches)}]{self.nodes(n.orelse)})"

    def with_block(self, kind, n):
        def item(i):
            return f"({self.node(i.context_expr)}{self.optional(i.optional_vars, self.node)})"

        return self.open(kind, n) + f"{self.list(n.items, item)}{self.nodes(n.body)})"

    def With(self, n):
        return self.with_block("with", n)

    def AsyncWith(self, n):
        return self.with_block("async-with", n)

    def Raise(self, n):
        return self.open("raise", n) + self.optional(n.exc, self.node) + self.optional(n.cause, self.node) + ")"

    def try_block(self, kind, n):
        return (
            self.open(kind, n)
            + f"{self.nodes(n.body)}{self.nodes(n.handlers)}{self.nodes(n.orelse)}{self.nodes(n.finalbody)})"
        )

    def Try(self, n):
        return self.try_block("try", n)

    def TryStar(self, n):
        return self.try_block("try-star", n)

    def ExceptHandler(self, n):
        head = self.open("handler", n) + self.optional(n.type, self.node)
        return head + f"{self.optional(n.name, self.word)}{self.nodes(n.body)})"

    def Assert(self, n):
        return self.open("assert", n) + f" {self.node(n.test)}{self.optional(n.msg, self.node)})"

    def Import(self, n):
        return self.open("import", n) + self.nodes(n.names) + ")"

    def ImportFrom(self, n):
        return self.open("import-from", n) + f" {n.level}{self.optional(n.module, self.word)}{self.nodes(n.names)})"

    def alias(self, n):
        return self.open("alias", n) + f" {n.name}{self.optional(n.asname, self.word)})"

    def Global(self, n):
        return self.open("global", n) + self.list(n.names, self.word) + ")"

    def Nonlocal(self, n):
        return self.open("nonlocal", n) + self.list(n.names, self.word) + ")"

    def Expr(self, n):
        return self.value("expr", n)

    def Pass(self, n):
        return self.open("pass", n) + ")"

    def Break(self, n):
        return self.open("break", n) + ")"

    def Continue(self, n):
        return self.open("continue", n) + ")"

    # Patterns

    def Match(self, n):
        def case(c):
            return f"(case {self.node(c.pattern)}{self.optional(c.guard, self.node)}{self.nodes(c.body)})"

        return self.open("match", n) + f" {self.node(n.subject)}{self.list(n.cases, case)})"

    def MatchValue(self, n):
        return self.open("match-value", n) + f" {self.node(n.value)})"

    def MatchSingleton(self, n):
        return self.open("match-singleton", n) + f" {self.literal(n.value)})"

    def MatchSequence(self, n):
        return self.open("match-sequence", n) + self.nodes(n.patterns) + ")"

    def MatchOr(self, n):
        return self.open("match-or", n) + self.nodes(n.patterns) + ")"

    def MatchStar(self, n):
        return self.open("match-star", n) + self.optional(n.name, self.word) + ")"

    def MatchAs(self, n):
        if n.pattern is not None:
            return self.open("match-as", n) + f" {self.node(n.pattern)} {n.name})"
        if n.name is None:
            return self.open("match-wildcard", n) + ")"
        return self.open("match-capture", n) + f" {n.name})"

    def MatchMapping(self, n):
        def item(pair):
            return f"({self.node(pair[0])} {self.node(pair[1])})"

        items = self.list(zip(n.keys, n.patterns), item)
        return self.open("match-mapping", n) + items + self.optional(n.rest, self.word) + ")"

    def MatchClass(self, n):
        def item(pair):
            return f"({pair[0]} {self.node(pair[1])})"

        keywords = self.list(zip(n.kwd_attrs, n.kwd_patterns), item)
        return self.open("match-class", n) + f" {self.node(n.cls)}{self.nodes(n.patterns)}{keywords})"


def describe(path: str, compiles: bool) -> str:
    with open(path, "rb") as file:
        source = file.read()
    try:
        with open(path, "rb") as file:
            encoding, _ = tokenize.detect_encoding(file.readline)
        if encoding not in ("utf-8", "utf-8-sig"):
            return f"skip encoding {encoding}\n"
        source.decode("utf-8")
    except (SyntaxError, UnicodeDecodeError) as error:
        return f"skip {error}\n"
    try:
        tree = ast.parse(source)
        if compiles:
            compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return f"reject {str(error)!r}\n"
    dumper = Dumper(source.removeprefix(b"\xef\xbb\xbf"))
    return "tree\n" + "".join(dumper.node(stmt) + "\n" for stmt in tree.body)


def main():
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(20_000)
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", errors="surrogatepass", newline="\n", closefd=False)
    for path in sys.stdin.read().splitlines():
        out.write(f"file {path}\n{describe(path, '--compile' in sys.argv)}end\n")
    out.flush()


main()
