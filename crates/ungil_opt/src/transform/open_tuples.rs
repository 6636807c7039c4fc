//! Arrays in tuples that calls in a parallel loop get, named in front of the loop.
//!
//! `row(args, i)` with `(a, b) = args` inside reaches `a` by an item of a tuple. The test for races needs arrays that
//! exist in front of the loop: [`open_tuples`] takes the items there, [`use_items`] lets a copy of the loop, in which the
//! callee's body stands for the call, name the same values.
//! Limits: tuples made inside the loop.

use std::collections::BTreeMap;
use ungil_ir::builder::Builder;
use ungil_ir::entities::{Inst, Region, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::InstKind;
use ungil_ir::types::Type;
use ungil_ir::walk;

/// The item at a place of a tuple.
pub type Items = BTreeMap<(Value, u32), Value>;

/// Takes all arrays out of the tuples from outside that calls in the loop `inst` of `parent` get, in front of it.
pub fn open_tuples(func: &mut Function, parent: Region, inst: Inst, body: Region) -> Items {
    let inside = walk::defined_values(func, body);
    let mut tuples: Vec<Value> = Vec::new();
    for call in walk::insts_of(func, body) {
        if let InstKind::Call(_, args) = &func.inst(call).kind {
            tuples.extend(args.iter().filter(|a| !inside.contains(a) && is_tuple_of_arrays(func.ty(**a))));
        }
    }
    let mut items = Items::new();
    let loc = func.inst(inst).loc;
    let scratch = func.new_region();
    while let Some(tuple) = tuples.pop() {
        let Type::Tuple(types) = func.ty(tuple).clone() else { continue };
        for (k, ty) in types.iter().enumerate().filter(|(_, ty)| ty.holds_memory()) {
            let place = (tuple, k as u32);
            if items.contains_key(&place) {
                continue;
            }
            let item = Builder { func, region: scratch, loc }.value(InstKind::TupleGet(tuple, k as u32));
            items.insert(place, item);
            if is_tuple_of_arrays(ty) {
                tuples.push(item);
            }
        }
    }
    let taken = std::mem::take(&mut func.regions[scratch.index()]);
    let list = &mut func.regions[parent.index()];
    let position = list.iter().position(|i| *i == inst).expect("the loop is in its region");
    list.splice(position..position, taken);
    items
}

fn is_tuple_of_arrays(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(_)) && ty.holds_memory()
}

/// Puts the items for what a body takes out of the same tuples itself.
pub fn use_items(func: &mut Function, body: Region, items: &Items) {
    for inst in walk::insts_of(func, body) {
        let data = func.inst(inst);
        if let (InstKind::TupleGet(tuple, k), Some(own)) = (&data.kind, data.result)
            && let Some(&item) = items.get(&(*tuple, *k))
        {
            walk::replace_uses(func, body, &|v| if v == own { item } else { v });
        }
    }
}
