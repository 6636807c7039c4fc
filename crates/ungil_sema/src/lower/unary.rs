//! Unary operators and truth values.

use std::rc::Rc;

use ungil_diag::span::Span;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, UnaryOp as Ir};
use ungil_ir::types::DType;
use ungil_syntax::ast::operator::UnaryOp;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::build::Cond;
use crate::lower::fold;
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `op operand`.
    pub fn unary(&mut self, op: UnaryOp, operand: &Operand, span: Span) -> Result<Operand> {
        if op == UnaryOp::Not {
            return Ok(match self.truth(operand)? {
                Cond::Known(b) => Operand::bool(!b, span),
                Cond::Value(v) => {
                    let value = self.b().unary(Ir::Not, v);
                    // In C a truth value is an `int`.
                    let ty = if self.is_c() { Ty::Scalar(DType::Bool) } else { Ty::PyBool };
                    Operand::value(ty, value, span)
                }
            });
        }
        if self.is_proper_array(operand) {
            return self.lift(
                std::slice::from_ref(operand),
                span,
                Rc::new(move |l, x| l.unary(op, &x[0], span)),
            );
        }
        let operand = self.element_of(operand)?;
        let operand = self.c_promoted(&operand)?;
        let error = || TypeError::Unary { op: op.symbol(), operand: operand.ty.clone(), span };
        let Some(dtype) = operand.ty.dtype() else { return Err(error().into()) };
        if let (Some(c), true) = (operand.constant, operand.ty.is_weak()) {
            let folded = fold::unary(op, c).ok_or_else(error)?;
            return Ok(Operand::constant(fold::weak_type(folded), folded, span));
        }
        if operand.ty == Ty::PyBool {
            // A `bint` is an `int` of C.
            let is_bint = self.c_function().is_some_and(|c| !c.takes_objects);
            let ty = if is_bint { Ty::Scalar(DType::I32) } else { Ty::PyInt };
            let integer = self.convert(&operand, &ty)?;
            return self.unary(op, &integer, span);
        }
        let value = self.value(&operand)?;
        let result = match op {
            UnaryOp::Pos if dtype != DType::Bool => value,
            UnaryOp::Neg if self.is_c() && operand.ty == Ty::PyInt => {
                let zero = self.b().i64(0);
                self.b().value(InstKind::CheckedBinary(BinaryOp::Sub, zero, value))
            }
            UnaryOp::Neg if dtype != DType::Bool => self.b().unary(Ir::Neg, value),
            UnaryOp::Invert if dtype.is_int() => self.b().unary(Ir::Invert, value),
            UnaryOp::Invert if dtype == DType::Bool => self.b().unary(Ir::Not, value),
            _ => return Err(error().into()),
        };
        Ok(Operand::value(operand.ty.clone(), result, span))
    }

    /// Python's truth value of an operand.
    pub fn truth(&mut self, operand: &Operand) -> Result<Cond> {
        let operand = self.element_of(operand)?;
        if let Some(c) = operand.constant {
            return Ok(Cond::Known(c.truth()));
        }
        match &operand.ty {
            Ty::None => return Ok(Cond::Known(false)),
            Ty::Str(s) => return Ok(Cond::Known(!s.is_empty())),
            Ty::Tuple(items) => return Ok(Cond::Known(!items.is_empty())),
            Ty::List(_) => {
                let n = self.list_length(&operand)?;
                let zero = self.b().i64(0);
                return Ok(Cond::Value(self.b().compare(ungil_ir::inst::CompareOp::Ne, n, zero)));
            }
            Ty::Pointer(_) => return Ok(Cond::Value(self.is_not_null(&operand)?)),
            Ty::CFunc(_)
            | Ty::CType(_)
            | Ty::CStruct(_)
            | Ty::Ellipsis
            | Ty::Func(_)
            | Ty::Choice(_)
            | Ty::Builtin(_)
            | Ty::Module(..)
            | Ty::Class(_)
            | Ty::Exception(_)
            | Ty::Ufunc(_)
            | Ty::DType(_) => {
                return Ok(Cond::Known(true));
            }
            _ => {}
        }
        let Some(dtype) = operand.ty.dtype() else {
            return Err(TypeError::Truth { ty: operand.ty.clone(), span: operand.span }.into());
        };
        let value = self.value(&operand)?;
        if dtype == DType::Bool {
            return Ok(Cond::Value(value));
        }
        let zero = self.zero(dtype);
        Ok(Cond::Value(self.b().compare(CompareOp::Ne, value, zero)))
    }
}
