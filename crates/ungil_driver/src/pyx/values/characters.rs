//! Literals of one character that stand for numbers of C, and characters that are made bytes.
//!
//! `p[0] == b'-'` compares numbers in C, where the left side is one; the plain text has the number in the literal's place.

use std::collections::{HashMap, HashSet};

use ungil_diag::span::Span;
use ungil_syntax::ast::cython::CythonExpr;
use ungil_syntax::ast::expr::{Comparison, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::CompareOp;

use super::Check;
use super::kind::Kind;
use crate::pyx::types::Known;

/// What the plain text says in another way, by where it begins.
#[derive(Default, Debug)]
pub struct Rewritten {
    /// Literals, as numbers.
    pub literals: HashMap<u32, String>,
    /// Casts that make bytes of characters.
    pub bytes: HashMap<u32, Span>,
    /// Calls of `cython.typeof`, as the names of types.
    pub types: HashMap<u32, (Span, String)>,
    /// Assignments to a part of a complex number, by where the target ends.
    pub parts: HashSet<u32>,
}

impl Check<'_> {
    /// A value where a number of C is wanted: a literal of one character becomes its number.
    pub(super) fn character(&mut self, value: &Expr) {
        match &value.kind {
            ExprKind::Literal(literal) => {
                if let Some([code]) = codes(literal).as_deref() {
                    self.rewritten.literals.insert(value.span.lo, code.to_string());
                }
            }
            ExprKind::Conditional { body, orelse, .. } => {
                self.character(body);
                self.character(orelse);
            }
            _ => {}
        }
    }

    /// What numbers of C are compared with.
    pub(super) fn compared(&mut self, left: &Expr, rest: &[Comparison]) {
        let mut left = left;
        for step in rest {
            let right = &step.right;
            match step.op {
                CompareOp::Is | CompareOp::IsNot => {}
                // A `Py_UCS4` is looked for as a string.
                CompareOp::In | CompareOp::NotIn if self.is_number(left) && !self.is_text(left) => {
                    self.contained(right);
                }
                CompareOp::In | CompareOp::NotIn => {}
                _ if self.is_number(left) => self.character(right),
                _ if self.is_number(right) => self.character(left),
                _ => {}
            }
            left = right;
        }
    }

    /// What a number of C is looked for in.
    fn contained(&mut self, right: &Expr) {
        match &right.kind {
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
                items.iter().for_each(|item| self.character(item));
            }
            ExprKind::Literal(literal) => {
                let Some(codes) = codes(literal).filter(|codes| !codes.is_empty()) else { return };
                let items: Vec<String> = codes.iter().map(|code| format!("{code},")).collect();
                self.rewritten.literals.insert(right.span.lo, format!("({})", items.join(" ")));
            }
            _ => {}
        }
    }

    /// Whether a value is declared as an integer of C.
    fn is_number(&self, expr: &Expr) -> bool {
        let is_literal = matches!(expr.kind, ExprKind::Literal(_));
        !is_literal && matches!(self.kind(expr), Kind::Int(name) if name != "bint")
    }

    fn is_text(&self, expr: &Expr) -> bool {
        matches!(self.kind(expr), Kind::Int(name) if name == "Py_UCS4")
    }

    /// `<bytes>p` of characters of C.
    pub(super) fn made_bytes(&mut self, expr: &Expr, inner: &CythonExpr) {
        let CythonExpr::Cast { ty, value, .. } = inner else { return };
        let is_bytes =
            self.source.text.get(ty.base.span.lo as usize..ty.base.span.hi as usize) == Some("bytes");
        if is_bytes && is_characters(&self.kind(value)) {
            self.rewritten.bytes.insert(expr.span.lo, expr.span);
        }
    }
}

/// Whether it is the address of characters.
fn is_characters(kind: &Kind) -> bool {
    let Kind::Pointer(Known { text, .. }) = kind else { return false };
    matches!(text.as_str(), "*int8" | "*uint8" | "*const int8" | "*const uint8")
}

/// The numbers of a literal's characters.
fn codes(literal: &Literal) -> Option<Vec<u32>> {
    match literal {
        Literal::Str(text) => Some(text.as_str()?.chars().map(u32::from).collect()),
        Literal::Bytes(bytes) => Some(bytes.iter().map(|byte| u32::from(*byte)).collect()),
        _ => None,
    }
}
