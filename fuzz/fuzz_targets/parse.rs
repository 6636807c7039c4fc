//! Fuzz target of the parser: any text parses without a panic, and all spans lie inside it.
//!
//! Run with `cargo +nightly fuzz run parse fuzz/corpus/parse tests/filetests/syntax`. Bytes that are
//! not UTF-8 are read lossily. A tree without errors must survive the checks and the dump.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ungil_diag::render::render;
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_diag::span::Span;
use ungil_syntax::ast::expr::Expr;
use ungil_syntax::ast::pattern::Pattern;
use ungil_syntax::ast::stmt::Stmt;
use ungil_syntax::check::check_module;
use ungil_syntax::dump::dump;
use ungil_syntax::parser::{parse_excerpt, parse_expression, parse_module};
use ungil_syntax::visit::{Visitor, walk_body, walk_expr, walk_pattern, walk_stmt};

struct SpanCheck<'a> {
    text: &'a str,
}

impl SpanCheck<'_> {
    fn span(&self, span: Span) {
        let (lo, hi) = (span.lo as usize, span.hi as usize);
        assert!(lo <= hi && hi <= self.text.len());
        assert!(self.text.is_char_boundary(lo) && self.text.is_char_boundary(hi));
    }
}

impl Visitor for SpanCheck<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        self.span(stmt.span);
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &Expr) {
        self.span(expr.span);
        walk_expr(self, expr);
    }

    fn visit_pattern(&mut self, pattern: &Pattern) {
        self.span(pattern.span);
        walk_pattern(self, pattern);
    }
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut sources = SourceMap::new();
    let id = sources.add(SourceFile::new("fuzz.py", &*text));
    let Some(source) = sources.get(id) else { return };
    let (module, diagnostics) = parse_module(source, id);
    let mut check = SpanCheck { text: &source.text };
    walk_body(&mut check, &module.body);
    for diagnostic in diagnostics.iter().chain(&check_module(&module)).take(20) {
        diagnostic.labels.iter().for_each(|label| check.span(label.span));
        render(diagnostic, &sources);
    }
    dump(&module);
    walk_body(&mut check, &parse_excerpt(source, id).0.body);
    let (expr, _) = parse_expression(source, id);
    check.visit_expr(&expr);
});
