//! Reference counts, and their balance at the end.
//!
//! A block that the program allocates starts with one reference and is freed at zero. An argument's block starts
//! at zero references and is never freed. At the end each block must have as many references as the result has
//! arrays in it.

use super::{Machine, Step, invalid};
use crate::memory::{BlockId, Kind};
use crate::value::Value;

impl Machine<'_> {
    pub(super) fn retain(&mut self, value: &Value) -> Step<()> {
        for block in blocks(value) {
            if self.memory.blocks[block.0].freed {
                return invalid("retain of memory that was freed");
            }
            self.memory.blocks[block.0].refs += 1;
        }
        Ok(())
    }

    pub(super) fn release(&mut self, value: &Value) -> Step<()> {
        for id in blocks(value) {
            let block = &mut self.memory.blocks[id.0];
            if block.freed {
                return invalid("release of memory that was freed");
            }
            block.refs -= 1;
            if block.kind == Kind::Program && block.refs == 0 {
                self.memory.free(id);
            } else if block.refs < 0 {
                return invalid("release of memory that nobody retained");
            }
        }
        Ok(())
    }

    /// Checks that exactly the result holds references.
    pub(super) fn check_balance(&self, result: Option<&Value>) -> Step<()> {
        let held = result.map(blocks).unwrap_or_default();
        for (index, block) in self.memory.blocks.iter().enumerate() {
            let wanted = held.iter().filter(|b| b.0 == index).count() as i64;
            if block.kind == Kind::Private || (block.refs == wanted && !(block.freed && wanted > 0)) {
                continue;
            }
            let (refs, size) = (block.refs, block.bytes.len());
            return invalid(format!(
                "a block of {size} bytes ends with {refs} references where {wanted} are held"
            ));
        }
        Ok(())
    }
}

/// The block of each array in a value.
fn blocks(value: &Value) -> Vec<BlockId> {
    let mut list = Vec::new();
    value.for_each_array(&mut |array| list.extend(array.block));
    list
}
