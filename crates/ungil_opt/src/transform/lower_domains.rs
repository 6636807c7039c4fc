//! Lowering of whole-array statements to loop nests.
//!
//! A domain of `n` extents becomes `n` nested loops, the last axis innermost, marked as independent.

use ungil_ir::entities::Region;
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{Const, For, InstKind, Loc, LoopHints};
use ungil_ir::types::{DType, Type};
use ungil_ir::walk;

/// Lowers all domains.
pub fn lower_domains(module: &mut Module) -> bool {
    let mut changed = false;
    for func in &mut module.functions {
        changed |= region(func, func.body);
    }
    changed
}

fn region(func: &mut Function, r: Region) -> bool {
    let mut changed = false;
    let old = std::mem::take(&mut func.regions[r.index()]);
    for inst in old {
        for inner in walk::nested_regions(&func.inst(inst).kind).collect::<Vec<_>>() {
            changed |= region(func, inner);
        }
        let loc = func.inst(inst).loc;
        if let InstKind::Domain { extents, ivs, body } = func.inst(inst).kind.clone() {
            nest(func, r, &extents, &ivs, body, loc);
            changed = true;
        } else {
            func.regions[r.index()].push(inst);
        }
    }
    changed
}

fn nest(
    func: &mut Function,
    parent: Region,
    extents: &[ungil_ir::entities::Value],
    ivs: &[ungil_ir::entities::Value],
    body: Region,
    loc: Loc,
) {
    let Some((&extent, extents)) = extents.split_first() else {
        let insts = func.region(body).to_vec();
        func.regions[parent.index()].extend(insts);
        return;
    };
    let constant = |func: &mut Function, n| {
        func.append(parent, InstKind::Const(Const::Int(DType::I64, n)), Some(Type::I64), loc)
            .expect("a constant has a result")
    };
    let (start, step) = (constant(func, 0), constant(func, 1));
    let inner = if extents.is_empty() { body } else { func.new_region() };
    let hints = LoopHints { independent: true, ..LoopHints::default() };
    let label = func.new_label();
    if !extents.is_empty() {
        nest(func, inner, extents, &ivs[1..], body, loc);
    }
    let node = For { label, iv: ivs[0], start, stop: extent, step, body: inner, hints };
    func.append(parent, InstKind::For(Box::new(node)), None, loc);
}
