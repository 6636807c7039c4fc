//! Values of enumerations that Python gets as members of their classes.
//!
//! In a kernel they are integers. What a function returns is known to be one by how it is written: a variable of the type, an
//! enumerator, a call of a function that is declared to return one, and tuples and choices of them.

use ungil_syntax::ast::expr::{Expr, ExprKind};

use crate::cython::Declared;
use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::structs::record;
use crate::operand::Operand;
use crate::ty::{RecordKind, Ty};

/// A number as a member of the enumeration with this name in C.
pub(crate) fn as_member(name: &str, value: Operand) -> Operand {
    let span = value.span;
    record(RecordKind::Enum(name.into()), vec![value], span)
}

impl Lowerer<'_, '_> {
    /// A result for Python: of a function that declares none, values of enumerations become members.
    pub(crate) fn as_enumeration(&mut self, e: &Expr, value: Operand) -> Result<Operand> {
        let declared = self.options.c.as_ref().is_some_and(|c| c.ret.is_none());
        if !declared || self.code.id.nested.is_some() {
            return Ok(value);
        }
        if let (ExprKind::Tuple(parts), Ty::Tuple(_)) = (&e.kind, &value.ty) {
            let items = self.items(&value);
            if items.len() != parts.len() || !parts.iter().any(|part| self.enumeration_of(part).is_some()) {
                return Ok(value);
            }
            let items = parts.iter().zip(items).map(|(part, item)| self.as_enumeration(part, item));
            return Ok(Operand::tuple(items.collect::<Result<Vec<_>>>()?, value.span));
        }
        match self.enumeration_of(e) {
            Some(name) if value.ty.is_integral() => {
                let number = self.cython_result(&value)?;
                Ok(as_member(&name, number))
            }
            _ => Ok(value),
        }
    }

    /// The enumeration that an expression is of, by its name in C.
    fn enumeration_of(&self, e: &Expr) -> Option<String> {
        let c = self.options.c.as_ref()?;
        match &e.kind {
            ExprKind::Name(name) => match c.vars.get(&**name) {
                Some(Declared::Scalar { name, .. }) => name.starts_with("enum ").then(|| name.to_string()),
                Some(_) => None,
                None => c.enumerators.get(&**name).cloned(),
            },
            ExprKind::Call(call) => match &call.func.kind {
                ExprKind::Name(name) => c.enumerators.get(&format!("{name}()")).cloned(),
                _ => None,
            },
            ExprKind::Conditional { body, orelse, .. } => {
                self.enumeration_of(body).filter(|name| self.enumeration_of(orelse).as_ref() == Some(name))
            }
            _ => None,
        }
    }
}
