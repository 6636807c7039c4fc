//! Calls of library functions: which vector forms they have, and which are inlined.
//!
//! Until loops are vectorised they are calls, so that LLVM's passes do not walk over a function's body, a hundred instructions, in every version
//! of a loop. Then the bodies are inlined where loops spend their time. Where few elements are left (the rest of a vectorised loop,
//! versions for rare arguments) they stay calls of one function, and so they do in formulas of many functions, which would take seconds to optimise.
//! The bits are the same; a call costs little beside the function.

use super::{add_names, calls_of, widen};
use crate::divider::loops::innermost;
use crate::emit::COLD;
use crate::raw::attributes::Place;
use crate::raw::{Block, Llvm, Val, llvm};
use llvm_sys::LLVMTypeKind;
use llvm_sys::core::*;
use std::collections::HashSet;
use ungil_math::lanes::LANES;

/// Modules with so many calls of library functions where time is spent inline them all.
const INLINED: usize = 48;

/// Functions with so few such calls are inlined in any module.
const FEW: usize = 2;

/// Declares the vector forms of a function, and names them at its calls.
pub fn name_forms(l: &Llvm, scalar: &str, bits: u32) {
    let function = l.find_function(scalar).expect("a function of the module");
    let element = l.type_of(l.param(function, 0));
    let count = llvm!(LLVMCountParams(function)) as usize;
    let width = if llvm!(LLVMGetTypeKind(element)) == LLVMTypeKind::LLVMFloatTypeKind { 32 } else { 64 };
    let mut forms = Vec::new();
    let mut names = Vec::new();
    for lanes in LANES.into_iter().filter(|lanes| lanes * width <= bits) {
        let ty = l.vector(element, lanes);
        let name = widen::name(scalar, lanes);
        forms.push(l.declare(&name, l.function(ty, &vec![ty; count])));
        names.push(format!("_ZGV_LLVM_N{lanes}{}_{scalar}({name})", "v".repeat(count)));
    }
    if !forms.is_empty() {
        hold(l, &forms);
        add_names(l, function, &names.join(","));
    }
}

/// Marks what is to be inlined, of declared functions and forms. Behind the vectoriser.
pub fn choose(l: &Llvm, scalars: &[Val], forms: &[Val]) {
    let rare = rare_blocks(l);
    let is_hot = |call: &Val| !rare.contains(&llvm!(LLVMGetInstructionParent(*call)));
    let hot = |function: Val| -> Vec<Val> { calls_of(function).into_iter().filter(is_hot).collect() };
    let total: usize = scalars.iter().chain(forms).map(|f| hot(*f).len()).sum();
    let is_crowded = |calls: &[Val]| total > INLINED && calls.len() > FEW;
    for form in forms {
        let how = if is_crowded(&calls_of(*form)) { "noinline" } else { "alwaysinline" };
        l.add_attribute(*form, Place::Function, how);
    }
    for scalar in scalars {
        let all = calls_of(*scalar);
        let calls = if all.len() == 1 { all } else { hot(*scalar) };
        if !is_crowded(&calls) {
            calls.iter().for_each(|call| l.add_call_attribute(*call, Place::Function, "alwaysinline"));
        }
    }
}

/// The blocks of innermost loops that run for few elements or rare arguments: the rest of a loop that was vectorised, and
/// versions marked as [`COLD`].
fn rare_blocks(l: &Llvm) -> HashSet<Block> {
    let mut rare = HashSet::new();
    for function in super::functions(l.module) {
        for body in innermost(function) {
            let ends = body.iter().map(|block| llvm!(LLVMGetBasicBlockTerminator(*block)));
            let is_rare = |end: Val| {
                let scalar_rest = has_property(l, end, "llvm.loop.isvectorized") && !has_vectors(l, &body);
                scalar_rest || has_property(l, end, COLD)
            };
            if ends.into_iter().any(is_rare) {
                rare.extend(body);
            }
        }
    }
    rare
}

/// Whether blocks compute with vectors. LLVM marks a vectorised loop and its rest alike.
fn has_vectors(l: &Llvm, body: &[Block]) -> bool {
    let instructions = body.iter().flat_map(|block| crate::raw::walk::instructions(*block));
    instructions.into_iter().any(|inst| l.lanes(l.type_of(inst)).is_some())
}

/// Whether a branch carries a property of its loop.
fn has_property(l: &Llvm, branch: Val, key: &str) -> bool {
    let names = |node: Val| l.operands_of_node(node).first().is_some_and(|first| l.is_md_text(*first, key));
    // The first operand is the node itself.
    let properties = |node: Val| l.operands_of_node(node).into_iter().skip(1).any(names);
    l.attached(branch, "llvm.loop").is_some_and(properties)
}

/// Keeps functions until the vectoriser has run, as the variants of slow paths are kept.
fn hold(l: &Llvm, functions: &[Val]) {
    let name = c"llvm.compiler.used".as_ptr();
    let old = llvm!(LLVMGetNamedGlobal(l.module, name));
    let mut held: Vec<Val> = functions.to_vec();
    if !old.is_null() {
        let list = llvm!(LLVMGetInitializer(old));
        let n = llvm!(LLVMGetNumOperands(list)) as u32;
        held.extend((0..n).map(|k| llvm!(LLVMGetOperand(list, k))));
        llvm!(LLVMDeleteGlobal(old));
    }
    llvm!({
        let ty = LLVMArrayType2(l.ptr(), held.len() as u64);
        let global = LLVMAddGlobal(l.module, ty, name);
        LLVMSetInitializer(global, LLVMConstArray2(l.ptr(), held.as_mut_ptr(), held.len() as u64));
        LLVMSetLinkage(global, llvm_sys::LLVMLinkage::LLVMAppendingLinkage);
        LLVMSetSection(global, c"llvm.metadata".as_ptr());
    });
}
