//! Parameters of functions and lambdas, and type parameters.

use ungil_diag::span::Span;

use super::{Parsed, Parser};
use crate::ast::parameter::{Parameter, Parameters, TypeParam, TypeParamKind};
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

/// Where the next parameter belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Positional,
    /// After a bare star, whose place it keeps until a parameter follows.
    AfterBareStar(Span),
    KeywordOnly,
    /// After `**kwargs`.
    Done,
}

/// The state of reading a list of parameters.
struct Reader {
    params: Parameters,
    section: Section,
    annotated: bool,
    close: TokenKind,
}

impl Parser<'_> {
    /// The parameters of a `def`, without the parentheses.
    pub(super) fn def_parameters(&mut self) -> Parsed<Parameters> {
        self.parameters(true, TokenKind::RParen)
    }

    /// The parameters of a lambda, up to its colon.
    pub(super) fn lambda_parameters(&mut self) -> Parsed<Parameters> {
        self.parameters(false, TokenKind::Colon)
    }

    fn parameters(&mut self, annotated: bool, close: TokenKind) -> Parsed<Parameters> {
        let lo = self.lo();
        let start = self.span(lo).start();
        let params = Parameters { span: start, ..Parameters::default() };
        let mut reader = Reader { params, section: Section::Positional, annotated, close };
        while !self.at(close) {
            match self.kind() {
                TokenKind::Slash => self.slash(&mut reader)?,
                TokenKind::Star => self.star_parameter(&mut reader)?,
                TokenKind::DoubleStar => self.kwarg(&mut reader)?,
                _ => self.plain_parameter(&mut reader)?,
            }
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        if let Section::AfterBareStar(star) = reader.section {
            return self.fail(ParseError::BareStar, star);
        }
        if lo < self.lo() {
            reader.params.span = self.span(lo);
        }
        Ok(reader.params)
    }

    fn slash(&mut self, reader: &mut Reader) -> Parsed<()> {
        let token = self.bump();
        let params = &mut reader.params;
        let reason = if reader.section != Section::Positional {
            Some("`/` must come before `*`")
        } else if !params.posonly.is_empty() {
            Some("`/` may appear only once")
        } else if params.regular.is_empty() {
            Some("at least one parameter must come before `/`")
        } else {
            None
        };
        if let Some(reason) = reason {
            return self.fail(ParseError::ParameterOrder { reason }, self.token_span(token));
        }
        params.posonly = std::mem::take(&mut params.regular);
        Ok(())
    }

    fn star_parameter(&mut self, reader: &mut Reader) -> Parsed<()> {
        let star = self.bump();
        let span = self.token_span(star);
        match reader.section {
            Section::Positional => {}
            Section::Done => return self.after_kwarg(span),
            _ => {
                let reason = "`*` may appear only once";
                return self.fail(ParseError::ParameterOrder { reason }, span);
            }
        }
        if self.at(TokenKind::Comma) || self.at(reader.close) {
            reader.section = Section::AfterBareStar(span);
            return Ok(());
        }
        reader.section = Section::KeywordOnly;
        reader.params.vararg = Some(Box::new(self.variadic(reader.annotated, true)?));
        Ok(())
    }

    fn kwarg(&mut self, reader: &mut Reader) -> Parsed<()> {
        let stars = self.bump();
        if reader.section == Section::Done {
            return self.after_kwarg(self.token_span(stars));
        }
        if let Section::AfterBareStar(star) = reader.section {
            return self.fail(ParseError::BareStar, star);
        }
        reader.section = Section::Done;
        reader.params.kwarg = Some(Box::new(self.variadic(reader.annotated, false)?));
        Ok(())
    }

    fn after_kwarg(&mut self, span: Span) -> Parsed<()> {
        self.fail(ParseError::ParameterOrder { reason: "no parameter may follow `**`" }, span)
    }

    /// The name and annotation after `*` or `**`.
    fn variadic(&mut self, annotated: bool, may_unpack: bool) -> Parsed<Parameter> {
        let lo = self.lo();
        let name = self.ident("a parameter name")?;
        let annotation = if annotated && self.eat(TokenKind::Colon) {
            let unpacks = may_unpack && self.at(TokenKind::Star);
            Some(if unpacks { self.starred()? } else { self.expression()? })
        } else {
            None
        };
        let span = self.span(lo);
        if self.at(TokenKind::Equal) {
            return self.fail(ParseError::VariadicDefault, span);
        }
        Ok(Parameter { span, name, annotation, default: None, ty: None })
    }

    fn plain_parameter(&mut self, reader: &mut Reader) -> Parsed<()> {
        let lo = self.lo();
        if reader.annotated && self.cython.is_some() {
            let param = self.typed_parameter()?;
            return self.add_parameter(reader, param);
        }
        if self.at(TokenKind::LParen) {
            return self.fail(ParseError::TupleParameter, self.token_span(self.token()));
        }
        let name = self.ident("a parameter name")?;
        let annotation =
            if reader.annotated && self.eat(TokenKind::Colon) { Some(self.expression()?) } else { None };
        let span = self.span(lo);
        let default = if self.eat(TokenKind::Equal) { Some(self.expression()?) } else { None };
        self.add_parameter(reader, Parameter { span, name, annotation, default, ty: None })
    }

    fn add_parameter(&mut self, reader: &mut Reader, param: Parameter) -> Parsed<()> {
        let span = param.span;
        match reader.section {
            Section::Done => return self.after_kwarg(span),
            Section::Positional => {
                let params = &reader.params;
                let before = params.regular.last().or(params.posonly.last());
                if let Some(before) =
                    before.filter(|before| before.default.is_some() && param.default.is_none())
                {
                    let error = ParseError::DefaultOrder {
                        name: param.name.name.to_string(),
                        earlier: before.span,
                        is_type: false,
                    };
                    self.report(error, span);
                }
                reader.params.regular.push(param);
            }
            _ => {
                reader.section = Section::KeywordOnly;
                reader.params.kwonly.push(param);
            }
        }
        Ok(())
    }

    /// `[T: bound = default, *Ts, **P]`, if it comes here.
    pub(super) fn type_params(&mut self) -> Parsed<Vec<TypeParam>> {
        let mut params: Vec<TypeParam> = Vec::new();
        if self.cython.is_some() || !self.at(TokenKind::LBracket) {
            return Ok(params);
        }
        let open = self.bump();
        while !self.at(TokenKind::RBracket) {
            let param = self.type_param()?;
            if let Some(before) = params.last().filter(|before| before.default.is_some())
                && param.default.is_none()
            {
                let error = ParseError::DefaultOrder {
                    name: param.name.name.to_string(),
                    earlier: before.span,
                    is_type: true,
                };
                self.report(error, param.span);
            }
            params.push(param);
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.close(TokenKind::RBracket)?;
        if params.is_empty() {
            return self.fail(ParseError::EmptyTypeParams, self.span(open.lo));
        }
        Ok(params)
    }

    fn type_param(&mut self) -> Parsed<TypeParam> {
        let lo = self.lo();
        let stars = self.kind();
        if matches!(stars, TokenKind::Star | TokenKind::DoubleStar) {
            self.bump();
        }
        let name = self.ident("a type parameter")?;
        let bound = if self.at(TokenKind::Colon) && self.last_hi == name.span.hi {
            let colon = self.bump();
            if matches!(stars, TokenKind::Star | TokenKind::DoubleStar) {
                return self.fail(ParseError::TypeParamBound, self.token_span(colon));
            }
            Some(self.expression()?)
        } else {
            None
        };
        let kind = match stars {
            TokenKind::Star => TypeParamKind::TypeVarTuple,
            TokenKind::DoubleStar => TypeParamKind::ParamSpec,
            _ => TypeParamKind::TypeVar { bound },
        };
        let default = if self.eat(TokenKind::Equal) {
            Some(if stars == TokenKind::Star { self.star_expression()? } else { self.expression()? })
        } else {
            None
        };
        Ok(TypeParam { span: self.span(lo), name, kind, default })
    }
}
