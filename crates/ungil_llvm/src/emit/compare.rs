//! Comparisons of numbers, lane by lane for vectors.
//!
//! NaN is unequal to everything. Complex numbers have no order.

use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::{Llvm, Val};
use llvm_sys::LLVMIntPredicate::{self, *};
use llvm_sys::LLVMRealPredicate::{self, *};
use ungil_ir::entities::Value;
use ungil_ir::inst::CompareOp;
use ungil_ir::types::DType;

impl FunctionEmitter<'_> {
    pub fn compare(&self, op: CompareOp, a: Value, b: Value) -> Operand {
        let dtype = self.dtype(a);
        Operand::Scalar(match (self.operand(a), self.operand(b)) {
            (Operand::Complex(ar, ai), Operand::Complex(br, bi)) => {
                self.l.complex_compare(op, (*ar, *ai), (*br, *bi))
            }
            (a, b) if dtype.is_float() => {
                self.relax(self.l.fcmp(float_predicate(op), a.scalar(), b.scalar()))
            }
            (a, b) => self.l.icmp(int_predicate(op, dtype), a.scalar(), b.scalar()),
        })
    }
}

impl Llvm {
    fn complex_compare(&self, op: CompareOp, a: (Val, Val), b: (Val, Val)) -> Val {
        let real = |op| self.fcmp(float_predicate(op), a.0, b.0);
        let imag = |op| self.fcmp(float_predicate(op), a.1, b.1);
        match op {
            CompareOp::Eq => self.and(real(op), imag(op)),
            CompareOp::Ne => self.or(real(op), imag(op)),
            other => panic!("{other:?} on complex numbers"),
        }
    }
}

/// Ordered comparisons, except that "not equal" is true of NaN.
pub fn float_predicate(op: CompareOp) -> LLVMRealPredicate {
    match op {
        CompareOp::Eq => LLVMRealOEQ,
        CompareOp::Ne => LLVMRealUNE,
        CompareOp::Lt => LLVMRealOLT,
        CompareOp::Le => LLVMRealOLE,
        CompareOp::Gt => LLVMRealOGT,
        CompareOp::Ge => LLVMRealOGE,
    }
}

fn int_predicate(op: CompareOp, dtype: DType) -> LLVMIntPredicate {
    match (op, dtype.is_signed()) {
        (CompareOp::Eq, _) => LLVMIntEQ,
        (CompareOp::Ne, _) => LLVMIntNE,
        (CompareOp::Lt, true) => LLVMIntSLT,
        (CompareOp::Le, true) => LLVMIntSLE,
        (CompareOp::Gt, true) => LLVMIntSGT,
        (CompareOp::Ge, true) => LLVMIntSGE,
        (CompareOp::Lt, false) => LLVMIntULT,
        (CompareOp::Le, false) => LLVMIntULE,
        (CompareOp::Gt, false) => LLVMIntUGT,
        (CompareOp::Ge, false) => LLVMIntUGE,
    }
}
