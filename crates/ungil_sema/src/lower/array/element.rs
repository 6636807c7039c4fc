//! Elements: checked indices, loads and stores, items along the first axis.

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::build::int_range;
use crate::operand::{Constant, Operand};
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// An index operand along an axis of `size` elements: normalised and checked as the options say.
    pub(crate) fn checked_index(
        &mut self,
        index: &Operand,
        size: Value,
        axis: u8,
        array: &Ty,
    ) -> Result<Value> {
        let dtype = match index.ty.dtype() {
            Some(d) if d.is_int() => d,
            _ => {
                let found = index.ty.clone();
                return Err(TypeError::Index { found, container: array.clone(), span: index.span }.into());
            }
        };
        let mut value = self.index(index)?;
        if dtype == DType::U64 {
            // Beyond the range of int64 it is out of range for any array; it must not look negative.
            let (zero, most) = (self.b().i64(0), self.b().i64(i64::MAX));
            let huge = self.b().compare(CompareOp::Lt, value, zero);
            value = self.b().select(huge, most, value);
        }
        let known_positive = dtype.is_unsigned() || index.const_int().is_some_and(|c| c >= 0);
        let wrap = self.options.wraparound && !known_positive;
        let check = self.options.boundscheck;
        if !wrap && !check {
            return Ok(value);
        }
        Ok(self.b().value(InstKind::CheckIndex { index: value, size, axis, wrap, check }))
    }

    /// The element at indices in range, as an operand.
    pub(crate) fn load_element(&mut self, array: &Operand, index: Vec<Value>) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        let base = self.value(array)?;
        let value = self.b().load(base, index);
        Ok(Operand::value(Ty::Scalar(ty.dtype), value, array.span))
    }

    /// Stores an operand at indices in range, converted as `a[i] = x` converts.
    pub(crate) fn store_element(
        &mut self,
        array: &Operand,
        index: Vec<Value>,
        value: &Operand,
    ) -> Result<()> {
        let ty = array.ty.as_array().expect("an array");
        self.check_writable(array)?;
        let value = self.assignable(value, ty.dtype)?;
        let base = self.value(array)?;
        self.b().store(base, index, value);
        Ok(())
    }

    /// A scalar as the element type of an array it is assigned to.
    pub(crate) fn assignable(&mut self, value: &Operand, dtype: DType) -> Result<Value> {
        let Some(from) = value.ty.dtype() else {
            return Err(TypeError::Convert {
                from: value.ty.clone(),
                to: dtype.to_string(),
                span: value.span,
            }
            .into());
        };
        if from.is_complex() && !dtype.is_complex() && dtype != DType::Bool {
            return Err(TypeError::Convert {
                from: value.ty.clone(),
                to: dtype.to_string(),
                span: value.span,
            }
            .into());
        }
        if let (Ty::PyInt, Some(_), true) = (&value.ty, value.constant, dtype.is_int()) {
            // A literal must fit, as in NumPy 2.
            let typed = Operand { ty: Ty::Scalar(dtype), ..value.clone() };
            return self.value(&typed);
        }
        if value.ty == Ty::PyFloat && dtype.is_int() && !self.is_c() {
            self.check_float_fits(value, dtype)?;
        }
        self.cast_checked(value, dtype)
    }

    /// A number of Python that is stored into several elements: converted once, also where there is none of them.
    pub(crate) fn converted_once(&mut self, value: &Operand, to: DType) -> Result<Operand> {
        if !matches!(value.ty, Ty::PyInt | Ty::PyFloat) || !to.is_int() || self.is_c() {
            return Ok(value.clone());
        }
        let number = self.assignable(value, to)?;
        Ok(Operand::value(Ty::Scalar(to), number, value.span))
    }

    /// As [`Lowerer::converted_once`], and NumPy's numbers must fit signed integers too, as where NumPy fills a view.
    pub(crate) fn filling(&mut self, value: &Operand, to: DType) -> Result<Operand> {
        let from = match value.ty {
            Ty::Scalar(from) if to.is_int() && !to.is_unsigned() && from != to && !self.is_c() => from,
            _ => return self.converted_once(value, to),
        };
        if from.is_float() {
            let x = self.cast_to(value, DType::F64)?;
            self.check_float_fits(&Operand::value(Ty::PyFloat, x, value.span), to)?;
        } else if from.is_int() {
            self.check_int_fits(value, from, to)?;
        }
        Ok(value.clone())
    }

    /// Raises unless an integer of one width lies in the range of another.
    fn check_int_fits(&mut self, value: &Operand, from: DType, to: DType) -> Result<()> {
        let ((least, most), (low, high)) = (int_range(from), int_range(to));
        let x = self.value(value)?;
        let mut fits = None;
        for (op, bound, needed) in [(CompareOp::Ge, low, least < low), (CompareOp::Le, high, most > high)] {
            if needed {
                // The bound lies within the range of the number's own type.
                let bound = self.b().i64(bound as i64);
                let bound = self.b().cast(bound, from);
                let fine = self.b().compare(op, x, bound);
                fits = Some(match fits {
                    None => fine,
                    Some(other) => self.b().binary(BinaryOp::And, other, fine),
                });
            }
        }
        if let Some(fits) = fits {
            let message = format!("Python integer {{0}} out of bounds for {to}");
            let shown = self.cast_to(value, DType::I64)?;
            self.check(fits, ExcClass::OVERFLOW, &message, vec![(shown, true)]);
        }
        Ok(())
    }

    /// Python's floats become Python's integers first where NumPy stores them into arrays of integers, and these must fit.
    pub(crate) fn check_float_fits(&mut self, value: &Operand, dtype: DType) -> Result<()> {
        let (low, high) = int_range(dtype);
        if let Some(Constant::Float(x)) = value.constant
            && (low..=high).contains(&(x as i128))
            && x.is_finite()
        {
            return Ok(());
        }
        if matches!(value.constant, Some(Constant::Float(x)) if x.is_infinite()) {
            let never = self.b().bool(false);
            let message = "cannot convert float infinity to integer";
            self.check(never, ExcClass::OVERFLOW, message, Vec::new());
        }
        let x = self.value(value)?;
        let number = self.b().compare(CompareOp::Eq, x, x);
        self.check(number, ExcClass::VALUE_ERROR, "cannot convert float NaN to integer", Vec::new());
        let bound = |l: &mut Self, bound: f64| {
            let bound = Operand::float(bound, value.span);
            l.value(&bound)
        };
        // The integer next to a bound is no float if it has more than 53 bits.
        let (low, open) = if dtype == DType::I64 { (low as f64, false) } else { (low as f64 - 1.0, true) };
        let (least, most) = (bound(self, low)?, bound(self, (high + 1) as f64)?);
        let above = self.b().compare(if open { CompareOp::Gt } else { CompareOp::Ge }, x, least);
        let below = self.b().compare(CompareOp::Lt, x, most);
        let fits = self.b().binary(BinaryOp::And, above, below);
        let whole = self.b().cast(x, DType::I64);
        let message = format!("Python integer {{0}} out of bounds for {dtype}");
        self.check(fits, ExcClass::OVERFLOW, &message, vec![(whole, true)]);
        Ok(())
    }

    pub(crate) fn check_writable(&self, array: &Operand) -> Result<()> {
        match array.ty.as_array() {
            Some(ty) if ty.readonly => {
                Err(TypeError::ReadOnly { ty: array.ty.clone(), span: array.span }.into())
            }
            _ => Ok(()),
        }
    }

    /// Item `i` (in range) along the first axis: a scalar of a 1-d array, else a view.
    pub(crate) fn array_item(&mut self, array: &Operand, i: Value) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        if ty.ndim == 1 {
            return self.load_element(array, vec![i]);
        }
        let index = Operand::value(Ty::PyInt, i, array.span);
        self.view_of(array, &[index], false, array.span)
    }
}
