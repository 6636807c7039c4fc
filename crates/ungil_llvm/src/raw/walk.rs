//! Reading a finished module: blocks, instructions and how they hang together.

use super::{Block, Val, llvm};
use llvm_sys::LLVMOpcode;
use llvm_sys::core::*;

/// The blocks of a function as they stand, so that a walk over them may add others.
pub fn blocks(function: Val) -> Vec<Block> {
    let some = |b: Block| if b.is_null() { None } else { Some(b) };
    let first = some(llvm!(LLVMGetFirstBasicBlock(function)));
    std::iter::successors(first, |b| some(llvm!(LLVMGetNextBasicBlock(*b)))).collect()
}

/// The instructions of a block as they stand.
pub fn instructions(block: Block) -> Vec<Val> {
    let some = |v: Val| if v.is_null() { None } else { Some(v) };
    let first = some(llvm!(LLVMGetFirstInstruction(block)));
    std::iter::successors(first, |v| some(llvm!(LLVMGetNextInstruction(*v)))).collect()
}

/// Where a block may go on; the same block twice if it is there twice.
pub fn successors(block: Block) -> Vec<Block> {
    let end = llvm!(LLVMGetBasicBlockTerminator(block));
    let count = if end.is_null() { 0 } else { llvm!(LLVMGetNumSuccessors(end)) };
    (0..count).map(|i| llvm!(LLVMGetSuccessor(end, i))).collect()
}

pub fn opcode(inst: Val) -> LLVMOpcode {
    llvm!(LLVMGetInstructionOpcode(inst))
}

/// The operation of a value that is an instruction.
pub fn opcode_of(v: Val) -> Option<LLVMOpcode> {
    let is_inst = !llvm!(LLVMIsAInstruction(v)).is_null();
    is_inst.then(|| opcode(v))
}

pub fn operand(inst: Val, i: u32) -> Val {
    llvm!(LLVMGetOperand(inst, i))
}

/// Whether a value is an instruction of a block.
pub fn is_in(v: Val, block: Block) -> bool {
    opcode_of(v).is_some() && llvm!(LLVMGetInstructionParent(v)) == block
}
