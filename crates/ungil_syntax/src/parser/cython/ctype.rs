//! Base types.

use super::super::{Parsed, Parser};
use super::lookahead::{BASIC, CONVENTIONS, SIGNS, SPECIAL};
use crate::ast::cython::{CType, CTypeKind, Sign, TypeArgument, TypeName};
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::name::Ident;
use crate::error::cython::CythonError;
use crate::lexer::token::TokenKind;

/// What precedes the name of a basic type: signedness, length, and the word that may stand for `int`.
type Signs = (Sign, i8, Option<Ident>);

impl Parser<'_> {
    /// A base type. Where a declared name must follow (`named`), a name that nothing follows is that name, and
    /// the type is implicit.
    pub(super) fn base_type(&mut self, named: bool) -> Parsed<CType> {
        self.nested(|parser| parser.base_type_inside(named))
    }

    fn base_type_inside(&mut self, named: bool) -> Parsed<CType> {
        if self.at(TokenKind::LParen) {
            return self.tuple_type();
        }
        if self.at_word("const") || self.at_word("volatile") {
            return self.qualified_type(named);
        }
        if !self.at(TokenKind::Name) || self.at_reserved() {
            return self.expected_type();
        }
        let lo = self.lo();
        let kind = if self.at_basic_type() {
            self.basic_type()?
        } else if self.peek(1) == TokenKind::Dot {
            CTypeKind::Named(self.dotted_name()?)
        } else if named && !self.name_is_type() {
            return Ok(CType { span: self.span(lo).start(), kind: CTypeKind::Implicit });
        } else {
            CTypeKind::Named(self.ident("a type")?)
        };
        let base = CType { span: self.span(lo), kind };
        self.type_suffixes(lo, base)
    }

    /// Whether the name here is a type: a name follows, or what only follows types.
    fn name_is_type(&self) -> bool {
        match self.peek(1) {
            TokenKind::Name | TokenKind::Star | TokenKind::DoubleStar | TokenKind::LBracket => true,
            TokenKind::Amp => true,
            TokenKind::LParen => {
                matches!(self.peek(2), TokenKind::Star | TokenKind::DoubleStar | TokenKind::Amp)
                    || CONVENTIONS.iter().any(|word| self.word_ahead(2, word))
            }
            _ => false,
        }
    }

    fn expected_type<T>(&mut self) -> Parsed<T> {
        if self.at(TokenKind::Name) {
            return self.reserved_word();
        }
        self.unexpected("a type")
    }

    /// `[…]` and `.name` after a type.
    fn type_suffixes(&mut self, lo: u32, mut base: CType) -> Parsed<CType> {
        if self.at(TokenKind::LBracket) && self.at_view() {
            let axes = self.view_axes()?;
            let kind = CTypeKind::View { base: Box::new(base), axes };
            base = CType { span: self.span(lo), kind };
        } else {
            while self.at(TokenKind::LBracket) && !self.at_view() {
                base = self.template_type(lo, base)?;
                self.step()?;
            }
        }
        if self.eat(TokenKind::Dot) {
            let name = self.ident("a type")?;
            base = CType { span: self.span(lo), kind: CTypeKind::Nested { base: Box::new(base), name } };
        }
        Ok(base)
    }

    fn qualified_type(&mut self, named: bool) -> Parsed<CType> {
        let lo = self.lo();
        let (mut is_const, mut is_volatile) = (false, false);
        loop {
            let flag = if self.at_word("const") {
                &mut is_const
            } else if self.at_word("volatile") {
                &mut is_volatile
            } else {
                break;
            };
            let twice = std::mem::replace(flag, true);
            let token = self.bump();
            if twice {
                let word = self.token_text(token).to_string();
                self.report_cython(CythonError::DuplicateQualifier { word }, self.token_span(token));
            }
        }
        let base = self.base_type(named)?;
        let span = self.span(lo);
        let qualify = |base: CType| {
            let span = base.span;
            CType { span, kind: CTypeKind::Qualified { is_const, is_volatile, base: Box::new(base) } }
        };
        // `const int[:]` is a view of constants.
        Ok(match base.kind {
            CTypeKind::View { base, axes } => {
                CType { span, kind: CTypeKind::View { base: Box::new(qualify(*base)), axes } }
            }
            _ => CType { span, ..qualify(base) },
        })
    }

    fn basic_type(&mut self) -> Parsed<CTypeKind> {
        let token = self.token();
        let word = self.token_text(token);
        let (sign, longs, name) = if SPECIAL.contains(&word) {
            self.bump();
            let name = Ident { span: self.token_span(token), name: self.intern(token) };
            (Sign::Plain, 0, name)
        } else {
            let (sign, longs, given) = self.signs();
            let name = given.unwrap_or_else(|| Ident { span: self.token_span(token), name: "int".into() });
            (sign, longs, name)
        };
        let complex = self.eat_word("complex");
        Ok(CTypeKind::Basic { name, sign, longs, complex })
    }

    fn signs(&mut self) -> Signs {
        let (mut sign, mut longs) = (Sign::Plain, 0i8);
        while SIGNS.iter().any(|word| self.at_word(word)) {
            let token = self.bump();
            match self.token_text(token) {
                "unsigned" => sign = Sign::Unsigned,
                "signed" => sign = Sign::Signed,
                "short" => longs = -1,
                _ => longs = longs.saturating_add(1),
            }
        }
        let token = self.token();
        if BASIC.iter().any(|word| self.at_word(word)) {
            self.bump();
            let name = Ident { span: self.token_span(token), name: self.intern(token) };
            return (sign, longs, Some(name));
        }
        (sign, longs, None)
    }

    /// `(double, int)`, or a type in parentheses.
    fn tuple_type(&mut self) -> Parsed<CType> {
        let lo = self.bump().lo;
        let first = self.type_name()?;
        let is_tuple = self.at(TokenKind::Comma);
        let mut items = vec![first];
        while self.eat(TokenKind::Comma) && !self.at(TokenKind::RParen) {
            items.push(self.type_name()?);
        }
        self.close(TokenKind::RParen)?;
        let span = self.span(lo);
        let kind = match items.pop() {
            Some(only) if !is_tuple && only.declarator.is_plain() => only.base.kind,
            last => CTypeKind::Tuple(items.into_iter().chain(last).collect()),
        };
        self.type_suffixes(lo, CType { span, kind })
    }

    /// A type as in a cast: no name in its declarator.
    pub(super) fn type_name(&mut self) -> Parsed<TypeName> {
        let base = self.base_type(false)?;
        let declarator = self.empty_declarator()?;
        Ok(TypeName { base, declarator })
    }

    fn view_axes(&mut self) -> Parsed<Vec<Expr>> {
        let index = self.subscript_index()?;
        let axes = match index.kind {
            ExprKind::Tuple(axes) => axes,
            kind => vec![Expr { kind, span: index.span }],
        };
        if let Some(axis) = axes.iter().find(|axis| !matches!(axis.kind, ExprKind::Slice { .. })) {
            return self.fail_cython(CythonError::AxisWithoutColon, axis.span);
        }
        Ok(axes)
    }

    fn template_type(&mut self, lo: u32, base: CType) -> Parsed<CType> {
        self.bump();
        let (mut args, mut keywords) = (Vec::new(), Vec::new());
        while !self.at(TokenKind::RBracket) {
            if self.at(TokenKind::Name) && self.peek(1) == TokenKind::Equal {
                let name = self.ident("a keyword")?;
                self.bump();
                keywords.push((name, self.type_argument()?));
            } else {
                let argument_lo = self.lo();
                args.push(self.type_argument()?);
                if let Some((name, _)) = keywords.last() {
                    let error = crate::error::parse::ParseError::PositionalAfterKeyword {
                        after: name.span,
                        unpacking: false,
                    };
                    let span = self.span(argument_lo);
                    self.report(error, span);
                }
            }
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.close(TokenKind::RBracket)?;
        let kind = CTypeKind::Template { base: Box::new(base), args, keywords };
        Ok(CType { span: self.span(lo), kind })
    }

    pub(super) fn type_argument(&mut self) -> Parsed<TypeArgument> {
        Ok(if self.at_expression() {
            TypeArgument::Expr(self.expression()?)
        } else {
            TypeArgument::Type(self.type_name()?)
        })
    }
}
