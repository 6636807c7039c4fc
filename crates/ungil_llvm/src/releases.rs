//! Releases of nothing: what is left of ownership where memory was never there, or has been handed on.
//!
//! On such ways through a function the optimiser finds that the address is null, but not that the call does nothing then.

use crate::mathlib::{functions, name_of};
use crate::raw::walk::{blocks, instructions, opcode, operand};
use crate::raw::{Llvm, Val, llvm};
use llvm_sys::LLVMOpcode::LLVMCall;
use llvm_sys::core::*;
use ungil_abi::symbols::{RELEASE, RETAIN};

/// Removes calls that retain or release null.
pub fn drop_empty(l: &Llvm) {
    for function in functions(l.module) {
        for inst in blocks(function).into_iter().flat_map(instructions).filter(|inst| is_empty(*inst)) {
            llvm!(LLVMInstructionEraseFromParent(inst));
        }
    }
}

fn is_empty(inst: Val) -> bool {
    if opcode(inst) != LLVMCall || llvm!(LLVMGetNumArgOperands(inst)) != 1 {
        return false;
    }
    let name = name_of(llvm!(LLVMGetCalledValue(inst)));
    (name == RELEASE || name == RETAIN) && llvm!(LLVMIsNull(operand(inst, 0))) != 0
}
