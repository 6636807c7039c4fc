//! Operand types of pointers and of calls of C functions.

use super::Verifier;
use crate::entities::Value;
use crate::inst::InstKind;
use crate::types::{Layout, Type};

impl Verifier<'_> {
    pub(super) fn check_foreign(&mut self, kind: &InstKind, result: Option<Value>) {
        use InstKind as K;
        match kind {
            K::Address(a) => {
                let ty = self.ty(*a);
                let fits = matches!(ty, Type::Array(_) | Type::Pointer);
                self.require(fits, || format!("{a} must be an array or a pointer, is {ty}"));
            }
            K::Pointer(a) => self.expect(*a, &Type::I64),
            K::ArrayAt { pointer, shape, strides } => {
                self.expect(*pointer, &Type::Pointer);
                self.expect_all(shape, &Type::I64);
                self.expect_all(strides, &Type::I64);
                let Some(array) = result.and_then(|v| self.array(v)) else { return };
                self.require(shape.len() == array.ndim as usize && strides.len() == shape.len(), || {
                    let (m, n) = (shape.len(), strides.len());
                    format!("{m} extents and {n} strides for {} dimensions", array.ndim)
                });
            }
            K::StackArray(_) => {
                let Some(array) = result.and_then(|v| self.array(v)) else { return };
                self.require(array.ndim == 1 && array.layout == Layout::C && !array.readonly, || {
                    "memory of the frame is a contiguous, writable array of one dimension".to_owned()
                });
            }
            K::CallC(callee, args) => self.check_call_c(*callee, args, result),
            other => unreachable!("not an instruction on pointers: {other:?}"),
        }
    }

    fn check_call_c(&mut self, callee: Value, args: &[Value], result: Option<Value>) {
        self.expect(callee, &Type::Pointer);
        for &arg in args {
            let ty = self.ty(arg);
            self.require(is_c_value(ty), || format!("{arg} must be a scalar or a pointer, is {ty}"));
        }
        if let Some(v) = result {
            let ty = self.ty(v);
            let is_struct = matches!(ty, Type::Tuple(items) if items.iter().all(is_c_value));
            self.require(is_c_value(ty) || is_struct || ty.is_unit(), || {
                format!("a C function does not return {ty}")
            });
        }
    }
}

fn is_c_value(ty: &Type) -> bool {
    matches!(ty, Type::Pointer | Type::Scalar(_))
}
