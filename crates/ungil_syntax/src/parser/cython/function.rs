//! Functions with C types.

use super::super::{Parsed, Parser};
use super::Level;
use super::declarator::NAMED;
use crate::ast::cython::{
    CDefault, CParameter, CSignature, CType, CTypeKind, Declarator, DeclaratorKind, NoneRule, ParameterType,
    Storage,
};
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::literal::Literal;
use crate::ast::name::Ident;
use crate::ast::parameter::{Parameter, Parameters};
use crate::ast::stmt::{FunctionDef, StmtKind};
use crate::error::cython::CythonError;
use crate::error::parse::ParseError;
use crate::lexer::token::TokenKind;

impl Parser<'_> {
    /// A declaration file has no `def` but in classes and in functions.
    pub(in super::super) fn check_def_in_pxd(&mut self) -> Parsed<()> {
        if self.in_pxd() && self.context.level == Level::Module {
            let span = self.token_span(self.token());
            return self.misplaced("def".to_string(), span);
        }
        Ok(())
    }

    /// Reports a word of `cdef` signatures in a `def`.
    pub(in super::super) fn refuse_modifier(&mut self) {
        let is_modifier = self.cython.is_some()
            && ["inline", "nogil", "noexcept", "api", "public", "readonly"].iter().any(|word| self.at_word(word))
            // A function may be called so.
            && self.peek(1) != TokenKind::LParen;
        if is_modifier {
            let token = self.bump();
            let word = self.token_text(token).to_string();
            self.report_cython(CythonError::ModifierInDef { word }, self.token_span(token));
        }
    }

    /// A parameter of a `def`, which may have a C type.
    pub(in super::super) fn typed_parameter(&mut self) -> Parsed<Parameter> {
        let lo = self.lo();
        let base = self.base_type(true)?;
        let declarator = self.declarator(NAMED)?;
        let none = self.none_rule()?;
        let annotation = if self.eat(TokenKind::Colon) { Some(self.expression()?) } else { None };
        let span = self.span(lo);
        let default = if self.eat(TokenKind::Equal) { Some(self.expression()?) } else { None };
        let Some(name) = declarator.name().cloned() else {
            return self.unexpected("a parameter name");
        };
        let ty = parameter_type(base, declarator, none);
        Ok(Parameter { span, name, annotation, default, ty })
    }

    /// The rest of a `cdef` function, from the colon before its body.
    pub(super) fn c_function(
        &mut self,
        lo: u32,
        storage: Storage,
        base: CType,
        declarator: Declarator,
        decorators: Vec<Expr>,
    ) -> Parsed<StmtKind> {
        let span = Self::declarator_span(&declarator);
        if !matches!(self.context.level, Level::Module | Level::CClass | Level::CppClass) {
            return self.misplaced("cdef".to_string(), span);
        }
        let layer = declarator.function().map(|function| (function.kind.clone(), function.span));
        let (Some(name), Some((DeclaratorKind::Function { params, suffix, .. }, params_span))) =
            (declarator.name().cloned(), layer)
        else {
            return self.unexpected("`(` and parameters, or the end of the declaration");
        };
        let mut parameters = Parameters { span: params_span, ..Parameters::default() };
        for param in params {
            let param = self.named_parameter(param)?;
            if let Some(before) = parameters.regular.last().filter(|before| before.default.is_some())
                && param.default.is_none()
            {
                let (name, earlier) = (param.name.name.to_string(), before.span);
                self.report(ParseError::DefaultOrder { name, earlier, is_type: false }, param.span);
            }
            parameters.regular.push(param);
        }
        let body = self.block("`cdef`", lo)?;
        self.definition_lo = lo;
        let signature = Some(Box::new(CSignature { storage, base, declarator, suffix: *suffix }));
        Ok(StmtKind::FunctionDef(Box::new(FunctionDef {
            is_async: false,
            name,
            decorators,
            type_params: Vec::new(),
            params: parameters,
            returns: None,
            signature,
            body,
        })))
    }

    /// A parameter of a function with a body, which must have a name; a type alone is a name without a type.
    fn named_parameter(&mut self, param: CParameter) -> Parsed<Parameter> {
        let CParameter { span, base, declarator, none, annotation, default } = param;
        let default = default.map(|default| match default {
            CDefault::Value(value) => value,
            CDefault::Elsewhere => Expr { span, kind: ExprKind::Literal(Literal::None) },
        });
        if let Some(name) = declarator.name().cloned() {
            let ty = parameter_type(base, declarator, none);
            return Ok(Parameter { span, name, annotation, default, ty });
        }
        match base.kind {
            CTypeKind::Named(name) if declarator.is_plain() && !name.as_str().contains('.') => {
                Ok(Parameter { span, name, annotation, default, ty: None })
            }
            _ => {
                self.report_cython(CythonError::MissingName, span);
                let name = Ident { span: span.start(), name: "_".into() };
                Ok(Parameter { span, name, annotation, default, ty: None })
            }
        }
    }
}

fn parameter_type(base: CType, declarator: Declarator, none: NoneRule) -> Option<Box<ParameterType>> {
    let is_untyped = matches!(base.kind, CTypeKind::Implicit) && declarator.is_plain();
    if is_untyped && none == NoneRule::Unsaid {
        return None;
    }
    Some(Box::new(ParameterType { base, declarator, none }))
}
