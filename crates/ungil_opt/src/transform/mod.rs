//! Passes, one per file, named by what they do.

pub mod alias_guard;
pub mod assign_block_sizes;
pub mod block_searches;
pub mod check_dependences;
pub mod classify_variables;
pub mod count_bits;
pub mod count_while_loops;
pub mod fix_short_rows;
pub mod fold_branches;
pub mod fold_checks;
pub mod fold_counting;
pub mod forward_locals;
pub mod fuse_siblings;
pub mod hoist_checks;
pub mod hoist_invariants;
pub mod inline;
pub mod inline_prelude;
pub mod insert_ownership;
pub mod lanes;
pub mod lower_domains;
pub mod open_tuples;
pub mod place_safepoints;
pub mod speculate_checks;
pub mod strips;
pub mod unroll_short_loops;
