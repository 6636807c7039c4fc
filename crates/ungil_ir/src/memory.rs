//! Memory of arrays: the range of addresses that an array's elements take.

use crate::builder::Builder;
use crate::entities::Value;
use crate::inst::{BinaryOp, InstKind};
use crate::types::Layout;

impl Builder<'_> {
    /// Appends the first address of an array's elements and the one behind the last.
    ///
    /// # Panics
    /// If `array` is no array.
    pub fn byte_range(&mut self, array: Value) -> (Value, Value) {
        let ty = self.func.ty(array).as_array().expect("an array");
        let mut lo = self.value(InstKind::Address(array));
        let size = self.i64(ty.dtype.size() as i64);
        let (zero, one) = (self.i64(0), self.i64(1));
        if ty.layout != Layout::Strided {
            let mut bytes = size;
            for axis in 0..ty.ndim {
                let n = self.dim(array, axis);
                bytes = self.binary(BinaryOp::Mul, bytes, n);
            }
            let hi = self.binary(BinaryOp::Add, lo, bytes);
            return (lo, hi);
        }
        let mut hi = self.binary(BinaryOp::Add, lo, size);
        for axis in 0..ty.ndim {
            let n = self.dim(array, axis);
            let stride = self.stride(array, axis);
            let steps = self.binary(BinaryOp::Sub, n, one);
            let reach = self.binary(BinaryOp::Mul, steps, stride);
            let (down, up) =
                (self.binary(BinaryOp::Min, reach, zero), self.binary(BinaryOp::Max, reach, zero));
            lo = self.binary(BinaryOp::Add, lo, down);
            hi = self.binary(BinaryOp::Add, hi, up);
        }
        (lo, hi)
    }
}
