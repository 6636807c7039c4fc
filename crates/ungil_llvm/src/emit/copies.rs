//! Loops that copy consecutive elements become one call of `memcpy`.
//!
//! It knows the processor better than a loop of ours, and a call is compiled in a fraction of the time.

use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::Val;
use ungil_ir::copies::copy_loop;
use ungil_ir::inst::For;

impl FunctionEmitter<'_> {
    /// Emits a loop of step 1 from `start` to `stop` as a copy, if it is one. Returns whether it did.
    pub fn copied(&mut self, node: &For, start: Val, stop: Val) -> bool {
        let Some(copy) = copy_loop(self.f, node) else { return false };
        self.define(node.iv, Operand::Scalar(start));
        let from = self.element_address(copy.from.0, &copy.from.1);
        let to = self.element_address(copy.to.0, &copy.to.1);
        let l = self.l;
        let size = self.f.ty(copy.to.0).as_array().expect("an array is stored to").dtype.size();
        l.copy_bytes(to, from, l.mul(l.sub(stop, start), l.i64(size as i64)));
        true
    }
}
