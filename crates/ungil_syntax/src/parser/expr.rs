//! Expressions by precedence.

use ungil_diag::span::Span;

use super::{Parsed, Parser};
use crate::ast::expr::{Comparison, Expr, ExprKind};
use crate::ast::name::Ident;
use crate::ast::operator::{BinaryOp, BoolOp, CompareOp, UnaryOp};
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

/// Precedences, weakest first.
pub const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
pub const BIT_OR: u8 = 5;
const BIT_XOR: u8 = 6;
const BIT_AND: u8 = 7;
const SHIFT: u8 = 8;
const SUM: u8 = 9;
const TERM: u8 = 10;
pub const UNARY: u8 = 11;
const POWER: u8 = 12;

/// An operator between two operands.
enum Infix {
    Bool(BoolOp),
    Compare,
    Binary(BinaryOp),
}

impl Parser<'_> {
    /// `star_expressions`: one expression, or a tuple without parentheses.
    pub(super) fn star_expressions(&mut self) -> Parsed<Expr> {
        let lo = self.lo();
        let first = self.star_expression()?;
        self.tuple_after(lo, first, Self::star_expression)
    }

    /// `annotated_rhs`: a `yield`, or `star_expressions`.
    pub(super) fn yield_or_star_expressions(&mut self) -> Parsed<Expr> {
        if self.at(TokenKind::Yield) { self.yield_expression() } else { self.star_expressions() }
    }

    /// The rest of a tuple without parentheses whose first element has been read.
    pub(super) fn tuple_after(
        &mut self,
        lo: u32,
        first: Expr,
        element: fn(&mut Self) -> Parsed<Expr>,
    ) -> Parsed<Expr> {
        if !self.at(TokenKind::Comma) {
            return Ok(first);
        }
        let mut elements = vec![first];
        while self.eat(TokenKind::Comma) {
            if !(self.at_expression_start() || self.at(TokenKind::Star)) {
                break;
            }
            elements.push(element(self)?);
        }
        Ok(Expr { span: self.span(lo), kind: ExprKind::Tuple(elements) })
    }

    /// Whether an expression can begin here; casts and addresses are expressions of the Cython language.
    pub(super) fn at_expression_start(&self) -> bool {
        let is_c = matches!(self.kind(), TokenKind::Less | TokenKind::Amp);
        self.kind().starts_expression() || (is_c && self.cython.is_some())
    }

    /// `*a` or an expression.
    pub(super) fn star_expression(&mut self) -> Parsed<Expr> {
        if self.at(TokenKind::Star) { self.starred() } else { self.expression() }
    }

    /// `*a` or an expression, possibly named.
    pub(super) fn star_named_expression(&mut self) -> Parsed<Expr> {
        if self.at(TokenKind::Star) { self.starred() } else { self.named_expression() }
    }

    /// `*` and an operand of `|`.
    pub(super) fn starred(&mut self) -> Parsed<Expr> {
        let lo = self.bump().lo;
        let value = Box::new(self.operators(BIT_OR)?);
        Ok(Expr { span: self.span(lo), kind: ExprKind::Starred(value) })
    }

    /// `name := value` or an expression.
    pub(super) fn named_expression(&mut self) -> Parsed<Expr> {
        let lo = self.lo();
        if self.at(TokenKind::Name) && self.peek(1) == TokenKind::ColonEqual {
            let token = self.bump();
            let target = Ident { span: self.token_span(token), name: self.intern(token) };
            self.bump();
            let value = Box::new(self.expression()?);
            return Ok(Expr { span: self.span(lo), kind: ExprKind::Named { target, value } });
        }
        let expr = self.expression()?;
        if self.at(TokenKind::ColonEqual) {
            return self.fail(ParseError::NamedTarget { what: super::target::describe(&expr) }, expr.span);
        }
        Ok(expr)
    }

    /// `expression`: a lambda, a conditional or an operator expression.
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        if self.at(TokenKind::Lambda) {
            return self.nested(Self::lambda);
        }
        let lo = self.lo();
        let body = self.operators(OR)?;
        if !self.at(TokenKind::If) {
            return Ok(body);
        }
        self.bump();
        let test = Box::new(self.operators(OR)?);
        if !self.eat(TokenKind::Else) {
            let error = ParseError::MissingElse;
            return if self.at(TokenKind::Invalid) {
                Err(super::Failed)
            } else {
                self.fail(error, self.span(lo))
            };
        }
        let orelse = Box::new(self.nested(Self::expression)?);
        let kind = ExprKind::Conditional { test, body: Box::new(body), orelse };
        Ok(Expr { span: self.span(lo), kind })
    }

    fn lambda(&mut self) -> Parsed<Expr> {
        let lo = self.bump().lo;
        let params = Box::new(self.lambda_parameters()?);
        self.expect(TokenKind::Colon)?;
        let body = Box::new(self.expression()?);
        Ok(Expr { span: self.span(lo), kind: ExprKind::Lambda { params, body } })
    }

    pub(super) fn yield_expression(&mut self) -> Parsed<Expr> {
        let lo = self.bump().lo;
        let kind = if self.eat(TokenKind::From) {
            ExprKind::YieldFrom(Box::new(self.expression()?))
        } else if self.at_expression_start() || self.at(TokenKind::Star) {
            ExprKind::Yield(Some(Box::new(self.star_expressions()?)))
        } else {
            ExprKind::Yield(None)
        };
        Ok(Expr { span: self.span(lo), kind })
    }

    /// An expression of operators that bind at least as strongly as `min`.
    pub(super) fn operators(&mut self, min: u8) -> Parsed<Expr> {
        self.nested(|parser| parser.operator_chain(min))
    }

    fn operator_chain(&mut self, min: u8) -> Parsed<Expr> {
        let lo = self.lo();
        let mut left = self.operand(min)?;
        while let Some((infix, precedence)) = self.infix()
            && precedence >= min
        {
            left = match infix {
                Infix::Bool(op) => self.bool_chain(left, op, precedence)?,
                Infix::Compare => self.comparison(left)?,
                Infix::Binary(op) => {
                    self.bump();
                    let right = self.operators(if precedence == POWER { UNARY } else { precedence + 1 })?;
                    ExprKind::Binary { left: Box::new(left), op, right: Box::new(right) }
                }
            }
            .at(self.span(lo));
            self.step()?;
        }
        Ok(left)
    }

    /// A prefix operator with its operand, an `await`, or a primary.
    fn operand(&mut self, min: u8) -> Parsed<Expr> {
        let (op, precedence) = match self.kind() {
            TokenKind::Not if min <= NOT => (UnaryOp::Not, NOT),
            TokenKind::Minus => (UnaryOp::Neg, UNARY),
            TokenKind::Plus => (UnaryOp::Pos, UNARY),
            TokenKind::Tilde => (UnaryOp::Invert, UNARY),
            TokenKind::Await => return self.awaited(),
            TokenKind::Less if self.cython.is_some() => return self.cast(),
            TokenKind::Amp if self.cython.is_some() => return self.address_of(),
            _ => return self.primary(),
        };
        let lo = self.bump().lo;
        let operand = Box::new(self.operators(precedence)?);
        Ok(Expr { span: self.span(lo), kind: ExprKind::Unary { op, operand } })
    }

    fn awaited(&mut self) -> Parsed<Expr> {
        let lo = self.bump().lo;
        let value = Box::new(self.primary()?);
        Ok(Expr { span: self.span(lo), kind: ExprKind::Await(value) })
    }

    fn bool_chain(&mut self, first: Expr, op: BoolOp, precedence: u8) -> Parsed<ExprKind> {
        let kind = self.kind();
        let mut values = vec![first];
        while self.eat(kind) {
            values.push(self.operators(precedence + 1)?);
        }
        Ok(ExprKind::Bool { op, values })
    }

    fn comparison(&mut self, left: Expr) -> Parsed<ExprKind> {
        let mut rest = Vec::new();
        while let Some((op, op_span)) = self.compare_op() {
            let right = self.operators(BIT_OR)?;
            rest.push(Comparison { op, op_span, right });
        }
        Ok(ExprKind::Compare { left: Box::new(left), rest })
    }

    /// Takes a comparison operator, if one comes here.
    fn compare_op(&mut self) -> Option<(CompareOp, Span)> {
        let op = match self.kind() {
            TokenKind::EqualEqual => CompareOp::Eq,
            TokenKind::NotEqual => CompareOp::NotEq,
            TokenKind::Less if self.at_angle_not_equal() => CompareOp::NotEq,
            TokenKind::Less => CompareOp::Lt,
            TokenKind::LessEqual => CompareOp::LtE,
            TokenKind::Greater => CompareOp::Gt,
            TokenKind::GreaterEqual => CompareOp::GtE,
            TokenKind::In => CompareOp::In,
            TokenKind::Is if self.peek(1) == TokenKind::Not => CompareOp::IsNot,
            TokenKind::Is => CompareOp::Is,
            TokenKind::Not if self.peek(1) == TokenKind::In => CompareOp::NotIn,
            _ => return None,
        };
        let is_angle = self.at(TokenKind::Less) && op == CompareOp::NotEq;
        let lo = self.bump().lo;
        if is_angle || matches!(op, CompareOp::IsNot | CompareOp::NotIn) {
            self.bump();
        }
        Some((op, self.span(lo)))
    }

    /// The infix operator that comes here, with its precedence.
    fn infix(&self) -> Option<(Infix, u8)> {
        use TokenKind::*;
        let binary = |op, precedence| Some((Infix::Binary(op), precedence));
        match self.kind() {
            Or => Some((Infix::Bool(BoolOp::Or), OR)),
            And => Some((Infix::Bool(BoolOp::And), AND)),
            EqualEqual | NotEqual | Less | LessEqual | Greater | GreaterEqual | In | Is => {
                Some((Infix::Compare, COMPARE))
            }
            Not if self.peek(1) == In => Some((Infix::Compare, COMPARE)),
            Bar => binary(BinaryOp::BitOr, BIT_OR),
            Caret => binary(BinaryOp::BitXor, BIT_XOR),
            Amp => binary(BinaryOp::BitAnd, BIT_AND),
            LeftShift => binary(BinaryOp::LShift, SHIFT),
            RightShift => binary(BinaryOp::RShift, SHIFT),
            Plus => binary(BinaryOp::Add, SUM),
            Minus => binary(BinaryOp::Sub, SUM),
            Star => binary(BinaryOp::Mult, TERM),
            Slash => binary(BinaryOp::Div, TERM),
            DoubleSlash => binary(BinaryOp::FloorDiv, TERM),
            Percent => binary(BinaryOp::Mod, TERM),
            At => binary(BinaryOp::MatMult, TERM),
            DoubleStar => binary(BinaryOp::Pow, POWER),
            _ => Option::None,
        }
    }
}

impl ExprKind {
    fn at(self, span: Span) -> Expr {
        Expr { span, kind: self }
    }
}
