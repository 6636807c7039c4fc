//! Numeric conversions.
//!
//! As C on x86-64: floats truncate towards zero, and out of range the result is the minimum, as of the conversion
//! instruction. LLVM calls that undefined, so a comparison selects it: a frozen conversion would differ between code
//! that LLVM folds and code that it does not. 8- and 16-bit integers are the low bits of the 32-bit conversion,
//! `uint32` those of the 64-bit one.

use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::{Llvm, Val};
use llvm_sys::LLVMOpcode::*;
use ungil_ir::entities::Value;
use ungil_ir::types::DType;

impl FunctionEmitter<'_> {
    pub fn cast(&self, a: Value, to: DType) -> Operand {
        let from = self.dtype(a);
        self.cast_operand(self.operand(a), from, to)
    }

    pub fn cast_operand(&self, a: &Operand, from: DType, to: DType) -> Operand {
        let l = self.l;
        match a {
            Operand::Complex(re, im) if to.is_complex() => {
                let part = |v| l.convert(v, from.real(), to.real());
                Operand::Complex(part(*re), part(*im))
            }
            Operand::Complex(re, im) if to == DType::Bool => {
                let nonzero = |v| l.convert(v, from.real(), DType::Bool);
                Operand::Scalar(l.or(nonzero(*re), nonzero(*im)))
            }
            Operand::Complex(re, _) => Operand::Scalar(l.convert(*re, from.real(), to)),
            other if to.is_complex() => {
                let re = l.convert(other.scalar(), from, to.real());
                Operand::Complex(re, l.zero(l.type_of(re)))
            }
            other => Operand::Scalar(l.convert(other.scalar(), from, to)),
        }
    }
}

impl Llvm {
    /// The conversion to `int64` below 2^63, or that of `v - 2^63` with the top bit flipped.
    fn float_to_u64(&self, v: Val) -> Val {
        let from = self.type_of(v);
        let ty = self.widened(self.int(64), from);
        let limit = self.const_float(from, 9_223_372_036_854_775_808.0);
        let small = self.fcmp(llvm_sys::LLVMRealPredicate::LLVMRealULT, v, limit);
        let reduced = self.float_op(LLVMFSub, v, limit);
        let part = self.truncated(self.select(small, v, reduced), 64);
        self.select(small, part, self.xor(part, self.const_int(ty, i64::MIN)))
    }

    /// A float as a signed integer of 32 or 64 bits; the minimum where it does not fit.
    fn truncated(&self, v: Val, bits: u32) -> Val {
        use llvm_sys::LLVMRealPredicate::{LLVMRealOGE, LLVMRealOLT};
        let from = self.type_of(v);
        let to = self.widened(self.int(bits), from);
        let least = -(2f64.powi(bits as i32 - 1));
        let above = self.fcmp(LLVMRealOGE, v, self.const_float(from, least));
        let below = self.fcmp(LLVMRealOLT, v, self.const_float(from, -least));
        let minimum = self.const_int(to, i64::MIN >> (64 - bits));
        self.select(self.and(above, below), self.cast(LLVMFPToSI, v, to), minimum)
    }

    /// Converts a number or vector; neither type is complex.
    pub fn convert(&self, v: Val, from: DType, to: DType) -> Val {
        if from == to {
            return v;
        }
        let ty = self.widened(self.number(to), self.type_of(v));
        let narrow = |v: Val, bits: u32| {
            if bits == to.bits() { v } else { self.cast(LLVMTrunc, v, ty) }
        };
        match (from, to) {
            (f, DType::Bool) if f.is_float() => {
                self.fcmp(llvm_sys::LLVMRealPredicate::LLVMRealUNE, v, self.zero(self.type_of(v)))
            }
            (_, DType::Bool) => self.is_nonzero(v),
            (DType::F32, DType::F64) => self.cast(LLVMFPExt, v, ty),
            (DType::F64, DType::F32) => self.cast(LLVMFPTrunc, v, ty),
            (f, DType::U64) if f.is_float() => self.float_to_u64(v),
            (f, t) if f.is_float() => {
                let bits = if matches!(t, DType::U32 | DType::I64) { 64 } else { 32 };
                narrow(self.truncated(v, bits), bits)
            }
            (f, t) if t.is_float() => {
                let op = if f.is_signed() { LLVMSIToFP } else { LLVMUIToFP };
                self.cast(op, v, ty)
            }
            (f, t) if t.bits() < f.bits() => self.cast(LLVMTrunc, v, ty),
            (f, t) if t.bits() == f.bits() => v,
            (f, _) if f.is_signed() => self.cast(LLVMSExt, v, ty),
            _ => self.cast(LLVMZExt, v, ty),
        }
    }
}
