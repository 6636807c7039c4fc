//! Loops that copy consecutive elements.

use crate::entities::Value;
use crate::function::Function;
use crate::inst::{For, InstKind};
use crate::types::{ArrayType, Layout};

/// What a loop does that copies neighbours to neighbours: arrays, and indices of which one is the loop's counter.
pub struct CopyLoop {
    pub from: (Value, Vec<Value>),
    pub to: (Value, Vec<Value>),
}

/// Reads a loop as a copy: independent iterations, each of which stores the element that it loads and does nothing
/// else. What is read and what is written then is the same memory or does not overlap.
pub fn copy_loop(f: &Function, node: &For) -> Option<CopyLoop> {
    let [load, store] = f.region(node.body) else { return None };
    let (load, store) = (f.inst(*load), f.inst(*store));
    let InstKind::Load { array: from, index: from_index, .. } = &load.kind else { return None };
    let InstKind::Store { array: to, index: to_index, value, .. } = &store.kind else { return None };
    let (from_ty, to_ty) = (f.ty(*from).as_array()?, f.ty(*to).as_array()?);
    let alike = from_ty.dtype == to_ty.dtype && from_ty.swapped == to_ty.swapped;
    let copies = node.hints.independent && alike && load.result == Some(*value);
    let unit = is_neighbour(from_ty, from_index, node.iv) && is_neighbour(to_ty, to_index, node.iv);
    let copy = || CopyLoop { from: (*from, from_index.clone()), to: (*to, to_index.clone()) };
    (copies && unit).then(copy)
}

/// Whether consecutive values of `iv` name neighbours in memory, and nothing else depends on it.
fn is_neighbour(ty: ArrayType, index: &[Value], iv: Value) -> bool {
    let unit = match ty.layout {
        Layout::C => index.len().checked_sub(1),
        Layout::F => (!index.is_empty()).then_some(0),
        Layout::Strided => None,
    };
    unit.is_some_and(|unit| index.iter().enumerate().all(|(axis, v)| (*v == iv) == (axis == unit)))
}
