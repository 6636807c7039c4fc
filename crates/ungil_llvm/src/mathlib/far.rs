//! Library functions that a module calls many times: called, rather than inlined at each place.
//!
//! A formula of a hundred sines would take seconds to optimise with a hundred copies of the function. Above a number of
//! calls a function and its vector form stand once in the module, and the loop vectoriser calls the vector form. The bits
//! are the same; a call costs little beside the function.
//! Limits: functions that the widener refuses stay inlined.

use crate::mathlib::{add_names, calls_of, widen};
use crate::raw::attributes::Place;
use crate::raw::{Llvm, Val, llvm};
use llvm_sys::LLVMTypeKind;
use llvm_sys::core::*;

/// Modules with so many calls of library functions inline them all.
const INLINED: usize = 32;

/// Functions with so few calls are inlined in any module.
const FEW: usize = 2;

/// The functions to be called, among those that a module declares.
pub fn choose(l: &Llvm, scalars: &[String]) -> Vec<String> {
    let count = |name: &String| l.find_function(name).map_or(0, |f| calls_of(f).len());
    if scalars.iter().map(count).sum::<usize>() <= INLINED {
        return Vec::new();
    }
    scalars.iter().filter(|name| count(name) > FEW).cloned().collect()
}

/// Makes the vector forms of a function that was linked, and names them at its calls; false if they cannot be made.
pub fn keep(l: &Llvm, scalar: &str, bits: u32, prepare: &impl Fn(Val)) -> bool {
    let function = l.find_function(scalar).expect("just linked");
    let element = l.type_of(l.param(function, 0));
    let count = llvm!(LLVMCountParams(function)) as usize;
    let ty = l.function_type(function);
    let plain = llvm!(LLVMGetReturnType(ty)) == element
        && (0..count).all(|k| l.type_of(l.param(function, k)) == element);
    if !plain {
        return false;
    }
    let mut forms = Vec::new();
    for lanes in lanes(bits, llvm!(LLVMGetTypeKind(element)) == LLVMTypeKind::LLVMFloatTypeKind) {
        let ty = l.vector(element, lanes);
        // Loops in lanes may have inlined forms of their own.
        let name = format!("{scalar}.far{lanes}");
        let form = l.declare(&name, l.function(ty, &vec![ty; count]));
        if widen::widen(l, function, form, lanes).is_err() {
            llvm!(LLVMDeleteFunction(form));
            forms.iter().for_each(|(form, _)| llvm!(LLVMDeleteFunction(*form)));
            return false;
        }
        forms.push((form, format!("_ZGV_LLVM_N{lanes}{}_{scalar}({name})", "v".repeat(count))));
    }
    for (form, _) in &forms {
        l.internal(*form);
        prepare(*form);
        l.add_attribute(*form, Place::Function, "noinline");
    }
    hold(l, &forms.iter().map(|(form, _)| *form).collect::<Vec<_>>());
    let names: Vec<String> = forms.into_iter().map(|(_, name)| name).collect();
    add_names(l, function, &names.join(","));
    l.add_attribute(function, Place::Function, "noinline");
    true
}

/// The lengths of vectors in loops over elements of this type and wider ones.
fn lanes(bits: u32, single: bool) -> Vec<u32> {
    if single { vec![bits / 64, bits / 32] } else { vec![bits / 64] }
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
