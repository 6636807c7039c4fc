//! Any text at all: no panic, no overflow of the stack, spans inside the text, linear time.
//!
//! Mutates real sources with a fixed generator, so that a failure is the same on every machine;
//! `fuzz/fuzz_targets/parse.rs` looks further. The stack here is 2 MiB, as any thread's.

use std::time::{Duration, Instant};

use ungil_diag::diagnostic::Diagnostics;
use ungil_diag::render::render;
use ungil_diag::source::{LineColumn, SourceFile, SourceMap};
use ungil_diag::span::Span;
use ungil_syntax::ast::MAX_HEIGHT;
use ungil_syntax::ast::expr::Expr;
use ungil_syntax::ast::module::Module;
use ungil_syntax::ast::pattern::Pattern;
use ungil_syntax::ast::stmt::Stmt;
use ungil_syntax::check::{check_excerpt, check_module};
use ungil_syntax::dump::dump;
use ungil_syntax::parser::{
    CythonOptions, LanguageLevel, parse_cython, parse_excerpt, parse_expression, parse_module,
};
use ungil_syntax::visit::{Visitor, walk_body, walk_expr, walk_pattern, walk_stmt};

/// Checks that spans lie inside the text on character boundaries, and measures the height.
struct SpanCheck<'a> {
    text: &'a str,
    height: u32,
    highest: u32,
}

impl SpanCheck<'_> {
    fn span(&self, span: Span) {
        let (lo, hi) = (span.lo as usize, span.hi as usize);
        assert!(lo <= hi && hi <= self.text.len(), "span {lo}..{hi} outside the text");
        assert!(self.text.is_char_boundary(lo) && self.text.is_char_boundary(hi), "span cuts a character");
    }
}

impl Visitor for SpanCheck<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        self.span(stmt.span);
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &Expr) {
        self.span(expr.span);
        self.height += 1;
        self.highest = self.highest.max(self.height);
        walk_expr(self, expr);
        self.height -= 1;
    }

    fn visit_pattern(&mut self, pattern: &Pattern) {
        self.span(pattern.span);
        walk_pattern(self, pattern);
    }
}

/// What grows faster than the text: four times the text may take ten times the time, in one of ten trials.
///
/// No limit in seconds would hold on every machine, and one trial may meet a pause of the machine.
fn grows_too_fast(length: usize, parse: impl Fn(usize)) -> bool {
    let seconds = |length| {
        let start = Instant::now();
        parse(length);
        start.elapsed()
    };
    (0..10).all(|_| seconds(4 * length) > 10 * seconds(length) + Duration::from_millis(20))
}

fn parse(text: &str) -> (Module, Diagnostics) {
    let mut sources = SourceMap::new();
    let id = sources.add(SourceFile::new("test.py", text));
    let source = sources.get(id).unwrap();
    let text = &source.text;
    drop(parse_excerpt(source, id));
    let (module, diagnostics) = parse_module(source, id);
    let mut check = SpanCheck { text, height: 0, highest: 0 };
    walk_body(&mut check, &module.body);
    let checked = check_module(&module);
    for (i, diagnostic) in diagnostics.iter().chain(&checked).enumerate() {
        diagnostic.labels.iter().for_each(|label| check.span(label.span));
        // A message prints its whole line, which may be long here.
        if i < 3 {
            render(diagnostic, &sources);
        }
    }
    dump(&module);
    if !diagnostics.has_errors() {
        assert!(check.highest <= MAX_HEIGHT, "a tree {} high", check.highest);
    }
    (module, diagnostics)
}

/// As [`parse`], in the Cython language at both levels.
fn parse_as_cython(text: &str) {
    let mut sources = SourceMap::new();
    let id = sources.add(SourceFile::new("test.pyx", text));
    let source = sources.get(id).unwrap();
    for (level, is_declaration) in
        [(LanguageLevel::Three, false), (LanguageLevel::Two, false), (LanguageLevel::Three, true)]
    {
        let (module, diagnostics) = parse_cython(source, id, CythonOptions { level, is_declaration });
        let mut check = SpanCheck { text: &source.text, height: 0, highest: 0 };
        walk_body(&mut check, &module.module.body);
        let checked = check_module(&module.module);
        for (i, diagnostic) in diagnostics.iter().chain(&checked).enumerate() {
            diagnostic.labels.iter().for_each(|label| check.span(label.span));
            if i < 3 {
                render(diagnostic, &sources);
            }
        }
        dump(&module.module);
        if !diagnostics.has_errors() {
            assert!(check.highest <= MAX_HEIGHT, "a tree {} high", check.highest);
        }
    }
}

/// A small generator (xorshift), the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Pieces that matter to the lexer or the parser.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "=",
    ":=",
    "\"",
    "'",
    "\"\"\"",
    "f\"",
    "t'''",
    "{{",
    "}}",
    "!r",
    "\\",
    "\n",
    "\r",
    "\t",
    "    ",
    "\u{c}",
    "#",
    "@",
    "*",
    "**",
    "->",
    "...",
    ".",
    ";",
    "\0",
    "é",
    "\u{feff}",
    "漢",
    "0x",
    "1_",
    "1e",
    "j",
    "def f(",
    "class C:",
    "if x:",
    "else",
    "match x:\n",
    "case ",
    "lambda ",
    "for x in ",
    "await ",
    "yield ",
    "async ",
    "with (",
    "try:",
    "except* ",
    "import ",
    "from . ",
    "global x",
    "nonlocal x",
    "type X[",
    "\\N{",
    "\\x",
    "not ",
    " in ",
    " is ",
    "if ",
    " as ",
];

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn mutate(seed: &str, random: &mut Random) -> String {
    let mut text = seed.to_string();
    for _ in 0..=random.below(4) {
        let a = boundary(&text, random.below(text.len() + 1));
        let b = boundary(&text, (a + random.below(40)).min(text.len()));
        match random.below(5) {
            0 => text.truncate(a),
            1 => text.replace_range(a..b, ""),
            2 => text.insert_str(a, PIECES[random.below(PIECES.len())]),
            3 => text.replace_range(a..b, PIECES[random.below(PIECES.len())]),
            _ => {
                let piece = text[a..b].to_string();
                let at = boundary(&text, random.below(text.len() + 1));
                text.insert_str(at, &piece);
            }
        }
    }
    text
}

fn seeds() -> Vec<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests");
    let folders = [format!("{root}/filetests/syntax"), format!("{root}/ui/syntax")];
    let mut paths: Vec<_> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()))
        .collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn mutated_sources_never_break_the_parser() {
    let seeds = seeds();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let seed = &seeds[random.below(seeds.len())];
        let text = mutate(seed, &mut random);
        if std::panic::catch_unwind(|| parse(&text)).is_err() {
            panic!("broken by {text:?}");
        }
    }
}

/// Pieces that matter to the Cython language.
const CYTHON_PIECES: &[&str] = &[
    "cdef ",
    "cpdef ",
    "ctypedef ",
    "cdef class A:\n ",
    "cdef extern from \"a\":\n ",
    "cppclass A[T]:\n ",
    "struct ",
    "enum ",
    "fused ",
    "int ",
    "double ",
    "unsigned ",
    "long ",
    "const ",
    "[:, ::1]",
    "[int]",
    "<int>",
    "<double[:n]>",
    "*",
    "&",
    "**",
    "?",
    "sizeof(",
    "new A",
    "10ULL",
    "c'x'",
    "c'",
    "nogil",
    "except? -1",
    "except +",
    "noexcept ",
    "with gil",
    "not None",
    "cimport ",
    "include \"x\"",
    "DEF X = 1\n",
    "IF X:\n ",
    "ELIF ",
    "ELSE:\n ",
    "for i from 0 <= i < n by 2:",
    "print ",
    "print >>f, ",
    "property x:\n ",
    "operator",
    "(int, ",
    "...",
    "=*",
    "# cython: boundscheck=",
    "public ",
    "readonly ",
    "extern ",
    "api ",
    "inline ",
    "namespace ",
    "object[",
];

fn cython_seeds() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cython");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    let texts = [read("accepted.txt"), read("rejected.txt")];
    texts.iter().flat_map(|text| text.split("\n%%\n").map(|snippet| format!("{snippet}\n"))).collect()
}

#[test]
fn mutated_cython_never_breaks_the_parser() {
    let seeds = cython_seeds();
    let mut random = Random(0x517c_c1b7_2722_0a95);
    for _ in 0..20_000 {
        let mut text = mutate(&seeds[random.below(seeds.len())], &mut random);
        let at = boundary(&text, random.below(text.len() + 1));
        text.insert_str(at, CYTHON_PIECES[random.below(CYTHON_PIECES.len())]);
        if std::panic::catch_unwind(|| parse_as_cython(&text)).is_err() {
            panic!("broken by {text:?}");
        }
    }
}

#[test]
fn random_cython_never_breaks_the_parser() {
    let mut random = Random(77);
    for _ in 0..10_000 {
        let count = random.below(20);
        let piece = |random: &mut Random| match random.below(3) {
            0 => PIECES[random.below(PIECES.len())],
            _ => CYTHON_PIECES[random.below(CYTHON_PIECES.len())],
        };
        let text: String = (0..count).map(|_| piece(&mut random)).collect();
        if std::panic::catch_unwind(|| parse_as_cython(&text)).is_err() {
            panic!("broken by {text:?}");
        }
    }
}

#[test]
fn deep_cython_stays_within_the_stack_and_linear_time() {
    let deep: &[(&str, &str, &str)] = &[
        ("cdef a[", "b", "] x"),
        ("cdef (", "int", ") x"),
        ("cdef (int, ", "int", ") x"),
        ("cdef const ", "int", " x"),
        ("cdef int ", "*", "x"),
        ("cdef int *", "x", ""),
        ("cdef int (", "x", ")"),
        ("cdef int (*", "x", ")()"),
        ("cdef int x", "", "[1]"),
        ("cdef int x", "", "()"),
        ("x = <int>", "y", ""),
        ("x = <a[", "int", "]>y"),
        ("x = &", "y", ""),
        ("x = sizeof(", "y", ")"),
        ("x = new A(", "y", ")"),
        ("cdef f(int ", "x", ")"),
        ("cdef f(int (*x)(", "int", "))"),
        ("def f(a[", "x", "] y): pass"),
        ("IF x: ", "pass", ""),
        ("cdef a.", "b", " x"),
    ];
    let mut slow = Vec::new();
    for (open, middle, close) in deep {
        let parse_both = |depth: usize| {
            parse_as_cython(&format!("{}{middle}{}\n", open.repeat(depth), close.repeat(depth)));
            let (first, rest) = open.split_at(open.find(' ').map_or(0, |at| at + 1));
            parse_as_cython(&format!("{first}{}{middle}{}\n", rest.repeat(depth), close.repeat(depth)));
        };
        [10, 150, 450, 2000].into_iter().for_each(parse_both);
        slow.extend(grows_too_fast(5000, parse_both).then_some(*open));
    }
    assert!(slow.is_empty(), "slow: {slow:#?}");
}

#[test]
fn random_pieces_never_break_the_parser() {
    let mut random = Random(42);
    for _ in 0..20_000 {
        let count = random.below(24);
        let text: String = (0..count).map(|_| PIECES[random.below(PIECES.len())]).collect();
        if std::panic::catch_unwind(|| parse(&text)).is_err() {
            panic!("broken by {text:?}");
        }
    }
}

#[test]
fn every_prefix_of_every_seed_parses() {
    for seed in seeds() {
        for (at, _) in seed.char_indices().step_by(3) {
            parse(&seed[..at]);
        }
    }
}

/// Deep texts: opening piece, middle, closing piece.
const DEEP: &[(&str, &str, &str)] = &[
    ("(", "x", ")"),
    ("[", "x", "]"),
    ("{", "x", "}"),
    ("{1:", "x", "}"),
    ("f(", "x", ")"),
    ("f(a=", "x", ")"),
    ("f(*", "x", ")"),
    ("x[", "x", "]"),
    ("x[:", "x", "]"),
    ("-", "x", ""),
    ("not ", "x", ""),
    ("await ", "x", ""),
    ("lambda: ", "x", ""),
    ("lambda x=", "x", ": x"),
    ("x if y else ", "x", ""),
    ("x ** ", "x", ""),
    ("x + ", "x", ""),
    ("x < ", "x", ""),
    ("x and ", "x", ""),
    ("x or not ", "x", ""),
    ("x.a", "x", ""),
    ("", "x", ".a"),
    ("", "x", "[0]"),
    ("", "x", "()"),
    ("", "x", " + 1"),
    ("(", "x", " + 1)"),
    ("(", "x", ").a + 1"),
    ("[x for x in ", "x", "]"),
    ("[", "x", " for x in y]"),
    ("(yield ", "x", ")"),
    ("(y := ", "x", ")"),
    ("*", "x", ""),
    ("f'{", "x", "}'"),
    ("f'{x:{", "x", "}}'"),
    ("f\"{f'{", "x", "}'}\""),
    ("x = ", "x", ""),
    ("if x: ", "x", ""),
    ("if x:\n", "x", ""),
    ("\t", "x", ""),
    ("match x:\n case ", "x", ": pass"),
    ("@x\n", "x", ""),
    ("def f(x=", "x", "): pass"),
    ("class C(", "x", "): pass"),
    ("x;", "x", ""),
    ("del (", "x", ")"),
    ("for (", "x", ") in y: pass"),
    ("with (", "x", "): pass"),
    ("type X[T: ", "x", "] = int"),
    ("'a' ", "'b'", ""),
    ("from .", "x", ""),
    ("x\n", "x", ""),
    ("(\n", "x", ""),
    ("x = (\n", "x", ""),
    ("f'{\n", "x", ""),
];

#[test]
fn deep_texts_stay_within_the_stack_and_linear_time() {
    let mut slow = Vec::new();
    for (open, middle, close) in DEEP {
        let parse_deep = |depth: usize| {
            parse(&format!("{}{middle}{}\n", open.repeat(depth), close.repeat(depth)));
        };
        [10, 90, 150, 250, 450, 900, 2000].into_iter().for_each(parse_deep);
        slow.extend(grows_too_fast(12_500, parse_deep).then_some(*open));
    }
    assert!(slow.is_empty(), "slow: {slow:#?}");
}

/// Texts as deep as programs write: none may be refused.
#[test]
fn reasonable_depths_are_accepted() {
    let deep = |open: &str, middle: &str, close: &str, depth: usize| {
        let text = format!("{}{middle}{}\n", open.repeat(depth), close.repeat(depth));
        let (_, diagnostics) = parse(&text);
        assert!(!diagnostics.has_errors(), "{depth} levels of {open:?} are refused");
    };
    for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("x[", "]"), ("f(a=", ")"), ("{1: ", "}")] {
        deep(open, "x", close, 195);
    }
    for (open, close) in [("x + ", ""), ("", ".a"), ("", "()"), ("", " * 2")] {
        deep(open, "x", close, 900);
    }
    for open in ["-", "not ", "x if y else ", "x ** "] {
        deep(open, "x", "", 200);
    }
    deep("x and ", "x", "", 50_000);
    deep("x, ", "x", "", 50_000);
    deep("'a' ", "'b'", "", 50_000);
}

#[test]
fn deep_patterns_and_blocks_stay_within_the_stack() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{1: ", "}"), ("C(", ")"), ("C(a=", ")"), ("1 | ", "")] {
        for depth in [50, 190, 5000] {
            parse(&format!("match x:\n case {}1{}: pass\n", open.repeat(depth), close.repeat(depth)));
        }
    }
    for depth in [99, 100, 5000] {
        for head in ["if x:", "def f():", "while x:", "try:", "class C:", "match x:", "with x:"] {
            let text: String = (0..depth).map(|i| format!("{}{head}\n", " ".repeat(i))).collect();
            parse(&text);
        }
    }
}

#[test]
fn an_elif_chain_of_any_length_is_fine() {
    let text = format!("if x: pass\n{}", "elif x: pass\n".repeat(20_000));
    assert!(!parse(&text).1.has_errors());
}

/// Long texts of one kind; twice the text must take about twice the time, errors included.
#[test]
fn long_texts_take_linear_time() {
    let pieces = [
        "x = 1\n",
        "x,",
        "x = (1\n",
        "f'{x",
        "f'{x}' ",
        "'a' ",
        "(]",
        "x = '\n",
        "if x:\n",
        "\\\n",
        "# c\n",
        "1 +",
        "@a\n",
        "match x:\n",
        "match x\n",
        "with (a): pass\n",
        "with (a\n",
        "case x:\n",
        "é ",
        "“",
        "0x",
        "class C:\n x = = 1\n",
        "type x = 1\n",
        "else:\n",
        "try: pass\n",
        "[a, b, c,\n",
        "{1: 2,",
        "f(a=1,",
        "lambda x,",
        "x: int\n",
        "global x\n",
        "nonlocal x\n",
        "x\u{c}\n",
        "\t\n",
        "a.b",
        "$",
    ];
    let mut slow = Vec::new();
    for piece in pieces {
        let parse_long = |length: usize| {
            parse(&piece.repeat(length));
        };
        slow.extend(grows_too_fast(5000, parse_long).then_some(piece));
    }
    assert!(slow.is_empty(), "slow: {slow:#?}");
}

#[test]
fn an_excerpt_may_be_indented() {
    let text = "    @jit\n    def f(x):\n        \"\"\"a\nb\"\"\"\n  # comment\n        return x\n";
    let source = SourceFile::excerpt("e.py", text, 7, 0);
    let (module, diagnostics) = parse_excerpt(&source, Default::default());
    assert!(diagnostics.is_empty());
    assert_eq!(source.line_column(module.body[0].span.lo), LineColumn { line: 8, column: 5 });
    assert_eq!(
        dump(&module),
        "(def f [(name jit)] [] [] [(param x _ _)] _ [] _ _ [(expr (literal \"a\\{a}b\")) (return (name x))])\n"
    );
    let nested = "  def f():\n    nonlocal x\n    x = 1\n";
    let (module, diagnostics) = parse_excerpt(&SourceFile::new("e.py", nested), Default::default());
    assert!(diagnostics.is_empty() && check_excerpt(&module).is_empty());
    assert!(check_module(&module).has_errors());
    let (_, diagnostics) = parse_excerpt(&SourceFile::new("e.py", "  x\n y\n"), Default::default());
    assert!(diagnostics.has_errors());
}

#[test]
fn expressions_alone() {
    for text in
        ["2*a - 4.5*b", "a\n + b", "", "a b", "x = 1", "(", "a, b", "where(a > 0, a, -a)", "  a  ", "f'{x"]
    {
        let source = SourceFile::new("e", text);
        let (expr, diagnostics) = parse_expression(&source, Default::default());
        assert!(expr.span.hi as usize <= text.len());
        let valid = ["2*a - 4.5*b", "a\n + b", "a, b", "where(a > 0, a, -a)", "  a  "].contains(&text);
        assert_eq!(!diagnostics.has_errors(), valid, "{text}");
    }
}
