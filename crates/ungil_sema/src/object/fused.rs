//! Calls of functions with fused types: the types of the arguments choose the function that is called.
//!
//! What is chosen goes by a name of its own, which the host resolves: the function's, and the types.

use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;

use super::function::Lowerer;
use super::memory::text_of;
use super::typing::Kind;
use super::value::CTy;
use super::{Meaning, Own};
use crate::ctype::CType;

/// Stands between a function's name and the types, and between these.
pub const SEPARATOR: char = '\u{1}';

impl Lowerer<'_> {
    /// The `cdef` function that a call of one with fused types means; `None` if Python is to choose.
    pub(super) fn chosen(&self, call: &Call) -> Option<(Own, Call)> {
        let (name, types) = match &call.func.kind {
            ExprKind::Name(name) => {
                let types: Option<Vec<String>> = call.args.iter().map(|arg| self.fused_text(arg)).collect();
                (name, types?)
            }
            ExprKind::Subscript { value, index } => {
                let ExprKind::Name(name) = &value.kind else { return None };
                let parts = match &index.kind {
                    ExprKind::Tuple(items) => items.iter().collect(),
                    _ => vec![&**index],
                };
                let types: Option<Vec<String>> =
                    parts.into_iter().map(|part| Some(format!("={}", text_of(part)?))).collect();
                (name, types?)
            }
            _ => return None,
        };
        if self.local(name).is_some() || self.globals.contains(&**name) {
            return None;
        }
        if (self.source.meaning)(name) != Meaning::Fused {
            return None;
        }
        let asked = format!("{name}{SEPARATOR}{}", types.join(&SEPARATOR.to_string()));
        match (self.source.meaning)(&asked) {
            Meaning::Own(own) => own.filled(call).map(|call| (own, call)),
            _ => None,
        }
    }

    /// The type of an argument as functions with fused types are told it.
    fn fused_text(&self, e: &Expr) -> Option<String> {
        if self.is_of_view(e) {
            return None;
        }
        Some(match self.kind(e) {
            Kind::Object => "object".to_owned(),
            Kind::Literal(Literal::Int(_)) => "int".to_owned(),
            Kind::Literal(Literal::Float(_)) => "float".to_owned(),
            Kind::Literal(Literal::Imaginary(_)) => "complex".to_owned(),
            Kind::Literal(_) | Kind::C(CTy::Bint) => "bool".to_owned(),
            Kind::C(CTy::Num(dtype, _)) => dtype.to_string(),
            Kind::C(CTy::C(CType::Pointer(to), _)) => format!("*{}", element_text(&to.to)),
            Kind::C(CTy::C(CType::Array(element, _), _)) => format!("{}[1]", element_text(&element)),
            Kind::C(CTy::C(ty, _)) => ty.to_string(),
        })
    }
}

fn element_text(ty: &CType) -> String {
    match ty {
        CType::Scalar(dtype) => dtype.to_string(),
        other => other.to_string(),
    }
}
