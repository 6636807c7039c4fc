//! Index checks and element addresses.
//!
//! Addresses of checked elements lie inside their array, so their arithmetic carries `nsw`, `nuw` (contiguous layouts)
//! and `inbounds`; the last axis of a C array is a plain element index, which is what makes accesses consecutive.

use super::cleanup::Exit;
use super::error::WORDS;
use super::function::FunctionEmitter;
use super::module::ModuleEmitter;
use super::types::{ArrayValue, Operand};
use crate::raw::attributes::Place;
use crate::raw::build::{GEP_INBOUNDS, GEP_NUW};
use crate::raw::{Llvm, Ty, Val};
use llvm_sys::LLVMIntPredicate::LLVMIntSLT;
use ungil_abi::context::ValueTag;
use ungil_abi::exception::ExcClass;
use ungil_abi::symbols;
use ungil_ir::entities::Value;
use ungil_ir::types::{DType, Layout};

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
            let good = self.branch_cold(l.below(index, extent));
            let (function, line) = (self.id.index() as i64, i64::from(self.loc.line));
            let args = [self.ctx, given, l.i64(i64::from(axis)), extent, l.i32(function), l.i32(line)];
            let raise = self.m.index_error();
            l.call(l.function_type(raise), raise, &args);
            self.leave(Exit::Error);
            l.position(good);
        }
        Operand::Scalar(index)
    }

    /// Address of the element at scalar indices, one per axis, known to be in range.
    pub fn element_address(&self, array: Value, index: &[Value]) -> Val {
        let indices: Vec<Val> = index.iter().map(|v| self.scalar(*v)).collect();
        self.l.element_address(self.operand(array).array(), &indices)
    }
}

impl ModuleEmitter<'_> {
    /// The internal function `void (Ctx*, i64 index, i64 axis, i64 size, i32 function, i32 line)` that raises
    /// IndexError: checks are many, and their cold blocks shall be small.
    fn index_error(&self) -> Val {
        let l = self.l;
        let name = format!("{}.index_error", self.options.name);
        if let Some(found) = l.find_function(&name) {
            return found;
        }
        let (i32, i64) = (l.int(32), l.int(64));
        let function = l.declare(&name, l.function(l.void(), &[l.ptr(), i64, i64, i64, i32, i32]));
        l.internal(function);
        self.add_function_attributes(function);
        for attribute in ["cold", "noinline", "optsize", "minsize"] {
            l.add_attribute(function, Place::Function, attribute);
        }
        l.apart(|| {
            l.position(l.block(function, c"entry"));
            let list = l.alloca(l.array(i64, 9));
            let tag = l.i64((ValueTag::WEAK + u64::from(DType::I64.number())) as i64);
            for k in 0..3 {
                let at = k * WORDS;
                l.store(tag, l.offset(list, at), 8);
                l.store(l.param(function, 1 + k as usize), l.offset(list, at + 8), 8);
                l.store(l.i64(0), l.offset(list, at + 16), 8);
            }
            let message = "index {0} is out of bounds for axis {1} with size {2}";
            let (text, len) = (self.text(message), l.i64(message.len() as i64));
            let class = l.i32(i64::from(ExcClass::INDEX_ERROR.0));
            let (function_number, line) = (l.param(function, 4), l.param(function, 5));
            let args = [l.param(function, 0), class, text, len, l.i32(3), list, function_number, line];
            self.call_runtime(symbols::RAISE, &args);
            l.ret_void();
        });
        function
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
