//! Alias scopes: which accesses of a function do not overlap.

use super::function::FunctionEmitter;
use crate::raw::Meta;
use std::collections::BTreeSet;
use ungil_ir::function::Function;
use ungil_ir::inst::{InstKind, MemFlags};
use ungil_ir::walk::walk_region;

/// Bits of an alias set that number the member; the others number the group.
const MEMBER_BITS: u32 = 4;

/// The non-zero alias sets that a function's accesses name.
pub fn alias_sets(f: &Function) -> Vec<u16> {
    let mut sets = BTreeSet::new();
    walk_region(f, f.body, &mut |inst| {
        if let InstKind::Load { flags, .. }
        | InstKind::Store { flags, .. }
        | InstKind::VecLoad { flags, .. }
        | InstKind::VecStore { flags, .. } = &f.inst(inst).kind
        {
            sets.insert(flags.alias_set);
        }
    });
    sets.remove(&MemFlags::default().alias_set);
    sets.into_iter().collect()
}

impl FunctionEmitter<'_> {
    /// The scope list of an alias set and that of the others of its group; `None` for set 0.
    pub fn alias_scopes(&self, set: u16) -> Option<(Meta, Meta)> {
        if set == 0 {
            return None;
        }
        let l = self.l;
        let group = set >> MEMBER_BITS;
        // Names make the scopes of different functions different nodes; LLVM clones them where it inlines.
        let prefix = format!("{}.{}", self.m.options.name, self.id);
        let domain = l.md_node(&[l.md_text(&format!("{prefix}.{group}"))]);
        let scope = |set: u16| l.md_node(&[l.md_text(&format!("{prefix}.{group}.{set}")), domain]);
        let same_group = |other: &&u16| **other >> MEMBER_BITS == group && **other != set;
        let others: Vec<Meta> = self.alias_sets.iter().filter(same_group).map(|o| scope(*o)).collect();
        Some((l.md_node(&[scope(set)]), l.md_node(&others)))
    }
}
