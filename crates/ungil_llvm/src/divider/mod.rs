//! Relief of the divider: divisions and square roots of innermost vector loops as multiply-adds.
//!
//! Runs after LLVM's vectoriser on its result. Operations that [`cost`] moves become calls of the functions of
//! [`sequences`], which are inlined afterwards and give the same bits as the instructions they stand for.
//! Needs: AVX-512F with 512-bit multiply-adds at full rate.
//! Limits: vectors of whole multiples of 64 bytes; loops that LLVM left scalar or in shorter vectors stay as they are.

pub mod cost;
pub(crate) mod loops;
mod sequences;

use crate::emit::EmitError;
use crate::mathlib::name_of;
use crate::raw::walk::instructions;
use crate::raw::{Block, Llvm, Val, llvm};
use crate::remarks::place_of;
use crate::target;
use cost::{Kind, Operation, Work};
use llvm_sys::LLVMOpcode::*;
use llvm_sys::LLVMTypeKind;
use llvm_sys::core::*;

/// What our remarks say and LLVM's do not.
pub const REMARK: &str = "by multiply-adds";

/// What was done.
#[derive(Default)]
pub struct Relief {
    /// Whether anything was.
    pub moved: bool,
    /// Where the multiply-adds took over, as `file:line:column: text`.
    pub places: Vec<String>,
}

/// Whether this machine gains: Zen cores up to the fourth do 512 bits in halves, and divide faster.
pub fn is_useful_here() -> bool {
    target::host_has("avx512f") && target::host_has("avx512dq") && !target::host_cpu().starts_with("znver")
}

/// Whether this machine divides the widest vectors in the time of half of one: Zen cores from the fifth on.
pub fn is_wide_here() -> bool {
    target::host_has("avx512f") && target::host_cpu() == "znver5"
}

/// Moves operations of all innermost loops of a module; the functions called are to be inlined then.
pub fn relieve(l: &Llvm, force: bool) -> Result<Relief, EmitError> {
    let mut relief = Relief::default();
    if !is_useful_here() {
        return Ok(relief);
    }
    for function in crate::mathlib::functions(l.module) {
        for body in loops::innermost(function) {
            relieve_loop(l, &body, force, &mut relief)?;
        }
    }
    Ok(relief)
}

fn relieve_loop(l: &Llvm, body: &[Block], force: bool, relief: &mut Relief) -> Result<(), EmitError> {
    let mut found: Vec<(Val, Kind)> = Vec::new();
    let mut work = Work::default();
    for inst in body.iter().flat_map(|block| instructions(*block)) {
        let vectors = vectors_of(l, inst);
        match kind_of(l, inst) {
            Some(kind) => {
                found.push((inst, kind));
                work.operations.push((kind, vectors));
            }
            None => count(inst, vectors, &mut work),
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let moved = if force { vec![true; found.len()] } else { work.moved().unwrap_or_default() };
    let chosen: Vec<(Val, Kind)> =
        found.iter().zip(&moved).filter(|(_, moved)| **moved).map(|(one, _)| *one).collect();
    if let Some((first, _)) = chosen.first() {
        relief.moved = true;
        relief
            .places
            .extend(place_of(*first).map(|place| format!("{place}: {}", text(&chosen, found.len()))));
    }
    for (inst, kind) in chosen {
        replace(l, inst, kind)?;
    }
    Ok(())
}

/// The operation of the divider that an instruction is, if it is one on vectors of whole multiples of 64 bytes.
fn kind_of(l: &Llvm, inst: Val) -> Option<Kind> {
    let ty = l.type_of(inst);
    let lanes = l.lanes(ty)?;
    let element = l.element(ty);
    let single = element == l.f32();
    if !(single || element == l.f64()) || !lanes.is_multiple_of(sequences::lanes(single)) {
        return None;
    }
    let operation = match llvm!(LLVMGetInstructionOpcode(inst)) {
        LLVMFDiv if is_one(l, llvm!(LLVMGetOperand(inst, 0))) => Operation::Invert,
        LLVMFDiv => Operation::Divide,
        LLVMCall if name_of(llvm!(LLVMGetCalledValue(inst))).starts_with("llvm.sqrt.") => Operation::Root,
        _ => return None,
    };
    Some(Kind { operation, single })
}

/// Whether a value is the constant 1 in all lanes. Constants are unique.
fn is_one(l: &Llvm, v: Val) -> bool {
    v == l.const_float(l.type_of(v), 1.0)
}

/// Number of vectors of 64 bytes that an instruction works on; zero for scalars.
fn vectors_of(l: &Llvm, inst: Val) -> u32 {
    let is_store = llvm!(LLVMGetInstructionOpcode(inst)) == LLVMStore;
    let v = if is_store { llvm!(LLVMGetOperand(inst, 0)) } else { inst };
    let ty = l.type_of(v);
    let bits = match llvm!(LLVMGetTypeKind(l.element(ty))) {
        LLVMTypeKind::LLVMDoubleTypeKind | LLVMTypeKind::LLVMPointerTypeKind => 64,
        LLVMTypeKind::LLVMFloatTypeKind => 32,
        LLVMTypeKind::LLVMIntegerTypeKind => llvm!(LLVMGetIntTypeWidth(l.element(ty))),
        _ => 0,
    };
    l.lanes(ty).map_or(0, |lanes| (lanes * bits).div_ceil(512))
}

fn count(inst: Val, vectors: u32, work: &mut Work) {
    match llvm!(LLVMGetInstructionOpcode(inst)) {
        LLVMLoad => work.loads += vectors,
        LLVMStore => work.stores += vectors,
        LLVMPHI | LLVMGetElementPtr | LLVMBitCast => {}
        _ => work.arithmetic += vectors,
    }
}

fn replace(l: &Llvm, inst: Val, kind: Kind) -> Result<(), EmitError> {
    let name = sequences::name(kind);
    if l.find_function(&name).is_none() {
        let module = l.parse(&sequences::module(kind)).map_err(EmitError::Codegen)?;
        llvm!({
            LLVMSetTarget(module, LLVMGetTarget(l.module));
            LLVMSetDataLayout(module, LLVMGetDataLayoutStr(l.module));
        });
        l.link(module).map_err(EmitError::Codegen)?;
    }
    let function = l.find_function(&name).expect("linked just now");
    l.internal(function);
    let operands: &[u32] = match kind.operation {
        Operation::Divide => &[0, 1],
        Operation::Invert => &[1],
        Operation::Root => &[0],
    };
    llvm!(LLVMPositionBuilderBefore(l.builder, inst));
    let args: Vec<Val> = operands.iter().map(|i| llvm!(LLVMGetOperand(inst, *i))).collect();
    let result = apply(l, function, &args, sequences::lanes(kind.single));
    llvm!({
        LLVMReplaceAllUsesWith(inst, result);
        LLVMInstructionEraseFromParent(inst);
    });
    Ok(())
}

/// Calls a function on vectors of `width` lanes for vectors of a multiple of it.
fn apply(l: &Llvm, function: Val, args: &[Val], width: u32) -> Val {
    let lanes = l.lanes(l.type_of(args[0])).expect("a vector");
    let ty = l.function_type(function);
    if lanes == width {
        return l.call(ty, function, args);
    }
    let part = |i: u32| {
        let numbers: Vec<i32> = (i * width..(i + 1) * width).map(|lane| lane as i32).collect();
        let parts: Vec<Val> = args.iter().map(|v| l.shuffle(*v, *v, &numbers)).collect();
        l.call(ty, function, &parts)
    };
    let pieces: Vec<Val> = (0..lanes / width).map(part).collect();
    l.concatenated(pieces)
}

fn text(chosen: &[(Val, Kind)], all: usize) -> String {
    let roots = chosen.iter().filter(|(_, kind)| kind.operation == Operation::Root).count();
    let what = match (chosen.len() - roots, roots) {
        (_, 0) => "divisions",
        (0, _) => "square roots",
        _ => "divisions and square roots",
    };
    let rest = if chosen.len() < all { "; the divider does the others meanwhile" } else { "" };
    format!("{what} {REMARK}{rest}")
}
