//! Statements that begin with an expression: assignments, annotations, plain expressions.

use super::{Parsed, Parser};
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::operator::BinaryOp;
use crate::ast::stmt::StmtKind;
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

use super::target::describe;

impl Parser<'_> {
    pub(super) fn expression_statement(&mut self) -> Parsed<StmtKind> {
        let in_parentheses = self.at(TokenKind::LParen);
        let first = self.yield_or_star_expressions()?;
        match self.kind() {
            TokenKind::Equal => self.assignment(first),
            TokenKind::Colon => self.annotated(first, in_parentheses),
            kind => match augmented(kind) {
                Some(op) => self.augmented_assignment(first, op),
                None => self.plain_expression(first),
            },
        }
    }

    fn plain_expression(&mut self, expr: Expr) -> Parsed<StmtKind> {
        if let ExprKind::Name(name) = &expr.kind
            && matches!(&**name, "print" | "exec")
            && self.kind().starts_expression()
        {
            let name = name.to_string();
            return self.fail(ParseError::LegacyStatement { name }, expr.span);
        }
        if self.at(TokenKind::ColonEqual) {
            return self.fail(ParseError::NamedStatement, self.token_span(self.token()));
        }
        Ok(StmtKind::Expr(expr))
    }

    fn assignment(&mut self, first: Expr) -> Parsed<StmtKind> {
        let mut targets = Vec::with_capacity(1);
        let mut value = first;
        while self.eat(TokenKind::Equal) {
            let target = value;
            value = self.yield_or_star_expressions()?;
            self.check_target(&target)?;
            targets.push(target);
        }
        Ok(StmtKind::Assign { targets, value })
    }

    fn annotated(&mut self, target: Expr, in_parentheses: bool) -> Parsed<StmtKind> {
        match &target.kind {
            ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => {}
            _ => {
                let what = describe(&target);
                return self.fail(ParseError::AnnotatedTarget { what }, target.span);
            }
        }
        self.bump();
        let annotation = self.expression()?;
        let value = if self.eat(TokenKind::Equal) { Some(self.yield_or_star_expressions()?) } else { None };
        let simple = !in_parentheses && matches!(target.kind, ExprKind::Name(_));
        Ok(StmtKind::AnnAssign { target, annotation, value, simple })
    }

    fn augmented_assignment(&mut self, target: Expr, op: BinaryOp) -> Parsed<StmtKind> {
        match &target.kind {
            ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => {}
            _ => {
                let what = describe(&target);
                return self.fail(ParseError::AugmentedTarget { what }, target.span);
            }
        }
        self.bump();
        let value = self.yield_or_star_expressions()?;
        Ok(StmtKind::AugAssign { target, op, value })
    }
}

/// The operator of an augmented assignment.
fn augmented(kind: TokenKind) -> Option<BinaryOp> {
    Some(match kind {
        TokenKind::PlusEqual => BinaryOp::Add,
        TokenKind::MinusEqual => BinaryOp::Sub,
        TokenKind::StarEqual => BinaryOp::Mult,
        TokenKind::AtEqual => BinaryOp::MatMult,
        TokenKind::SlashEqual => BinaryOp::Div,
        TokenKind::DoubleSlashEqual => BinaryOp::FloorDiv,
        TokenKind::PercentEqual => BinaryOp::Mod,
        TokenKind::DoubleStarEqual => BinaryOp::Pow,
        TokenKind::LeftShiftEqual => BinaryOp::LShift,
        TokenKind::RightShiftEqual => BinaryOp::RShift,
        TokenKind::BarEqual => BinaryOp::BitOr,
        TokenKind::CaretEqual => BinaryOp::BitXor,
        TokenKind::AmpEqual => BinaryOp::BitAnd,
        _ => return None,
    })
}
