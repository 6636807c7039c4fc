//! Streaming stores in the loop itself, for long bodies.
//!
//! A body of a hundred instructions takes longer than a branch over its stores, and copies of it would take long to compile:
//!
//! ```text
//!         preheader ──► loop ⟲ plain ──────────────────────────► exit
//!                          └──► streams: past the caches ──► next ┘
//!                               └──► an end: plain ─────────┘ └──► loop
//! ```
//!
//! A store streams where its line starts. If the array does not start with a line, the first step is shorter, so that all others but
//! the last begin at lines; the last iteration ends at the end. Iterations overlap by less than one, and write the same values again.

use super::{Entry, Filling, LINE, is_load};
use crate::raw::walk::{opcode, operand};
use crate::raw::{Block, Llvm, Val, llvm};
use llvm_sys::LLVMIntPredicate::*;
use llvm_sys::LLVMOpcode::*;
use llvm_sys::core::*;
use std::collections::HashMap;

/// Bodies of more instructions are long.
const LONG: usize = 48;

impl Filling {
    /// Whether a branch over the stores is cheaper than a copy. They move to the end, so no load may see them.
    pub(super) fn is_long(&self) -> bool {
        let first = self.body.iter().position(|inst| self.stores.contains(inst));
        let loads = || self.body[first.unwrap_or(0)..].iter().any(|inst| is_load(*inst));
        self.body.len() > LONG && (self.repeatable || !loads())
    }

    /// Splits the loop at its stores.
    pub(super) fn join(&self, l: &Llvm, from: u64) {
        let function = llvm!(LLVMGetBasicBlockParent(self.block));
        let Entry { offset, taken } = self.enter(l, from);
        let ty = l.type_of(self.index);
        let (start, step) = (l.const_int(ty, self.start), l.const_int(ty, self.step));
        let second = l.add(start, l.select(l.is_zero(offset), step, offset));
        let last = self.last(l);
        l.br(self.block);

        let after = |name| {
            let block = l.block(function, name);
            llvm!(LLVMMoveBasicBlockBefore(block, self.exit));
            block
        };
        let (plain, streams, past, end, next) =
            (after(c"plain"), after(c"streams"), after(c"past"), after(c"end"), after(c"next"));
        let latch = llvm!(LLVMGetBasicBlockTerminator(self.block));
        llvm!(LLVMInstructionRemoveFromParent(latch));
        l.position(self.block);
        l.cond_br(taken, streams, plain);

        l.position(streams);
        let address = self.address(l, self.stores[0], self.index);
        l.cond_br(l.is_zero(l.and(address, l.i64(LINE - 1))), past, end);
        for (block, past_caches) in [(past, true), (end, false)] {
            l.position(block);
            for store in self.copy_stores(l) {
                if past_caches {
                    self.past_caches(l, store);
                }
            }
            l.br(next);
        }

        l.position(next);
        let sum = l.select(l.icmp(LLVMIntEQ, self.index, start), second, l.add(self.index, step));
        let following = l.select(l.icmp(LLVMIntULT, sum, last), sum, last);
        l.cond_br(l.icmp(LLVMIntEQ, self.index, last), self.exit, self.block);

        l.position(plain);
        self.copy_stores(l);
        let counted = l.nuw_add(self.index, step);
        llvm!(LLVMSetCondition(latch, l.icmp(LLVMIntEQ, counted, self.end)));
        llvm!(LLVMInsertIntoBuilder(l.builder, latch));
        self.remove_unused();
        self.enter_from(l, (plain, counted), (next, following));
    }

    /// The stores, with addresses of their own, so that none is kept in a register from the loop's block on.
    fn copy_stores(&self, l: &Llvm) -> Vec<Val> {
        let copy = |store: &Val| {
            let address = self.copy_of(l, operand(*store, 1), &mut HashMap::from([(self.index, self.index)]));
            let copy = llvm!(LLVMInstructionClone(*store));
            llvm!(LLVMSetOperand(copy, 1, address));
            llvm!(LLVMInsertIntoBuilder(l.builder, copy));
            copy
        };
        self.stores.iter().map(copy).collect()
    }

    /// Removes the stores from the loop's block, with what served them and the old end alone.
    fn remove_unused(&self) {
        for inst in self.body.iter().rev() {
            let is_store = self.stores.contains(inst);
            let is_plain = matches!(opcode(*inst), LLVMGetElementPtr | LLVMAdd | LLVMICmp);
            if is_store || is_plain && llvm!(LLVMGetFirstUse(*inst)).is_null() {
                llvm!(LLVMInstructionEraseFromParent(*inst));
            }
        }
    }

    /// Replaces the loop's index: the block is entered from two more places now.
    fn enter_from(&self, l: &Llvm, plain: (Block, Val), next: (Block, Val)) {
        llvm!(LLVMPositionBuilderBefore(l.builder, self.index));
        let ty = l.type_of(self.index);
        let index = l.phi(ty);
        l.add_incoming(index, l.const_int(ty, self.start), self.preheader);
        l.add_incoming(index, plain.1, plain.0);
        l.add_incoming(index, next.1, next.0);
        // The old phi keeps its next value alive.
        llvm!(LLVMReplaceAllUsesWith(self.index, index));
        llvm!(LLVMInstructionEraseFromParent(self.index));
        if llvm!(LLVMGetFirstUse(self.next)).is_null() {
            llvm!(LLVMInstructionEraseFromParent(self.next));
        }
    }
}
