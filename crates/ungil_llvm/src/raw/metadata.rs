//! Metadata: branch weights, ranges, alias scopes, loop properties, access groups.

use super::{Llvm, Meta, Val, llvm};
use llvm_sys::core::*;
use llvm_sys::debuginfo::{LLVMMetadataReplaceAllUsesWith, LLVMTemporaryMDNode};

impl Llvm {
    /// A metadata string.
    pub fn md_text(&self, text: &str) -> Meta {
        llvm!(LLVMMDStringInContext2(self.context, text.as_ptr().cast(), text.len()))
    }

    /// A metadata node.
    pub fn md_node(&self, items: &[Meta]) -> Meta {
        let mut items = items.to_vec();
        llvm!(LLVMMDNodeInContext2(self.context, items.as_mut_ptr(), items.len()))
    }

    /// A node that is unlike any other: its first operand is itself.
    pub fn md_distinct(&self, items: &[Meta]) -> Meta {
        let placeholder = llvm!(LLVMTemporaryMDNode(self.context, std::ptr::null_mut(), 0));
        let node = self.md_node(&[&[placeholder], items].concat());
        llvm!(LLVMMetadataReplaceAllUsesWith(placeholder, node));
        node
    }

    /// A distinct empty node: a group of accesses. LLVM's C interface makes no such node, its reader does.
    pub fn md_group(&self) -> Option<Meta> {
        let module = self.parse("!g = !{!0}\n!0 = distinct !{}\n").ok()?;
        llvm!({
            let mut node = std::ptr::null_mut();
            if LLVMGetNamedMetadataNumOperands(module, c"g".as_ptr()) == 1 {
                LLVMGetNamedMetadataOperands(module, c"g".as_ptr(), &mut node);
            }
            // The node belongs to the context and outlives the module.
            let group = if node.is_null() { None } else { Some(LLVMValueAsMetadata(node)) };
            LLVMDisposeModule(module);
            group
        })
    }

    /// A constant as metadata.
    pub fn md_value(&self, v: Val) -> Meta {
        llvm!(LLVMValueAsMetadata(v))
    }

    /// `!{!"key", value}`.
    pub fn md_property(&self, key: &str, value: Val) -> Meta {
        self.md_node(&[self.md_text(key), self.md_value(value)])
    }

    /// Attaches a node to an instruction under LLVM's name of the kind.
    pub fn attach(&self, instruction: Val, kind: &str, node: Meta) {
        llvm!({
            let id = LLVMGetMDKindIDInContext(self.context, kind.as_ptr().cast(), kind.len() as u32);
            LLVMSetMetadata(instruction, id, LLVMMetadataAsValue(self.context, node));
        });
    }

    /// Attaches an empty node such as `!invariant.load`.
    pub fn attach_flag(&self, instruction: Val, kind: &str) {
        self.attach(instruction, kind, self.md_node(&[]));
    }

    /// The node attached to an instruction under LLVM's name of the kind.
    pub fn attached(&self, instruction: Val, kind: &str) -> Option<Val> {
        let node = llvm!({
            let id = LLVMGetMDKindIDInContext(self.context, kind.as_ptr().cast(), kind.len() as u32);
            LLVMGetMetadata(instruction, id)
        });
        if node.is_null() { None } else { Some(node) }
    }

    /// The operands of a node; none for anything else. They may be null.
    pub fn operands_of_node(&self, node: Val) -> Vec<Val> {
        if node.is_null() || llvm!(LLVMIsAMDNode(node)).is_null() {
            return Vec::new();
        }
        let mut list = vec![std::ptr::null_mut(); llvm!(LLVMGetMDNodeNumOperands(node)) as usize];
        llvm!(LLVMGetMDNodeOperands(node, list.as_mut_ptr()));
        list
    }

    /// Whether an operand of a node is this text.
    pub fn is_md_text(&self, operand: Val, text: &str) -> bool {
        if operand.is_null() {
            return false;
        }
        let mut len = 0;
        let data = llvm!(LLVMGetMDString(operand, &mut len));
        // SAFETY: LLVM returns the text's bytes and their number, or null; they live as long as the context.
        !data.is_null()
            && unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len as usize) } == text.as_bytes()
    }

    /// States how often the first successor of a branch is taken against the second.
    pub fn attach_weights(&self, branch: Val, first: i64, second: i64) {
        let weight = |w| self.md_value(self.i32(w));
        let node = self.md_node(&[self.md_text("branch_weights"), weight(first), weight(second)]);
        self.attach(branch, "prof", node);
    }

    /// States that a loaded 64-bit integer is not negative.
    pub fn attach_nonnegative(&self, load: Val) {
        let bound = |n| self.md_value(self.i64(n));
        self.attach(load, "range", self.md_node(&[bound(0), bound(i64::MIN)]));
    }
}
