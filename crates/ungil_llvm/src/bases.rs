//! Addresses in vector loops: one pointer for each array, set in front of the loop.
//!
//! LLVM's vectoriser leaves `array[start + index]`, with the sum in the loop, and as many sums as there are arrays.
//! A pointer to the start plus the index is what one instruction can address.
//! Runs behind the vectoriser.
//! Limits: loops of one block with one way in; other addresses, and vectors of them, stay as they are.

use crate::mathlib::functions;
use crate::raw::walk::{blocks, instructions, is_in, opcode, opcode_of, operand, successors};
use crate::raw::{Block, Llvm, Val, llvm};
use llvm_sys::LLVMOpcode::*;
use llvm_sys::LLVMTypeKind;
use llvm_sys::core::*;

/// Rewrites the addresses of all vector loops of a module.
pub fn settle(l: &Llvm) {
    for function in functions(l.module) {
        let all = blocks(function);
        for block in &all {
            let next = successors(*block);
            if next.contains(block)
                && let [from] =
                    all.iter().filter(|b| *b != block && successors(**b).contains(block)).collect::<Vec<_>>()
                        [..]
            {
                settle_loop(l, *block, *from);
            }
        }
    }
}

fn settle_loop(l: &Llvm, block: Block, from: Block) {
    let mut done: Vec<(Address, Val)> = Vec::new();
    let body = instructions(block);
    if !body.iter().any(|inst| is_vector_access(l, *inst)) {
        return;
    }
    for inst in body {
        let Some((address, varying)) = Address::of(inst, block) else { continue };
        let start = match done.iter().find(|(known, _)| *known == address) {
            Some((_, start)) => *start,
            None => {
                let start = address.start(l, from);
                done.push((address, start));
                start
            }
        };
        llvm!({
            LLVMSetOperand(inst, 0, start);
            LLVMSetOperand(inst, 1, varying);
            // The parts may leave the array where the sum does not.
            LLVMGEPSetNoWrapFlags(inst, 0);
        });
    }
}

fn is_vector_access(l: &Llvm, inst: Val) -> bool {
    let ty = match opcode(inst) {
        LLVMLoad => l.type_of(inst),
        LLVMStore => l.type_of(operand(inst, 0)),
        _ => return false,
    };
    l.lanes(ty).is_some()
}

/// What does not vary in `base[invariant + varying]`.
#[derive(PartialEq)]
struct Address {
    element: llvm_sys::prelude::LLVMTypeRef,
    base: Val,
    invariant: Val,
}

impl Address {
    /// The parts of an address of a loop of one block, and what varies.
    fn of(inst: Val, block: Block) -> Option<(Address, Val)> {
        // Several addresses at once, of a gather, have no one start.
        let is_one = || llvm!(LLVMGetTypeKind(LLVMTypeOf(inst))) == LLVMTypeKind::LLVMPointerTypeKind;
        let is_plain = opcode(inst) == LLVMGetElementPtr && llvm!(LLVMGetNumOperands(inst)) == 2 && is_one();
        if !is_plain || is_in(operand(inst, 0), block) {
            return None;
        }
        let sum = operand(inst, 1);
        if opcode_of(sum) != Some(LLVMAdd) || !is_in(sum, block) {
            return None;
        }
        let (a, b) = (operand(sum, 0), operand(sum, 1));
        let (invariant, varying) = match (is_in(a, block), is_in(b, block)) {
            (false, true) => (a, b),
            (true, false) => (b, a),
            _ => return None,
        };
        // A constant is part of the instruction that uses the address.
        if !llvm!(LLVMIsAConstant(invariant)).is_null() {
            return None;
        }
        let element = llvm!(LLVMGetGEPSourceElementType(inst));
        Some((Address { element, base: operand(inst, 0), invariant }, varying))
    }

    /// The pointer to the start, made at the end of a block in front of the loop.
    fn start(&self, l: &Llvm, from: Block) -> Val {
        llvm!(LLVMPositionBuilderBefore(l.builder, LLVMGetBasicBlockTerminator(from)));
        l.gep(self.element, self.base, self.invariant, 0)
    }
}
