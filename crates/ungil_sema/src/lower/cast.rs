//! Conversions of scalars.

use ungil_ir::entities::Value;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::operand::{Constant, Operand};
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// The value of a scalar operand as `dtype`, by NumPy's casting rules. Weak integer constants must fit.
    pub fn cast_to(&mut self, operand: &Operand, dtype: DType) -> Result<Value> {
        let Some(from) = operand.ty.dtype() else {
            let to = dtype.to_string();
            return Err(TypeError::Convert { from: operand.ty.clone(), to, span: operand.span }.into());
        };
        if let (Some(constant), true) = (operand.constant, operand.ty.is_weak()) {
            let keeps = !(from.is_float() && (dtype.is_int()) || from.is_complex() && !dtype.is_complex());
            if keeps {
                let typed = Operand::constant(Ty::Scalar(dtype), constant, operand.span);
                return self.value(&typed);
            }
        }
        let value = self.value(operand)?;
        Ok(self.b().cast(value, dtype))
    }

    /// The implicit conversion of joins and of assignments to variables.
    pub fn convert(&mut self, operand: &Operand, to: &Ty) -> Result<Operand> {
        if operand.ty == *to {
            return Ok(operand.clone());
        }
        let span = operand.span;
        match (&operand.ty, to) {
            (from, to) if from.is_scalar() && to.is_scalar() => {
                if let Some(constant) = operand.constant.map(|c| as_kind(c, to)) {
                    return Ok(Operand::constant(to.clone(), constant, span));
                }
                let dtype = to.dtype().expect("a scalar");
                let value = self.cast_to(operand, dtype)?;
                Ok(Operand::value(to.clone(), value, span))
            }
            (Ty::Tuple(_), Ty::Tuple(types)) => {
                let items = self.items(operand);
                let items =
                    items.iter().zip(types).map(|(i, t)| self.convert(i, t)).collect::<Result<Vec<_>>>()?;
                Ok(Operand::parts(to.clone(), items, span))
            }
            (_, Ty::Choice(members)) => self.chosen(operand, &members.clone()),
            (Ty::Array(_), Ty::Array(ty)) => {
                let value = self.as_strided(operand, *ty)?;
                Ok(Operand::value(to.clone(), value, span))
            }
            _ => Err(TypeError::Convert { from: operand.ty.clone(), to: to.to_string(), span }.into()),
        }
    }
}

/// A constant as one of the kind of a type.
fn as_kind(c: Constant, ty: &Ty) -> Constant {
    let dtype = ty.dtype().expect("a scalar");
    match c {
        _ if dtype == DType::Bool => Constant::Bool(c.truth()),
        _ if dtype.is_int() => Constant::Int(c.as_int().unwrap_or(0)),
        _ if dtype == DType::F32 => Constant::Float(f64::from(c.as_float().unwrap_or(0.0) as f32)),
        _ if dtype.is_float() => Constant::Float(c.as_float().unwrap_or(0.0)),
        _ => {
            let (re, im) = c.as_complex();
            Constant::Complex(re, im)
        }
    }
}
