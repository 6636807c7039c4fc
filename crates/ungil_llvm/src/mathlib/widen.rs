//! Vector forms of library functions.
//!
//! Makes `f.xN` on vectors of N numbers from the body of `f`, instruction by instruction: bodies are straight-line code
//! but for cold calls, whose blocks become calls of the vector variants with a mask. So each lane has the bits of `f`.
//! Needs: the library linked in, with the variants of its slow paths.
//! Limits: N as the variants have it; a body with other control flow or instructions is refused.

use crate::raw::{Block, Llvm, Val, c_string, llvm};
use llvm_sys::LLVMOpcode::*;
use llvm_sys::core::*;
use std::collections::HashMap;

/// Widens the body of `scalar` into `vector`, a declaration with the same parameters as vectors. On refusal, which is
/// the reason given, the body is incomplete.
pub fn widen(l: &Llvm, scalar: Val, vector: Val, lanes: u32) -> Result<(), String> {
    let mut widener = Widener { l, lanes, values: HashMap::new(), masks: HashMap::new() };
    for i in 0..llvm!(LLVMCountParams(scalar)) as usize {
        widener.values.insert(l.param(scalar, i), l.param(vector, i));
    }
    let entry = l.block(vector, c"entry");
    l.apart(|| {
        l.position(entry);
        let mut block = llvm!(LLVMGetFirstBasicBlock(scalar));
        while !block.is_null() {
            widener.block(block)?;
            block = llvm!(LLVMGetNextBasicBlock(block));
        }
        Ok(())
    })
}

struct Widener<'a> {
    l: &'a Llvm,
    lanes: u32,
    values: HashMap<Val, Val>,
    /// The lanes in which a conditional block runs.
    masks: HashMap<Block, Val>,
}

impl Widener<'_> {
    fn block(&mut self, block: Block) -> Result<(), String> {
        let mut inst = llvm!(LLVMGetFirstInstruction(block));
        while !inst.is_null() {
            if let Some(value) = self.instruction(inst, block)? {
                self.values.insert(inst, value);
            }
            inst = llvm!(LLVMGetNextInstruction(inst));
        }
        Ok(())
    }

    fn operand(&self, inst: Val, index: u32) -> Val {
        let v = llvm!(LLVMGetOperand(inst, index));
        match self.values.get(&v) {
            Some(found) => *found,
            None => self.l.const_vector(&vec![v; self.lanes as usize]),
        }
    }

    fn instruction(&mut self, inst: Val, block: Block) -> Result<Option<Val>, String> {
        let l = self.l;
        let opcode = llvm!(LLVMGetInstructionOpcode(inst));
        let wide = || l.vector(l.type_of(inst), self.lanes);
        Ok(Some(match opcode {
            LLVMRet => {
                l.ret(self.operand(inst, 0));
                return Ok(None);
            }
            LLVMBr => {
                self.branch(inst)?;
                return Ok(None);
            }
            LLVMPHI => self.phi(inst)?,
            LLVMCall => self.call(inst, block)?,
            LLVMFNeg => l.fneg(self.operand(inst, 0)),
            LLVMFreeze => l.freeze(self.operand(inst, 0)),
            LLVMICmp => {
                l.icmp(llvm!(LLVMGetICmpPredicate(inst)), self.operand(inst, 0), self.operand(inst, 1))
            }
            LLVMFCmp => {
                l.fcmp(llvm!(LLVMGetFCmpPredicate(inst)), self.operand(inst, 0), self.operand(inst, 1))
            }
            LLVMSelect => l.select(self.operand(inst, 0), self.operand(inst, 1), self.operand(inst, 2)),
            _ if !llvm!(LLVMIsABinaryOperator(inst)).is_null() => {
                l.float_op(opcode, self.operand(inst, 0), self.operand(inst, 1))
            }
            _ if !llvm!(LLVMIsACastInst(inst)).is_null() => l.cast(opcode, self.operand(inst, 0), wide()),
            other => return Err(format!("{other:?}")),
        }))
    }

    /// A branch around one block: that block's lanes are those of the condition.
    fn branch(&mut self, inst: Val) -> Result<(), String> {
        if llvm!(LLVMIsConditional(inst)) == 0 {
            return Ok(());
        }
        let (then, other) = (llvm!(LLVMGetSuccessor(inst, 0)), llvm!(LLVMGetSuccessor(inst, 1)));
        let leads_to = |from: Block, to: Block| {
            let end = llvm!(LLVMGetBasicBlockTerminator(from));
            llvm!(LLVMGetNumSuccessors(end)) == 1 && llvm!(LLVMGetSuccessor(end, 0)) == to
        };
        // A branch has its condition first.
        let cond = self.operand(inst, 0);
        if leads_to(then, other) {
            self.masks.insert(then, cond);
        } else if leads_to(other, then) {
            self.masks.insert(other, self.l.not(cond));
        } else {
            return Err("a branch that is not around one block".to_owned());
        }
        Ok(())
    }

    fn phi(&self, inst: Val) -> Result<Val, String> {
        let from = |i| llvm!(LLVMGetIncomingBlock(inst, i));
        let value = |i| {
            let v = llvm!(LLVMGetIncomingValue(inst, i));
            self.values.get(&v).copied().unwrap_or_else(|| self.l.const_vector(&vec![v; self.lanes as usize]))
        };
        if llvm!(LLVMCountIncoming(inst)) != 2 {
            return Err("a phi of more than two".to_owned());
        }
        for (masked, other) in [(0, 1), (1, 0)] {
            if let Some(mask) = self.masks.get(&from(masked)) {
                let (inside, outside) = (value(masked), value(other));
                let done = returns_rest(inside, outside);
                return Ok(if done { inside } else { self.l.select(*mask, inside, outside) });
            }
        }
        Err("a phi without a condition".to_owned())
    }

    fn call(&self, inst: Val, block: Block) -> Result<Val, String> {
        let l = self.l;
        let callee = super::name_of(llvm!(LLVMGetCalledValue(inst)));
        let count = llvm!(LLVMGetNumArgOperands(inst));
        let mut args: Vec<Val> = (0..count).map(|i| self.operand(inst, i)).collect();
        if super::is_slow(&callee) {
            let name = format!("{callee}_v{}", self.lanes);
            let variant = l.find_function(&name).ok_or_else(|| format!("no {name}"))?;
            args.push(*self.masks.get(&block).ok_or("an unconditional slow path")?);
            return Ok(l.call(l.function_type(variant), variant, &args));
        }
        if super::is_instruction(&callee) {
            let name = format!("{callee}_v{}", self.lanes);
            let variant = l.find_function(&name).ok_or_else(|| format!("no {name}"))?;
            return Ok(l.call(l.function_type(variant), variant, &args));
        }
        let Some((base, _)) = callee.rsplit_once('.').filter(|_| callee.starts_with("llvm.")) else {
            return Err(callee);
        };
        // Overloaded on the type of the first argument; a second one that is a constant flag or mask stays a scalar.
        match &base["llvm.".len()..] {
            "fma" | "fabs" | "copysign" | "floor" | "trunc" | "ceil" | "rint" | "sqrt" | "umin" | "umax"
            | "smin" | "smax" => {}
            "abs" | "is.fpclass" => args[1] = llvm!(LLVMGetOperand(inst, 1)),
            _ => return Err(callee),
        }
        Ok(l.intrinsic(base, &[l.type_of(args[0])], &args))
    }
}

/// Whether a value is a slow path's that has another value in the lanes where the mask is not set: that is what slow paths do
/// with their last argument before the mask.
fn returns_rest(v: Val, rest: Val) -> bool {
    if llvm!(LLVMIsACallInst(v)).is_null()
        || !super::is_variant(&super::name_of(llvm!(LLVMGetCalledValue(v))))
    {
        return false;
    }
    let count = llvm!(LLVMGetNumArgOperands(v));
    count >= 2 && llvm!(LLVMGetOperand(v, count - 2)) == rest
}

/// Name of the vector form of a function.
pub fn name(scalar: &str, lanes: u32) -> String {
    format!("{scalar}.x{lanes}")
}

/// The function and the number of lanes of a vector form's name.
pub fn parse(name: &str) -> Option<(&str, u32)> {
    let (scalar, lanes) = name.rsplit_once(".x")?;
    Some((scalar, lanes.parse().ok()?))
}

/// Declares the scalar function of a vector form, if it is not yet, so that the linker brings its body.
pub fn declare_scalar(l: &Llvm, vector: Val, scalar: &str) {
    if l.find_function(scalar).is_some() {
        return;
    }
    let count = llvm!(LLVMCountParams(vector)) as usize;
    let element = l.element(l.type_of(l.param(vector, 0)));
    let name = c_string(scalar);
    let ty = l.function(element, &vec![element; count]);
    llvm!(LLVMAddFunction(l.module, name.as_ptr(), ty));
}
