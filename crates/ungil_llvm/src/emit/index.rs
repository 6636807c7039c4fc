//! Index checks and element addresses.
//!
//! Addresses of checked elements lie inside their array, so their arithmetic carries `nsw`, `nuw` (contiguous layouts)
//! and `inbounds`; the last axis of a C array is a plain element index, which is what makes accesses consecutive.

use super::function::FunctionEmitter;
use super::types::{ArrayValue, Operand};
use crate::raw::build::{GEP_INBOUNDS, GEP_NUW};
use crate::raw::{Llvm, Ty, Val};
use llvm_sys::LLVMIntPredicate::LLVMIntSLT;
use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_ir::types::{DType, Layout, Type};

impl FunctionEmitter<'_> {
    /// `CheckIndex`.
    pub fn check_index(&mut self, index: Value, size: Value, axis: u8, wrap: bool, check: bool) -> Operand {
        let l = self.l;
        let (given, extent) = (self.scalar(index), self.scalar(size));
        let mut index = given;
        if wrap {
            let negative = l.icmp(LLVMIntSLT, given, l.i64(0));
            index = l.select(negative, l.add(given, extent), given);
        }
        if check {
            let args = [
                (Operand::Scalar(given), Type::I64, true),
                (Operand::Scalar(l.i64(i64::from(axis))), Type::I64, true),
                (Operand::Scalar(extent), Type::I64, true),
            ];
            let message = "index {0} is out of bounds for axis {1} with size {2}";
            self.raise_unless(l.below(index, extent), ExcClass::INDEX_ERROR, message, &args);
        }
        Operand::Scalar(index)
    }

    /// Address of the element at scalar indices, one per axis, known to be in range.
    pub fn element_address(&self, array: Value, index: &[Value]) -> Val {
        let indices: Vec<Val> = index.iter().map(|v| self.scalar(*v)).collect();
        self.l.element_address(self.operand(array).array(), &indices)
    }
}

impl Llvm {
    /// Type of an element in memory; complex numbers are two of them.
    pub fn memory_type(&self, dtype: DType) -> Ty {
        match dtype.real() {
            DType::Bool => self.int(8),
            part => self.number(part),
        }
    }

    /// Address of an element.
    pub fn element_address(&self, a: &ArrayValue, index: &[Val]) -> Val {
        let (mut order, flags): (Vec<usize>, u32) = match a.ty.layout {
            Layout::Strided => return self.strided_address(a, index),
            Layout::C => ((0..index.len()).collect(), GEP_INBOUNDS | GEP_NUW),
            Layout::F => ((0..index.len()).rev().collect(), GEP_INBOUNDS | GEP_NUW),
        };
        let Some(last) = order.pop() else { return a.data };
        let element = self.element_type(a.ty.dtype);
        let mut base = a.data;
        // Element number of the row: indices are in range, so nothing overflows.
        let row = order
            .iter()
            .map(|&axis| (index[axis], axis))
            .reduce(|(row, _), (i, axis)| (self.nuw_nsw_add(self.nuw_nsw_mul(row, a.shape[axis]), i), axis));
        if let Some((row, _)) = row {
            base = self.gep(element, base, self.nuw_nsw_mul(row, a.shape[last]), flags);
        }
        self.gep(element, base, index[last], flags)
    }

    fn strided_address(&self, a: &ArrayValue, index: &[Val]) -> Val {
        index.iter().enumerate().fold(a.data, |base, (axis, i)| {
            self.gep(self.int(8), base, self.nsw_mul(*i, a.strides[axis]), GEP_INBOUNDS)
        })
    }

    /// A type as large as an element, for address arithmetic.
    fn element_type(&self, dtype: DType) -> Ty {
        if dtype.is_complex() { self.array(self.memory_type(dtype), 2) } else { self.memory_type(dtype) }
    }
}
