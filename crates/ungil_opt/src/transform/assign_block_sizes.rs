//! Block sizes of parallel reductions.
//!
//! Gives every parallel loop with a reduction the fewest iterations its blocks hold, from the static cost of the
//! body alone: 4,096 for cheap bodies, so that what a block costs does not show, down to one for costly or unbounded ones. The
//! number of blocks then follows from `ungil_abi::parallel::block_count`. The rule decides the bits of float
//! reductions, so this pass runs first, on what the front end made.

use crate::analysis::cost::{Cost, region_cost};
use ungil_ir::function::Module;
use ungil_ir::inst::InstKind;

/// Work that a block should hold at least, in the units of [`region_cost`].
const BLOCK_WORK: u64 = 65_536;
const MAX_BLOCK: u64 = 4_096;

/// Fewest iterations of a block for a body of this cost.
pub fn min_block(cost: Cost) -> u32 {
    match cost {
        None => 1,
        Some(c) => (BLOCK_WORK / c.max(1)).clamp(1, MAX_BLOCK) as u32,
    }
}

/// Sets `min_block` of every parallel loop.
pub fn assign_block_sizes(module: &mut Module) -> bool {
    let mut sizes = Vec::new();
    for (f, func) in module.functions.iter().enumerate() {
        for (i, inst) in func.insts.iter().enumerate() {
            if let InstKind::ParallelFor(l) = &inst.kind
                && !l.in_place
            {
                sizes.push((f, i, min_block(region_cost(module, func, l.body))));
            }
        }
    }
    let changed = !sizes.is_empty();
    for (f, i, size) in sizes {
        if let InstKind::ParallelFor(l) = &mut module.functions[f].insts[i].kind {
            l.min_block = size;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::min_block;

    #[test]
    fn cheap_bodies_fill_a_block_and_unbounded_ones_stand_alone() {
        assert_eq!(min_block(Some(0)), 4096);
        assert_eq!(min_block(Some(3)), 4096);
        assert_eq!(min_block(Some(16)), 4096);
        assert_eq!(min_block(Some(65)), 1008);
        assert_eq!(min_block(Some(4096)), 16);
        assert_eq!(min_block(Some(1 << 20)), 1);
        assert_eq!(min_block(None), 1);
    }
}
