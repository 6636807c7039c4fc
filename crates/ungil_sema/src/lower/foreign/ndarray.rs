//! Functions of NumPy's C interface that ask for the fields of an array, on the arrays that kernels have.
//!
//! Limits: axes are numbers that are written down; what makes arrays, and pointers to extents and strides, are for code that
//! handles objects.

use ungil_ir::inst::BinaryOp as Ir;
use ungil_ir::types::DType;

use crate::ctype::CType;
use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// What such a function gives of an array; `None` for other functions and arguments.
    pub(crate) fn ask_array(&mut self, function: &str, args: &Args) -> Result<Option<Operand>> {
        let (span, Some(what)) = (args.span, function.strip_prefix("PyArray_")) else { return Ok(None) };
        let [array, rest @ ..] = args.positional.as_slice() else { return Ok(None) };
        let Ty::Array(ty) = array.ty else { return Ok(None) };
        let scalar = |dtype, value| Ok(Some(Operand::value(Ty::Scalar(dtype), value, span)));
        match (what, rest) {
            ("DATA" | "BYTES", []) => {
                let pointer = self.array_pointer(array)?;
                let to = if what == "DATA" { CType::Void } else { CType::Scalar(DType::I8) };
                let CType::Pointer(to) = to.pointer_to(false) else { return Ok(None) };
                Ok(Some(Operand::value(Ty::Pointer(to), pointer, span)))
            }
            ("NDIM", []) => {
                let n = self.b().i64(i64::from(ty.ndim));
                let n = self.b().cast(n, DType::I32);
                scalar(DType::I32, n)
            }
            ("SIZE", []) => {
                let array = self.value(array)?;
                let mut n = self.b().i64(1);
                for axis in 0..ty.ndim {
                    let extent = self.b().dim(array, axis);
                    n = self.b().binary(Ir::Mul, n, extent);
                }
                scalar(DType::I64, n)
            }
            ("DIM" | "STRIDE", [axis]) => {
                let axis = axis.const_int().and_then(|axis| u8::try_from(axis).ok());
                let Some(axis) = axis.filter(|axis| *axis < ty.ndim) else { return Ok(None) };
                let array = self.value(array)?;
                let found =
                    if what == "DIM" { self.b().dim(array, axis) } else { self.b().stride(array, axis) };
                scalar(DType::I64, found)
            }
            _ => Ok(None),
        }
    }
}
