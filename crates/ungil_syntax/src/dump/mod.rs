//! The tree as text: an s-expression per statement.
//!
//! `(kind child …)`, lists in brackets, `_` for what is absent. The form is for tests and for
//! reading; it shows everything but spans, unless they are asked for.

mod cython;
mod expr;
mod pattern;
mod stmt;

use ungil_diag::source::SourceFile;
use ungil_diag::span::Span;

use crate::ast::literal::{Literal, Text};
use crate::ast::module::Module;
use crate::ast::name::Ident;

/// What [`dump_with`] shows beside the tree.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Adds `@line:column-line:column` to every statement and expression: lines as the file counts
    /// them, columns in bytes from 0, as CPython's `ast` has them. Floats are written as bits.
    pub positions: Option<&'a SourceFile>,
    /// Adds positions inside f-strings too.
    pub positions_in_strings: bool,
    /// Writes a `{x=}` field as CPython's tree has it: its text as a literal part, conversion `r`.
    pub expand_debug: bool,
}

/// The module as text, a line for each top-level statement.
pub fn dump(module: &Module) -> String {
    dump_with(module, Options::default())
}

/// The module as text, with what `options` asks for.
pub fn dump_with(module: &Module, options: Options<'_>) -> String {
    let mut dumper = Dumper { out: String::new(), options, inside_string: 0 };
    for stmt in &module.body {
        dumper.stmt(stmt);
        dumper.out.push('\n');
    }
    dumper.out
}

/// One expression as text.
pub fn dump_expression(expr: &crate::ast::expr::Expr) -> String {
    let mut dumper = Dumper { out: String::new(), options: Options::default(), inside_string: 0 };
    dumper.expr(expr);
    dumper.out
}

struct Dumper<'a> {
    out: String,
    options: Options<'a>,
    inside_string: u32,
}

impl Dumper<'_> {
    /// Writes `(kind` and the position.
    fn open(&mut self, kind: &str, span: Span) {
        self.out.push('(');
        self.out.push_str(kind);
        if self.inside_string == 0 || self.options.positions_in_strings {
            self.position(span);
        }
    }

    fn close(&mut self) {
        self.out.push(')');
    }

    fn word(&mut self, word: &str) {
        self.out.push(' ');
        self.out.push_str(word);
    }

    fn position(&mut self, span: Span) {
        let Some(file) = self.options.positions else { return };
        let place = |offset: u32| {
            let index = file.line_index(offset);
            (file.first_line + index, offset - file.line_start(index))
        };
        let (line, column) = place(span.lo);
        let (end_line, end_column) = place(span.hi);
        self.out.push_str(&format!("@{line}:{column}-{end_line}:{end_column}"));
    }

    /// Writes ` [item item …]`.
    fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.out.push_str(" [");
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push(' ');
            }
            write(self, item);
        }
        self.out.push(']');
    }

    /// Writes ` item` or ` _`.
    fn optional<T>(&mut self, item: Option<&T>, write: impl FnOnce(&mut Self, &T)) {
        self.out.push(' ');
        match item {
            Some(item) => write(self, item),
            None => self.out.push('_'),
        }
    }

    fn ident(&mut self, ident: &Ident) {
        self.out.push_str(&ident.name);
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::None => self.out.push_str("None"),
            Literal::Bool(true) => self.out.push_str("True"),
            Literal::Bool(false) => self.out.push_str("False"),
            Literal::Ellipsis => self.out.push_str("..."),
            Literal::Int(value) => self.out.push_str(&value.to_string()),
            Literal::BigInt(digits) => self.out.push_str(digits),
            Literal::Float(value) => self.float(*value),
            Literal::Imaginary(value) => {
                self.float(*value);
                self.out.push('j');
            }
            Literal::Str(text) => self.text(text),
            Literal::Bytes(bytes) => {
                self.out.push('b');
                self.quoted(bytes.iter().map(|&byte| u32::from(byte)));
            }
        }
    }

    fn float(&mut self, value: f64) {
        let text = match self.options.positions {
            Some(_) => format!("f{:016x}", value.to_bits()),
            None => format!("{value:?}"),
        };
        self.out.push_str(&text);
    }

    fn text(&mut self, text: &Text) {
        match text {
            Text::Utf8(text) => self.quoted(text.chars().map(|ch| ch as u32)),
            Text::CodePoints(points) => self.quoted(points.iter().copied()),
        }
    }

    /// Writes characters in quotes; all but printable ASCII as `\{hex}`.
    fn quoted(&mut self, points: impl Iterator<Item = u32>) {
        self.out.push('"');
        for point in points {
            match char::from_u32(point) {
                Some(ch @ ' '..='~') if ch != '"' && ch != '\\' => self.out.push(ch),
                _ => self.out.push_str(&format!("\\{{{point:x}}}")),
            }
        }
        self.out.push('"');
    }
}
