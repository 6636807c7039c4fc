//! Operand types of instructions on arrays.

use super::Verifier;
use crate::entities::Value;
use crate::inst::{InstKind, ReduceOp};
use crate::types::{ArrayType, DType, Layout, Type};

impl Verifier<'_> {
    pub(super) fn array(&mut self, v: Value) -> Option<ArrayType> {
        let array = self.ty(v).as_array();
        if array.is_none() {
            self.error(format!("{v} must be an array, is {}", self.ty(v)));
        }
        array
    }

    pub(super) fn check_rank(&mut self, array: ArrayType, index: &[Value]) {
        self.require(index.len() == array.ndim as usize, || {
            format!("{} indices for an array of {} dimensions", index.len(), array.ndim)
        });
    }

    pub(super) fn check_writable(&mut self, v: Value, array: ArrayType) {
        self.require(!array.readonly, || format!("{v} is readonly"));
    }

    pub(super) fn check_array_inst(&mut self, kind: &InstKind, result: Option<Value>) {
        use InstKind as K;
        match kind {
            K::Dim(a, axis) | K::Stride(a, axis) => {
                let Some(array) = self.array(*a) else { return };
                self.require(*axis < array.ndim, || format!("{a} has no axis {axis}"));
            }
            K::View { base, offset, shape, strides } => {
                self.expect(*offset, &Type::I64);
                self.expect_all(shape, &Type::I64);
                self.expect_all(strides, &Type::I64);
                self.check_view(*base, shape.len(), strides.len(), result);
            }
            K::Alloc { shape, .. } => {
                self.expect_all(shape, &Type::I64);
                self.check_alloc(shape.len(), result);
            }
            K::Null => {
                let holds = result.is_some_and(|v| self.ty(v).holds_memory());
                self.require(holds, || "the result must be or hold an array".to_owned());
            }
            K::GlobalArray(g) => {
                let ty = Type::Array(self.module.arrays[*g as usize].ty);
                self.require(result.is_none_or(|v| *self.func.ty(v) == ty), || format!("g{g} is {ty}"));
            }
            K::CheckIndex { index, size, .. } => self.expect_all(&[*index, *size], &Type::I64),
            K::Load { array, index, .. } => self.check_element(*array, index, None),
            K::Store { array, index, value, .. } => self.check_element(*array, index, Some(*value)),
            K::AtomicUpdate { op, array, index, value } => {
                self.check_element(*array, index, Some(*value));
                self.check_atomic(*op, *array);
            }
            K::ListReserve(list, n) => {
                self.array(*list);
                self.expect(*n, &Type::I64);
            }
            K::ListDrop(list, from, to) => {
                self.array(*list);
                self.expect_all(&[*from, *to], &Type::I64);
            }
            K::LoadPacked(at) | K::StorePacked(at, _) => self.expect(*at, &Type::I64),
            K::Retain(v) | K::Release(v) => {
                let ty = self.ty(*v);
                self.require(ty.holds_memory(), || format!("{v} holds no memory, is {ty}"));
            }
            other => unreachable!("not an instruction on arrays: {other:?}"),
        }
    }

    /// An access to one element; `stored` is what a store writes.
    fn check_element(&mut self, v: Value, index: &[Value], stored: Option<Value>) {
        let Some(array) = self.array(v) else { return };
        self.check_rank(array, index);
        self.expect_all(index, &Type::I64);
        if let Some(value) = stored {
            self.expect(value, &Type::Scalar(array.dtype));
            self.check_writable(v, array);
        }
    }

    fn check_view(&mut self, base: Value, shape: usize, strides: usize, result: Option<Value>) {
        let (Some(from), Some(v)) = (self.array(base), result) else { return };
        let Some(to) = self.array(v) else { return };
        self.require(shape == to.ndim as usize && strides == shape, || {
            format!("{shape} extents and {strides} strides for {} dimensions", to.ndim)
        });
        self.require(to.readonly || !from.readonly, || "a writable view of a readonly array".to_owned());
        let orders = from.dtype.size() > 1 && to.dtype.size() > 1;
        self.require(!orders || from.swapped == to.swapped, || "a view in the other byte order".to_owned());
    }

    fn check_alloc(&mut self, shape: usize, result: Option<Value>) {
        let Some(array) = result.and_then(|v| self.array(v)) else { return };
        self.require(shape == array.ndim as usize, || {
            format!("{shape} extents for {} dimensions", array.ndim)
        });
        self.require(array.layout != Layout::Strided && !array.readonly, || {
            "a fresh array is contiguous and writable".to_owned()
        });
    }

    fn check_atomic(&mut self, op: ReduceOp, v: Value) {
        let Some(array) = self.ty(v).as_array() else { return };
        let logical = matches!(op, ReduceOp::And | ReduceOp::Or);
        self.require(array.dtype.is_int() && !logical && !array.swapped, || {
            format!("no atomic `{}` on {array}", op.name())
        });
    }

    /// Whether a reduction is defined on a type.
    pub(super) fn check_reduction(&mut self, op: ReduceOp, dtype: DType) {
        let ok = match op {
            ReduceOp::Add | ReduceOp::Mul => dtype != DType::Bool,
            ReduceOp::BitAnd | ReduceOp::BitOr | ReduceOp::BitXor => dtype.is_int() || dtype == DType::Bool,
            ReduceOp::Min | ReduceOp::Max => !dtype.is_complex(),
            ReduceOp::And | ReduceOp::Or => dtype == DType::Bool,
        };
        self.require(ok, || format!("no reduction `{}` on {dtype}", op.name()));
    }
}
