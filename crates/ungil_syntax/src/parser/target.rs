//! Targets of assignments, loops and `del`.
//!
//! A target is read as an expression and judged afterwards, which gives better messages.

use super::expr::BIT_OR;
use super::{Failed, Parsed, Parser};
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::literal::Literal;
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    /// The targets of a `for`, up to its `in`.
    pub(super) fn loop_target(&mut self) -> Parsed<Expr> {
        let target = self.loop_target_unchecked()?;
        self.check_target(&target)?;
        Ok(target)
    }

    pub(super) fn loop_target_unchecked(&mut self) -> Parsed<Expr> {
        let lo = self.lo();
        let element = |parser: &mut Self| {
            if parser.at(TokenKind::Star) { parser.starred() } else { parser.operators(BIT_OR) }
        };
        let first = element(self)?;
        self.tuple_after(lo, first, element)
    }

    /// Whether `target` can be assigned to, parts included.
    pub(super) fn check_target(&mut self, target: &Expr) -> Parsed<()> {
        match &target.kind {
            ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => Ok(()),
            ExprKind::Starred(value) => self.check_target(value),
            ExprKind::Tuple(elements) | ExprKind::List(elements) => {
                elements.iter().try_for_each(|element| self.check_target(element))
            }
            ExprKind::Invalid => Err(Failed),
            _ => self.fail(ParseError::AssignTarget { what: describe(target) }, target.span),
        }
    }

    /// Whether `target` can be deleted, parts included.
    pub(super) fn check_delete_target(&mut self, target: &Expr) -> Parsed<()> {
        match &target.kind {
            ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => Ok(()),
            ExprKind::Tuple(elements) | ExprKind::List(elements) => {
                elements.iter().try_for_each(|element| self.check_delete_target(element))
            }
            ExprKind::Invalid => Err(Failed),
            _ => self.fail(ParseError::DeleteTarget { what: describe(target) }, target.span),
        }
    }
}

/// What an expression is, for a message that it cannot be a target.
pub fn describe(expr: &Expr) -> &'static str {
    use ExprKind::*;
    match &expr.kind {
        Invalid => "an invalid expression",
        Name(_) => "a name",
        Literal(literal) => describe_literal(literal),
        FString(_) => "an f-string",
        TString(_) => "a t-string",
        Named { .. } => "an assignment expression",
        Bool { .. } | Binary { .. } | Unary { .. } => "an operator expression",
        Compare { .. } => "a comparison",
        Conditional { .. } => "a conditional expression",
        Lambda { .. } => "a lambda",
        Call(_) => "a function call",
        Attribute { .. } => "an attribute",
        Subscript { .. } => "a subscript",
        Slice { .. } => "a slice",
        Starred(_) => "a starred expression",
        Tuple(_) => "a tuple",
        List(_) => "a list",
        Set(_) => "a set",
        Dict(_) => "a dict",
        ListComp { .. } => "a list comprehension",
        SetComp { .. } => "a set comprehension",
        DictComp { .. } => "a dict comprehension",
        Generator { .. } => "a generator",
        Await(_) => "an await expression",
        Yield(_) | YieldFrom(_) => "a yield expression",
        Cython(_) => "a C expression",
    }
}

fn describe_literal(literal: &Literal) -> &'static str {
    match literal {
        Literal::None => "`None`",
        Literal::Bool(true) => "`True`",
        Literal::Bool(false) => "`False`",
        Literal::Ellipsis => "`...`",
        Literal::Str(_) => "a string",
        Literal::Bytes(_) => "a bytes literal",
        _ => "a number",
    }
}
