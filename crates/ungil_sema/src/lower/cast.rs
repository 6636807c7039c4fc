//! Conversions of scalars.

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::types::DType;

use crate::ctype::element_name;
use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::build::int_range;
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

    /// As `cast_to`, where NumPy refuses Python's integers that do not fit: OverflowError.
    pub(crate) fn cast_checked(&mut self, operand: &Operand, dtype: DType) -> Result<Value> {
        let narrow = dtype.is_int() && dtype != DType::I64;
        if operand.ty == Ty::PyInt && operand.constant.is_none() && narrow {
            let value = self.value(operand)?;
            let (low, high) = int_range(dtype);
            let low = self.b().i64(low as i64);
            let mut fits = self.b().compare(CompareOp::Ge, value, low);
            if self.is_c() && dtype.is_unsigned() {
                let message = format!("can't convert negative value to {}", element_name(dtype));
                self.check(fits, ExcClass::OVERFLOW, &message, Vec::new());
            }
            if dtype.size() < 8 {
                let high = self.b().i64(high as i64);
                let below = self.b().compare(CompareOp::Le, value, high);
                fits = self.b().binary(BinaryOp::And, fits, below);
            }
            let (message, shown) = match self.is_c() {
                true => (format!("value too large to convert to {}", element_name(dtype)), Vec::new()),
                false => (format!("Python integer {{0}} out of bounds for {dtype}"), vec![(value, true)]),
            };
            self.check(fits, ExcClass::OVERFLOW, &message, shown);
        }
        self.cast_to(operand, dtype)
    }

    /// Whether an integer that is written down does not fit NumPy's type that it shares a variable or a list with.
    pub(crate) fn is_too_large(&self, operand: &Operand, ty: &Ty) -> bool {
        let (Ty::PyInt, Ty::Scalar(dtype), Some(n)) = (&operand.ty, ty, operand.const_int()) else {
            return false;
        };
        let (low, high) = int_range(*dtype);
        // No integers hold those of uint64 and negative ones.
        dtype.is_int() && dtype.size() < 8 && !(low..=high).contains(&n) && !self.is_c()
    }

    /// The implicit conversion of joins and of assignments to variables. Integers of Python must fit NumPy's types.
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
                let value = match self.is_c() {
                    true => self.cast_to(operand, dtype)?,
                    false => self.cast_checked(operand, dtype)?,
                };
                Ok(Operand::value(to.clone(), value, span))
            }
            (Ty::Tuple(_), Ty::Tuple(types)) => {
                let items = self.items(operand);
                let items =
                    items.iter().zip(types).map(|(i, t)| self.convert(i, t)).collect::<Result<Vec<_>>>()?;
                Ok(Operand::parts(to.clone(), items, span))
            }
            (Ty::List(_), Ty::List(_)) => self.same_list(operand, to),
            (_, Ty::Choice(members)) => self.chosen(operand, &members.clone()),
            (Ty::Array(_), Ty::Array(ty)) => {
                let value = self.as_strided(operand, *ty)?;
                Ok(Operand::value(to.clone(), value, span))
            }
            (Ty::StructView(_), Ty::StructView(_)) => Ok(Operand { ty: to.clone(), ..operand.clone() }),
            // Communicators and requests of more special types.
            (Ty::Mpi(a), Ty::Mpi(b)) if a.is_comm() && b.is_comm() || a.is_request() && b.is_request() => {
                Ok(Operand { ty: to.clone(), ..operand.clone() })
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
