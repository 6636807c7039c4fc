//! Arguments of calls and class definitions.

use ungil_diag::span::Span;

use super::{Parsed, Parser};
use crate::ast::expr::{Call, Expr, ExprKind, Keyword};
use crate::ast::name::Ident;
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

/// The arguments read so far.
#[derive(Default)]
pub struct Arguments {
    pub args: Vec<Expr>,
    pub keywords: Vec<Keyword>,
    /// Whether the last positional one is a generator without parentheses of its own.
    shares_parentheses: bool,
}

impl Parser<'_> {
    /// `(…)` after a callee.
    pub(super) fn call(&mut self, func: Expr) -> Parsed<ExprKind> {
        let Arguments { args, keywords, .. } = self.arguments()?;
        Ok(ExprKind::Call(Box::new(Call { func, args, keywords })))
    }

    /// The bases and keywords of a class; unlike in a call, a generator needs its own parentheses.
    pub(super) fn class_arguments(&mut self) -> Parsed<Arguments> {
        let list = self.arguments()?;
        if let Some(only) = list.args.last().filter(|_| list.shares_parentheses) {
            self.report(ParseError::GeneratorArgument, only.span);
        }
        Ok(list)
    }

    /// A parenthesised list of arguments.
    pub(super) fn arguments(&mut self) -> Parsed<Arguments> {
        let open = self.bump().lo;
        let mut list = Arguments::default();
        while !self.at(TokenKind::RParen) {
            self.argument(&mut list)?;
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.close(TokenKind::RParen)?;
        // A generator that is the only argument shares the call's parentheses.
        if let [only] = list.args.as_mut_slice()
            && list.shares_parentheses
        {
            only.span = self.span(open);
        }
        Ok(list)
    }

    fn argument(&mut self, list: &mut Arguments) -> Parsed<()> {
        let lo = self.lo();
        match self.kind() {
            TokenKind::Star => {
                let starred = self.starred_argument()?;
                if let Some(unpacked) = list.keywords.iter().find(|keyword| keyword.name.is_none()) {
                    let after = unpacked.span;
                    self.report(ParseError::UnpackingAfterKeywords { after }, starred.span);
                }
                list.args.push(starred);
            }
            TokenKind::DoubleStar => {
                self.bump();
                let value = self.expression()?;
                list.keywords.push(Keyword { span: self.span(lo), name: None, value });
            }
            kind if self.peek(1) == TokenKind::Equal && (kind == TokenKind::Name || kind.is_keyword()) => {
                let keyword = self.keyword_argument()?;
                list.keywords.push(keyword);
            }
            _ => self.positional_argument(list)?,
        }
        Ok(())
    }

    /// `*` and an expression.
    pub(super) fn starred_argument(&mut self) -> Parsed<Expr> {
        let lo = self.bump().lo;
        let value = Box::new(self.expression()?);
        Ok(Expr { span: self.span(lo), kind: ExprKind::Starred(value) })
    }

    fn keyword_argument(&mut self) -> Parsed<Keyword> {
        let token = self.bump();
        let span = self.token_span(token);
        if token.kind.is_keyword() {
            let word = self.token_text(token).to_string();
            return self.fail(ParseError::KeywordAsName { word }, span);
        }
        let name = Ident { span, name: self.intern(token) };
        self.bump();
        if matches!(self.kind(), TokenKind::Comma | TokenKind::RParen) {
            return self.expected_expression();
        }
        let value = self.expression()?;
        if self.at_comprehension() {
            return self.fail(ParseError::AssignmentInExpression, self.span(token.lo));
        }
        Ok(Keyword { span: self.span(token.lo), name: Some(name), value })
    }

    fn positional_argument(&mut self, list: &mut Arguments) -> Parsed<()> {
        let lo = self.lo();
        let value = self.named_expression()?;
        if self.at(TokenKind::Equal) {
            return self.fail(ParseError::AssignmentInExpression, self.span(lo));
        }
        let value = if self.at_comprehension() { self.bare_generator(value, list, lo)? } else { value };
        if let Some(last) = list.keywords.last() {
            let error =
                ParseError::PositionalAfterKeyword { after: last.span, unpacking: last.name.is_none() };
            self.report(error, value.span);
        }
        list.args.push(value);
        Ok(())
    }

    /// A generator without parentheses, which must be the only argument.
    fn bare_generator(&mut self, element: Expr, list: &mut Arguments, lo: u32) -> Parsed<Expr> {
        let generators = self.comprehension(&element)?;
        let span: Span = self.span(lo);
        let alone = list.args.is_empty() && list.keywords.is_empty() && self.at(TokenKind::RParen);
        if !alone && !self.at(TokenKind::Invalid) {
            let followed = self.at(TokenKind::Comma) || !list.args.is_empty() || !list.keywords.is_empty();
            if followed {
                self.report(ParseError::GeneratorArgument, span);
            }
        }
        list.shares_parentheses = alone;
        Ok(Expr { span, kind: ExprKind::Generator { element: Box::new(element), generators } })
    }
}
