//! Conversions of floats to integers by one instruction.
//!
//! LLVM's conversion is undefined out of range, so the front end has comparisons choose the minimum there ([`crate::emit`]). x86's
//! instruction gives that minimum by itself. Until loops are vectorised the choice stays, since LLVM knows no vector form of
//! the instruction's intrinsic. Runs behind the vectoriser.
//! Limits: x86-64; scalars of 32 and 64 bits.

use crate::mathlib::functions;
use crate::raw::walk::{blocks, instructions, opcode, opcode_of, operand};
use crate::raw::{Llvm, Val, llvm};
use llvm_sys::LLVMOpcode::{LLVMAnd, LLVMFCmp, LLVMFPToSI, LLVMOr, LLVMSelect};
use llvm_sys::LLVMRealPredicate::{self, *};
use llvm_sys::core::*;

/// Rewrites the conversions of a module.
pub fn settle(l: &Llvm) {
    if !cfg!(target_arch = "x86_64") {
        return;
    }
    for function in functions(l.module) {
        let all = blocks(function).into_iter().flat_map(instructions);
        let conversions: Vec<Val> = all.filter(|inst| opcode(*inst) == LLVMFPToSI).collect();
        for inst in conversions {
            convert(l, inst);
        }
    }
}

fn convert(l: &Llvm, inst: Val) {
    let (from, to) = (operand(inst, 0), l.type_of(inst));
    let bits = if to == l.int(64) {
        64
    } else if to == l.int(32) {
        32
    } else {
        return;
    };
    let (name, lanes) = match (l.type_of(from), bits) {
        (ty, 64) if ty == l.f64() => ("llvm.x86.sse2.cvttsd2si64", 2),
        (ty, 32) if ty == l.f64() => ("llvm.x86.sse2.cvttsd2si", 2),
        (ty, 64) if ty == l.f32() => ("llvm.x86.sse.cvttss2si64", 4),
        (ty, 32) if ty == l.f32() => ("llvm.x86.sse.cvttss2si", 4),
        _ => return,
    };
    let choices: Vec<Val> =
        users(inst).into_iter().filter(|user| chooses(l, *user, inst, from, bits)).collect();
    if choices.is_empty() {
        return;
    }
    llvm!(LLVMPositionBuilderBefore(l.builder, inst));
    let vector = l.insert_element(l.poison(l.vector(l.type_of(from), lanes)), from, l.i64(0));
    let converted = l.intrinsic(name, &[], &[vector]);
    llvm!(LLVMReplaceAllUsesWith(inst, converted));
    llvm!(LLVMInstructionEraseFromParent(inst));
    let mut choices = choices;
    while let Some(choice) = choices.pop() {
        // A test of the other bound may choose once more.
        choices.extend(users(choice).into_iter().filter(|user| chooses(l, *user, choice, from, bits)));
        llvm!(LLVMReplaceAllUsesWith(choice, converted));
        llvm!(LLVMInstructionEraseFromParent(choice));
    }
}

/// The instructions that use a value, each once.
fn users(v: Val) -> Vec<Val> {
    let mut found = Vec::new();
    let mut next = llvm!(LLVMGetFirstUse(v));
    while !next.is_null() {
        let user = llvm!(LLVMGetUser(next));
        if !found.contains(&user) {
            found.push(user);
        }
        next = llvm!(LLVMGetNextUse(next));
    }
    found
}

/// Whether an instruction is `converted`, or the minimum where `from` is out of range.
fn chooses(l: &Llvm, inst: Val, converted: Val, from: Val, bits: u32) -> bool {
    if opcode_of(inst) != Some(LLVMSelect) {
        return false;
    }
    let (cond, yes, no) = (operand(inst, 0), operand(inst, 1), operand(inst, 2));
    let minimum = i64::MIN >> (64 - bits);
    let is_minimum = |v| l.as_const_int(v) == Some(minimum);
    let range = Range { l, from, bits };
    (yes == converted && is_minimum(no) && range.holds(cond, true))
        || (no == converted && is_minimum(yes) && range.holds(cond, false))
}

/// The numbers that an integer of some bits has.
struct Range<'a> {
    l: &'a Llvm,
    from: Val,
    bits: u32,
}

impl Range<'_> {
    /// Whether a condition has this value for every number in the range.
    fn holds(&self, cond: Val, value: bool) -> bool {
        let all = |inst: Val| (0..2).all(|i| self.holds(operand(inst, i), value));
        match opcode_of(cond) {
            Some(LLVMFCmp) => self.compares(cond, value),
            Some(LLVMAnd) => value && all(cond),
            Some(LLVMOr) => !value && all(cond),
            // `a && b`, `a || b`.
            Some(LLVMSelect) => {
                let is = |i, n: i64| self.l.as_const_int(operand(cond, i)).is_some_and(|c| c & 1 == n);
                let (other, absent) = if value { (1, 2) } else { (2, 1) };
                is(absent, i64::from(!value))
                    && self.holds(operand(cond, 0), value)
                    && self.holds(operand(cond, other), value)
            }
            _ => false,
        }
    }

    fn compares(&self, cond: Val, value: bool) -> bool {
        let limit = self.l.as_const_float(operand(cond, 1));
        let (Some(limit), true) = (limit, operand(cond, 0) == self.from) else { return false };
        let least = -(2f64.powi(self.bits as i32 - 1));
        let above = |p: LLVMRealPredicate| matches!(p, LLVMRealOGE | LLVMRealUGE) && limit <= least;
        let below = |p: LLVMRealPredicate| matches!(p, LLVMRealOLT | LLVMRealULT) && limit >= -least;
        let is_in = |p| above(p) || below(p);
        let predicate = llvm!(LLVMGetFCmpPredicate(cond));
        is_in(if value { predicate } else { negated(predicate) })
    }
}

/// The comparison that is true where one of these is false.
fn negated(predicate: LLVMRealPredicate) -> LLVMRealPredicate {
    match predicate {
        LLVMRealOGE => LLVMRealULT,
        LLVMRealUGE => LLVMRealOLT,
        LLVMRealOLT => LLVMRealUGE,
        LLVMRealULT => LLVMRealOGE,
        other => other,
    }
}
