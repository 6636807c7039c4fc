//! Objects of ctypes' simple types: `x = ctypes.c_double(1.0)`, passed by value or by `byref(x)`.
//!
//! A box is one element of memory. It lives in a fresh array once it is kept; one that only passes a number on
//! (`f(c_int(3))`) is never made.

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::InstKind;
use ungil_ir::types::DType;

use crate::ctype::CType;
use crate::diagnostics::Result;
use crate::diagnostics::foreign::ForeignError;
use crate::lower::Lowerer;
use crate::operand::{Constant, Operand};
use crate::ty::{BOX, Ty};

impl Lowerer<'_, '_> {
    /// `ctypes.c_int(x)`.
    pub(super) fn new_box(&mut self, dtype: DType, x: Option<&Operand>, span: Span) -> Result<Operand> {
        let value = match x {
            Some(x) => self.box_content(dtype, x, span)?,
            None => self.zero(dtype),
        };
        let item = Operand::value(Ty::Scalar(dtype), value, span);
        Ok(Operand::parts(Ty::CBox(dtype), vec![item], span))
    }

    /// A number as ctypes puts it into its memory: integers keep their low bits.
    pub(super) fn box_content(&mut self, dtype: DType, x: &Operand, span: Span) -> Result<Value> {
        let x = &match x.ty {
            Ty::CBox(_) => self.box_value(x)?,
            _ => self.element_of(x)?,
        };
        let integral = x.ty.is_integral();
        let fits = match x.ty.dtype() {
            Some(_) if dtype.is_int() => integral,
            Some(from) => dtype.is_complex() || !from.is_complex(),
            None => false,
        };
        if !fits {
            return Err(ForeignError::Use {
                title: format!("`{}` does not become a C `{}`", x.ty, CType::Scalar(dtype)),
                label: format!("found `{}`", x.ty),
                help: if dtype.is_int() { "convert it: `int(x)`" } else { "pass a number" }.to_owned(),
                span,
            }
            .into());
        }
        if let (Some(Constant::Int(n)), true) = (x.constant, dtype.is_int()) {
            let low = self.b().i64(n as i64);
            return Ok(self.b().cast(low, dtype));
        }
        let value = self.value(x)?;
        Ok(self.b().cast(value, dtype))
    }

    /// An operand that is about to be kept: boxes in it get their memory.
    pub(crate) fn kept_boxes(&mut self, x: &Operand) -> Result<Operand> {
        let holds_box = |ty: &Ty| matches!(ty, Ty::CBox(_));
        match &x.ty {
            Ty::CBox(_) if x.value.is_none() => {
                let value = self.value(x)?;
                Ok(Operand::value(x.ty.clone(), value, x.span))
            }
            Ty::Tuple(items) if items.iter().any(holds_box) => {
                let items = self.items(x);
                let items = items.iter().map(|i| self.kept_boxes(i)).collect::<Result<Vec<_>>>()?;
                Ok(Operand::tuple(items, x.span))
            }
            _ => Ok(x.clone()),
        }
    }

    /// The memory of a box that was not needed until now.
    pub(crate) fn made_box(&mut self, dtype: DType, content: &Operand) -> Result<Value> {
        let value = self.value(content)?;
        let (one, zero) = (self.b().i64(1), self.b().i64(0));
        let memory = self.b().alloc(ungil_ir::types::ArrayType { dtype, ..BOX }, vec![one], false);
        self.b().store(memory, vec![zero], value);
        Ok(memory)
    }

    /// `x.value`
    pub(crate) fn box_value(&mut self, x: &Operand) -> Result<Operand> {
        let Ty::CBox(dtype) = x.ty else { unreachable!("called for boxes") };
        let value = match &x.parts {
            Some(parts) => self.value(&parts[0].clone())?,
            None => {
                let (memory, zero) = (self.value(x)?, self.b().i64(0));
                self.b().load(memory, vec![zero])
            }
        };
        self.c_result(&CType::Scalar(dtype), value, x.span)
    }

    /// `x.value = value`
    pub(super) fn set_box(&mut self, x: &Operand, value: &Operand, span: Span) -> Result<()> {
        let Ty::CBox(dtype) = x.ty else { unreachable!("called for boxes") };
        let content = self.box_content(dtype, value, span)?;
        let (memory, zero) = (self.value(x)?, self.b().i64(0));
        self.b().store(memory, vec![zero], content);
        Ok(())
    }

    /// The address of a box's memory.
    pub(crate) fn box_pointer(&mut self, x: &Operand) -> Result<Value> {
        let memory = self.value(x)?;
        let address = self.b().value(InstKind::Address(memory));
        Ok(self.b().value(InstKind::Pointer(address)))
    }
}
