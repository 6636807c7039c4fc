//! Marks in front of loops that fill arrays, for [`crate::streams`].
//!
//! A mark names the start of an array and its size, which the vector loop alone does not tell: a loop over a row may
//! fill a large matrix.

use super::function::FunctionEmitter;
use crate::raw::Val;
use crate::raw::attributes::{MEMORY_INACCESSIBLE, Place};
use std::collections::BTreeSet;
use ungil_ir::entities::{Region, Value};
use ungil_ir::inst::InstKind;
use ungil_ir::types::Layout;
use ungil_ir::walk::{defined_values, insts_of};

/// Name of the function that marks call; no code has it.
pub const MARK: &str = "ungil.fills";

impl FunctionEmitter<'_> {
    /// Marks the arrays that the innermost loop with this body fills, if it is one: contiguous arrays from outside that
    /// it stores to and does not read.
    pub fn mark_filled(&self, body: Region) {
        if self.cold {
            return;
        }
        let (mut filled, mut read) = (BTreeSet::new(), BTreeSet::new());
        for inst in insts_of(self.f, body) {
            match &self.f.inst(inst).kind {
                InstKind::For(_)
                | InstKind::While { .. }
                | InstKind::Domain { .. }
                | InstKind::Call(..)
                | InstKind::CallC(..)
                | InstKind::Library(..) => return,
                InstKind::Store { array, .. } => {
                    filled.insert(*array);
                }
                InstKind::Load { array, .. } => {
                    read.insert(*array);
                }
                _ => {}
            }
        }
        if filled.is_empty() {
            return;
        }
        let inside = defined_values(self.f, body);
        for array in filled {
            let is_contiguous =
                self.f.ty(array).as_array().is_some_and(|ty| ty.layout != Layout::Strided && ty.ndim > 0);
            if is_contiguous && !read.contains(&array) && !inside.contains(&array) {
                self.mark_array(array);
            }
        }
    }

    fn mark_array(&self, array: Value) {
        let l = self.l;
        let array = self.operand(array).array();
        let size = l.i64(array.ty.dtype.size() as i64);
        let bytes: Val = array.shape.iter().fold(size, |bytes, extent| l.mul(bytes, *extent));
        let function = l.find_function(MARK).unwrap_or_else(|| {
            let function = l.declare(MARK, l.function(l.void(), &[l.ptr(), l.int(64)]));
            for attribute in ["nounwind", "willreturn", "nocallback", "nofree"] {
                l.add_attribute(function, Place::Function, attribute);
            }
            l.add_attribute_value(function, Place::Function, "memory", MEMORY_INACCESSIBLE);
            function
        });
        l.call(l.function_type(function), function, &[array.data, bytes]);
    }
}
