//! Functions of the prelude that are called once become part of their callers.
//!
//! NumPy's functions are written in Python as chains of short functions. LLVM would inline them too, at a cost for each, and
//! after the passes that ask what extents of arrays are equal. What is copied takes the place of the call in the source:
//! frames of the prelude are hidden. Calls in loops stay, since passes treat them there, and functions that return in
//! their midst.

use crate::transform::inline::{copy_body, put_body, returns_at_its_end};
use ungil_ir::entities::{FuncId, Inst, Region};
use ungil_ir::function::{Function, Inline, Module, PRELUDE_FILE};
use ungil_ir::inst::InstKind;
use ungil_ir::types::Type;
use ungil_ir::walk;

/// Callers do not grow beyond so many instructions: some passes look at all pairs of loops.
const MAX_INSTS: usize = 2000;

/// Inlines them in all functions, and removes them.
pub fn inline_prelude(module: &mut Module) -> bool {
    let mut wrappers = Wrappers { calls: calls(module), gone: vec![false; module.functions.len()] };
    for k in 0..module.functions.len() {
        if wrappers.gone[k] {
            continue;
        }
        let none = Function::new("", &[], Type::unit());
        let mut func = std::mem::replace(&mut module.functions[k], none);
        let body = func.body;
        wrappers.open(module, &mut func, body);
        module.functions[k] = func;
    }
    let changed = wrappers.gone.contains(&true);
    if changed {
        remove(module, &wrappers.gone);
    }
    changed
}

/// How many instructions call each function.
fn calls(module: &Module) -> Vec<usize> {
    let mut calls = vec![0; module.functions.len()];
    for func in &module.functions {
        walk::walk_region(func, func.body, &mut |inst| {
            if let InstKind::Call(callee, _) = func.inst(inst).kind {
                calls[callee.index()] += 1;
            }
        });
    }
    calls
}

struct Wrappers {
    calls: Vec<usize>,
    /// Functions whose only call was inlined.
    gone: Vec<bool>,
}

impl Wrappers {
    /// Inlines the calls of a region and of those inside that are no loop's.
    fn open(&mut self, module: &Module, func: &mut Function, region: Region) {
        let old = std::mem::take(&mut func.regions[region.index()]);
        for inst in old {
            if self.inlined(module, func, region, inst) {
                continue;
            }
            let kind = &func.inst(inst).kind;
            if !matches!(kind, InstKind::For(_) | InstKind::ParallelFor(_) | InstKind::While { .. }) {
                for inner in walk::nested_regions(kind).collect::<Vec<_>>() {
                    self.open(module, func, inner);
                }
            }
            func.regions[region.index()].push(inst);
        }
    }

    /// Puts the callee's body at the end of a region, where an instruction is a call of a wrapper.
    fn inlined(&mut self, module: &Module, func: &mut Function, into: Region, inst: Inst) -> bool {
        let data = func.inst(inst).clone();
        let InstKind::Call(id, args) = &data.kind else { return false };
        let callee = module.function(*id);
        if self.calls[id.index()] != 1 || !is_wrapper(callee, func) {
            return false;
        }
        let Ok(copy) = copy_body(func, callee, args, into, data.loc) else { return false };
        self.gone[id.index()] = true;
        self.open(module, func, copy);
        put_body(func, into, copy, data.result, (&callee.ret, data.loc));
        true
    }
}

/// Whether code of the prelude can be part of this caller.
fn is_wrapper(callee: &Function, caller: &Function) -> bool {
    let plain = !callee.attributes.recursive && callee.attributes.inline == Inline::Auto;
    plain
        && callee.origin.file == PRELUDE_FILE
        && callee.attributes.fastmath == caller.attributes.fastmath
        && callee.insts.len() + caller.insts.len() <= MAX_INSTS
        && returns_at_its_end(callee, callee.body)
}

/// Removes functions that nothing in use calls.
fn remove(module: &mut Module, gone: &[bool]) {
    let mut left = 0;
    let numbers: Vec<Option<FuncId>> = gone
        .iter()
        .map(|gone| {
            left += u32::from(!gone);
            (!gone).then(|| FuncId(left - 1))
        })
        .collect();
    let mut k = 0;
    module.functions.retain(|_| {
        k += 1;
        !gone[k - 1]
    });
    module.entry = module.entry.and_then(|entry| numbers[entry.index()]);
    for data in module.functions.iter_mut().flat_map(|f| &mut f.insts) {
        if let InstKind::Call(callee, _) = &mut data.kind {
            match numbers[callee.index()] {
                Some(number) => *callee = number,
                // The call itself, which no region holds any more.
                None => data.kind = InstKind::TupleMake(Vec::new()),
            }
        }
    }
}
